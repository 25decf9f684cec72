import { verdict, type Health, type WantedGpus } from "../core/gpuHealth.ts";
import type { Gpu } from "../core/gpu.ts";
import type { GpuRequest } from "../core/runSpec.ts";
import type { Cli } from "./cli.ts";

/** Runs `nvidia-smi -L` inside a running container and judges whether it holds the GPUs it asked for. Read-only, and bounded in time. */
export async function checkContainerGpu(
  { id, gpus }: { id: string; gpus: GpuRequest },
  { cli, hostGpus, probeTimeout }: { cli: Cli; hostGpus: readonly Gpu[]; probeTimeout: number },
): Promise<Health> {
  const wanted = wantedGpus(gpus);
  if (wanted === "none") return verdict({ exitCode: 0, stdout: "", stderr: "", timedOut: false }, wanted, "container");
  // Not in the container's own folder: one that was deleted on the host keeps every program from being started in it.
  const result = await cli.probe(["exec", "--workdir", "/", id, "nvidia-smi", "-L"], probeTimeout);
  return verdict(result, wanted, "container", hostGpus.length > 0 ? hostGpus : undefined);
}

function wantedGpus(gpus: GpuRequest): WantedGpus {
  if (typeof gpus === "string") return gpus;
  return "count" in gpus ? gpus.count : gpus.ids;
}
