import * as l10n from "./l10n.ts";
import type { Health } from "./gpuHealth.ts";
import { gpuText, isUp } from "./holds.ts";
import { isSecret } from "./redact.ts";
import type { Mount, RunSpec } from "./runSpec.ts";
import { coversGpus, differences, missingMounts, type Difference } from "./specDifference.ts";

/** What can be done with a container that is there already. */
export type Existing = "reuse" | "revive" | "restart" | "parallel";

/** A container of the deployment, as it was found. */
export interface Observed {
  name: string;
  image: string;
  state: string;
  spec: RunSpec;
  /** Of a running one. */
  health?: Health;
  /** Targets of bind mounts whose folder on the host was deleted and made again: nothing of it is seen inside. */
  staleMounts: readonly string[];
}

export interface Decision {
  /** The question, in the words of the users' own procedures. */
  question: string;
  /** Only what is viable, the best first. */
  choices: readonly { existing: Existing; title: string; description: string }[];
  /** Why the others are not. */
  refusals: Readonly<Partial<Record<Existing, string>>>;
  missing: readonly Mount[];
  /** Shown; they do not block. */
  differences: readonly Difference[];
}

/** Decides with no look at anything but what it is given. `gpuCount`: how many the engine's machine has, if that is known. */
export function decide(wanted: RunSpec, observed: Observed, gpuCount: number | undefined): Decision {
  const missing = missingMounts(wanted.mounts, observed.spec.mounts);
  const handle = handleTrouble(wanted, observed, gpuCount);
  const refusals: Partial<Record<Existing, string>> = {};
  const mounts = missing.map(mountText).join(", ");
  if (missing.length > 0) refusals.reuse = `it lacks the ${missing.length === 1 ? "mount" : "mounts"} ${mounts}`;
  else if (handle) refusals.reuse = handle.reason;
  else if (observed.staleMounts.length > 0)
    refusals.reuse = `the folder behind ${observed.staleMounts.join(", ")} was deleted and made again: nothing of it is seen inside`;
  const healable = handle?.heals ?? observed.staleMounts.length > 0;
  if (refusals.reuse === undefined) refusals.revive = "there is nothing to heal";
  else if (missing.length > 0) refusals.revive = refusals.reuse;
  else if (!isUp(observed.state) || !healable) refusals.revive = "a restart of the container would not heal it";
  const choices = (["reuse", "revive", "restart", "parallel"] as const)
    .filter((existing) => refusals[existing] === undefined)
    .map((existing) => ({ existing, ...texts()[existing] }));
  return {
    question: question(observed, mounts, refusals.reuse === handle?.reason ? handle?.reason : refusals.reuse, missing.length > 0),
    choices,
    refusals,
    missing,
    differences: differences(wanted, observed.spec, isSecret),
  };
}

const texts = () => ({
  reuse: {
    title: l10n.t("Reuse"),
    description: l10n.t("skip docker run, apply configs and start the app inside this container; fastest"),
  },
  revive: { title: l10n.t("Revive"), description: l10n.t("docker restart this container: its files stay, its processes end") },
  restart: { title: l10n.t("Restart"), description: l10n.t("stop this container and relaunch a fresh one") },
  parallel: { title: l10n.t("Parallel"), description: l10n.t("leave it running, start a new one with another name and port") },
});

function question({ name, image, state }: Observed, mounts: string, reason: string | undefined, isMissing: boolean): string {
  const found = `Found existing container '${name}' ${state === "running" ? "running" : `(${state}) of`} ${image}`;
  if (isMissing) return `${found} without the required mounts ${mounts}. What should I do?`;
  return `${found} with all required mounts${reason === undefined ? "" : `; ${reason}`}. What should I do?`;
}

/** Why its GPUs will not do, and whether a restart of the container heals that. A stopped one gets a fresh handle when it starts. */
function handleTrouble(
  wanted: RunSpec,
  { spec, state, health }: Observed,
  gpuCount: number | undefined,
): { reason: string; heals: boolean } | undefined {
  if (wanted.gpus === "none") return undefined;
  if (!coversGpus(wanted.gpus, spec.gpus, gpuCount)) {
    const has = spec.gpus === "none" ? "no GPU" : gpuText(spec.gpus, []);
    return {
      reason: l10n.t("existing container holds {0}, and {1} is asked for; reuse is not viable", has, gpuText(wanted.gpus, [])),
      heals: false,
    };
  }
  if (!isUp(state) || !health) return undefined;
  switch (health.verdict) {
    case "ok":
    case "absent": // no nvidia-smi inside to ask: images leave it out, and work
      return undefined;
    case "stale":
      return { reason: l10n.t("existing container has lost GPU access (stale NVML); reuse is not viable"), heals: true };
    case "mismatch":
      return {
        reason: l10n.t("existing container's driver library does not fit the host's driver any more; reuse is not viable"),
        heals: true,
      };
    case "lost":
      return { reason: l10n.t("a GPU of the existing container fell off the bus; reuse is not viable"), heals: false };
    case "unresponsive":
      return { reason: l10n.t("the existing container's GPU does not answer; reuse is not viable"), heals: true };
    case "none":
      return { reason: l10n.t("existing container holds no GPU; reuse is not viable"), heals: false };
  }
}

function mountText({ source = "", target }: Mount): string {
  return `${source}:${target}`;
}
