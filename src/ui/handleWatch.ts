import * as vscode from "vscode";
import type { Container } from "../core/engineJson.ts";
import { words } from "../core/errors.ts";
import { isHealable, type Health } from "../core/gpuHealth.ts";
import {
  askedForList,
  forgotten,
  gotList,
  looked,
  nextList,
  nextLook,
  startWatch,
  turnsBad,
  type HandleWatch,
} from "../core/handleWatch.ts";
import type { State } from "../core/state.ts";
import { checkContainerGpu } from "../engine/probe.ts";
import type { App } from "./app.ts";
import { offerWaysOut } from "./revive.ts";
import { settings } from "./settings.ts";
import { engineGpus, reach } from "./target.ts";

/** Looks at the GPU handles of running containers while the window has focus, one at a time, and tells once of each that turns bad. */
export function createHandleWatch(app: App): vscode.Disposable {
  let watch: HandleWatch = startWatch;
  let known = app.store.get().handles;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isDisposed = false;

  function schedule(): void {
    clearTimeout(timer);
    timer = undefined;
    // A look starts nvidia-smi in a container.
    if (isDisposed || isLooking || !vscode.window.state.focused || !vscode.workspace.isTrusted) return;
    const state = app.store.get();
    const next = nextLook(watch, state, Date.now());
    const list = nextList(watch, state);
    if (list !== undefined && list <= (next?.at ?? Infinity)) at(list, askForList);
    else if (next) at(next.at, () => void look(next.container));
  }

  function at(time: number, work: () => void): void {
    timer = setTimeout(work, Math.max(0, time - Date.now()));
  }

  function askForList(): void {
    watch = askedForList(watch, Date.now());
    app.feed.catchUp();
    schedule();
  }

  async function look(container: Container): Promise<void> {
    isLooking = true;
    try {
      const health = await probe(app, container);
      if (isDisposed) return;
      // Its news is for this very run, and what Berth began with it meanwhile looks by itself.
      const { containers, handles, busy } = app.store.get();
      const now = containers.find(({ id }) => id === container.id);
      const isSame = now?.details?.startedAt === container.details?.startedAt && busy[container.name] === undefined;
      const news = isSame ? health : undefined;
      const isTurn = news !== undefined && turnsBad(watch, container, news.verdict);
      watch = looked(watch, container, news?.verdict, Date.now());
      if (!news) return;
      const before = handles[container.id];
      if (before?.verdict !== news.verdict || before.detail !== news.detail) {
        known = { ...handles, [container.id]: news };
        app.store.update({ handles: known });
      }
      if (isTurn) tell(container, news);
    } finally {
      isLooking = false;
      schedule();
    }
  }

  function tell(container: Container, { verdict, detail }: Health): void {
    app.log.warn(`${container.name}: the GPU handle is ${verdict}: ${detail}`);
    void offerWaysOut(app, container, `${container.name}: ${detail}`, { revive: isHealable(verdict) });
  }

  /** Takes in what others found out: a launch, a check that somebody asked for, the engine that went away. */
  function follow({ containers, handles, unlisted }: State): void {
    if (unlisted === undefined && watch.asked.times > 0) watch = gotList(watch);
    if (handles !== known) {
      const before = known;
      known = handles;
      const now = Date.now();
      watch = forgotten(
        watch,
        Object.keys(before).filter((id) => handles[id] === undefined),
        now,
      );
      for (const container of containers) {
        const health = handles[container.id];
        if (health && health !== before[container.id]) watch = looked(watch, container, health.verdict, now);
      }
    }
    schedule();
  }

  const unlisten = app.store.onDidChange(follow);
  const focus = vscode.window.onDidChangeWindowState(schedule);
  const trust = vscode.workspace.onDidGrantWorkspaceTrust(schedule);
  schedule();
  return vscode.Disposable.from(focus, trust, {
    dispose() {
      isDisposed = true;
      clearTimeout(timer);
      unlisten();
    },
  });
}

/** What there is to say of a container's handle; undefined when the look failed, or the container is not what it was. */
async function probe(app: App, { id, name, details }: Container): Promise<Health | undefined> {
  try {
    const reached = await reach(app);
    const tools = { cli: reached.cli, hostGpus: engineGpus(app, reached), probeTimeout: settings.probeTimeout() };
    const health = await checkContainerGpu({ id, gpus: details?.gpus ?? "none" }, tools);
    if (health.verdict === "ok") return health;
    // The command line words a container that has gone, or an engine out of reach, much like a fault inside.
    const now = await reached.engine.inspect(id);
    const isSame = now?.state === "running" && now.details.startedAt === details?.startedAt;
    return isSame ? health : undefined;
  } catch (error) {
    app.log.info(`${name}: its GPU handle could not be looked at: ${words(error)}`);
    return undefined;
  }
}
