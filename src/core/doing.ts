import type { LaunchStep } from "./projects.ts";
import type { State } from "./state.ts";

/** What Berth does to a container now, in this window. Replaced, never changed in place: by itself it is told from all others. */
export interface Doing {
  /** The container's name, which it may not have yet. */
  name: string;
  /** `starting`, `stopping` …; absent before its first step. */
  what?: string;
  /** Of a deployment: which one (see `deploymentKey`), and its steps up to now, the oldest first. */
  launch?: { key: string; steps: readonly LaunchStep[] };
}

/** The state once one of them became another; without `before` it begins, without `after` it is over. The others stay, those of the same container too. */
export function withDoing(
  { doing }: Pick<State, "doing">,
  before: Doing | undefined,
  after: Doing | undefined,
): Pick<State, "doing" | "busy"> {
  const now = after ? [after] : [];
  const all = before ? doing.flatMap((one) => (one === before ? now : [one])) : [...doing, ...now];
  const busy = Object.fromEntries(all.flatMap(({ name, what }) => (what === undefined ? [] : [[name, what]])));
  return { doing: all, busy };
}

/** Whether a deployment is being launched as the container of this name, or its app started there. */
export function isLaunched({ doing }: Pick<State, "doing">, name: string): boolean {
  return doing.some((one) => one.launch !== undefined && one.name === name);
}
