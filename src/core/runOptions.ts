import * as l10n from "./l10n.ts";
import { csv, cut, durationText, parseCsv, parseDuration, parseNumber, parseSize, sizeText } from "./dockerValues.ts";
import { UserError } from "./errors.ts";
import { isSecret } from "./redact.ts";
import type {
  GpuDetails,
  GpuRequest,
  Healthcheck,
  Mount,
  NetworkAttachment,
  NumberMap,
  PublishedPort,
  RunSpec,
  StringMap,
} from "./runSpec.ts";

/** A run spec that is being put together. */
export type Draft = { -readonly [Field in keyof RunSpec]: RunSpec[Field] };

/** One option of `docker run`, in both directions: what it is told for a spec, and what it adds to one. */
export interface RunOption {
  flag: string;
  /** Other spellings, such as `-e`. */
  also: readonly string[];
  /** Needs no value: `--init`, or `--init=false`. */
  isSwitch: boolean;
  /** The arguments for this spec, one group each time the option is given. */
  render(spec: RunSpec): string[][];
  /** @throws UserError that says what is wrong with the value */
  read(draft: Draft, value: string): void;
}

/** The fields of a run spec that hold a `T`. */
type FieldOf<T> = { [Field in keyof RunSpec]-?: NonNullable<RunSpec[Field]> extends T ? Field : never }[keyof RunSpec];

function option<T>(
  [flag, ...also]: readonly [string, ...string[]],
  get: (spec: RunSpec) => readonly T[] | T | undefined,
  text: (value: T) => string,
  read: (draft: Draft, value: string) => void,
): RunOption {
  const values = (spec: RunSpec): readonly T[] => {
    const found = get(spec);
    return found === undefined ? [] : Array.isArray(found) ? (found as readonly T[]) : [found as T];
  };
  return { flag, also, isSwitch: false, render: (spec) => values(spec).map((value) => [flag, text(value)]), read };
}

const same = (text: string) => text;

const text = (field: FieldOf<string>, ...names: [string, ...string[]]) =>
  option(
    names,
    (spec) => spec[field],
    same,
    (draft, value) => void (draft[field] = value),
  );

const numeric =
  (parse: (text: string) => number, write: (value: number) => string) =>
  (field: FieldOf<number>, ...names: [string, ...string[]]) =>
    option(
      names,
      (spec) => spec[field],
      write,
      (draft, value) => void (draft[field] = parse(value)),
    );
const number = numeric(parseNumber, String);
const size = numeric(parseSize, sizeText);

const list = (field: FieldOf<readonly string[]>, ...names: [string, ...string[]]) =>
  option<string>(
    names,
    (spec) => spec[field],
    same,
    (draft, value) => void (draft[field] = [...(draft[field] ?? []), value]),
  );

/** `KEY=VALUE`, any number of times. */
const map = (field: FieldOf<StringMap>, ...names: [string, ...string[]]) =>
  option<[string, string]>(
    names,
    (spec) => Object.entries(spec[field] ?? {}),
    ([key, value]) => `${key}=${value}`,
    (draft, value) => void (draft[field] = withEntry(draft[field], ...cut(value))),
  );

/** `DEVICE:NUMBER`, any number of times. */
const devices = (field: FieldOf<NumberMap>, parse: (text: string) => number, write: (value: number) => string, name: string) =>
  option<[string, number]>(
    [name],
    (spec) => Object.entries(spec[field] ?? {}),
    ([path, value]) => `${path}:${write(value)}`,
    (draft, given) => {
      const [path, value] = cut(given, ":");
      if (value === undefined) throw new UserError(l10n.t("'{0}' is not of the form {1}.", given, "DEVICE:NUMBER"));
      draft[field] = { ...draft[field], [path]: parse(value) };
    },
  );

const flag = (field: FieldOf<true>, name: string, ...also: string[]): RunOption => ({
  flag: name,
  also,
  isSwitch: true,
  render: (spec) => (spec[field] ? [[name]] : []),
  read(draft, value) {
    if (parseSwitch(value)) draft[field] = true;
    else delete draft[field];
  },
});

/** Go's strconv.ParseBool. */
export function parseSwitch(value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new UserError(l10n.t("'{0}' is neither true nor false.", value));
}

/** A key such as `__proto__` is one like any other. */
function withEntry(entries: StringMap | undefined, key: string, value = ""): StringMap {
  return Object.fromEntries([...Object.entries(entries ?? {}), [key, value]]);
}

/** In the order in which a command shows them. */
export const runOptions: readonly RunOption[] = [
  { ...text("name", "--name"), render: ({ name }) => (name === "" ? [] : [["--name", name]]) },
  flag("autoRemove", "--rm"),
  text("restart", "--restart"),
  text("platform", "--platform"),
  option(["--gpus"], gpusOf, same, readGpus),
  text("runtime", "--runtime"),
  option<string>(
    ["--device"],
    ({ devices }) => devices,
    same,
    (draft, value) => void (draft.devices = [...(draft.devices ?? []), shortDevice(value)]),
  ),
  list("deviceCgroupRules", "--device-cgroup-rule"),

  option(["--network", "--net"], networksOf, same, readNetwork),
  network("aliases", "--network-alias", "--net-alias"),
  network("ip", "--ip"),
  network("ip6", "--ip6"),
  network("linkLocalIps", "--link-local-ip"),
  network("mac", "--mac-address"),
  text("hostname", "--hostname", "-h"),
  text("domainname", "--domainname"),
  option<PublishedPort>(
    ["-p", "--publish"],
    ({ ports }) => ports,
    portText,
    (draft, value) => void (draft.ports = [...(draft.ports ?? []), ...parsePorts(value)]),
  ),
  flag("publishAll", "--publish-all", "-P"),
  option<string>(
    ["--expose"],
    ({ expose }) => expose,
    same,
    (draft, value) => void (draft.expose = [...(draft.expose ?? []), ...parseExposed(value)]),
  ),
  list("links", "--link"),
  option<string>(
    ["--add-host"],
    ({ extraHosts }) => extraHosts,
    same,
    (draft, value) => void (draft.extraHosts = [...(draft.extraHosts ?? []), extraHost(value)]),
  ),
  list("dns", "--dns"),
  list("dnsSearch", "--dns-search"),
  list("dnsOptions", "--dns-option", "--dns-opt"),

  option<[string, string | null]>(
    ["-e", "--env"],
    ({ env }) => Object.entries(env ?? {}),
    ([name, value]) => (value === null || isSecret(name, value) ? name : `${name}=${value}`),
    (draft, value) => {
      const [name, given = null] = cut(value);
      draft.env = Object.fromEntries([...Object.entries(draft.env ?? {}), [name, given]]);
    },
  ),

  {
    flag: "-v",
    also: ["--volume"],
    isSwitch: false,
    render: ({ mounts }) => mounts.map(mountOption),
    read: (draft, value) => void (draft.mounts = [...draft.mounts, parseVolume(value)]),
  },
  {
    flag: "--mount",
    also: [],
    isSwitch: false,
    render: () => [], // by `-v`, so that mounts keep their order
    read: (draft, value) => void (draft.mounts = [...draft.mounts, parseMount(value)]),
  },
  list("volumesFrom", "--volumes-from"),
  text("volumeDriver", "--volume-driver"),
  option<[string, string]>(
    ["--tmpfs"],
    ({ tmpfs }) => Object.entries(tmpfs ?? {}),
    ([path, options]) => (options === "" ? path : `${path}:${options}`),
    (draft, value) => void (draft.tmpfs = withEntry(draft.tmpfs, ...cut(value, ":"))),
  ),
  flag("readOnly", "--read-only"),
  map("storageOptions", "--storage-opt"),

  text("user", "--user", "-u"),
  list("groupAdd", "--group-add"),
  text("workingDir", "--workdir", "-w"),

  size("shmSize", "--shm-size"),
  size("memory", "--memory", "-m"),
  size("memorySwap", "--memory-swap"),
  size("memoryReservation", "--memory-reservation"),
  size("kernelMemory", "--kernel-memory"),
  number("memorySwappiness", "--memory-swappiness"),
  flag("oomKillDisable", "--oom-kill-disable"),
  number("oomScoreAdj", "--oom-score-adj"),
  number("cpus", "--cpus"),
  number("cpuShares", "--cpu-shares", "-c"),
  number("cpuPeriod", "--cpu-period"),
  number("cpuQuota", "--cpu-quota"),
  number("cpuRtPeriod", "--cpu-rt-period"),
  number("cpuRtRuntime", "--cpu-rt-runtime"),
  text("cpusetCpus", "--cpuset-cpus"),
  text("cpusetMems", "--cpuset-mems"),
  number("pidsLimit", "--pids-limit"),
  number("blkioWeight", "--blkio-weight"),
  devices("blkioWeightDevices", parseNumber, String, "--blkio-weight-device"),
  devices("deviceReadBps", parseSize, sizeText, "--device-read-bps"),
  devices("deviceWriteBps", parseSize, sizeText, "--device-write-bps"),
  devices("deviceReadIops", parseNumber, String, "--device-read-iops"),
  devices("deviceWriteIops", parseNumber, String, "--device-write-iops"),
  option<[string, string]>(
    ["--ulimit"],
    ({ ulimits }) => Object.entries(ulimits ?? {}),
    ([name, limits]) => `${name}=${limits}`,
    (draft, value) => {
      const [name, limits = ""] = cut(value);
      const [soft = "", hard = soft] = limits.split(":");
      if (![soft, hard].every((limit) => /^-?\d+$/.test(limit)))
        throw new UserError(l10n.t("'{0}' is not of the form {1}.", value, "NAME=SOFT:HARD"));
      draft.ulimits = withEntry(draft.ulimits, name, ulimitText(soft, hard));
    },
  ),
  map("sysctls", "--sysctl"),

  flag("privileged", "--privileged"),
  capabilities("capAdd", "--cap-add"),
  capabilities("capDrop", "--cap-drop"),
  list("securityOpt", "--security-opt"),
  text("ipc", "--ipc"),
  text("pid", "--pid"),
  text("uts", "--uts"),
  text("userns", "--userns"),
  text("cgroupns", "--cgroupns"),
  text("cgroupParent", "--cgroup-parent"),
  text("isolation", "--isolation"),

  text("stopSignal", "--stop-signal"),
  number("stopTimeout", "--stop-timeout"),
  {
    flag: "--no-healthcheck",
    also: [],
    isSwitch: true,
    render: ({ healthcheck }) => (healthcheck === "none" ? [["--no-healthcheck"]] : []),
    read: (draft, value) => void (parseSwitch(value) && (draft.healthcheck = "none")),
  },
  health("test", same, same, "--health-cmd"),
  health("interval", durationText, parseDuration, "--health-interval"),
  health("timeout", durationText, parseDuration, "--health-timeout"),
  health("startPeriod", durationText, parseDuration, "--health-start-period"),
  health("startInterval", durationText, parseDuration, "--health-start-interval"),
  health("retries", String, parseNumber, "--health-retries"),
  text("logDriver", "--log-driver"),
  map("logOptions", "--log-opt"),

  map("labels", "--label", "-l"),
  map("annotations", "--annotation"),
  flag("interactive", "-i", "--interactive"),
  flag("tty", "-t", "--tty"),
  {
    flag: "--init",
    also: [],
    isSwitch: true,
    render: ({ init, noInit }) => (init ? [["--init"]] : noInit ? [["--init=false"]] : []),
    read(draft, value) {
      draft.init = parseSwitch(value);
      if (!draft.init) draft.noInit = true;
    },
  },
  text("entrypoint", "--entrypoint"),
];

// GPUs

/** Docker parses the value of `--gpus` as CSV, so a list of devices carries quotes of its own. */
function gpusOf({ gpus, gpuDetails = {} }: RunSpec): string | undefined {
  if (gpus === "none") return undefined;
  const { driver, capabilities, options } = gpuDetails;
  const details = csv([
    ...(driver === undefined ? [] : [`driver=${driver}`]),
    ...(capabilities ? [`capabilities=${capabilities.join(",")}`] : []),
    ...(options ? [`options=${csv(Object.entries(options).map(([key, value]) => `${key}=${value}`))}`] : []),
  ]);
  // In quotes even where one device would do without.
  const which = gpus === "all" ? "all" : "count" in gpus ? String(gpus.count) : `"device=${gpus.ids.join(",")}"`;
  return details === "" ? which : `${which},${details}`;
}

function readGpus(draft: Draft, value: string): void {
  if (draft.gpus !== "none") throw new UserError(l10n.t("it is given twice: name all GPUs in one."));
  let gpus: GpuRequest | undefined;
  const details: { -readonly [Key in keyof GpuDetails]: GpuDetails[Key] } = {};
  const count = (text: string): GpuRequest => (text === "all" || text === "-1" ? "all" : { count: parseNumber(text) });
  for (const [key, given] of parseCsv(value).map((field) => cut(field))) {
    const which =
      given === undefined
        ? count(key)
        : key === "count"
          ? count(given)
          : key === "device"
            ? { ids: given.split(",") }
            : undefined;
    if (which !== undefined && gpus !== undefined)
      throw new UserError(
        l10n.t("'{0}' says twice which GPUs: a list of devices needs inner quotes ({1}).", value, '"device=0,1"'),
      );
    if (which !== undefined || given === undefined) gpus = which;
    else if (key === "driver") details.driver = given;
    else if (key === "capabilities") details.capabilities = given.split(",");
    else if (key === "options")
      details.options = Object.fromEntries(parseCsv(given).map((pair) => [cut(pair)[0], cut(pair)[1] ?? ""]));
    else throw new UserError(l10n.t("'{0}' is not a field of a GPU request.", key));
  }
  draft.gpus = gpus ?? { count: 1 };
  if (Object.keys(details).length > 0) draft.gpuDetails = details;
}

/** The shortest way to write a device: `rwm` and the same path inside go without saying. CDI names are no paths. */
export function deviceText(host: string, container: string, permissions: string): string {
  return [
    host,
    ...(container === host || container === "" ? [] : [container]),
    ...(permissions === "rwm" || permissions === "" ? [] : [permissions]),
  ].join(":");
}

function shortDevice(value: string): string {
  if (/^[\w.-]+\/[\w.-]+=/.test(value)) return value;
  const [host = "", second = "", third = "rwm"] = value.split(":");
  return /^[rwm]+$/.test(second) ? deviceText(host, host, second) : deviceText(host, second, third);
}

// Networks

/** Details that only the long form (`name=…,driver-opt=…`) can tell. */
const needsLongForm = ({ driverOptions, gatewayPriority }: NetworkAttachment) =>
  driverOptions !== undefined || gatewayPriority !== undefined;

function networksOf({ networks = [] }: RunSpec): string[] {
  return networks.flatMap((network, n) => {
    const { name, aliases = [], ip, ip6, linkLocalIps = [], mac, driverOptions = {}, gatewayPriority } = network;
    if (n === 0 && !needsLongForm(network)) return name === "default" && networks.length === 1 ? [] : [name];
    const details = [
      ...aliases.map((alias) => `alias=${alias}`),
      ...(ip === undefined ? [] : [`ip=${ip}`]),
      ...(ip6 === undefined ? [] : [`ip6=${ip6}`]),
      ...linkLocalIps.map((address) => `link-local-ip=${address}`),
      ...(mac === undefined ? [] : [`mac-address=${mac}`]),
      ...Object.entries(driverOptions).map(([key, value]) => `driver-opt=${key}=${value}`),
      ...(gatewayPriority === undefined ? [] : [`gw-priority=${gatewayPriority}`]),
    ];
    return [details.length === 0 ? name : csv([`name=${name}`, ...details])];
  });
}

function readNetwork(draft: Draft, value: string): void {
  const network: { -readonly [Key in keyof NetworkAttachment]: NetworkAttachment[Key] } = { name: "" };
  // As docker/cli opts/network.go tells the long form.
  for (const [key, given = ""] of /\w+=\w+/.test(value)
    ? parseCsv(value).map((field) => cut(field))
    : [["name", value] as const]) {
    if (key === "name") network.name = given;
    else if (key === "alias") network.aliases = [...(network.aliases ?? []), given];
    else if (key === "ip") network.ip = given;
    else if (key === "ip6") network.ip6 = given;
    else if (key === "link-local-ip") network.linkLocalIps = [...(network.linkLocalIps ?? []), given];
    else if (key === "mac-address") network.mac = given;
    else if (key === "driver-opt") network.driverOptions = withEntry(network.driverOptions, ...cut(given));
    else if (key === "gw-priority") network.gatewayPriority = parseNumber(given);
    else throw new UserError(l10n.t("'{0}' is not a field of a network.", key));
  }
  if (network.name === "") throw new UserError(l10n.t("the network's name is missing."));
  draft.networks = [...(draft.networks ?? []), network];
}

/** An option about the first network. */
function network(field: "aliases" | "ip" | "ip6" | "linkLocalIps" | "mac", ...names: [string, ...string[]]): RunOption {
  const isList = field === "aliases" || field === "linkLocalIps";
  return option<string>(
    names,
    ({ networks: [first] = [] }) => (first === undefined || needsLongForm(first) ? undefined : first[field]),
    same,
    (draft, value) => {
      const [first = { name: "default" }, ...others] = draft.networks ?? [];
      draft.networks = [{ ...first, [field]: isList ? [...(first[field] ?? []), value] : value }, ...others];
    },
  );
}

/** Docker also takes `NAME=ADDRESS`, and brackets around an IPv6 address. */
function extraHost(value: string): string {
  const [name, address] = value.includes("=") ? cut(value) : cut(value, ":");
  if (address === undefined) throw new UserError(l10n.t("'{0}' is not of the form {1}.", value, "NAME:ADDRESS"));
  return `${name}:${address.replace(/^\[(.*)\]$/, "$1")}`;
}

// Ports

function portText({ container, protocol, host, ip }: PublishedPort): string {
  const address = ip === undefined ? "" : `${ip.includes(":") ? `[${ip}]` : ip}:`;
  const published = host === undefined ? (ip === undefined ? "" : ":") : `${host}:`;
  return `${address}${published}${container}${protocol === undefined ? "" : `/${protocol}`}`;
}

/** Ranges of the same length are published pairwise, as docker/go-connections has it. */
function parsePorts(value: string): PublishedPort[] {
  const given = value.includes("=") ? longPort(value) : value;
  const [, bracketed, plain, published, target, protocol] =
    /^(?:(?:\[(.*)\]|(\d[\d.]+)):)??(?:([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(given) ?? [];
  const containers = range(target ?? "");
  const hosts = range(published ?? "");
  if (containers.length === 0 || (published && hosts.length === 0))
    throw new UserError(l10n.t("'{0}' is not of the form {1}.", value, "IP:HOST:CONTAINER/PROTOCOL"));
  if (containers.length > 1 && hosts.length > 0 && hosts.length !== containers.length)
    throw new UserError(l10n.t("'{0}' has ranges of different lengths.", value));
  const ip = bracketed ?? plain;
  return containers.map((container, n) => {
    const host = hosts.length === 0 ? undefined : containers.length === 1 ? published : String(hosts[n]);
    return {
      container,
      ...(protocol === undefined || protocol.toLowerCase() === "tcp" ? {} : { protocol: protocol.toLowerCase() }),
      ...(host === undefined ? {} : { host }),
      ...(ip ? { ip } : {}),
    };
  });
}

/** `published=80,target=8080,protocol=udp`. */
function longPort(value: string): string {
  const {
    published = "",
    target = "",
    protocol = "tcp",
  } = Object.fromEntries(value.split(",").map((field) => cut(field))) as Record<string, string | undefined>;
  return `${published}:${target}/${protocol}`;
}

function parseExposed(value: string): string[] {
  const [ports = "", protocol = "tcp"] = value.toLowerCase().split("/");
  if (range(ports).length === 0) throw new UserError(l10n.t("'{0}' is not a port such as 80 or 53/udp.", value));
  return range(ports).map((port) => exposedText(port, protocol));
}

/** `80`, `53/udp`. */
export function exposedText(port: number | string, protocol: string): string {
  return protocol === "tcp" || protocol === "" ? String(port) : `${port}/${protocol}`;
}

/** The ports of `80` or `7100-7110`. Empty when it is none. */
export function range(text: string): number[] {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (from === undefined || Number(to) < Number(from) || Number(to) > 65535) return [];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, n) => Number(from) + n);
}

// Mounts

/** `-v` splits at colons; a path that holds one goes through `--mount`, whose value is CSV. */
function mountOption(mount: Mount): string[] {
  const { type, source, target, readOnly, options = [] } = mount;
  if (type === undefined && ![source ?? "", target].some((path) => path.includes(":"))) {
    const words = [...(readOnly ? ["ro"] : []), ...options].join(",");
    return ["-v", [...(source === undefined ? [] : [source]), target, ...(words === "" ? [] : [words])].join(":")];
  }
  return [
    "--mount",
    csv([
      `type=${type ?? (source === undefined ? "volume" : "bind")}`,
      ...(source === undefined ? [] : [`source=${source}`]),
      `target=${target}`,
      ...(readOnly ? ["readonly"] : []),
      ...options,
    ]),
  ];
}

/** `SOURCE:TARGET:OPTIONS`, as `-v` takes it and inspect keeps it. */
export function parseVolume(value: string): Mount {
  const [first = "", target, words, ...more] = value.split(":");
  if (first === "" || target === "" || more.length > 0)
    throw new UserError(l10n.t("'{0}' is not of the form {1}.", value, "SOURCE:TARGET:OPTIONS"));
  if (target === undefined) return { target: first };
  return { source: first, target, ...mountWords(words?.split(",") ?? [], ["ro"]) };
}

/** Fields in the one spelling that is rendered, as docker/cli opts/mount.go reads them. */
function parseMount(value: string): Mount {
  const spelling: Record<string, string> = { src: "source", dst: "target", destination: "target", ro: "readonly" };
  const fields = parseCsv(value).map((field) => {
    const [key, given] = cut(field);
    const name = spelling[key.toLowerCase()] ?? key.toLowerCase();
    return [name, given, given === undefined ? name : `${name}=${given}`] as const;
  });
  const last = (name: string) => fields.findLast(([key]) => key === name)?.[1];
  const [source, target] = [last("source"), last("target")];
  if (!target) throw new UserError(l10n.t("'{0}' has no target.", value));
  const rest = fields.filter(([name]) => !["type", "source", "target"].includes(name));
  return {
    type: last("type")?.toLowerCase() ?? "volume",
    ...(source ? { source } : {}),
    target,
    ...mountWords(
      rest.map(([, , field]) => field).filter((field) => !/^readonly=(0|f|false)$/i.test(field)),
      ["readonly", "readonly=true", "readonly=1"],
    ),
  };
}

/** Whether one of these words is among them, and the others. */
function mountWords(words: readonly string[], readOnly: readonly string[]): Pick<Mount, "readOnly" | "options"> {
  const options = words.filter((word) => word !== "" && !readOnly.includes(word));
  return {
    ...(words.some((word) => readOnly.includes(word)) ? { readOnly: true } : {}),
    ...(options.length > 0 ? { options } : {}),
  };
}

// The rest

/** Docker's own form has no `CAP_` in front, and large letters. */
export function capability(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}

function capabilities(field: "capAdd" | "capDrop", name: string): RunOption {
  return { ...list(field, name), read: (draft, value) => void (draft[field] = [...(draft[field] ?? []), capability(value)]) };
}

export function ulimitText(soft: string | number, hard: string | number): string {
  return String(soft) === String(hard) ? String(soft) : `${soft}:${hard}`;
}

function health<Field extends keyof Healthcheck>(
  field: Field,
  write: (value: never) => string,
  parse: (text: string) => Healthcheck[Field],
  name: string,
): RunOption {
  return option<unknown>(
    [name],
    ({ healthcheck }) => (healthcheck === "none" ? undefined : healthcheck?.[field]),
    write as (value: unknown) => string,
    (draft, value) =>
      void (draft.healthcheck = { ...(draft.healthcheck === "none" ? {} : draft.healthcheck), [field]: parse(value) }),
  );
}
