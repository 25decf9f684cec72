import * as l10n from "./l10n.ts";
import { cut } from "./dockerValues.ts";
import { commandLine } from "./quote.ts";
import { isSecretName, redact, secretValues } from "./redact.ts";
import type { EngineDefaults, RunImage, RunInspect } from "./runJson.ts";
import { capability, deviceText, exposedText, parseVolume, ulimitText, type Draft } from "./runOptions.ts";
import {
  isUserDefined,
  secretEnv,
  type GpuDetails,
  type Healthcheck,
  type Mount,
  type NetworkAttachment,
  type RunSpec,
  type StringMap,
} from "./runSpec.ts";

/** What a container was told when it was made. */
export interface RunReading {
  /** Values of secrets that stood elsewhere than in the environment are replaced by `[redacted]`. */
  spec: RunSpec;
  /** What the spec does not say, in sentences for people. */
  notes: readonly string[];
}

/** What is needed besides the container itself. */
export interface Surroundings {
  /** The image it was made of; absent: no longer on the engine. */
  image?: RunImage | undefined;
  /** The id of what the name that it was made of means now. */
  namedImage?: string | undefined;
  engine: EngineDefaults;
}

/** The run spec of an inspected container, without what is the image's or the engine's own. */
export function runFromInspect(container: RunInspect, { image, namedImage, engine }: Surroundings): RunReading {
  const { id, name, imageId, hostConfig: host } = container;
  const config = container.config;
  const own = image?.config ?? {};
  const notes: string[] = [];
  const spec: Draft = {
    name,
    image: imageName(),
    init: host.Init === true,
    gpus: "none",
    mounts: mountsOf(container, own.Volumes, engine, notes),
    labels: {},
  };

  function imageName(): string {
    const named = config.Image ?? imageId;
    if (namedImage === imageId || named === imageId) return named;
    if (!image) {
      notes.push(
        l10n.t(
          "The image {0} of this container is gone from the engine: what it set is told as if it had been set for the container.",
          named,
        ),
      );
      return named;
    }
    notes.push(
      namedImage === undefined
        ? l10n.t("The image is told by its id: the name '{0}' is gone from the engine.", named)
        : l10n.t("The image is told by its id: '{0}' means another image by now.", named),
    );
    return imageId;
  }

  if (
    image &&
    (image.os !== engine.os || image.architecture !== engine.architecture) &&
    engine.architecture !== "" &&
    image.architecture !== ""
  )
    spec.platform = [image.os, image.architecture, image.variant].filter(Boolean).join("/");

  // The process
  Object.assign(spec, processOf(config.Entrypoint ?? [], config.Cmd ?? [], own.Entrypoint ?? [], own.Cmd ?? [], notes));
  if (host.Init === false) spec.noInit = true;
  if (config.User && config.User !== own.User) spec.user = config.User;
  if (config.WorkingDir && config.WorkingDir !== (own.WorkingDir || "/")) spec.workingDir = config.WorkingDir;
  if (config.Tty) spec.tty = true;
  if (config.OpenStdin) spec.interactive = true;
  if (config.StopSignal && config.StopSignal !== (own.StopSignal ?? "SIGTERM")) spec.stopSignal = config.StopSignal;
  if (config.StopTimeout !== undefined) spec.stopTimeout = config.StopTimeout;
  const restart = host.RestartPolicy;
  if (restart && restart.Name !== "" && restart.Name !== "no")
    spec.restart =
      restart.Name + (restart.Name === "on-failure" && restart.MaximumRetryCount ? `:${restart.MaximumRetryCount}` : "");
  if (host.AutoRemove) spec.autoRemove = true;
  const healthcheck = healthcheckOf(config.Healthcheck, own.Healthcheck, notes);
  if (healthcheck) spec.healthcheck = healthcheck;

  // Environment and labels
  const inherited = new Set(own.Env ?? []);
  const env = (config.Env ?? []).filter((line) => !inherited.has(line)).map((line) => cut(line));
  if (env.length > 0) spec.env = Object.fromEntries(env.map(([variable, value = null]) => [variable, value]));
  spec.labels = without(config.Labels ?? {}, own.Labels ?? {});
  set("annotations", host.Annotations);

  // Rights
  set("groupAdd", host.GroupAdd);
  if (host.Privileged) spec.privileged = true;
  set("capAdd", host.CapAdd?.map(capability));
  set("capDrop", host.CapDrop?.map(capability));
  set("securityOpt", securityOf(container, notes));
  set(
    "devices",
    host.Devices?.map((device) => deviceText(device.PathOnHost, device.PathInContainer, device.CgroupPermissions)),
  );
  set("deviceCgroupRules", host.DeviceCgroupRules);
  readGpus();
  if (host.Runtime && host.Runtime !== engine.runtime) spec.runtime = host.Runtime;
  if (host.IpcMode !== "private") set("ipc", host.IpcMode);
  set("pid", host.PidMode);
  set("uts", host.UTSMode);
  set("userns", host.UsernsMode);
  // moby daemon/daemon_unix.go adaptContainerSettings
  const cgroupns = engine.cgroupVersion === "2" ? "private" : "host";
  if (host.CgroupnsMode !== cgroupns) set("cgroupns", host.CgroupnsMode);
  set("cgroupParent", host.CgroupParent);
  if (host.Isolation !== "default") set("isolation", host.Isolation);
  set("sysctls", host.Sysctls);
  set("ulimits", host.Ulimits && Object.fromEntries(host.Ulimits.map(({ Name, Soft, Hard }) => [Name, ulimitText(Soft, Hard)])));

  function readGpus(): void {
    for (const { Driver, Count, DeviceIDs, Capabilities, Options } of host.DeviceRequests ?? []) {
      const ids = DeviceIDs ?? [];
      const [capabilities = [], ...others] = Capabilities ?? [];
      if (Driver === "cdi") spec.devices = [...(spec.devices ?? []), ...ids];
      else if (spec.gpus !== "none" || others.length > 0 || capabilities.at(-1) !== "gpu")
        notes.push(
          l10n.t("Not expressible: the request for devices {0}.", JSON.stringify({ Driver, Count, DeviceIDs, Capabilities })),
        );
      else {
        spec.gpus = ids.length > 0 ? { ids } : Count === -1 ? "all" : { count: Count ?? 0 };
        const details: GpuDetails = {
          ...(Driver ? { driver: Driver } : {}),
          ...(capabilities.length > 1 ? { capabilities: capabilities.slice(0, -1) } : {}),
          ...(Options && Object.keys(Options).length > 0 ? { options: Options } : {}),
        };
        if (Object.keys(details).length > 0) spec.gpuDetails = details;
      }
    }
  }

  // Limits
  if (host.ShmSize !== 67_108_864 && host.IpcMode !== "none") set("shmSize", host.ShmSize);
  set("memory", host.Memory);
  // Docker doubles a limit of memory for both together.
  if (host.MemorySwap !== 2 * (host.Memory ?? 0)) set("memorySwap", host.MemorySwap);
  set("memoryReservation", host.MemoryReservation);
  set("kernelMemory", host.KernelMemory);
  if (host.MemorySwappiness !== undefined && host.MemorySwappiness !== -1) spec.memorySwappiness = host.MemorySwappiness;
  if (host.OomKillDisable) spec.oomKillDisable = true;
  set("oomScoreAdj", host.OomScoreAdj);
  set("cpus", host.NanoCpus && host.NanoCpus / 1e9);
  set("cpuShares", host.CpuShares);
  set("cpuPeriod", host.CpuPeriod);
  set("cpuQuota", host.CpuQuota);
  set("cpuRtPeriod", host.CpuRealtimePeriod);
  set("cpuRtRuntime", host.CpuRealtimeRuntime);
  set("cpusetCpus", host.CpusetCpus);
  set("cpusetMems", host.CpusetMems);
  set("pidsLimit", host.PidsLimit);
  set("blkioWeight", host.BlkioWeight);
  set(
    "blkioWeightDevices",
    host.BlkioWeightDevice && Object.fromEntries(host.BlkioWeightDevice.map(({ Path, Weight }) => [Path, Weight])),
  );
  const rates = (limits?: readonly { Path: string; Rate: number }[]) =>
    limits && Object.fromEntries(limits.map(({ Path, Rate }) => [Path, Rate]));
  set("deviceReadBps", rates(host.BlkioDeviceReadBps));
  set("deviceWriteBps", rates(host.BlkioDeviceWriteBps));
  set("deviceReadIops", rates(host.BlkioDeviceReadIOps));
  set("deviceWriteIops", rates(host.BlkioDeviceWriteIOps));

  // Files
  set("volumesFrom", host.VolumesFrom);
  set("volumeDriver", host.VolumeDriver);
  set("tmpfs", host.Tmpfs);
  if (host.ReadonlyRootfs) spec.readOnly = true;
  set("storageOptions", host.StorageOpt);
  if (host.LogConfig && host.LogConfig.Type !== engine.logDriver) set("logDriver", host.LogConfig.Type);
  set("logOptions", host.LogConfig?.Config ?? undefined);

  // Network
  const networks = networksOf(container);
  set("networks", networks);
  const [first = { name: "default" }] = networks;
  const isOwnName = config.Hostname === id.slice(0, 12) || first.name.startsWith("container:");
  const isHosts = first.name === "host" || host.UTSMode === "host";
  if (!isOwnName && !(isHosts && engine.hostname.startsWith(config.Hostname ?? ""))) {
    set("hostname", config.Hostname);
    set("domainname", config.Domainname);
  } else if (!isHosts) set("domainname", config.Domainname);
  set("ports", portsOf(host.PortBindings));
  if (host.PublishAllPorts) spec.publishAll = true;
  const exposed = Object.keys(config.ExposedPorts ?? {}).filter(
    (port) => !(port in (own.ExposedPorts ?? {})) && !(port in (host.PortBindings ?? {})),
  );
  set(
    "expose",
    exposed.map((port) => exposedText(...portAndProtocol(port))),
  );
  const [endpoint] = isUserDefined(first.name) ? [container.networks[first.name]] : [];
  set("links", endpoint ? (endpoint.Links ?? []) : host.Links?.map(linkText));
  set("extraHosts", host.ExtraHosts);
  set("dns", host.Dns);
  set("dnsSearch", host.DnsSearch);
  set("dnsOptions", host.DnsOptions);

  if (host.ContainerIDFile) notes.push(l10n.t("--cidfile {0} is left out: the file is there already.", host.ContainerIDFile));
  notes.push(...container.odd.map((path) => l10n.t("Not expressible: {0}.", path)));
  notes.push(...environmentNotes(spec));
  return { spec: hideSecrets(spec, notes), notes };

  /** Unless it is Go's zero value, null, or an empty list or map: those say nothing. */
  function set<Field extends keyof Draft>(field: Field, value: NonNullable<Draft[Field]> | undefined): void {
    if (value === undefined || value === "" || value === 0) return;
    if (typeof value === "object" && Object.keys(value).length === 0) return;
    spec[field] = value;
  }
}

/**
 * What stands for an entrypoint and a command. `--entrypoint` takes one word and takes the image's command away (moby daemon/commit.go
 * merge).
 */
function processOf(
  entrypoint: readonly string[],
  command: readonly string[],
  imageEntrypoint: readonly string[],
  imageCommand: readonly string[],
  notes: string[],
): Pick<RunSpec, "entrypoint" | "command"> {
  const given = command.length > 0 ? { command } : {};
  if (isSame(entrypoint, imageEntrypoint)) {
    if (isSame(command, imageCommand)) return {};
    if (command.length > 0) return given;
  }
  const [first = "", ...rest] = entrypoint;
  if (rest.length === 0) return { entrypoint: first, ...given };
  notes.push(
    l10n.t(
      "The entrypoint has {0} words, and --entrypoint takes one: the others stand in front of the command, so what runs is the same.",
      entrypoint.length,
    ),
  );
  return { entrypoint: first, command: [...rest, ...command] };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, n) => word === b[n]);
}

function without(entries: StringMap, own: StringMap): StringMap {
  return Object.fromEntries(Object.entries(entries).filter(([key, value]) => !(Object.hasOwn(own, key) && own[key] === value)));
}

type HealthJson = RunInspect["config"]["Healthcheck"];

/** An image's own fills in what was not said. */
function healthcheckOf(check: HealthJson, own: HealthJson, notes: string[]): RunSpec["healthcheck"] {
  if (!check) return undefined;
  const test = check.Test ?? [];
  if (test[0] === "NONE") return own?.Test?.[0] === "NONE" ? undefined : "none";
  const found: { -readonly [Key in keyof Healthcheck]: Healthcheck[Key] } = {};
  if (test.length > 0 && !isSame(test, own?.Test ?? [])) {
    const [kind, ...words] = test;
    found.test = kind === "CMD-SHELL" ? words.join(" ") : commandLine(words);
    if (kind !== "CMD-SHELL")
      notes.push(l10n.t("The health check runs without a shell in the container; --health-cmd runs the same in one."));
  }
  const times = { interval: "Interval", timeout: "Timeout", startPeriod: "StartPeriod", startInterval: "StartInterval" } as const;
  for (const [field, key] of Object.entries(times) as [keyof typeof times, (typeof times)[keyof typeof times]][]) {
    const ns = check[key];
    if (ns && ns !== own?.[key]) found[field] = ns / 1e6;
  }
  if (check.Retries && check.Retries !== own?.Retries) found.retries = check.Retries;
  return Object.keys(found).length > 0 ? found : undefined;
}

/** Docker adds `label=disable` by itself where labels have no meaning (moby daemon/create.go generateSecurityOpt). */
function securityOf({ name, hostConfig: host }: RunInspect, notes: string[]): string[] {
  const isAdded = host.Privileged === true || host.IpcMode === "host" || host.PidMode === "host";
  const options = (host.SecurityOpt ?? []).filter((option) => !(isAdded && option === "label=disable"));
  const isOpen = host.MaskedPaths?.length === 0 && host.ReadonlyPaths?.length === 0 && host.Privileged !== true;
  if (options.some(isProfile))
    notes.push(
      l10n.t(
        "The seccomp profile has to be in a file seccomp.json before this is run: {0} shows it.",
        `docker inspect --format '{{json .HostConfig.SecurityOpt}}' ${name}`,
      ),
    );
  return [
    ...options.map((option) => (isProfile(option) ? "seccomp=seccomp.json" : option)),
    ...(isOpen ? ["systempaths=unconfined"] : []),
  ];
}

/** The command line reads a profile from a file and sends what stands in it. */
const isProfile = (option: string) => /^seccomp[=:]\s*\{/.test(option);

/** The one that `docker run` names, then the others. */
function networksOf({ id, running, config, hostConfig, networks }: RunInspect): NetworkAttachment[] {
  const mode = hostConfig.NetworkMode || "default";
  const isDefault = mode === "default" || mode === "bridge";
  const all = Object.entries(networks).sort(([a], [b]) => (a < b ? -1 : 1));
  const main = all.find(([name, { NetworkID }]) => name === (isDefault ? "bridge" : mode) || (NetworkID && NetworkID === mode));
  const attachments = all.filter((entry) => entry !== main).map(([name, endpoint]) => attachment(name, endpoint));
  const name = isDefault ? "default" : (main?.[0] ?? mode);
  const first = attachment(name, main?.[1] ?? {});
  if (config.MacAddress) first.mac = config.MacAddress;
  return isDefault && Object.keys(first).length === 1 && attachments.length === 0 ? [] : [first, ...attachments];

  function attachment(
    name: string,
    { IPAMConfig, Aliases, MacAddress, DriverOpts, GwPriority }: RunInspect["networks"][string] | Record<string, never>,
  ) {
    const aliases = (Aliases ?? []).filter((alias) => alias !== id.slice(0, 12));
    const found: { -readonly [Key in keyof NetworkAttachment]: NetworkAttachment[Key] } = {
      name,
      ...(aliases.length > 0 ? { aliases } : {}),
      ...(IPAMConfig?.IPv4Address ? { ip: IPAMConfig.IPv4Address } : {}),
      ...(IPAMConfig?.IPv6Address ? { ip6: IPAMConfig.IPv6Address } : {}),
      ...(IPAMConfig?.LinkLocalIPs?.length ? { linkLocalIps: IPAMConfig.LinkLocalIPs } : {}),
      // A running container has one in any case, and nothing says whose choice it was.
      ...(MacAddress && !running ? { mac: MacAddress } : {}),
      ...(DriverOpts && Object.keys(DriverOpts).length > 0 ? { driverOptions: DriverOpts } : {}),
      ...(GwPriority ? { gatewayPriority: GwPriority } : {}),
    };
    return found;
  }
}

/** `/db:/web/postgres` is what `--link db:postgres` became. */
function linkText(link: string): string {
  const [target = "", path = ""] = link.split(":");
  const [name, alias] = [target.replace(/^\//, ""), path.slice(path.lastIndexOf("/") + 1)];
  return alias === "" || alias === name ? name : `${name}:${alias}`;
}

function portAndProtocol(key: string): [port: string, protocol: string] {
  const [port, protocol = "tcp"] = cut(key, "/");
  return [port, protocol];
}

function portsOf(bindings: RunInspect["hostConfig"]["PortBindings"] = {}): NonNullable<RunSpec["ports"]> {
  return Object.entries(bindings).flatMap(([key, published]) => {
    const [port, protocol] = portAndProtocol(key);
    return (published ?? []).map(({ HostIp, HostPort }) => ({
      container: Number(port),
      ...(protocol === "tcp" ? {} : { protocol }),
      ...(HostPort ? { host: HostPort } : {}),
      ...(HostIp ? { ip: HostIp } : {}),
    }));
  });
}

function mountsOf(
  { config, hostConfig: host }: RunInspect,
  imageVolumes: object = {},
  engine: EngineDefaults,
  notes: string[],
): Mount[] {
  const anonymous = Object.keys(config.Volumes ?? {}).filter((target) => !(target in imageVolumes));
  return [
    ...(host.Binds ?? []).map(parseVolume),
    ...anonymous.map((target) => ({ target })),
    ...(host.Mounts ?? []).map((mount) => longMount(mount, engine, notes)),
  ];
}

type MountJson = NonNullable<RunInspect["hostConfig"]["Mounts"]>[number];

function longMount(mount: MountJson, engine: EngineDefaults, notes: string[]): Mount {
  const {
    Type,
    Source,
    Target,
    ReadOnly,
    Consistency,
    BindOptions: bind,
    VolumeOptions: volume,
    ImageOptions: image,
    TmpfsOptions: tmpfs,
  } = mount;
  const given = { ...(Source ? { source: Source } : {}), target: Target, ...(ReadOnly ? { readOnly: true } : {}) };
  if (tmpfs?.Options?.length)
    notes.push(
      l10n.t(
        "Not expressible: the options {0} of the memory at {1}.",
        tmpfs.Options.map((option) => option.join("=")).join(", "),
        Target,
      ),
    );
  // `-v` is what makes a folder that is not there; with it come no other options than how mounts spread.
  if (
    Type === "bind" &&
    bind?.CreateMountpoint &&
    !bind.NonRecursive &&
    !bind.ReadOnlyForceRecursive &&
    !bind.ReadOnlyNonRecursive
  )
    return { ...given, ...(bind.Propagation ? { options: [bind.Propagation] } : {}) };
  const options = [
    ...(Consistency ? [`consistency=${Consistency}`] : []),
    ...(bind?.Propagation ? [`bind-propagation=${bind.Propagation}`] : []),
    // docker/cli 25 took the second over for the first.
    ...(bind?.NonRecursive ? [isAtLeast(engine.apiVersion, "1.44") ? "bind-recursive=disabled" : "bind-nonrecursive"] : []),
    ...(bind?.ReadOnlyNonRecursive ? ["bind-recursive=writable"] : []),
    ...(bind?.ReadOnlyForceRecursive ? ["bind-recursive=readonly"] : []),
    ...(volume?.NoCopy ? ["volume-nocopy"] : []),
    ...Object.entries(volume?.Labels ?? {}).map(([key, value]) => `volume-label=${key}=${value}`),
    ...(volume?.DriverConfig?.Name ? [`volume-driver=${volume.DriverConfig.Name}`] : []),
    ...Object.entries(volume?.DriverConfig?.Options ?? {}).map(([key, value]) => `volume-opt=${key}=${value}`),
    ...(volume?.Subpath ? [`volume-subpath=${volume.Subpath}`] : []),
    ...(image?.Subpath ? [`image-subpath=${image.Subpath}`] : []),
    ...(tmpfs?.SizeBytes ? [`tmpfs-size=${tmpfs.SizeBytes}`] : []),
    ...(tmpfs?.Mode ? [`tmpfs-mode=${tmpfs.Mode.toString(8)}`] : []),
  ];
  return { type: Type, ...given, ...(options.length > 0 ? { options } : {}) };
}

/** Compares versions of the Engine API, such as `1.9` and `1.44`. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function environmentNotes(spec: RunSpec): string[] {
  const secrets = Object.keys(secretEnv(spec));
  const bare = Object.entries(spec.env ?? {}).flatMap(([name, value]) => (value === null ? [name] : []));
  return [
    ...(secrets.length > 0
      ? [l10n.t("Secret, so taken from the environment that this is run in: {0}.", secrets.join(", "))]
      : []),
    ...(bare.length > 0
      ? [l10n.t("Without a value in the container, so to be run where there is none: {0}.", bare.join(", "))]
      : []),
  ];
}

/** Values that are no secrets though their variable looks like one's, such as `AUTH=none`. */
const ordinary = /^(true|false|none|null|auto|default|enabled|disabled|basic|bearer|required|optional)$/i;

/** Replaces what is secret and does not stand in the environment: known values anywhere, and the values of labels and options named like secrets. */
function hideSecrets(spec: RunSpec, notes: string[]): RunSpec {
  const lines = Object.entries(secretEnv(spec)).map(([name, value]) => `${name}=${value}`);
  const known = secretValues(lines).filter((value) => !ordinary.test(value));
  const hidden = new Set<string>();
  const hide = (text: string, where: string): string => {
    const shown = redact(text, known);
    if (shown !== text) hidden.add(where);
    return shown;
  };
  const hideMap = (entries: StringMap, where: string): StringMap =>
    Object.fromEntries(
      Object.entries(entries).map(([key, value]) => {
        const isSecret = isSecretName(key) && value !== "" && !ordinary.test(value);
        if (isSecret) hidden.add(where);
        return [key, isSecret ? "[redacted]" : hide(value, where)];
      }),
    );
  const hideList = (words: readonly string[], where: string) => words.map((word) => hide(word, where));
  const secrets = secretEnv(spec);
  const { env, command, entrypoint, annotations, logOptions, healthcheck } = spec;
  const shown: RunSpec = {
    ...spec,
    labels: hideMap(spec.labels, l10n.t("a label")),
    mounts: spec.mounts.map((mount) => ({ ...mount, ...(mount.options ? { options: mount.options.map(hidePassword) } : {}) })),
    ...(env
      ? {
          env: Object.fromEntries(
            Object.entries(env).map(([name, value]) => [
              name,
              value === null || Object.hasOwn(secrets, name) ? value : hide(value, l10n.t("the variable {0}", name)),
            ]),
          ),
        }
      : {}),
    ...(command ? { command: hideList(command, l10n.t("the command")) } : {}),
    ...(entrypoint === undefined ? {} : { entrypoint: hide(entrypoint, l10n.t("the entrypoint")) }),
    ...(annotations ? { annotations: hideMap(annotations, l10n.t("an annotation")) } : {}),
    ...(logOptions ? { logOptions: hideMap(logOptions, l10n.t("an option of the log driver")) } : {}),
    ...(typeof healthcheck === "object" && healthcheck.test !== undefined
      ? { healthcheck: { ...healthcheck, test: hide(healthcheck.test, l10n.t("the health check")) } }
      : {}),
  };
  if (hidden.size > 0) notes.push(l10n.t("A secret stood in {0}: put it back where it says [redacted].", [...hidden].join(", ")));
  return shown;

  /** As file servers take it: `volume-opt=o=addr=nas,username=ann,password=…`. */
  function hidePassword(option: string): string {
    const shown = option.startsWith("volume-opt=")
      ? hide(option, l10n.t("a mount")).replace(/\b(password|pass|secret)=[^,]*/gi, "$1=[redacted]")
      : option;
    if (shown !== option) hidden.add(l10n.t("a mount"));
    return shown;
  }
}
