import type { GpuRequest, Mount, RunSpec } from "./runSpec.ts";

/** A field in which a container is not as it is wanted, in words. */
export interface Difference {
  /** The field's name in the run spec, which is Compose's. */
  field: string;
  wanted: string;
  has: string;
}

/** What other checks speak of: names, labels, GPUs and bind mounts. */
const elsewhere = new Set<keyof RunSpec>(["name", "labels", "annotations", "gpus", "gpuDetails", "mounts"]);

/** The fields in which the container differs from what is wanted, each once; values of secrets are not told. */
export function differences(wanted: RunSpec, has: RunSpec, isSecret: (name: string, value: string) => boolean): Difference[] {
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(has)])] as (keyof RunSpec)[];
  const found = fields
    .filter((field) => !elsewhere.has(field) && field !== "env")
    .flatMap((field) => {
      const [one, other] = [words(wanted[field]), words(has[field])];
      return one === other ? [] : [{ field, wanted: one, has: other }];
    });
  return [...found, ...envDifferences(wanted, has, isSecret), ...volumeDifferences(wanted.mounts, has.mounts)].sort((a, b) =>
    a.field < b.field ? -1 : 1,
  );
}

/** Only what is wanted counts: a container has the image's variables too, and DISPLAY is passed at exec time. */
function envDifferences(
  { env: wanted = {} }: RunSpec,
  { env: has = {} }: RunSpec,
  isSecret: (name: string, value: string) => boolean,
): Difference[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    if (name === "DISPLAY" || value === null || has[name] === value) return [];
    const old = has[name];
    const show = (text: string | null | undefined) =>
      text === undefined || text === null ? "not set" : isSecret(name, text) ? "another value" : text;
    return [{ field: `env.${name}`, wanted: isSecret(name, value) ? "a value" : value, has: show(old) }];
  });
}

/** Bind mounts are required, and told as missing; of volumes it is said that they differ. */
function volumeDifferences(wanted: readonly Mount[], has: readonly Mount[]): Difference[] {
  return wanted
    .filter((mount) => !isBind(mount))
    .flatMap((mount) => {
      const there = has.find(({ target }) => target === mount.target);
      return there && (there.source ?? "") === (mount.source ?? "")
        ? []
        : [{ field: `mounts.${mount.target}`, wanted: mount.source ?? "a volume", has: there?.source ?? "not mounted" }];
    });
}

function isBind({ type, source }: Mount): boolean {
  return type === "bind" || (type === undefined && source?.startsWith("/") === true);
}

/** The bind mounts that are wanted and not there: another source, or read-only where it is to be written. */
export function missingMounts(wanted: readonly Mount[], has: readonly Mount[]): Mount[] {
  return wanted.filter(
    (mount) =>
      isBind(mount) &&
      !has.some(
        (there) =>
          isBind(there) &&
          there.target === mount.target &&
          samePath(there.source, mount.source) &&
          (mount.readOnly === true || there.readOnly !== true),
      ),
  );
}

const samePath = (a = "", b = "") => a.replace(/\/+$/, "") === b.replace(/\/+$/, "");

/** Whether a container that was given `has` reaches all the GPUs that are `wanted`. `count` is how many the machine has, if that is known. */
export function coversGpus(wanted: GpuRequest, has: GpuRequest, count: number | undefined): boolean {
  if (wanted === "none" || has === "all") return true;
  if (has === "none") return false;
  const number = "count" in has ? has.count : has.ids.length;
  if (wanted === "all") return count !== undefined && number >= count;
  if ("count" in wanted) return number >= wanted.count;
  if ("count" in has) return wanted.ids.every((id) => /^\d+$/.test(id) && Number(id) < has.count);
  return wanted.ids.every((id) => has.ids.includes(id));
}

function words(value: unknown): string {
  if (value === undefined || value === false) return "not set";
  if (value === true) return "set";
  if (Array.isArray(value)) return value.length === 0 ? "not set" : value.map(words).join(", ");
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    if (entries.length === 0) return "not set";
    return entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${key}=${words(inner)}`)
      .join(" ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
