import type { Container } from "./engineJson.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuRequest } from "./runSpec.ts";

/** Whether a container that asked for `request` holds this GPU. Docker resolves a bare count to the first cards. */
export function holds(request: GpuRequest, gpu: Pick<Gpu, "index" | "uuid">): boolean {
  if (request === "none") return false;
  if (request === "all") return true;
  if ("count" in request) return gpu.index < request.count;
  return request.ids.some(
    (id) => id === String(gpu.index) || id === gpu.uuid || (id.startsWith("GPU-") && gpu.uuid.startsWith(id)),
  );
}

/** The running containers that hold this GPU. */
export function holders(containers: readonly Container[], gpu: Pick<Gpu, "index" | "uuid">): Container[] {
  return containers.filter(({ state, details }) => isUp(state) && details !== undefined && holds(details.gpus, gpu));
}

/** Whether a container in this state has processes, and so holds GPUs. */
export function isUp(state: string): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}

/** `GPU 0`, `GPUs 0, 1`, `all GPUs`, or nothing. A UUID is told by its index where the host's GPUs are known. */
export function gpuText(request: GpuRequest, gpus: readonly Gpu[]): string {
  if (request === "none") return "";
  if (request === "all") return gpus.length === 1 ? "GPU 0" : "all GPUs";
  const ids =
    "count" in request ? Array.from({ length: request.count }, (_, n) => String(n)) : request.ids.map((id) => short(id, gpus));
  return `${ids.length === 1 ? "GPU" : "GPUs"} ${ids.join(", ")}`;
}

function short(id: string, gpus: readonly Gpu[]): string {
  const gpu = gpus.find(({ uuid }) => uuid === id);
  return gpu ? String(gpu.index) : id.slice(0, 12);
}
