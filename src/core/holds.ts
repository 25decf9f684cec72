import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuRequest } from "./runSpec.ts";
import type { State } from "./state.ts";

type Card = Pick<Gpu, "index" | "uuid"> & Partial<Pick<Gpu, "mig">>;

/** Whether a container that asked for `request` holds this GPU, or a part of it (MIG). Docker resolves a bare count to the first cards. */
export function holds(request: GpuRequest, gpu: Card): boolean {
  if (request === "none") return false;
  if (request === "all") return true;
  if ("count" in request) return gpu.index < request.count;
  return request.ids.some((id) => isCard(id, gpu) || partOf(id, gpu) !== undefined || id.startsWith(`${gpu.index}:`));
}

/** Docker takes a UUID cut short too. */
const isUuid = (id: string, uuid: string) => id === uuid || (/^(GPU|MIG)-/.test(id) && uuid.startsWith(id));
const isCard = (id: string, { index, uuid }: Card) => id === String(index) || isUuid(id, uuid);
const partOf = (id: string, { mig }: Card) => mig?.find(({ uuid }) => isUuid(id, uuid));

/** The running containers that hold this GPU. */
export function holders(containers: readonly Container[], gpu: Card): Container[] {
  return containers.filter(({ state, details }) => isUp(state) && details !== undefined && holds(details.gpus, gpu));
}

/** Whether a container in this state has processes, and so holds GPUs. */
export function isUp(state: string): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}

/** `GPU 0`, `GPUs 0, 1`, `all GPUs`, or nothing. A UUID is told by its index (`0:1` for a part) where the host's GPUs are known. */
export function gpuText(request: GpuRequest, gpus: readonly Gpu[]): string {
  if (request === "none") return "";
  if (request === "all") return gpus.length === 1 ? "GPU 0" : l10n.t("all GPUs");
  const ids =
    "count" in request ? Array.from({ length: request.count }, (_, n) => String(n)) : request.ids.map((id) => short(id, gpus));
  return ids.length === 1 ? `GPU ${ids[0]}` : l10n.t("GPUs {0}", ids.join(", "));
}

function short(id: string, gpus: readonly Gpu[]): string {
  for (const gpu of gpus) {
    if (isCard(id, gpu)) return String(gpu.index);
    const part = partOf(id, gpu);
    if (part) return `${gpu.index}:${part.index}`;
  }
  return /^(GPU|MIG)-/.test(id) ? id.slice(0, 12) : id;
}

/** The host's GPUs, as far as they are known. */
export function knownGpus(state: Pick<State, "gpus">): readonly Gpu[] {
  return state.gpus.state === "known" ? state.gpus.gpus : [];
}
