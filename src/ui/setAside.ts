import * as vscode from "vscode";
import type { Container } from "../core/engineJson.ts";
import { words } from "../core/errors.ts";
import { failedName, setAsideFrom } from "../core/names.ts";
import { label } from "../core/runSpec.ts";
import type { App } from "./app.ts";
import { isLocked, takeBrokenLocks } from "./launchLock.ts";
import { notify } from "./notify.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach } from "./target.ts";

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
  for (const container of containers.filter((it) => isMine(it, app.user))) {
    const name = setAsideFrom(container.name) ?? "";
    if (!(await isLocked(app, await reach(app), name))) void offerOne(app, container, name);
  }
}

const isMine = ({ name, labels }: Container, user: string) =>
  setAsideFrom(name) !== undefined && (labels[label.user] ?? user) === user;

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
    void notify.error(words(error), {});
  }
}

async function putBackOne(app: App, id: string, name: string, start: boolean): Promise<void> {
  const { planPutBack } = await import("../core/planLaunch.ts");
  const reached = await reach(app);
  const old = await findContainer(reached, id, "");
  const unfinished = (await reached.engine.containers()).find((it) => it.name === name);
  const plan = planPutBack(old, name, {
    start,
    ...(unfinished ? { unfinished, failedName: failedName(name, new Date()) } : {}),
  });
  await runPlan(app, reached, plan, { silent: false });
}
