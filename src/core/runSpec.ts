import { createHash } from "node:crypto";

/** GPUs that a container asks for: every one, or these (indices or UUIDs, shared with whoever else holds them). */
export type GpuRequest = "none" | "all" | { ids: readonly string[] } | { count: number };

/** A folder of the engine's machine, seen in the container. */
export interface BindMount {
  source: string;
  target: string;
  readOnly?: boolean;
}

/** Everything `docker run` is told. */
export interface RunSpec {
  name: string;
  image: string;
  /** Replaces the image's entrypoint. */
  entrypoint?: string;
  /** Absent: the image's own. */
  command?: readonly string[];
  /** `--init`. */
  init: boolean;
  gpus: GpuRequest;
  mounts: readonly BindMount[];
  labels: Readonly<Record<string, string>>;
}

export const label = {
  version: "dev.berth.v",
  project: "dev.berth.project",
  service: "dev.berth.service",
  name: "dev.berth.name",
  user: "dev.berth.user",
  spec: "dev.berth.spec",
} as const;

/** The same spec with Berth's labels on it. */
export function labelled(spec: RunSpec, user: string): RunSpec {
  const labels = { ...spec.labels, [label.version]: "1", [label.name]: spec.name, [label.user]: user };
  return { ...spec, labels: { ...labels, [label.spec]: hash(spec) } };
}

/** A short hash over what the user decided: Berth's own labels are left out, the order of labels does not count. */
export function hash(spec: RunSpec): string {
  const labels = Object.entries(spec.labels).filter(([name]) => !name.startsWith("dev.berth."));
  const canonical = { ...spec, labels: labels.sort(([a], [b]) => (a < b ? -1 : 1)) };
  const keys = Object.keys(canonical).sort();
  const text = JSON.stringify(keys.map((key) => [key, canonical[key as keyof typeof canonical]]));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
