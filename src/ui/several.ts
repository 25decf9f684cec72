import * as vscode from "vscode";
import { Cancelled } from "../core/errors.ts";
import { eachOf, fullSummary, isCut, summary, type Result } from "../core/several.ts";
import { count } from "../core/units.ts";
import type { App } from "./app.ts";
import { showText } from "./documents.ts";
import { notify } from "./notify.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

/** How many containers Berth works on at a time: stopping waits, and an engine does not get faster by more. */
const atATime = 6;

/** What is told of several at once: progress while it goes on, and one summary at its end. */
export interface Telling {
  /** Such as `Stopping`. */
  doing: string;
  /** Such as `Stopped`. */
  done: string;
  noun?: "container" | "image" | "item";
}

/** Works on all of them, a few at a time, under one progress that can be cancelled, and tells how it went in one summary. */
export async function onSeveral<T>(
  app: App,
  { doing, done, noun = "container" }: Telling,
  items: readonly T[],
  name: (item: T) => string,
  work: (item: T, signal: AbortSignal) => Promise<{ name: string; left?: boolean }>,
): Promise<readonly Result[]> {
  const title = vscode.l10n.t("{0} {1}", doing, count(items.length, noun));
  const results = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (bar, token) => {
      const abort = new AbortController();
      let ready = 0;
      const tell = (increment: number) => bar.report({ message: vscode.l10n.t("{0} of {1}", ready, items.length), increment });
      const onResult = () => {
        ready++;
        tell(100 / items.length);
      };
      tell(0);
      const working = eachOf(items, atATime, work, name, { signal: abort.signal, onResult });
      token.onCancellationRequested(() => {
        abort.abort();
        // The notification goes at once; what is under way takes its time to be taken back.
        const undoing = vscode.l10n.t("Berth: taking back what was under way");
        void vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: undoing }, () => working);
      });
      return working;
    },
  );
  const text = summary(done, results, noun);
  app.log.info(text);
  if (results.some(({ outcome }) => outcome === "failed")) void tell(notify.warn, text, results);
  else if (results.every(({ outcome }) => outcome === "cancelled")) throw new Cancelled();
  else if (results.some(({ outcome }) => outcome === "cancelled")) void tell(notify.info, text, results);
  else vscode.window.setStatusBarMessage(`$(check) ${text}`, 8000);
  return results;
}

/** A message, with all of it in a tab for who wants to know. */
async function tell(show: typeof notify.info, text: string, results: readonly Result[]): Promise<void> {
  const showAll = vscode.l10n.t("Show All");
  const chosen = await show(text, ...(isCut(results) ? [showAll] : []));
  if (chosen === showAll) await showText(vscode.l10n.t("How it went"), "plaintext", `${text}\n\n${fullSummary(results)}\n`);
}

/** What a command does with several containers that were named. */
export function severalContainers<Keys extends { container?: string | undefined }>(
  telling: () => Telling,
  outcome: string,
  work: (app: App, reached: Reach, container: Inspected, signal: AbortSignal) => Promise<boolean | void>,
): (app: App, all: readonly Keys[]) => Promise<object> {
  return async (app, all) => {
    const reached = await reach(app);
    const ids = all.flatMap(({ container }) => container ?? []);
    const names = new Map((await reached.engine.containers()).map(({ id, name }) => [id, name]));
    await onSeveral(
      app,
      telling(),
      ids,
      (id) => names.get(id) ?? id.slice(0, 12),
      async (id, signal) => {
        const container = await findContainer(reached, id, "");
        return { name: container.name, left: (await work(app, reached, container, signal)) === false };
      },
    );
    return { outcome };
  };
}
