import * as vscode from "vscode";
import type { Container } from "../core/engineJson.ts";
import { deploymentOf } from "../core/candidates.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { failedName, setAsideFrom } from "../core/names.ts";
import { label } from "../core/runSpec.ts";
import { throttle } from "../engine/throttle.ts";
import type { App } from "./app.ts";
import { brokenLocks, forgetBrokenLocks, isLocked } from "./launchLock.ts";
import { notify } from "./notify.ts";
import { confirm } from "./prompts.ts";
import { lossesText, whatIsLost } from "./removal.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach, type Reach } from "./target.ts";

/** Between two attempts to ask an engine that is out, in ms: the first, and the longest. */
const pauses = { first: 1_000, longest: 5 * 60_000 };

/**
 * Containers that a restart set aside, and whose window was closed in the middle, can be put back: offered on activation when this machine knows of one,
 * else once the engine is first seen.
 */
export function offerSetAside(app: App): vscode.Disposable {
  /** The contexts whose engines were looked through. */
  const done = new Set<string>();
  let failures = 0;
  let again: NodeJS.Timeout | undefined;
  let host = app.store.get().context?.host;

  const { trigger, cancel } = throttle(async () => {
    clearTimeout(again);
    if (!vscode.workspace.isTrusted) return;
    try {
      await look(app, done);
      failures = 0;
    } catch (error) {
      app.log.warn(`Put back: ${words(error)}`);
      again = setTimeout(trigger, Math.min(pauses.longest, pauses.first * 2 ** failures++));
    }
  }, pauses.first);

  const unlisten = app.store.onDidChange(({ engine, context }) => {
    const isNew = context?.host !== host;
    host = context?.host;
    if (isNew || (engine.status === "ready" && !done.has(engine.context))) trigger();
  });
  const trust = vscode.workspace.onDidGrantWorkspaceTrust(trigger);
  trigger();
  return vscode.Disposable.from(trust, {
    dispose() {
      unlisten();
      cancel();
      clearTimeout(again);
    },
  });
}

/** Looks through the engine in use, if a view has listed it or a broken lock is of it; once. @throws UserError when it is out */
async function look(app: App, done: Set<string>): Promise<void> {
  const all = await brokenLocks(app);
  const { engine, containers } = app.store.get();
  if (engine.status !== "ready" && all.length === 0) return;
  const reached = await reach(app);
  const { context, host } = reached.engine.endpoint;
  if (done.has(context)) return;
  const broken = all.filter((lock) => lock.host === host);
  const isListed = engine.status === "ready" && engine.context === context;
  if (!isListed && broken.length === 0) return;
  const listed = isListed ? containers : await reached.engine.containers();
  await app.projectsRead;
  done.add(context);
  await offer(app, reached, listed, new Set(broken.map(({ name }) => name)));
}

/** @param broken names of containers whose restarts were begun here, and broken off */
async function offer(app: App, reached: Reach, containers: readonly Container[], broken: ReadonlySet<string>): Promise<void> {
  const { host } = reached.engine.endpoint;
  const aside = new Map(containers.map((container) => [setAsideFrom(container.name) ?? "", container]));
  aside.delete("");
  for (const [name, container] of aside)
    if ((broken.has(name) || isMine(container, name, app)) && !(await isLocked(app, reached, name)))
      void offerOne(app, reached, container, name);
  for (const name of broken) if (!aside.has(name)) await forgetBrokenLocks(app, { host, name });
}

/** Berth's own say who made them; of others, such as Compose's, those are that a project of this window describes. */
function isMine(container: Container, name: string, app: App): boolean {
  const user = container.labels[label.user];
  return user === undefined ? deploymentOf({ ...container, name }, app.store.get().projects) !== undefined : user === app.user;
}

/** As long as nobody has answered, the next window offers it too. */
async function offerOne(app: App, { engine }: Reach, { id, name: aside }: Container, name: string): Promise<void> {
  const putBack = vscode.l10n.t("Put Back");
  const start = vscode.l10n.t("Put Back and Start");
  const answer = await notify.warn(
    vscode.l10n.t("The restart of {0} was broken off; the container from before is {1}.", name, aside),
    start,
    putBack,
  );
  try {
    if (answer !== undefined) await putBackOne(app, id, name, answer === start);
    await forgetBrokenLocks(app, { host: engine.endpoint.host, name });
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
