/** What `docker compose config --format json` says of a service, and what Berth understood, in one form. */
import type { Build, SecretFile } from "../../src/core/compose/service.ts";
import { parseDuration } from "../../src/core/dockerValues.ts";
import { commandLine } from "../../src/core/quote.ts";
import type { Mount, RunSpec } from "../../src/core/runSpec.ts";

type Json = Record<string, unknown>;

export interface Model {
  name: string;
  services: Record<string, Json>;
  volumes?: Record<string, { name: string }>;
  secrets?: Record<string, { file?: string; environment?: string }>;
}

/** `config` doubles every `$`, so that its output can be read again. */
export function unescaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$$", "$");
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unescaped(one)]));
}

/** Fields that are told in the same words by both. */
const alike: [string, keyof RunSpec][] = [
  ["image", "image"],
  ["environment", "env"],
  ["platform", "platform"],
  ["user", "user"],
  ["group_add", "groupAdd"],
  ["working_dir", "workingDir"],
  ["hostname", "hostname"],
  ["domainname", "domainname"],
  ["stop_signal", "stopSignal"],
  ["annotations", "annotations"],
  ["labels", "labels"],
  ["tty", "tty"],
  ["stdin_open", "interactive"],
  ["read_only", "readOnly"],
  ["storage_opt", "storageOptions"],
  ["dns", "dns"],
  ["dns_search", "dnsSearch"],
  ["dns_opt", "dnsOptions"],
  ["runtime", "runtime"],
  ["device_cgroup_rules", "deviceCgroupRules"],
  ["privileged", "privileged"],
  ["cap_add", "capAdd"],
  ["cap_drop", "capDrop"],
  ["security_opt", "securityOpt"],
  ["ipc", "ipc"],
  ["pid", "pid"],
  ["uts", "uts"],
  ["userns_mode", "userns"],
  ["cgroup", "cgroupns"],
  ["cgroup_parent", "cgroupParent"],
  ["sysctls", "sysctls"],
  ["cpus", "cpus"],
  ["cpuset", "cpusetCpus"],
  ["cpu_shares", "cpuShares"],
  ["cpu_period", "cpuPeriod"],
  ["cpu_quota", "cpuQuota"],
  ["oom_score_adj", "oomScoreAdj"],
  ["oom_kill_disable", "oomKillDisable"],
  ["pids_limit", "pidsLimit"],
  ["mem_swappiness", "memorySwappiness"],
];
const sizes: [string, keyof RunSpec][] = [
  ["shm_size", "shmSize"],
  ["mem_limit", "memory"],
  ["memswap_limit", "memorySwap"],
  ["mem_reservation", "memoryReservation"],
];

const isNothing = (value: unknown) =>
  value === undefined || value === null || value === false || (typeof value === "object" && Object.keys(value).length === 0);

/** Without what says nothing, and numbers as text where the two differ in that alone. */
function plain(entries: [string, unknown][]): Json {
  return Object.fromEntries(
    entries
      .filter(([, value]) => !isNothing(value))
      .map(([key, value]) => [key, typeof value === "number" ? String(value) : value]),
  );
}

const list = (value: unknown) => (value ?? []) as unknown[];

/** Compose's model of a service. */
export function expected({ services, volumes = {}, secrets = {} }: Model, name: string): Json {
  const service = services[name]!;
  const words = (key: string) => service[key] as string[] | null | undefined;
  const deploy = service.deploy as { resources?: { reservations?: { devices?: Json[] } } } | undefined;
  const health = service.healthcheck as
    ({ test?: string[]; disable?: boolean; retries?: number } & Record<string, string>) | undefined;
  const logging = service.logging as { driver?: string; options?: Json } | undefined;
  const grace = service.stop_grace_period as string | undefined;
  return plain([
    ...alike.map(([theirs, field]): [string, unknown] => [field, service[theirs]]),
    ...sizes.map(([theirs, field]): [string, unknown] => [field, service[theirs]]),
    ["argv", [...(words("entrypoint") ?? []), ...(words("command") ?? [])]],
    ["hasEntrypoint", (words("entrypoint") ?? []).length > 0],
    ["init", service.init],
    ["noInit", service.init === false ? "yes" : undefined],
    ["restart", service.restart === "no" ? undefined : service.restart],
    ["stopTimeout", grace === undefined ? undefined : Math.ceil(parseDuration(grace) / 1000)],
    [
      "healthcheck",
      health &&
        (health.disable || health.test?.[0] === "NONE"
          ? "none"
          : plain([
              ["test", health.test && (health.test[0] === "CMD" ? commandLine(health.test.slice(1)) : health.test[1])],
              ...["interval", "timeout", "start_period", "start_interval"].map((key): [string, unknown] => [
                key,
                health[key] === undefined ? undefined : parseDuration(health[key]),
              ]),
              ["retries", health.retries],
            ])),
    ],
    ["networks", service.network_mode === undefined ? undefined : [{ name: service.network_mode }]],
    [
      "ports",
      service.network_mode === "host"
        ? undefined
        : list(service.ports).map((port) => {
            const { target, published, protocol, host_ip } = port as Json;
            return plain([
              ["target", target],
              ["published", published],
              ["protocol", protocol],
              ["ip", host_ip],
            ]);
          }),
    ],
    ["expose", list(service.expose).map(String)],
    ["extraHosts", list(service.extra_hosts).map((line) => String(line).replace("=", ":"))],
    [
      "devices",
      list(service.devices).map((device) => {
        const { source, target, permissions } = device as Record<string, string>;
        return [source, target, permissions].join(":");
      }),
    ],
    [
      "ulimits",
      Object.fromEntries(
        Object.entries((service.ulimits ?? {}) as Json).map(([key, value]) => {
          const { soft, hard } = (typeof value === "object" ? value : { soft: value, hard: value }) as Json;
          return [key, `${String(soft)}:${String(hard)}`];
        }),
      ),
    ],
    ["tmpfs", list(service.tmpfs)],
    [
      "logging",
      logging &&
        plain([
          ["driver", logging.driver],
          ["options", logging.options],
        ]),
    ],
    [
      "gpus",
      [...list(service.gpus), ...list(deploy?.resources?.reservations?.devices)].map((request) => {
        const { count = -1, device_ids, driver, capabilities, options } = request as Json;
        return plain([
          ["driver", driver],
          ["count", device_ids ? undefined : count],
          ["ids", device_ids],
          ["capabilities", list(capabilities).filter((one) => one !== "gpu")],
          ["options", options],
        ]);
      }),
    ],
    [
      "mounts",
      [
        ...list(service.volumes).map((volume) => theirMount(volume as Json, volumes)),
        ...list(service.secrets).flatMap((given) => {
          const { source, target } = given as Record<string, string>;
          const { file } = secrets[source!]!;
          return file === undefined
            ? []
            : [
                plain([
                  ["type", "bind"],
                  ["source", file],
                  ["target", inSecrets(target ?? source!)],
                  ["readOnly", "yes"],
                  ["create", "no"],
                ]),
              ];
        }),
      ],
    ],
    [
      "secretFiles",
      list(service.secrets).flatMap((given) => {
        const { source, target, mode = "444", uid, gid } = given as Record<string, string>;
        // Older ones write the number, newer ones its octal digits.
        const access = typeof mode === "number" ? mode : parseInt(mode, 8);
        const { environment } = secrets[source!]!;
        return environment === undefined
          ? []
          : [
              plain([
                ["variable", environment],
                ["target", inSecrets(target ?? source!)],
                ["mode", access],
                ["uid", uid],
                ["gid", gid],
              ]),
            ];
      }),
    ],
    ["build", service.build && buildOf(service.build as Json)],
  ]);
}

const inSecrets = (target: string) => (target.startsWith("/") ? target : `/run/secrets/${target}`);

function buildOf(build: Json): Json {
  const keys = [
    "context",
    "dockerfile_inline",
    "args",
    "target",
    "labels",
    "network",
    "cache_from",
    "additional_contexts",
    "platforms",
  ];
  return plain([
    ...keys.map((key): [string, unknown] => [key, build[key]]),
    ["args", withoutNull(build.args)],
    // Compose writes the default out.
    ["dockerfile", build.dockerfile === "Dockerfile" ? undefined : build.dockerfile],
    ["shm_size", build.shm_size],
    ["extra_hosts", list(build.extra_hosts).map((line) => String(line).replace("=", ":"))],
  ]);
}

/** Docker gets no argument without value. */
function withoutNull(args: unknown): unknown {
  return args && Object.fromEntries(Object.entries(args as Json).filter(([, value]) => value !== null));
}

function theirMount(volume: Json, volumes: Record<string, { name: string }>): Json {
  const { type, source, target, read_only } = volume as Record<string, string>;
  const bind = (volume.bind ?? {}) as Json;
  const inVolume = (volume.volume ?? {}) as Json;
  const tmpfs = (volume.tmpfs ?? {}) as Json;
  return plain([
    ["type", type],
    ["source", type === "volume" && source ? volumes[source]?.name : source],
    ["target", target],
    ["readOnly", read_only ? "yes" : undefined],
    ["create", type === "bind" ? (bind.create_host_path || bind.selinux ? "yes" : "no") : undefined],
    ["propagation", bind.propagation],
    ["selinux", bind.selinux],
    ["nocopy", inVolume.nocopy],
    ["subpath", inVolume.subpath],
    ["size", tmpfs.size],
    ["mode", typeof tmpfs.mode === "number" ? tmpfs.mode.toString(8) : tmpfs.mode],
  ]);
}

/** What Berth understood. */
export function understood(spec: RunSpec, build: Build | undefined, secretFiles: readonly SecretFile[]): Json {
  const health = spec.healthcheck;
  return plain([
    ...[...alike, ...sizes].map(([, field]): [string, unknown] => [field, spec[field]]),
    ["argv", [...(spec.entrypoint ? [spec.entrypoint] : []), ...(spec.command ?? [])]],
    ["hasEntrypoint", Boolean(spec.entrypoint)],
    ["init", spec.init],
    ["noInit", spec.noInit && "yes"],
    ["restart", spec.restart],
    ["stopTimeout", spec.stopTimeout],
    [
      "healthcheck",
      typeof health === "object"
        ? plain([
            ["test", health.test],
            ["interval", health.interval],
            ["timeout", health.timeout],
            ["start_period", health.startPeriod],
            ["start_interval", health.startInterval],
            ["retries", health.retries],
          ])
        : health,
    ],
    ["networks", spec.networks],
    [
      "ports",
      (spec.ports ?? []).map(({ container, host, protocol = "tcp", ip }) =>
        plain([
          ["target", container],
          ["published", host],
          ["protocol", protocol],
          ["ip", ip],
        ]),
      ),
    ],
    ["expose", spec.expose],
    ["extraHosts", spec.extraHosts],
    ["devices", (spec.devices ?? []).map(longDevice)],
    [
      "ulimits",
      Object.fromEntries(
        Object.entries(spec.ulimits ?? {}).map(([name, value]) => [name, value.includes(":") ? value : `${value}:${value}`]),
      ),
    ],
    ["tmpfs", Object.entries(spec.tmpfs ?? {}).map(([path, options]) => (options === "" ? path : `${path}:${options}`))],
    [
      "logging",
      plain([
        ["driver", spec.logDriver],
        ["options", spec.logOptions],
      ]),
    ],
    [
      "gpus",
      spec.gpus === "none"
        ? []
        : [
            plain([
              ["driver", spec.gpuDetails?.driver],
              ["count", spec.gpus === "all" ? -1 : "count" in spec.gpus ? spec.gpus.count : undefined],
              ["ids", typeof spec.gpus === "object" && "ids" in spec.gpus ? spec.gpus.ids : undefined],
              ["capabilities", spec.gpuDetails?.capabilities],
              ["options", spec.gpuDetails?.options],
            ]),
          ],
    ],
    ["mounts", spec.mounts.map(ourMount)],
    ["secretFiles", secretFiles.map((secret) => plain(Object.entries(secret)))],
    [
      "build",
      build &&
        plain([
          ["context", build.context],
          ["dockerfile", build.dockerfile],
          ["dockerfile_inline", build.dockerfileInline],
          ["args", build.args],
          ["target", build.target],
          ["labels", build.labels],
          ["network", build.network],
          ["cache_from", build.cacheFrom],
          ["additional_contexts", build.additionalContexts],
          ["extra_hosts", build.extraHosts],
          ["shm_size", build.shmSize],
          ["platforms", build.platforms],
        ]),
    ],
  ]);
}

/** `/dev/a` → `/dev/a:/dev/a:rwm`. */
function longDevice(device: string): string {
  const [host = "", second = host, third = "rwm"] = device.split(":");
  return /^[rwm]+$/.test(second) ? [host, host, second].join(":") : [host, second, third].join(":");
}

function ourMount({ type, source, target, readOnly, options = [] }: Mount): Json {
  const kind = type ?? (source?.startsWith("/") ? "bind" : "volume");
  const of = (name: string) => options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  return plain([
    ["type", kind],
    ["source", source],
    ["target", target],
    ["readOnly", readOnly && "yes"],
    ["create", kind === "bind" ? (type === undefined ? "yes" : "no") : undefined],
    ["propagation", of("bind-propagation") ?? options.find((option) => /^r?(shared|slave|private)$/.test(option))],
    ["selinux", options.find((option) => /^z$/i.test(option))],
    ["nocopy", options.some((option) => option === "nocopy" || option === "volume-nocopy")],
    ["subpath", of("volume-subpath")],
    ["size", of("tmpfs-size")],
    ["mode", of("tmpfs-mode")],
  ]);
}
