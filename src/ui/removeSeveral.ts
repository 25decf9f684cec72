import * as vscode from "vscode";
import { Cancelled } from "../core/errors.ts";
import { filesLost } from "../core/losses.ts";
import { freeName } from "../core/names.ts";
import { planRetire } from "../core/plan.ts";
import { fullList, severalText, type Going } from "../core/removal.ts";
import { eachOf } from "../core/several.ts";
import type { App } from "./app.ts";
import { showText } from "./documents.ts";
import { confirm } from "./prompts.ts";
import { keep, keptName, whatIsLost } from "./removal.ts";
import { runPlan } from "./runPlan.ts";
import { onSeveral } from "./several.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

export interface Removal {
  verb: "Retire" | "Remove";
  outcome: "retired" | "removed";
}

/** On a button. */
export function verbText(verb: Removal["verb"]): string {
  return verb === "Retire" ? vscode.l10n.t("Retire") : vscode.l10n.t("Remove");
}

/** How many containers are looked at together: a diff reads the whole writable layer. */
const looksAtATime = 4;

/** Shows exactly what goes with all of them, asks once, and removes them. @throws Cancelled */
export async function removeSeveral(app: App, ids: readonly string[], { verb, outcome }: Removal): Promise<object> {
  const reached = await reach(app);
  const going = await lookAt(reached, ids);
  const withFiles = going.some(({ lost }) => filesLost(lost));
  const keepFirst =
    verb === "Retire" ? vscode.l10n.t("Keep as Images, Then Retire") : vscode.l10n.t("Keep as Images, Then Remove");
  const showAll = vscode.l10n.t("Show the Full List");
  const question =
    verb === "Retire"
      ? vscode.l10n.t("Retire {0} containers?", going.length)
      : vscode.l10n.t("Remove {0} containers?", going.length);
  const answers = [verbText(verb), ...(withFiles ? [keepFirst] : []), showAll];
  const answer = await confirm(question, severalText(going), ...answers);
  if (answer === showAll) {
    // A dialog would hide it: who has read it asks again.
    await showText(vscode.l10n.t("What goes"), "plaintext", fullList(going));
    throw new Cancelled();
  }
  const names = answer === keepFirst ? await keptNames(reached, going) : new Map<string, string>();
  await onSeveral(
    app,
    verb === "Retire"
      ? { doing: vscode.l10n.t("Retiring"), done: vscode.l10n.t("Retired") }
      : { doing: vscode.l10n.t("Removing"), done: vscode.l10n.t("Removed") },
    going,
    ({ container }) => container.name,
    async ({ container }, signal) => {
      const name = names.get(container.id);
      const choices = { volumes: true, ...(name === undefined ? {} : { keepAs: await keep(reached, container, name) }) };
      await runPlan(app, reached, planRetire(container, choices, verb), { silent: true, signal });
      return { name: container.name };
    },
  );
  return { outcome };
}

/** Names for the images that keep them, by container id: no two alike, though containers' names can become the same. */
async function keptNames({ engine }: Reach, going: readonly Going[]): Promise<Map<string, string>> {
  const taken = (await engine.images()).flatMap(({ tags }) => tags);
  const names = new Map<string, string>();
  for (const { container, lost } of going) {
    if (!filesLost(lost)) continue;
    const name = freeName(keptName(container.name), taken);
    names.set(container.id, name);
    taken.push(name);
  }
  return names;
}

/** What goes with each of them. @throws Cancelled, or what went wrong with the first that could not be looked at: nobody may agree to what was not seen */
export async function lookAt(reached: Reach, ids: readonly string[]): Promise<(Going & { container: Inspected })[]> {
  if (ids.length === 0) return [];
  const going = new Map<string, Going & { container: Inspected }>();
  const title = vscode.l10n.t("Looking at what {0} containers hold", ids.length);
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (bar, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      let failure: unknown;
      const look = async (id: string) => {
        try {
          const container = await findContainer(reached, id, "");
          going.set(id, { container, lost: await whatIsLost(reached, container) });
          return { name: container.name };
        } catch (error) {
          failure ??= error;
          abort.abort();
          throw error;
        }
      };
      const onResult = () => bar.report({ increment: 100 / ids.length });
      await eachOf(ids, looksAtATime, look, (id) => id, { signal: abort.signal, onResult });
      if (failure !== undefined) throw failure as Error;
      if (abort.signal.aborted) throw new Cancelled();
    },
  );
  return ids.flatMap((id) => going.get(id) ?? []);
}
