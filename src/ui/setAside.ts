import * as vscode from "vscode";
import type { Container } from "../core/engineJson.ts";
import { deploymentOf } from "../core/candidates.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { failedName, setAsideFrom } from "../core/names.ts";
import { label } from "../core/runSpec.ts";
import type { App } from "./app.ts";
import { isLocked, takeBrokenLocks } from "./launchLock.ts";
import { notify } from "./notify.ts";
import { confirm } from "./prompts.ts";
import { lossesText, whatIsLost } from "./removal.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach, type Reach } from "./target.ts";

/**
 * Containers that a restart set aside, and whose window was closed in the middle, can be put back: offered on activation when this machine knows of one,
 * else once the engine is first seen.
 */
export function offerSetAside(app: App): vscode.Disposable {
  let isOffered = false;
  const offerOnce = async (list: () => Promise<readonly Container[]>) => {
    if (isOffered || !vscode.workspace.isTrusted) return;
    isOffered = true;
    try {
      await offer(app, await list());
    } catch (error) {
      isOffered = false; // the engine is out: once it is back
      app.log.warn(`Put back: ${words(error)}`);
    }
  };
  const unlisten = app.store.onDidChange(({ engine, containers }) => {
    if (engine.status === "ready") void offerOnce(() => Promise.resolve(containers));
  });
  void takeBrokenLocks(app).then((broken) => broken && void offerOnce(async () => (await reach(app)).engine.containers()));
  return { dispose: unlisten };
}

async function offer(app: App, containers: readonly Container[]): Promise<void> {
  for (const container of containers.filter((it) => isMine(it, app))) {
    const name = setAsideFrom(container.name) ?? "";
    if (!(await isLocked(app, await reach(app), name))) void offerOne(app, container, name);
  }
}

/** Berth's own say who made them; of others, such as Compose's, those are that a project of this window describes. */
function isMine(container: Container, app: App): boolean {
  const name = setAsideFrom(container.name);
  if (name === undefined) return false;
  const user = container.labels[label.user];
  return user === undefined ? deploymentOf({ ...container, name }, app.store.get().projects) !== undefined : user === app.user;
}

async function offerOne(app: App, { id, name: aside }: Container, name: string): Promise<void> {
  const putBack = vscode.l10n.t("Put Back");
  const start = vscode.l10n.t("Put Back and Start");
  const answer = await notify.warn(
    vscode.l10n.t("The restart of {0} was broken off; the container from before is {1}.", name, aside),
    start,
    putBack,
  );
  if (answer === undefined) return;
  try {
    await putBackOne(app, id, name, answer === start);
  } catch (error) {
    if (!(error instanceof Cancelled)) void notify.error(words(error), {});
  }
}

async function putBackOne(app: App, id: string, name: string, start: boolean): Promise<void> {
  const { planPutBack } = await import("../core/planLaunch.ts");
  const reached = await reach(app);
  const old = await findContainer(reached, id, "");
  // The offer may be an old one, and another window may have taken it.
  if (setAsideFrom(old.name) !== name)
    throw new UserError(vscode.l10n.t("It is called {0} now, and so was put back already.", old.name));
  if (await isLocked(app, reached, name)) throw new UserError(vscode.l10n.t("Another window restarts {0} just now.", name));
  const unfinished = (await reached.engine.containers()).find((it) => it.name === name);
  if (unfinished && isUp(unfinished.state)) await confirmEnd(reached, unfinished, old.name);
  const plan = planPutBack(old, name, {
    start,
    ...(unfinished ? { unfinished, failedName: failedName(name, new Date()) } : {}),
  });
  await runPlan(app, reached, plan, { silent: false });
}

/** What has the name now runs, and may be in use. @throws Cancelled */
async function confirmEnd(reached: Reach, { id, name }: Container, aside: string): Promise<void> {
  const now = await findContainer(reached, id, "");
  await confirm(
    vscode.l10n.t("{0} runs. Stop it, and put {1} back in its place?", name, aside),
    [vscode.l10n.t("It is kept under another name."), lossesText(await whatIsLost(reached, now))].join("\n\n"),
    vscode.l10n.t("Stop and Put Back"),
  );
}
