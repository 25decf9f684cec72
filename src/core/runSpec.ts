import { createHash } from "node:crypto";
import { isSecret } from "./redact.ts";

/** GPUs that a container asks for: every one, or these (indices or UUIDs, shared with whoever else holds them). */
export type GpuRequest = "none" | "all" | { ids: readonly string[] } | { count: number };

/** What `--gpus` is told beyond which GPUs. */
export interface GpuDetails {
  driver?: string;
  /** Such as `compute` and `utility`; `gpu` goes without saying. */
  capabilities?: readonly string[];
  options?: StringMap;
}

/**
 * Something that is seen in the container as a folder or file. Without `type` it is `-v`'s (Compose's short syntax): a path of the engine's
 * machine, made when it is not there; a volume's name; or, without source, an anonymous volume. With `type` it is `--mount`'s (the long
 * syntax), which Docker refuses when the path is not there.
 */
export interface Mount {
  type?: string;
  source?: string;
  target: string;
  readOnly?: boolean;
  /** `-v`'s own words (`z`, `rshared`, `nocopy` …), or `--mount`'s further fields (`bind-propagation=rslave`, `tmpfs-size=16777216` …). */
  options?: readonly string[];
}

/** A folder of the engine's machine, seen in the container. */
export interface BindMount extends Mount {
  source: string;
}

/** A port of the container that is published on the engine's machine. */
export interface PublishedPort {
  container: number;
  /** Default: tcp. */
  protocol?: string;
  /** A port, or a range (`7100-7110`) to take one from; absent: any that is free. */
  host?: string;
  ip?: string;
}

/** A network that the container is in: `host`, `none`, `bridge`, `container:NAME`, one by its name, or `default`, the engine's own choice. */
export interface NetworkAttachment {
  name: string;
  aliases?: readonly string[];
  ip?: string;
  ip6?: string;
  linkLocalIps?: readonly string[];
  mac?: string;
  driverOptions?: StringMap;
  /** Which network has the default route: the highest number. */
  gatewayPriority?: number;
}

/** Times are in milliseconds. What is absent is the image's, else Docker's. */
export interface Healthcheck {
  /** A shell command. */
  test?: string;
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
}

export type StringMap = Readonly<Record<string, string>>;
export type NumberMap = Readonly<Record<string, number>>;
type Strings = readonly string[];

/**
 * Everything `docker run` is told. What is absent is the image's or the engine's. Sizes are in bytes. The fields are named as Compose names
 * them; lists of short texts are written as `docker run` takes them.
 */
export interface RunSpec {
  /** Empty: Docker makes one up. */
  name: string;
  image: string;
  platform?: string;

  /** Replaces the image's entrypoint; empty: the image's is cleared. Either way the image's command goes with it. */
  entrypoint?: string;
  /** Absent: the image's own. */
  command?: Strings;
  /** `--init`. */
  init: boolean;
  /** `--init=false`, against an engine that gives every container an init. */
  noInit?: true;
  user?: string;
  groupAdd?: Strings;
  workingDir?: string;
  tty?: true;
  /** Keeps standard input open. */
  interactive?: true;
  restart?: string;
  /** `--rm`. */
  autoRemove?: true;
  stopSignal?: string;
  /** Seconds. */
  stopTimeout?: number;
  healthcheck?: Healthcheck | "none";

  /**
   * Null: from the environment that `docker run` runs in; where it is not there, the image's variable of that name is taken away. The value of a
   * secret may stand here and is never rendered: see `secretEnv`.
   */
  env?: Readonly<Record<string, string | null>>;
  labels: StringMap;
  annotations?: StringMap;

  mounts: readonly Mount[];
  volumesFrom?: Strings;
  volumeDriver?: string;
  /** Options by path. */
  tmpfs?: StringMap;
  readOnly?: true;
  storageOptions?: StringMap;

  hostname?: string;
  domainname?: string;
  networks?: readonly NetworkAttachment[];
  ports?: readonly PublishedPort[];
  publishAll?: true;
  /** `80`, `53/udp`. */
  expose?: Strings;
  /** `CONTAINER:ALIAS`. */
  links?: Strings;
  /** `NAME:ADDRESS`. */
  extraHosts?: Strings;
  dns?: Strings;
  dnsSearch?: Strings;
  dnsOptions?: Strings;

  gpus: GpuRequest;
  gpuDetails?: GpuDetails;
  runtime?: string;
  /** `HOST`, `HOST:CONTAINER`, `HOST:PERMISSIONS`, `HOST:CONTAINER:PERMISSIONS`, or a CDI name (`vendor.com/class=name`). */
  devices?: Strings;
  deviceCgroupRules?: Strings;

  privileged?: true;
  capAdd?: Strings;
  capDrop?: Strings;
  securityOpt?: Strings;
  ipc?: string;
  pid?: string;
  uts?: string;
  userns?: string;
  cgroupns?: string;
  cgroupParent?: string;
  isolation?: string;
  sysctls?: StringMap;
  /** `SOFT:HARD`, or one number for both, by name. */
  ulimits?: StringMap;

  shmSize?: number;
  memory?: number;
  /** Memory and swap together; -1: no limit. */
  memorySwap?: number;
  memoryReservation?: number;
  kernelMemory?: number;
  /** Percent. */
  memorySwappiness?: number;
  oomKillDisable?: true;
  oomScoreAdj?: number;
  cpus?: number;
  cpuShares?: number;
  /** This and the next three are in microseconds. */
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuRtPeriod?: number;
  cpuRtRuntime?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  /** -1: no limit. */
  pidsLimit?: number;
  blkioWeight?: number;
  /** Weight, bytes or operations per second by device. */
  blkioWeightDevices?: NumberMap;
  deviceReadBps?: NumberMap;
  deviceWriteBps?: NumberMap;
  deviceReadIops?: NumberMap;
  deviceWriteIops?: NumberMap;

  logDriver?: string;
  logOptions?: StringMap;
}

export const label = {
  version: "dev.berth.v",
  project: "dev.berth.project",
  service: "dev.berth.service",
  name: "dev.berth.name",
  port: "dev.berth.port",
  user: "dev.berth.user",
  spec: "dev.berth.spec",
} as const;

/** What a container of a project is made from. */
export interface Origin {
  project: string;
  service: string;
  /** Where its app listens inside. */
  port?: number;
}

/** The same spec with Berth's labels on it. */
export function labelled(spec: RunSpec, user: string, origin?: Origin): RunSpec {
  const labels = {
    ...spec.labels,
    [label.version]: "1",
    ...(origin ? { [label.project]: origin.project, [label.service]: origin.service } : {}),
    [label.name]: spec.name,
    ...(origin?.port === undefined ? {} : { [label.port]: String(origin.port) }),
    [label.user]: user,
  };
  return { ...spec, labels: { ...labels, [label.spec]: hash(spec) } };
}

/** Whether a network is one that somebody made: containers can be in several of those, and have names and addresses there. */
export function isUserDefined(network: string): boolean {
  return !/^(default|bridge|host|none|container:.*)$/.test(network);
}

/** The values of secrets that the spec knows: what the environment of `docker run` must hold besides. */
export function secretEnv({ env = {} }: RunSpec): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== null && isSecret(entry[0], entry[1])),
  );
}

/** A short hash over what the user decided: Berth's own labels and the values of secrets are left out, the order of labels or variables does not count. */
export function hash(spec: RunSpec): string {
  const labels = Object.entries(spec.labels).filter(([name]) => !name.startsWith("dev.berth."));
  const env = Object.entries(spec.env ?? {}).map(([name, value]) => [
    name,
    value !== null && isSecret(name, value) ? null : value,
  ]);
  const canonical = {
    ...spec,
    labels: Object.fromEntries(labels),
    ...(spec.env ? { env: Object.fromEntries(env) as object } : {}),
  };
  return createHash("sha256").update(JSON.stringify(canonical, sorted)).digest("hex").slice(0, 16);
}

/** For JSON.stringify: objects with their keys in order. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
