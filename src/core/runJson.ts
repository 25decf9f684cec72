import * as z from "zod/mini";

/**
 * All of an inspected container that `docker run` can be told, read when a run command is asked for and never for lists (engineJson.ts has
 * that). Docker's Engine API names the fields. One that is not as documented is left out and told in `odd`; it never throws the rest away.
 */
export interface RunInspect {
  id: string;
  name: string;
  imageId: string;
  running: boolean;
  config: Fields<typeof configFields>;
  hostConfig: Fields<typeof hostFields>;
  /** By the network's name. */
  networks: Readonly<Record<string, Endpoint>>;
  /** Paths of fields that Berth does not understand, or does not know and that are set. */
  odd: readonly string[];
}

/** What a container inherits from its image. */
export interface RunImage {
  id: string;
  os: string;
  architecture: string;
  variant: string;
  config: Fields<typeof configFields>;
}

/** What an engine does unless it is told otherwise. */
export interface EngineDefaults {
  /** Such as `1.41`. */
  apiVersion: string;
  runtime: string;
  logDriver: string;
  cgroupVersion: string;
  hostname: string;
  os: string;
  /** As Go names it: `amd64`. */
  architecture: string;
}

const text = z.string();
const number = z.number();
const truth = z.boolean();
const strings = z.array(text);
const map = z.record(text, text);
/** Only the keys count. */
const set = z.record(text, z.unknown());
const opt = z.nullish;

const configFields = {
  Hostname: text,
  Domainname: text,
  User: text,
  Tty: truth,
  OpenStdin: truth,
  Env: strings,
  Cmd: strings,
  Entrypoint: strings,
  Image: text,
  Volumes: set,
  WorkingDir: text,
  MacAddress: text,
  Labels: map,
  ExposedPorts: set,
  StopSignal: text,
  StopTimeout: number,
  Healthcheck: z.object({
    Test: opt(strings),
    Interval: opt(number),
    Timeout: opt(number),
    StartPeriod: opt(number),
    StartInterval: opt(number),
    Retries: opt(number),
  }),
};

const limits = z.array(z.object({ Path: text, Rate: number }));

const hostFields = {
  Binds: strings,
  ContainerIDFile: text,
  LogConfig: z.object({ Type: text, Config: opt(map) }),
  NetworkMode: text,
  PortBindings: z.record(text, opt(z.array(z.object({ HostIp: opt(text), HostPort: opt(text) })))),
  RestartPolicy: z.object({ Name: text, MaximumRetryCount: opt(number) }),
  AutoRemove: truth,
  VolumeDriver: text,
  VolumesFrom: strings,
  CapAdd: strings,
  CapDrop: strings,
  CgroupnsMode: text,
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  IpcMode: text,
  Links: strings,
  OomScoreAdj: number,
  PidMode: text,
  Privileged: truth,
  PublishAllPorts: truth,
  ReadonlyRootfs: truth,
  SecurityOpt: strings,
  StorageOpt: map,
  Tmpfs: map,
  UTSMode: text,
  UsernsMode: text,
  ShmSize: number,
  Sysctls: map,
  Runtime: text,
  Isolation: text,
  CpuShares: number,
  Memory: number,
  NanoCpus: number,
  CgroupParent: text,
  BlkioWeight: number,
  BlkioWeightDevice: z.array(z.object({ Path: text, Weight: number })),
  BlkioDeviceReadBps: limits,
  BlkioDeviceWriteBps: limits,
  BlkioDeviceReadIOps: limits,
  BlkioDeviceWriteIOps: limits,
  CpuPeriod: number,
  CpuQuota: number,
  CpuRealtimePeriod: number,
  CpuRealtimeRuntime: number,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: z.array(z.object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })),
  DeviceCgroupRules: strings,
  DeviceRequests: z.array(
    z.object({
      Driver: opt(text),
      Count: opt(number),
      DeviceIDs: opt(strings),
      Capabilities: opt(z.array(strings)),
      Options: opt(map),
    }),
  ),
  KernelMemory: number,
  MemoryReservation: number,
  MemorySwap: number,
  MemorySwappiness: number,
  OomKillDisable: truth,
  PidsLimit: number,
  Ulimits: z.array(z.object({ Name: text, Soft: number, Hard: number })),
  Mounts: z.array(
    z.object({
      Type: text,
      Source: opt(text),
      Target: text,
      ReadOnly: opt(truth),
      Consistency: opt(text),
      BindOptions: opt(
        z.object({
          Propagation: opt(text),
          NonRecursive: opt(truth),
          CreateMountpoint: opt(truth),
          ReadOnlyNonRecursive: opt(truth),
          ReadOnlyForceRecursive: opt(truth),
        }),
      ),
      VolumeOptions: opt(
        z.object({
          NoCopy: opt(truth),
          Labels: opt(map),
          DriverConfig: opt(z.object({ Name: opt(text), Options: opt(map) })),
          Subpath: opt(text),
        }),
      ),
      ImageOptions: opt(z.object({ Subpath: opt(text) })),
      TmpfsOptions: opt(z.object({ SizeBytes: opt(number), Mode: opt(number), Options: opt(z.array(strings)) })),
    }),
  ),
  MaskedPaths: strings,
  ReadonlyPaths: strings,
  Annotations: map,
  Init: truth,
};

/** Of the command line that made the container, or without any meaning on Linux. */
const meaningless = {
  config: ["AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce", "OnBuild", "Shell", "ArgsEscaped"],
  hostConfig: ["ConsoleSize", "Cgroup"],
};

const endpoint = z.object({
  IPAMConfig: opt(z.object({ IPv4Address: opt(text), IPv6Address: opt(text), LinkLocalIPs: opt(strings) })),
  Links: opt(strings),
  Aliases: opt(strings),
  MacAddress: opt(text),
  DriverOpts: opt(map),
  GwPriority: opt(number),
  NetworkID: opt(text),
});
type Endpoint = z.infer<typeof endpoint>;

type Fields<Shape extends Record<string, z.core.$ZodType>> = { [Key in keyof Shape]?: z.infer<Shape[Key]> };

/** The answer of `GET /containers/{id}/json`. @throws when it is not even one of a container */
export function parseRunInspect(json: unknown): RunInspect {
  const outer = z.object({
    Id: text,
    Name: text,
    Image: text,
    State: z.object({ Running: truth }),
    Config: z.unknown(),
    HostConfig: z.unknown(),
  });
  const { Id, Name, Image, State, Config, HostConfig } = outer.parse(json);
  const odd: string[] = [];
  const config = read(configFields, Config, "Config", odd, meaningless.config);
  const hostConfig = read(hostFields, HostConfig, "HostConfig", odd, meaningless.hostConfig);
  const networks: Record<string, Endpoint> = {};
  for (const [name, found] of Object.entries(fieldsOf(fieldsOf(fieldsOf(json).NetworkSettings).Networks))) {
    const parsed = endpoint.safeParse(found);
    if (parsed.success) networks[name] = parsed.data;
    else odd.push(`NetworkSettings.Networks.${name}`);
  }
  return { id: Id, name: Name.replace(/^\//, ""), imageId: Image, running: State.Running, config, hostConfig, networks, odd };
}

/** The answer of `GET /images/{name}/json`. @throws when it is not even one of an image */
export function parseRunImage(json: unknown): RunImage {
  const outer = z.object({ Id: text, Os: opt(text), Architecture: opt(text), Variant: opt(text), Config: z.unknown() });
  const { Id, Os, Architecture, Variant, Config } = outer.parse(json);
  return {
    id: Id,
    os: Os ?? "",
    architecture: Architecture ?? "",
    variant: Variant ?? "",
    config: read(configFields, Config, "", [], []),
  };
}

/** The answers of `GET /info` and `GET /version`. */
export function parseEngineDefaults(info: unknown, version: unknown): EngineDefaults {
  const said = (json: unknown, key: string) => {
    const value = fieldsOf(json)[key];
    return typeof value === "string" ? value : "";
  };
  return {
    apiVersion: said(version, "ApiVersion"),
    runtime: said(info, "DefaultRuntime"),
    logDriver: said(info, "LoggingDriver"),
    cgroupVersion: said(info, "CgroupVersion"),
    hostname: said(info, "Name"),
    os: said(version, "Os"),
    architecture: said(version, "Arch"),
  };
}

function read<Shape extends Record<string, z.core.$ZodType>>(
  shape: Shape,
  json: unknown,
  path: string,
  odd: string[],
  ignored: readonly string[],
): Fields<Shape> {
  const found: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fieldsOf(json))) {
    if (value === null || value === undefined || ignored.includes(key)) continue;
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const parsed = schema && z.safeParse(schema, value);
    if (parsed?.success) found[key] = parsed.data;
    else if (isSet(value)) odd.push(`${path}.${key}`);
  }
  return found as Fields<Shape>;
}

const fieldsOf = (json: unknown): Record<string, unknown> =>
  typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};

/** Go's zero values say nothing. */
const isSet = (value: unknown): boolean =>
  typeof value === "object" && value !== null
    ? Object.keys(value).length > 0
    : !["", 0, false, null, undefined].includes(value as never);
