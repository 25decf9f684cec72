import * as l10n from "../l10n.ts";
import * as z from "zod/mini";
import { cut, parseDuration, parseSize } from "../dockerValues.ts";
import { UserError } from "../errors.ts";
import { runOptions, ulimitText, type Draft } from "../runOptions.ts";
import { field, fields, flag, labels, pairs, parsed, text, textOrTexts, texts, whole, words } from "./fields.ts";
import { unacted } from "./unacted.ts";
import { splitWords } from "./words.ts";
import { xBerth } from "./xBerth.ts";

/**
 * A compose file as Berth reads it (Compose Specification, schema/compose-spec.json): every field that it knows is here, whether Berth acts on it
 * or not (unacted.ts). The parser, and the JSON schema that an editor completes with, both come from these.
 */

/** What `docker run` makes of an option's value, so that both mean the same. */
function option<Field extends keyof Draft>(flagName: string, field: Field): (value: string) => NonNullable<Draft[Field]> {
  const found = runOptions.find(({ flag: name }) => name === flagName)!;
  return (value) => {
    const draft: Draft = { name: "", image: "", init: false, gpus: "none", mounts: [], labels: {} };
    found.read(draft, value);
    return draft[field]!;
  };
}

const size = parsed(z.union([z.number(), text]), (value) => parseSize(String(value)));
const notNegative = parsed(size, (bytes) => {
  if (bytes < 0) throw new UserError(l10n.t("'{0}' is less than nothing: write a size such as 512m or 6g.", bytes));
  return bytes;
});
/** Milliseconds. Compose also takes days and weeks. */
const duration = parsed(text, (value) =>
  parseDuration(value.replace(/(\d+)w/g, (_, n) => `${Number(n) * 168}h`).replace(/(\d+)d/g, (_, n) => `${Number(n) * 24}h`)),
);
const number = parsed(z.union([z.number(), text]), (value) => {
  if (!/^-?\d+(\.\d+)?$/.test(String(value))) throw new UserError(l10n.t("'{0}' is no number.", value));
  return Number(value);
});
const command = parsed(z.union([text, texts, z.null()]), (value) => (typeof value === "string" ? splitWords(value) : value));

const capability = option("--cap-add", "capAdd");
const capabilities = parsed(texts, (list) => list.flatMap(capability));

const portOf = option("-p", "ports");
const checkPorts = (value: string) => {
  for (const [n] of value.replace(/^.*\]|\/.*$/g, "").matchAll(/\d+/g))
    if (Number(n) > 65_535 && !value.includes("."))
      throw new UserError(l10n.t("There is no port {0}: the last one is 65535.", n));
  return portOf(value);
};
const port = z.union([
  parsed(z.union([z.number(), text]), (value) => checkPorts(String(value))),
  parsed(
    fields({
      target: whole,
      published: z.optional(z.union([text, z.number()])),
      protocol: z.optional(text),
      host_ip: z.optional(text),
      ...unacted.port,
    }),
    ({ target, published, protocol = "tcp", host_ip: ip }) => {
      if (ip !== undefined && !/^\d+(\.\d+){3}$|:|\{\{/.test(ip))
        throw new UserError(l10n.t("'{0}' is no address of this machine: write one such as 127.0.0.1.", ip));
      const address = ip === undefined ? "" : `${ip.includes(":") ? `[${ip}]` : ip}:`;
      return checkPorts(
        `${address}${published ?? ""}${published !== undefined || ip !== undefined ? ":" : ""}${target}/${protocol}`,
      );
    },
  ),
]);

/** A mount in the long syntax. Relative paths and names of volumes are still as they were written. */
const mount = fields({
  type: z.enum(["bind", "volume", "tmpfs", "cluster", "npipe", "image"]),
  source: z.optional(text),
  target: text,
  read_only: z.optional(flag),
  bind: z.optional(
    fields({
      propagation: z.optional(text),
      create_host_path: z.optional(flag),
      recursive: z.optional(z.enum(["enabled", "disabled", "writable", "readonly"])),
      selinux: z.optional(z.enum(["z", "Z"])),
    }),
  ),
  volume: z.optional(fields({ nocopy: z.optional(flag), subpath: z.optional(text), ...unacted.mountedVolume })),
  tmpfs: z.optional(fields({ size: z.optional(notNegative), mode: z.optional(z.union([z.number(), text])) })),
  image: z.optional(fields({ subpath: z.optional(text) })),
  ...unacted.mount,
});
export type LongMount = z.output<typeof mount>;

const gpu = fields({
  driver: z.optional(text),
  count: z.optional(z.union([z.number(), text])),
  device_ids: z.optional(texts),
  capabilities: z.optional(texts),
  options: z.optional(labels),
});
export type DeviceRequest = z.output<typeof gpu>;

const device = z.union([
  parsed(text, (value) => option("--device", "devices")(value)),
  parsed(fields({ source: text, target: z.optional(text), permissions: z.optional(text) }), ({ source, target, permissions }) =>
    option("--device", "devices")([source, target ?? source, permissions ?? "rwm"].join(":")),
  ),
]);

const limit = z.union([whole, fields({ soft: whole, hard: whole })]);
const host = option("--add-host", "extraHosts");
const hosts = z.union([
  parsed(z.array(parsed(text, host)), (list) => list.flat()),
  parsed(z.record(z.string(), z.union([text, texts])), (value) =>
    Object.entries(value).flatMap(([name, to]) =>
      (typeof to === "string" ? [to] : to).flatMap((address) => host(`${name}=${address}`)),
    ),
  ),
]);
const expose = option("--expose", "expose");
const exposed = parsed(z.array(parsed(z.union([text, z.number()]), (one) => expose(String(one)))), (list) => list.flat());

/** A mapping alone, where `labels` takes a list too. */
const options = parsed(z.record(z.string(), z.union([text, z.number(), z.boolean(), z.null()])), (given) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value ?? "")])),
);

const envFile = z.union([text, fields({ path: text, required: z.optional(flag), format: z.optional(text) })]);

const build = fields({
  context: z.optional(text),
  dockerfile: z.optional(text),
  dockerfile_inline: z.optional(text),
  args: z.optional(pairs),
  target: z.optional(text),
  labels: z.optional(labels),
  network: z.optional(text),
  cache_from: z.optional(texts),
  additional_contexts: z.optional(labels),
  extra_hosts: z.optional(hosts),
  shm_size: z.optional(size),
  platforms: z.optional(texts),
  ...unacted.build,
});

const healthcheck = fields({
  test: z.optional(
    parsed(z.union([text, texts]), (value) => {
      if (Array.isArray(value) && value.length === 0) return undefined;
      if (typeof value === "string" || /^(CMD|CMD-SHELL|NONE)$/.test(value[0] ?? "")) return value;
      throw new UserError(
        l10n.t("A list begins with CMD, CMD-SHELL or NONE: put CMD in front, or write the command as one text."),
      );
    }),
  ),
  interval: z.optional(duration),
  timeout: z.optional(duration),
  start_period: z.optional(duration),
  start_interval: z.optional(duration),
  retries: z.optional(whole),
  disable: z.optional(flag),
});

const secret = z.union([
  text,
  fields({
    source: text,
    target: z.optional(text),
    uid: z.optional(text),
    gid: z.optional(text),
    mode: z.optional(z.union([z.number(), text])),
  }),
]);

export const service = fields({
  image: field("Image that the container is made from.", text),
  build: field("Where the image is built from: a folder, or how in detail.", z.union([text, build])),
  container_name: field(
    "The container's name; without it the setting berth.naming.container decides.",
    text.check(
      z.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$|\{\{/, {
        error: l10n.t("A container's name has at least two letters, digits, '_', '.' or '-', and starts with a letter or digit."),
      }),
    ),
  ),
  command: field("Replaces the image's command. A text is split into words; no shell runs it.", command),
  entrypoint: field("Replaces the image's entrypoint, and its command with it.", command),
  environment: field("Variables. One without value is taken from the environment.", pairs),
  env_file: field("Files with variables.", z.union([text, z.array(envFile)])),
  volumes: field("Folders and volumes: SOURCE:TARGET[:ro], or in detail.", z.array(z.union([text, mount]))),
  ports: field("Published ports: [IP:][HOST:]CONTAINER[/PROTOCOL], or in detail.", z.array(port)),
  expose: field("Ports that are told to other containers, and not published.", exposed),
  network_mode: field("host, none, bridge or container:NAME.", text),
  gpus: field("all, or a list of device requests.", z.union([z.literal("all"), z.array(gpu)])),
  deploy: field(
    "Of it Berth acts on resources.reservations.devices: the GPUs.",
    z.union([
      z.null(),
      fields({
        resources: z.optional(
          fields({
            reservations: z.optional(fields({ devices: z.optional(z.array(gpu)), ...unacted.reservations })),
            ...unacted.resources,
          }),
        ),
        ...unacted.deploy,
      }),
    ]),
  ),
  runtime: field("OCI runtime, such as nvidia.", text),
  shm_size: field("Size of /dev/shm, such as 6g.", size),
  ipc: field("IPC namespace: host, private, shareable or container:NAME.", text),
  pid: field("Process namespace: host or container:NAME.", text),
  privileged: field("Gives the container all rights and devices of the machine.", flag),
  cap_add: field("Linux capabilities to add.", capabilities),
  cap_drop: field("Linux capabilities to take away.", capabilities),
  security_opt: field("Security options, such as seccomp=unconfined.", texts),
  group_add: field("Further groups of the user inside.", words),
  devices: field("Devices: HOST[:CONTAINER[:PERMISSIONS]], or a CDI name.", z.array(device)),
  device_cgroup_rules: field("Rules for devices, such as 'c 189:* rmw'.", texts),
  ulimits: field(
    "Limits: one number, or soft and hard.",
    parsed(z.record(z.string(), limit), (given) =>
      Object.fromEntries(
        Object.entries(given).map(([name, one]) => [
          name,
          typeof one === "number" ? String(one) : ulimitText(one.soft, one.hard),
        ]),
      ),
    ),
  ),
  sysctls: field("Kernel parameters.", labels),
  tmpfs: field(
    "Folders in memory: PATH[:OPTIONS].",
    parsed(textOrTexts, (list) => Object.fromEntries(list.map((one) => [cut(one, ":")[0], cut(one, ":")[1] ?? ""]))),
  ),
  mem_limit: field("Limit of memory, such as 32g.", size),
  cpus: field("Limit of CPUs, such as 1.5.", number),
  user: field("User inside: name or number, in quotes, with :group if wanted.", text),
  working_dir: field("Folder that the command runs in.", text),
  hostname: field("Host name inside.", text),
  extra_hosts: field("Further names: NAME=ADDRESS.", hosts),
  dns: field("Name servers.", textOrTexts),
  init: field("Runs an init as process 1.", flag),
  restart: field(
    "no, always, unless-stopped or on-failure[:N].",
    text.check(
      z.regex(/^(no|always|unless-stopped|on-failure(:\d+)?)$|\{\{/, {
        error: l10n.t("It is no, always, unless-stopped or on-failure[:N]."),
      }),
    ),
  ),
  stop_signal: field("Signal that ends the container.", text),
  stop_grace_period: field("Time until it is killed, such as 30s.", duration),
  healthcheck: field("How Docker finds out whether the container is healthy.", healthcheck),
  labels: field("Labels of the container.", labels),
  platform: field("Such as linux/amd64.", text),
  secrets: field("Files below /run/secrets, from the file's own secrets.", z.array(secret)),

  annotations: z.optional(labels),
  cgroup: z.optional(z.enum(["host", "private"])),
  cgroup_parent: z.optional(text),
  cpu_shares: z.optional(number),
  cpu_quota: z.optional(number),
  cpu_period: z.optional(number),
  cpuset: z.optional(text),
  dns_opt: z.optional(texts),
  dns_search: z.optional(textOrTexts),
  domainname: z.optional(text),
  logging: z.optional(
    fields({ driver: z.optional(text), options: z.optional(z.record(z.string(), z.union([text, z.number(), z.null()]))) }),
  ),
  mem_reservation: z.optional(size),
  mem_swappiness: z.optional(whole),
  memswap_limit: z.optional(size),
  oom_kill_disable: z.optional(flag),
  oom_score_adj: z.optional(
    parsed(whole, (value) => {
      if (Math.abs(value) > 1000)
        throw new UserError(l10n.t("'{0}' is beyond -1000 to 1000: write a number between them.", value));
      return value;
    }),
  ),
  pids_limit: z.optional(number),
  read_only: z.optional(flag),
  stdin_open: z.optional(flag),
  storage_opt: z.optional(options),
  tty: z.optional(flag),
  userns_mode: z.optional(text),
  uts: z.optional(text),

  "x-berth": z.optional(xBerth),
  ...unacted.service,
});
export type Service = z.output<typeof service>;

const named = { name: z.optional(text), external: z.optional(z.union([flag, fields({ name: z.optional(text) })])) };
const volume = z.union([z.null(), fields({ ...named, ...unacted.volume })]);
const secretSource = fields({ ...named, file: z.optional(text), environment: z.optional(text), ...unacted.secret });

const serviceName = /^[a-zA-Z0-9._-]+$/;

export const file = fields({
  name: field("Name of the project for Compose, which names volumes by it.", text),
  services: field("Each is a deployment.", z.record(z.string().check(z.regex(serviceName)), service)),
  volumes: field("Named volumes.", z.record(z.string(), volume)),
  secrets: field("Where secrets come from.", z.record(z.string(), secretSource)),
  ...unacted[""],
});
export type ComposeFile = z.output<typeof file>;
