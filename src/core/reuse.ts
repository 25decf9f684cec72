import * as l10n from "./l10n.ts";
import type { Gpu } from "./gpu.ts";
import { count, isUsable, type Health } from "./gpuHealth.ts";
import { gpuText, isUp } from "./holds.ts";
import { isSecret, redact, secretValues } from "./redact.ts";
import type { GpuRequest, Mount, RunSpec } from "./runSpec.ts";
import { coversGpus, differences, gpusAsked, isRequired, missingMounts, type Difference } from "./specDifference.ts";

/** What can be done with a container that is there already. */
export type Existing = "reuse" | "revive" | "restart" | "parallel";

/** A container of the deployment, as it was found. */
export interface Observed {
  name: string;
  image: string;
  /** Docker's word: `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  state: string;
  spec: RunSpec;
  /** The GPUs that it was given, by whichever way (`--gpus`, CDI, the nvidia runtime); absent: those that the spec asks for. */
  gpus?: GpuRequest;
  /** Of a running one. */
  health?: Health;
  /** Targets of bind mounts whose folder on the host was deleted or replaced since: nothing of the one there is now is seen inside. */
  staleMounts: readonly string[];
  /** Why nothing more is known of it than its name and state, in a sentence. */
  unread?: string;
}

export interface Decision {
  /** The question, in the words of the users' own procedures. */
  question: string;
  /** Only what is viable, the best first. */
  choices: readonly { existing: Existing; title: string; description: string }[];
  /** Why the others are not; begins small, to be read after a colon. */
  refusals: Readonly<Partial<Record<Existing, string>>>;
  missing: readonly Mount[];
  /** Shown; they do not block. */
  differences: readonly Difference[];
}

/** Why a container cannot be reused as it is, and whether a restart of it (Revive) would heal that. */
interface Trouble {
  reason: string;
  heals: boolean;
}

/** Decides with no look at anything but what it is given. `gpus`: those of the engine's machine; none: unknown. `secrets`: values to show nowhere. */
export function decide(wanted: RunSpec, observed: Observed, gpus: readonly Gpu[], secrets: readonly string[] = []): Decision {
  const { spec, state, unread } = observed;
  const missing = unread === undefined ? missingMounts(wanted, spec.mounts) : [];
  const mounts = missing.map(mountText).join(", ");
  const troubles =
    unread === undefined
      ? [stateTrouble(observed), gpuTrouble(wanted, observed, gpus), staleTrouble(wanted, observed)].filter(
          (it) => it !== undefined,
        )
      : [{ reason: withoutStop(unread), heals: false }];
  const lacks =
    missing.length === 0
      ? []
      : [missing.length === 1 ? l10n.t("it lacks the mount {0}", mounts) : l10n.t("it lacks the mounts {0}", mounts)];
  const reasons = troubles.map(({ reason }) => reason);
  const whyNot = [...lacks, ...reasons].join("; ");

  const refusals: Partial<Record<Existing, string>> = {};
  if (whyNot !== "") refusals.reuse = whyNot;
  if (whyNot === "") refusals.revive = l10n.t("there is nothing to heal");
  else if (missing.length > 0 || !troubles.every(({ heals }) => heals))
    refusals.revive = l10n.t("a restart of the container does not heal it ({0})", whyNot);
  // What it holds would be lost, seen by nobody.
  if (unread !== undefined) refusals.restart = withoutStop(unread);
  else if (state === "removing") refusals.restart = l10n.t("Docker is removing it: wait until it is gone");
  else if (spec.autoRemove)
    refusals.restart = l10n.t("it was run with --rm: Docker removes it once it stops, so it could not be put back");

  const choices = (["reuse", "revive", "restart", "parallel"] as const)
    .filter((existing) => refusals[existing] === undefined)
    .map((existing) => ({ existing, title: title(existing), description: description(existing, state) }));
  return {
    question: question(observed, mounts, reasons.join("; ")),
    choices,
    refusals,
    missing,
    differences: unread === undefined ? toldDifferences(wanted, spec, secrets) : [],
  };
}

/** A secret may stand in a command line too. */
function toldDifferences(wanted: RunSpec, has: RunSpec, known: readonly string[]): Difference[] {
  const lines = [wanted, has].flatMap(({ env = {} }) => Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`));
  const secrets = [...secretValues(lines), ...known];
  return differences(wanted, has, isSecret).map((it) => ({
    ...it,
    wanted: redact(it.wanted, secrets),
    has: redact(it.has, secrets),
  }));
}

function title(existing: Existing): string {
  switch (existing) {
    case "reuse":
      return l10n.t("Reuse");
    case "revive":
      return l10n.t("Revive");
    case "restart":
      return l10n.t("Restart");
    case "parallel":
      return l10n.t("Parallel");
  }
}

function description(existing: Existing, state: string): string {
  switch (existing) {
    case "reuse":
      if (state === "running") return l10n.t("skip docker run, apply configs and start the app inside this container; fastest");
      return state === "paused"
        ? l10n.t("unpause this container, apply configs and start the app inside it; fastest")
        : l10n.t("start this container, apply configs and start the app inside it; fastest");
    case "revive":
      return l10n.t("docker restart this container: its files stay, its processes end");
    case "restart":
      return isUp(state)
        ? l10n.t("stop this container and relaunch a fresh one")
        : l10n.t("remove this container and relaunch a fresh one");
    case "parallel":
      return state === "running"
        ? l10n.t("leave it running, start a new one with another name and port")
        : l10n.t("leave it as it is, start a new one with another name and port");
  }
}

function question({ name, image, state, unread }: Observed, mounts: string, reason: string): string {
  if (unread !== undefined)
    return l10n.t("Found existing container '{0}' ({1}) of {2}; {3}. What should I do?", name, state, image, reason);
  if (state === "running") {
    if (mounts === "")
      return reason === ""
        ? l10n.t("Found existing container '{0}' running {1} with all required mounts. What should I do?", name, image)
        : l10n.t(
            "Found existing container '{0}' running {1} with all required mounts; {2}. What should I do?",
            name,
            image,
            reason,
          );
    return reason === ""
      ? l10n.t(
          "Found existing container '{0}' running {1} without the required mounts {2}. What should I do?",
          name,
          image,
          mounts,
        )
      : l10n.t(
          "Found existing container '{0}' running {1} without the required mounts {2}; {3}. What should I do?",
          name,
          image,
          mounts,
          reason,
        );
  }
  if (mounts === "")
    return reason === ""
      ? l10n.t("Found existing container '{0}' ({1}) of {2} with all required mounts. What should I do?", name, state, image)
      : l10n.t(
          "Found existing container '{0}' ({1}) of {2} with all required mounts; {3}. What should I do?",
          name,
          state,
          image,
          reason,
        );
  return reason === ""
    ? l10n.t(
        "Found existing container '{0}' ({1}) of {2} without the required mounts {3}. What should I do?",
        name,
        state,
        image,
        mounts,
      )
    : l10n.t(
        "Found existing container '{0}' ({1}) of {2} without the required mounts {3}; {4}. What should I do?",
        name,
        state,
        image,
        mounts,
        reason,
      );
}

/** What stopped, was never started or is paused can be made to run; the rest cannot be worked in. */
function stateTrouble({ state }: Observed): Trouble | undefined {
  switch (state) {
    case "running":
    case "paused":
    case "exited":
    case "created":
      return undefined;
    case "restarting":
      return { reason: l10n.t("existing container ends and is restarted again and again; reuse is not viable"), heals: false };
    case "removing":
      return { reason: l10n.t("existing container is being removed; reuse is not viable"), heals: false };
    case "dead":
      return { reason: l10n.t("existing container is dead (Docker failed to remove it); reuse is not viable"), heals: false };
    default:
      return {
        reason: l10n.t("existing container is in a state unknown to Berth ({0}); reuse is not viable", state),
        heals: false,
      };
  }
}

/** Why its GPUs will not do. Of one that does not run only which it was given counts: it gets a fresh handle when it starts. */
function gpuTrouble(wanted: RunSpec, observed: Observed, gpus: readonly Gpu[]): Trouble | undefined {
  const { spec, state, health } = observed;
  const has = observed.gpus ?? spec.gpus;
  const asked = gpusAsked(wanted, has);
  if (asked === "none") return undefined;
  if (!coversGpus(asked, has, gpus))
    return {
      reason: l10n.t(
        "existing container holds {0} instead of {1}; reuse is not viable",
        has === "none" ? l10n.t("no GPU") : gpuText(has, gpus),
        typeof asked === "object" && "count" in asked ? count(asked.count) : gpuText(asked, gpus),
      ),
      heals: false,
    };
  if (state !== "running" || !health || isUsable(health)) return undefined;
  switch (health.verdict) {
    case "ok":
      return undefined;
    case "absent":
      return { reason: l10n.t("existing container cannot reach the GPU driver; reuse is not viable"), heals: false };
    case "stale":
      return { reason: l10n.t("existing container has lost GPU access (stale NVML); reuse is not viable"), heals: true };
    case "mismatch":
      return {
        reason: l10n.t("existing container's driver library does not fit the host's driver any more; reuse is not viable"),
        heals: true,
      };
    case "lost":
      // With the machine's cards in order it is this container that lost sight of one.
      return gpus.length > 0 && gpus.every(({ problems }) => !problems.some(({ severity }) => severity === "error"))
        ? { reason: l10n.t("existing container does not see a GPU that it was given; reuse is not viable"), heals: true }
        : { reason: l10n.t("a GPU of the existing container is lost; reuse is not viable"), heals: false };
    case "unresponsive":
      return { reason: l10n.t("the existing container's GPU does not answer; reuse is not viable"), heals: true };
    case "none":
      return { reason: l10n.t("existing container holds no GPU; reuse is not viable"), heals: false };
  }
}

/** Only folders that are wanted count. A restart mounts them anew, as does the start of one that does not run. */
function staleTrouble(wanted: RunSpec, { state, staleMounts }: Observed): Trouble | undefined {
  if (!isUp(state)) return undefined;
  const stale = staleMounts.filter((target) => isRequired(wanted, target));
  if (stale.length === 0) return undefined;
  return {
    reason: l10n.t(
      "the folder or file behind {0} was deleted or replaced, and what is there now is not seen inside",
      stale.join(", "),
    ),
    heals: true,
  };
}

/** A sentence that another goes on after. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

function mountText({ source = "", target }: Mount): string {
  return `${source}:${target}`;
}
