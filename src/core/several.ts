import * as l10n from "./l10n.ts";
import { Cancelled, words } from "./errors.ts";
import { count } from "./units.ts";

/** How one of several went. `left`: it was as wanted already, or cannot be made so. */
export type Result = { name: string } & ({ outcome: "done" | "left" | "cancelled" } | { outcome: "failed"; message: string });

/**
 * Works on several things, at most `most` of them at a time. One that fails does not stop the others; once `signal` is raised no more are begun, and
 * `work` is to take back what is under way.
 * @param work is given the signal, and says whether there was anything to do; what it throws becomes that one's result
 */
export async function eachOf<T>(
  items: readonly T[],
  most: number,
  work: (item: T, signal: AbortSignal) => Promise<{ name: string; left?: boolean }>,
  name: (item: T) => string,
  { signal, onResult }: { signal: AbortSignal; onResult?: (result: Result) => void },
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [n, item] of queue) {
      const result = signal.aborted ? ({ name: name(item), outcome: "cancelled" } as const) : await one(item);
      results[n] = result;
      onResult?.(result);
    }
  };
  const one = async (item: T): Promise<Result> => {
    try {
      const { name, left } = await work(item, signal);
      return { name, outcome: left ? "left" : "done" };
    } catch (error) {
      if (error instanceof Cancelled) return { name: name(item), outcome: "cancelled" };
      return { name: name(item), outcome: "failed", message: words(error) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}

/** How many are named in a summary before the rest is only counted. */
const named = 3;

/** One sentence for all of them, and one more for each reason that some failed: `Stopped 3 of 5 containers. train-7, train-8: …` */
export function summary(done: string, results: readonly Result[], noun: "container" | "image" | "item" = "container"): string {
  const of = (outcome: Result["outcome"]) => results.filter((result) => result.outcome === outcome).map(({ name }) => name);
  const [good, left, cancelled] = [of("done"), of("left"), of("cancelled")];
  const reasons = new Map<string, string[]>();
  for (const result of results) {
    if (result.outcome !== "failed") continue;
    const reason = firstLine(result);
    reasons.set(reason, [...(reasons.get(reason) ?? []), result.name]);
  }
  const all = count(results.length, noun);
  const told = [...reasons].slice(0, named).map(([reason, those]) => `${some(those)}: ${reason}`);
  return [
    good.length === results.length ? l10n.t("{0} {1}.", done, all) : l10n.t("{0} {1} of {2}.", done, good.length, all),
    ...(left.length > 0 ? [l10n.t("Nothing to do for {0}.", some(left))] : []),
    ...(cancelled.length > 0 ? [l10n.t("Cancelled before {0}.", some(cancelled))] : []),
    ...told,
    ...(reasons.size > named ? [l10n.t("{0} more failed for other reasons.", reasons.size - named)] : []),
  ].join(" ");
}

/** Whether the summary leaves something out, which `fullSummary` tells. */
export function isCut(results: readonly Result[]): boolean {
  return results.filter(({ outcome }) => outcome !== "done").length > named;
}

/** Each on a line of its own, as far as something is to be said of it. */
export function fullSummary(results: readonly Result[]): string {
  const words = { left: l10n.t("nothing to do"), cancelled: l10n.t("cancelled before it was begun") };
  return results
    .flatMap((result) => {
      if (result.outcome === "done") return [];
      return [`${result.name}: ${result.outcome === "failed" ? firstLine(result) : words[result.outcome]}`];
    })
    .join("\n");
}

/** Its name stands before it anyway. */
function firstLine({ name, message }: { name: string; message: string }): string {
  const line = message.split("\n", 1)[0] ?? "";
  return line.startsWith(`${name} `) ? line.slice(name.length + 1) : line;
}

function some(names: readonly string[]): string {
  const first = names.slice(0, named).join(", ");
  return names.length > named ? l10n.t("{0} and {1} more", first, names.length - named) : first;
}
