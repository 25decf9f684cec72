import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import { commandLine } from "../quote.ts";
import { parseVolume, type Draft } from "../runOptions.ts";
import type { GpuDetails, GpuRequest, Healthcheck, Mount, RunSpec } from "../runSpec.ts";
import { resolvePath } from "./paths.ts";
import type { ComposeFile, DeviceRequest, LongMount, Service } from "./schema.ts";
import type { Lookup } from "./interpolate.ts";
import type { Path } from "./nodes.ts";

/** What a service is read against. */
export interface Surroundings {
  /** Of the compose file, absolute. */
  folder: string;
  /** Compose's own name of the project, which it puts in front of volumes' names. */
  composeProject: string;
  volumes: ComposeFile["volumes"];
  secrets: ComposeFile["secrets"];
  /** The environment, `.env` included. */
  env: Lookup;
  /** Values of it that are shown nowhere, by their names. */
  hidden: readonly string[];
}

/** How the image is built; paths are absolute. */
export interface Build {
  /** A folder, or an address. */
  context: string;
  dockerfile?: string;
  dockerfileInline?: string;
  args?: Readonly<Record<string, string>>;
  target?: string;
  labels?: Readonly<Record<string, string>>;
  network?: string;
  cacheFrom?: readonly string[];
  additionalContexts?: Readonly<Record<string, string>>;
  extraHosts?: readonly string[];
  /** Bytes. */
  shmSize?: number;
  platforms?: readonly string[];
}

export interface EnvFile {
  /** Absolute. */
  path: string;
  required: boolean;
  /** Neither quotes nor variables in it. */
  raw: boolean;
}

/** A Compose secret that comes from a variable: written into the created container before it starts. */
export interface SecretFile {
  variable: string;
  /** Path inside. */
  target: string;
  /** Of the file's access, such as 0o440. */
  mode: number;
  uid?: string;
  gid?: string;
}

export interface ServiceParts {
  /** Its `env` lacks what stands in `envFiles`; image and name may be empty. */
  spec: RunSpec;
  build?: Build;
  envFiles: readonly EnvFile[];
  secretFiles: readonly SecretFile[];
  /** Whether the service says itself what runs. */
  hasCommand: boolean;
}

/** Told of a field of the service. */
export type Tell = (severity: "error" | "warning", path: Path, message: string) => void;

/** A service, read by the schema, as a run spec. What is wrong or not acted on is told. */
export function toRunSpec(service: Service, around: Surroundings, tell: Tell): ServiceParts {
  const draft: Draft = {
    name: service.container_name ?? "",
    image: service.image ?? "",
    init: service.init ?? false,
    gpus: "none",
    mounts: [],
    labels: service.labels ?? {},
  };
  const set = <Field extends keyof Draft>(field: Field, value: Draft[Field] | undefined) => {
    if (value !== undefined) draft[field] = value;
  };
  if (service.init === false) draft.noInit = true;

  const [program, ...args] = service.entrypoint ?? [];
  if (Array.isArray(service.entrypoint)) {
    draft.entrypoint = program ?? "";
    if (args.length > 0) draft.command = args;
  }
  if (service.command && service.command.length > 0) draft.command = [...args, ...service.command];

  set("env", service.environment && filledFrom(service.environment, around.env));
  set("platform", service.platform);
  set("user", service.user);
  set("groupAdd", service.group_add);
  set("workingDir", service.working_dir);
  set("hostname", service.hostname);
  set("domainname", service.domainname);
  set("restart", service.restart === "no" ? undefined : service.restart);
  set("stopSignal", service.stop_signal);
  set("stopTimeout", service.stop_grace_period === undefined ? undefined : Math.ceil(service.stop_grace_period / 1000));
  set("healthcheck", service.healthcheck && healthcheck(service.healthcheck));
  set("annotations", service.annotations);
  set("tty", service.tty || undefined);
  set("interactive", service.stdin_open || undefined);

  draft.mounts = [...mounts(service, around, tell), ...fileSecrets(service, around, tell)];
  set("tmpfs", service.tmpfs);
  set("readOnly", service.read_only || undefined);
  set("storageOptions", service.storage_opt);

  set("ports", service.network_mode === "host" ? undefined : service.ports?.flat());
  set("expose", service.expose);
  set("extraHosts", service.extra_hosts);
  set("dns", service.dns);
  set("dnsSearch", service.dns_search);
  set("dnsOptions", service.dns_opt);
  const network = ownOf("network_mode", service.network_mode, tell);
  if (network !== undefined && network !== "default") draft.networks = [{ name: network }];

  Object.assign(draft, gpus(service, tell));
  set("runtime", service.runtime);
  set("devices", joined(draft.devices, service.devices?.flat()));
  set("deviceCgroupRules", service.device_cgroup_rules);

  set("privileged", service.privileged || undefined);
  set("capAdd", service.cap_add);
  set("capDrop", service.cap_drop);
  set("securityOpt", service.security_opt);
  set("ipc", ownOf("ipc", service.ipc, tell));
  set("pid", ownOf("pid", service.pid, tell));
  set("uts", service.uts);
  set("userns", service.userns_mode);
  set("cgroupns", service.cgroup);
  set("cgroupParent", service.cgroup_parent);
  set("sysctls", service.sysctls);
  set("ulimits", service.ulimits);

  set("shmSize", service.shm_size);
  set("memory", service.mem_limit);
  // Nothing is limited by these when they are 0.
  set("memorySwap", service.memswap_limit || undefined);
  set("memoryReservation", service.mem_reservation);
  set("memorySwappiness", service.mem_swappiness);
  set("oomKillDisable", service.oom_kill_disable || undefined);
  set("oomScoreAdj", service.oom_score_adj);
  set("cpus", service.cpus || undefined);
  set("cpuShares", service.cpu_shares);
  set("cpuPeriod", service.cpu_period);
  set("cpuQuota", service.cpu_quota);
  set("cpusetCpus", service.cpuset);
  set("pidsLimit", service.pids_limit);
  set("logDriver", service.logging?.driver);
  set(
    "logOptions",
    service.logging?.options &&
      Object.fromEntries(Object.entries(service.logging.options).map(([name, value]) => [name, String(value ?? "")])),
  );

  const build = service.build === undefined ? undefined : buildOf(service.build, around);
  return {
    spec: draft,
    ...(build ? { build } : {}),
    envFiles: envFiles(service, around),
    secretFiles: variableSecrets(service, around),
    hasCommand: (service.command ?? []).length > 0 || (service.entrypoint ?? []).length > 0,
  };
}

function joined<T>(first: readonly T[] | undefined, second: readonly T[] | undefined): readonly T[] | undefined {
  return first && second ? [...first, ...second] : (first ?? second);
}

/** A variable without value is the environment's; where it is not there either, it stays without. */
export function filledFrom(given: Readonly<Record<string, string | null>>, env: Lookup): Record<string, string | null> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ?? env(name) ?? null]));
}

/** Without those that have no value. */
function known(values: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** `service:NAME` is another service's, whose container Berth does not know. */
function ownOf(field: string, value: string | undefined, tell: Tell): string | undefined {
  if (!value?.startsWith("service:")) return value;
  tell("warning", [field], l10n.t("Berth does not act on '{0}': name that service's container, as in 'container:NAME'.", value));
  return undefined;
}

function healthcheck(given: NonNullable<Service["healthcheck"]>): Healthcheck | "none" {
  const { test } = given;
  if (given.disable || (Array.isArray(test) && test[0] === "NONE")) return "none";
  const command = typeof test === "string" ? test : test && (test[0] === "CMD" ? commandLine(test.slice(1)) : (test[1] ?? ""));
  return {
    ...(command === undefined ? {} : { test: command }),
    ...(given.interval === undefined ? {} : { interval: given.interval }),
    ...(given.timeout === undefined ? {} : { timeout: given.timeout }),
    ...(given.start_period === undefined ? {} : { startPeriod: given.start_period }),
    ...(given.start_interval === undefined ? {} : { startInterval: given.start_interval }),
    ...(given.retries === undefined ? {} : { retries: given.retries }),
  };
}

// Mounts

function mounts({ volumes = [] }: Service, around: Surroundings, tell: Tell): Mount[] {
  return volumes.flatMap((volume, n) => {
    try {
      if (typeof volume === "string") return [shortMount(volume, around)];
      const { create_host_path: isMade, selinux, recursive } = volume.bind ?? {};
      if (recursive !== undefined && (isMade || selinux !== undefined))
        tell(
          "warning",
          ["volumes", n],
          l10n.t("Berth does not act on 'recursive' beside 'create_host_path' or 'selinux': remove one of the two."),
        );
      return [longMount(volume, around)];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      tell("error", ["volumes", n], error.message);
      return [];
    }
  });
}

function shortMount(value: string, around: Surroundings): Mount {
  const { source, options = [], target, ...mount } = parseVolume(value);
  const kept = options.filter((word) => !/^(rw|cached|delegated|consistent)$/.test(word));
  return {
    ...(source === undefined ? {} : { source: /^[./~]/.test(source) ? hostPath(source, around) : volumeName(source, around) }),
    ...mount,
    target: inside(target),
    ...(kept.length > 0 ? { options: kept } : {}),
  };
}

/** `/data` for `/data/`, as Compose and Docker write it. */
function inside(path: string): string {
  return path.startsWith("/") ? resolvePath("/", path) : path;
}

function hostPath(path: string, { folder, env }: Surroundings): string {
  return resolvePath(folder, path, env("HOME"));
}

/** What Docker calls a named volume of the file. */
function volumeName(name: string, { volumes, composeProject }: Surroundings): string {
  if (!volumes || !Object.hasOwn(volumes, name))
    throw new UserError(
      l10n.t(
        "The volume '{0}' is not declared: add it under 'volumes:' at the end of the file, or write './{0}' for a folder.",
        name,
      ),
    );
  const volume = volumes[name];
  const external = volume?.external;
  const outer = typeof external === "object" ? external.name : undefined;
  return volume?.name || outer || (external ? name : `${composeProject}_${name}`);
}

function longMount(mount: LongMount, around: Surroundings): Mount {
  const { type, source, target, bind, volume, tmpfs, image } = mount;
  const common = { target: inside(target), ...(mount.read_only ? { readOnly: true } : {}) };
  if (type === "bind") {
    if (source === undefined)
      throw new UserError(l10n.t("A bind mount needs a source: the folder of the machine that is mounted."));
    const path = hostPath(source, around);
    const words = [bind?.propagation, bind?.selinux].filter((word) => word !== undefined);
    // As -v has it: only that makes a missing folder, and knows SELinux.
    if (bind?.create_host_path || bind?.selinux)
      return { source: path, ...common, ...(words.length > 0 ? { options: words } : {}) };
    return withOptions(
      { type, source: path, ...common },
      { "bind-propagation": bind?.propagation, "bind-recursive": bind?.recursive },
    );
  }
  if (type === "tmpfs") {
    const mode = typeof tmpfs?.mode === "number" ? tmpfs.mode.toString(8) : tmpfs?.mode;
    return withOptions({ type, ...common }, { "tmpfs-size": tmpfs?.size || undefined, "tmpfs-mode": mode });
  }
  if (type === "volume") {
    const named = source === undefined ? {} : { source: volumeName(source, around) };
    const made = withOptions({ type, ...named, ...common }, { "volume-subpath": volume?.subpath });
    return volume?.nocopy ? { ...made, options: ["volume-nocopy", ...(made.options ?? [])] } : made;
  }
  return withOptions({ type, ...(source === undefined ? {} : { source }), ...common }, { "image-subpath": image?.subpath });
}

function withOptions(mount: Mount, options: Record<string, string | number | undefined>): Mount {
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return given.length === 0 ? mount : { ...mount, options: given };
}

// Secrets

function secretsOf({ secrets = [] }: Service, around: Surroundings) {
  return secrets.map((given, n) => {
    const secret = typeof given === "string" ? { source: given } : given;
    const target = secret.target ?? secret.source;
    return {
      ...secret,
      at: ["secrets", n] as Path,
      target: target.startsWith("/") ? target : `/run/secrets/${target}`,
      from: around.secrets && Object.hasOwn(around.secrets, secret.source) ? around.secrets[secret.source] : undefined,
    };
  });
}

function fileSecrets(service: Service, around: Surroundings, tell: Tell): Mount[] {
  return secretsOf(service, around).flatMap(({ source, target, from, at, ...rights }): Mount[] => {
    if (!from)
      tell(
        "error",
        at,
        l10n.t(
          "The secret '{0}' is not declared: add it under 'secrets:' at the end of the file, with 'file' or 'environment'.",
          source,
        ),
      );
    else if (from.file !== undefined) {
      if (["mode", "uid", "gid"].some((one) => Object.hasOwn(rights, one)))
        tell(
          "warning",
          at,
          l10n.t(
            "A secret from a file keeps that file's owner and rights: set them there, and remove 'mode', 'uid' and 'gid' here.",
          ),
        );
      return [{ type: "bind", source: hostPath(from.file, around), target, readOnly: true }];
    } else if (from.external)
      tell(
        "error",
        at,
        l10n.t("The secret '{0}' is external, which only a swarm has: give it 'file' or 'environment' instead.", source),
      );
    else if (from.environment === undefined)
      tell(
        "error",
        at,
        l10n.t("The secret '{0}' comes neither from a file nor from a variable: give it 'file' or 'environment'.", source),
      );
    return [];
  });
}

function variableSecrets(service: Service, around: Surroundings): SecretFile[] {
  return secretsOf(service, around).flatMap(({ target, from, mode = 0o444, uid, gid }) =>
    from?.environment === undefined
      ? []
      : [
          {
            variable: from.environment,
            target,
            mode: typeof mode === "number" ? mode : parseInt(mode, 8),
            ...(uid === undefined ? {} : { uid }),
            ...(gid === undefined ? {} : { gid }),
          },
        ],
  );
}

// GPUs

function gpus(service: Service, tell: Tell): Pick<Draft, "gpus"> & Partial<Pick<Draft, "gpuDetails" | "devices">> {
  const short: DeviceRequest[] = service.gpus === "all" ? [{}] : (service.gpus ?? []);
  const reserved: Path = ["deploy", "resources", "reservations", "devices"];
  const requests = [
    ...short.map((request, n) => ({ request, at: ["gpus", n] as Path })),
    ...(service.deploy?.resources?.reservations?.devices ?? []).map((request, n) => ({ request, at: [...reserved, n] as Path })),
  ];
  let found: (Pick<Draft, "gpus"> & Partial<Pick<Draft, "gpuDetails" | "devices">>) | undefined;
  for (const { request, at } of requests) {
    const { count, device_ids: ids, capabilities = [], driver, options } = request;
    if (count !== undefined && ids) tell("error", at, l10n.t("'count' and 'device_ids' exclude each other: keep one of them."));
    else if (at[0] === "deploy" && !request.capabilities)
      tell("error", at, l10n.t("A device request needs its capabilities: add 'capabilities: [gpu]'."));
    else if (driver === "cdi" && ids) found = { gpus: "none", ...found, devices: ids };
    else if (
      at[0] === "deploy" &&
      driver !== "nvidia" &&
      !capabilities.some((one) => /^(gpu|nvidia|compute|utility|graphics|video|display)$/.test(one))
    )
      tell("warning", at, l10n.t("Berth does not act on devices other than GPUs: pass their files in with 'devices'."));
    else if (found && found.gpus !== "none")
      tell("warning", at, l10n.t("Berth does not act on a second request for GPUs: write one for all of them."));
    else {
      const asked = gpuRequest(count, ids);
      if (asked === undefined) tell("error", at, l10n.t("'count' is a whole number or 'all', not '{0}'.", String(count)));
      else found = { ...found, gpus: asked, ...details(driver, capabilities, options) };
    }
  }
  return found ?? { gpus: "none" };
}

function gpuRequest(count: string | number | undefined, ids: readonly string[] | undefined): GpuRequest | undefined {
  if (ids) return ids.length === 0 ? "none" : { ids };
  if (count === undefined || String(count) === "all" || Number(count) === -1) return "all";
  if (!/^\d+$/.test(String(count))) return undefined;
  return Number(count) === 0 ? "none" : { count: Number(count) };
}

function details(
  driver: string | undefined,
  capabilities: readonly string[],
  options: DeviceRequest["options"],
): { gpuDetails?: GpuDetails } {
  const others = capabilities.filter((one) => one !== "gpu");
  const given: GpuDetails = {
    ...(driver === undefined ? {} : { driver }),
    ...(others.length > 0 ? { capabilities: others } : {}),
    ...(options === undefined ? {} : { options }),
  };
  return Object.keys(given).length > 0 ? { gpuDetails: given } : {};
}

// Files and images

function envFiles({ env_file: given = [] }: Service, around: Surroundings): EnvFile[] {
  return (typeof given === "string" ? [given] : given).map((one) => {
    const { path, required = true, format } = typeof one === "string" ? { path: one } : one;
    return { path: hostPath(path, around), required, raw: format === "raw" };
  });
}

function buildOf(given: NonNullable<Service["build"]>, around: Surroundings): Build {
  const { context = ".", ...build } = typeof given === "string" ? { context: given } : given;
  const isRemote = (path: string) => /^([\w-]+:\/\/|git@|github\.com\/|service:)/.test(path);
  const place = (path: string) => (isRemote(path) ? path : hostPath(path, around));
  const { dockerfile_inline: inline, cache_from: cacheFrom, additional_contexts: contexts, extra_hosts: hosts } = build;
  return {
    context: place(context),
    ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }),
    ...(inline === undefined ? {} : { dockerfileInline: inline }),
    ...(build.args === undefined ? {} : { args: known(filledFrom(build.args, around.env)) }),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(build.labels === undefined ? {} : { labels: build.labels }),
    ...(build.network === undefined ? {} : { network: build.network }),
    ...(cacheFrom === undefined ? {} : { cacheFrom }),
    ...(contexts === undefined
      ? {}
      : { additionalContexts: Object.fromEntries(Object.entries(contexts).map(([name, path]) => [name, place(path)])) }),
    ...(hosts === undefined ? {} : { extraHosts: hosts }),
    ...(build.shm_size === undefined ? {} : { shmSize: build.shm_size }),
    ...(build.platforms === undefined ? {} : { platforms: build.platforms }),
  };
}
