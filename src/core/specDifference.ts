import * as l10n from "./l10n.ts";
import { sizeText } from "./dockerValues.ts";
import { gpuRequest } from "./engineJson.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuRequest, Mount, PublishedPort, RunSpec } from "./runSpec.ts";

/** A field in which a container is not as it is wanted, in words. */
export interface Difference {
  /** The field's name in the run spec, which is Compose's. */
  field: string;
  wanted: string;
  has: string;
}

/** What other checks speak of: names, labels, GPUs and bind mounts. */
const elsewhere = new Set<keyof RunSpec>(["name", "labels", "annotations", "gpus", "gpuDetails", "mounts"]);
/** In bytes. */
const sizes = new Set<keyof RunSpec>(["shmSize", "memory", "memorySwap", "memoryReservation", "kernelMemory"]);
/** What a program gets when it is started inside: no property of the container. */
const atExec = new Set(["DISPLAY", "XAUTHORITY"]);

type IsSecret = (name: string, value: string) => boolean;

/** The fields in which the container differs from what is wanted, each once; values of secrets are not told. */
export function differences(wanted: RunSpec, has: RunSpec, isSecret: IsSecret): Difference[] {
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(has)])] as (keyof RunSpec)[];
  const found = fields
    .filter((field) => !elsewhere.has(field) && field !== "env")
    // Told of a container only where it is not the engine's own.
    .filter((field) => field !== "platform" || has.platform !== undefined)
    .flatMap((field) => {
      if (words(wanted[field]) === words(has[field])) return [];
      return [{ field, wanted: fieldText(field, wanted), has: fieldText(field, has) }];
    });
  return [...found, ...envDifferences(wanted, has, isSecret), ...mountDifferences(wanted, has)].sort((a, b) =>
    a.field < b.field ? -1 : 1,
  );
}

/** Only what is wanted counts: a container has the image's variables too. */
function envDifferences({ env: wanted = {} }: RunSpec, { env: has = {} }: RunSpec, isSecret: IsSecret): Difference[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    if (atExec.has(name) || value === null || has[name] === value) return [];
    const old = has[name];
    const show = (text: string | null | undefined) =>
      text === undefined || text === null ? l10n.t("not set") : isSecret(name, text) ? l10n.t("another value") : text;
    return [{ field: `env.${name}`, wanted: isSecret(name, value) ? l10n.t("a value") : value, has: show(old) }];
  });
}

/** Of required folders only in what way they are mounted: that they are not is told as missing. Of the rest also what is mounted. */
function mountDifferences(wanted: RunSpec, { mounts: has }: RunSpec): Difference[] {
  return wanted.mounts.flatMap((mount) => {
    const there = has.find(({ target }) => samePath(target, mount.target));
    const isMissing = there === undefined || !samePath(there.source, mount.source);
    if (isAuthority(wanted, mount)) return [];
    if (isBind(mount)) return isMissing || access(there) === access(mount) ? [] : [difference(access(mount), access(there))];
    return isMissing
      ? [difference(mount.source ?? l10n.t("a volume"), there?.source ?? (there ? l10n.t("a volume") : l10n.t("not mounted")))]
      : [];

    function difference(one: string, other: string): Difference {
      return { field: `mounts.${mount.target}`, wanted: one, has: other };
    }
  });
}

const access = ({ readOnly }: Mount) => (readOnly ? l10n.t("read-only") : l10n.t("writable"));

function isBind({ type, source }: Mount): boolean {
  return type === "bind" || (type === undefined && source?.startsWith("/") === true);
}

/**
 * The file with which programs log in at the display. It goes with each login, and who may use the display is settled by xhost, so a container
 * can be used without it.
 */
function isAuthority({ env }: RunSpec, { target }: Mount): boolean {
  return env?.XAUTHORITY === target;
}

/** Whether a folder or file of the host has to be there at this path. */
export function isRequired(wanted: RunSpec, target: string): boolean {
  return wanted.mounts.some((mount) => isBind(mount) && samePath(mount.target, target) && !isAuthority(wanted, mount));
}

/** The bind mounts that are wanted and not there: another source, or read-only where it is to be written. */
export function missingMounts(wanted: RunSpec, has: readonly Mount[]): Mount[] {
  return wanted.mounts.filter(
    (mount) =>
      isBind(mount) &&
      !isAuthority(wanted, mount) &&
      !has.some(
        (there) =>
          isBind(there) &&
          samePath(there.target, mount.target) &&
          samePath(there.source, mount.source) &&
          (mount.readOnly === true || there.readOnly !== true),
      ),
  );
}

/** Docker keeps paths as they were written. */
function samePath(a = "", b = ""): boolean {
  const plain = (path: string) => path.replace(/\/(\.?\/)+/g, "/").replace(/(?<=.)\/\.?$/, "");
  return plain(a) === plain(b);
}

/** The GPUs that a spec asks for, whichever way: `--gpus`, CDI devices, or the nvidia runtime with its variable. */
export function gpusOf({ gpus, devices = [], runtime = "", env = {} }: RunSpec): GpuRequest {
  if (gpus !== "none") return gpus;
  const DeviceIDs = devices.filter((device) => device.includes("="));
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`);
  return gpuRequest([{ Driver: "cdi", Count: 0, DeviceIDs }], runtime, lines);
}

/** The same; where the nvidia runtime is left to the image's own variable, those that the container `has` of it. */
export function gpusAsked(wanted: RunSpec, has: GpuRequest): GpuRequest {
  const asked = gpusOf(wanted);
  const isLeftToImage = wanted.runtime === "nvidia" && wanted.env?.NVIDIA_VISIBLE_DEVICES === undefined;
  return asked === "none" && isLeftToImage ? has : asked;
}

/** Whether a container that was given `has` reaches all the GPUs that are `wanted`. `gpus`: the machine's; none: unknown. */
export function coversGpus(wanted: GpuRequest, has: GpuRequest, gpus: readonly Pick<Gpu, "index" | "uuid" | "mig">[]): boolean {
  if (wanted === "none" || has === "all") return true;
  if (has === "none") return false;
  const held = parts(has);
  if (wanted === "all") return gpus.length > 0 && parts("all").every((part) => held.includes(part));
  if ("count" in wanted) return held.length >= wanted.count;
  return parts(wanted).every((part) => held.includes(part));

  /** UUIDs of cards, or of their parts where they have such; what is not known as it was asked for. */
  function parts(request: GpuRequest): string[] {
    if (request === "none") return [];
    if (request === "all") return gpus.flatMap(partsOf);
    const ids = "count" in request ? Array.from({ length: request.count }, (_, n) => String(n)) : request.ids;
    return [...new Set(ids.flatMap(named))];
  }
  function named(id: string): string[] {
    for (const gpu of gpus) {
      if (id === String(gpu.index) || isUuid(id, gpu.uuid)) return partsOf(gpu);
      const part = gpu.mig.find(({ index, uuid }) => id === `${gpu.index}:${index}` || isUuid(id, uuid));
      if (part) return [part.uuid];
    }
    return [id];
  }
}

const partsOf = ({ uuid, mig }: Pick<Gpu, "uuid" | "mig">) => (mig.length > 0 ? mig.map((part) => part.uuid) : [uuid]);
/** Docker takes a UUID cut short too. */
const isUuid = (id: string, uuid: string) => /^(GPU|MIG)-/.test(id) && uuid.startsWith(id);

function fieldText(field: keyof RunSpec, spec: RunSpec): string {
  const value = spec[field];
  if (sizes.has(field) && typeof value === "number") return sizeText(value);
  if (field === "ports" && spec.ports && spec.ports.length > 0) return spec.ports.map(portText).join(", ");
  return words(value);
}

function portText({ container, protocol, host, ip }: PublishedPort): string {
  return `${ip === undefined ? "" : `${ip}:`}${host === undefined ? "" : `${host}:`}${container}${protocol === undefined ? "" : `/${protocol}`}`;
}

function words(value: unknown): string {
  if (value === undefined || value === false) return l10n.t("not set");
  if (value === true) return l10n.t("set");
  if (Array.isArray(value)) return value.length === 0 ? l10n.t("not set") : value.map(words).join(", ");
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    if (entries.length === 0) return l10n.t("not set");
    return entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${key}=${words(inner)}`)
      .join(" ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
