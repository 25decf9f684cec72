import * as l10n from "../core/l10n.ts";
import type { Container, Image } from "../core/engineJson.ts";
import { UserError } from "../core/errors.ts";
import type { State } from "../core/state.ts";
import type { Store } from "../core/store.ts";
import type { Endpoint } from "./endpoint.ts";
import { resolveEndpoint } from "./endpoint.ts";
import type { Engine, EngineEvent } from "./engine.ts";
import { connect, EngineOutError } from "./engine.ts";
import { createInspects, type Known } from "./inspects.ts";
import { throttle } from "./throttle.ts";

/** Keeps the store true to the engine, by its events, while somebody looks. */
export interface Feed {
  /** The engine that the settings and the environment name now. Does not promise that it answers. */
  engine(): Promise<Engine>;
  /** Whether any view is on screen. Hidden views cost nothing: no list, no inspect, no attempt to reconnect. */
  setVisible(visible: boolean): void;
  /** Lists once though nobody looks, if need be over a new connection: for what goes by containers that the state says may be missing. */
  catchUp(): void;
  /** Starts over: with a new connection, to what the settings and the environment name now. */
  reconnect(): void;
  /** The same, if they name another engine than before. */
  reconnectIfMoved(): Promise<void>;
  dispose(): void;
}

/** Between two lists of a storm of changes; half a second is the most that the views may lag. */
const listInterval = 250;
/** How long a list waits for what only an inspect tells. What comes later, as over a slow connection, is filled in. */
const inspectPatience = 250;
/** The same for a list that no view waits for. */
const unseenPatience = 10_000;
/** Between two questions whether the engine is still there: one that hangs, or is behind a broken ssh connection, says nothing of it. */
const heartbeat = 5_000;
/** Between attempts to reach an engine that is out: at once, then slower. */
const backoff = [0, 250, 500, 1000, 2000, 3000];
/** A connection that lasted so long works: the next attempt is made at once again. */
const settled = 1000;

export function createFeed(store: Store<State>, wantedContext: () => string, env: NodeJS.ProcessEnv): Feed {
  let connection: { endpoint: Endpoint; engine: Promise<Engine> } | undefined;
  let disposed = false;
  let visible = false;
  /** Whether a list was asked for though nobody looks. */
  let owed = false;
  /** Ends the waiting for what no view has waited for. */
  let hurry: (() => void) | undefined;
  /** Since when something may run that was not listed; what the state says of it while nobody looks. */
  let missedSince: number | undefined;
  let session: AbortController | undefined;
  /** Whether it hears events by now: what happens after a list is told. */
  let isOpen = false;
  /** The engine whose events the session hears. */
  let followed: Engine | undefined;
  let wake: (() => void) | undefined;
  let failures = 0;
  /** What was last listed, and whether something has happened since. */
  const listed = { containers: [] as Container[], images: [] as Image[] };
  const changed = { containers: true, images: true };
  /** Whether a list is on its way, which will tell what it knows by then. */
  let refreshing = false;
  const fillIn = () => {
    if (!refreshing) lists.trigger();
  };
  const listAgain = (what: keyof typeof changed) => () => {
    changed[what] = true;
    lists.trigger();
  };
  const inspects = createInspects((id) => followed?.inspect(id), fillIn, listAgain("containers"));
  const imageInspects = createInspects((id) => followed?.inspectImage(id), fillIn, listAgain("images"));

  async function engine(): Promise<Engine> {
    const endpoint = await resolveEndpoint(wantedContext(), env);
    if (connection && JSON.stringify(connection.endpoint) === JSON.stringify(endpoint)) return connection.engine;
    // The context changed. A command that still uses the old engine is not disturbed.
    void connection?.engine.then((old) => old.close());
    connection = { endpoint, engine: connect(endpoint, env) };
    return connection.engine;
  }

  const lists = throttle(async () => {
    if (!(visible || (owed && isOpen)) || !session || session.signal.aborted) return;
    const { signal } = session;
    try {
      if (await isFollowed()) await refresh(await engine(), signal);
    } catch (error) {
      giveUp(error, signal);
    }
  }, listInterval);

  async function refresh(from: Engine, signal: AbortSignal): Promise<void> {
    owed = false;
    // Images are for the views alone.
    const wanted = { containers: changed.containers, images: changed.images && visible };
    changed.containers = false;
    if (wanted.images) changed.images = false;
    if (wanted.containers) missedSince = undefined;
    const [containers, images] = await Promise.all([
      wanted.containers ? from.containers() : listed.containers,
      wanted.images ? from.images() : listed.images,
    ]);
    if (signal.aborted) return;
    Object.assign(listed, { containers, images });
    // Nobody told, as when more happened at once than the engine remembers for a slow listener.
    if (wanted.containers) for (const row of containers) if (differs(row, inspects.get(row.id))) inspects.forget(row.id);
    refreshing = true;
    const shown = new Promise<void>((resolve) => (hurry = resolve));
    const loads = [inspects.load(containers.map(idOf)), imageInspects.load(images.map(idOf))];
    await Promise.race([within(visible ? inspectPatience : unseenPatience, loads), shown]);
    refreshing = false;
    if (signal.aborted) return;
    const up = new Set(containers.filter(({ state }) => state === "running" || state === "paused").map(idOf));
    store.update({
      engine: { status: "ready", context: from.endpoint.context, local: from.endpoint.socketPath !== undefined },
      containers: containers.map((row) => withDetails(row, inspects.get(row.id))),
      unlisted: visible ? undefined : missedSince,
      images: images.map((row) => ({ ...row, ...knownDetails(imageInspects.get(row.id)) })),
      handles: Object.fromEntries(Object.entries(store.get().handles).filter(([id]) => up.has(id))),
    });
  }

  function onEvent({ type, action, id }: EngineEvent): void {
    // What the engine calls a container's image changes with the images' tags.
    changed.containers = true;
    if (type === "image") changed.images = true;
    if (type === "container") {
      inspects.forget(id);
      // A restart makes the old verdict worthless.
      if (action === "start" || action === "die") forgetHandle(id);
      if (action === "start" || action === "unpause") miss();
    }
    lists.trigger();
  }

  function miss(): void {
    missedSince ??= Date.now();
    if (!visible) store.update({ unlisted: missedSince });
  }

  function forgetHandle(id: string): void {
    const { [id]: old, ...handles } = store.get().handles;
    if (old) store.update({ handles });
  }

  function publishOut(error: unknown): void {
    const reason = error instanceof EngineOutError ? error.reason : "misconfigured";
    const message = error instanceof UserError ? error.message : String(error);
    const now = store.get().engine;
    if (now.status === "out" && now.reason === reason && now.message === message) return;
    store.update({ engine: { status: "out", reason, message }, containers: [], images: [], handles: {} });
  }

  async function follow(): Promise<void> {
    while (!disposed) {
      session = new AbortController();
      await followOnce(session);
      session.abort();
      owed = isOpen = false;
      miss(); // whatever happens now
      await pause(backoff[failures] ?? backoff.at(-1) ?? 0);
      while (!visible && !owed && !disposed) await pause(undefined);
      failures++;
    }
  }

  /** Listens to the engine until it goes away or the session is ended. */
  async function followOnce({ signal }: AbortController): Promise<void> {
    let beat: NodeJS.Timeout | undefined;
    let settling: NodeJS.Timeout | undefined;
    try {
      const from = (followed = await engine());
      await from.ping(signal);
      await from.events(
        () => {
          isOpen = true;
          // Events may have been missed while nobody listened: start from nothing.
          changed.containers = changed.images = true;
          inspects.forgetAll();
          lists.trigger();
          settling = setTimeout(() => (failures = 0), settled);
          beat = setInterval(() => {
            if (visible) void checkBeat(from, signal);
          }, heartbeat);
        },
        onEvent,
        signal,
      );
    } catch (error) {
      giveUp(error, signal);
    } finally {
      clearInterval(beat);
      clearTimeout(settling);
    }
  }

  /** Whether the engine in use is the one whose events are heard; ends the session when it is not, so that the next one follows it. */
  async function isFollowed(): Promise<boolean> {
    const same = (await engine()) === followed;
    if (!same) session?.abort();
    return same;
  }

  async function checkBeat(from: Engine, signal: AbortSignal): Promise<void> {
    try {
      if (await isFollowed()) await from.ping(signal);
    } catch (error) {
      giveUp(error, signal);
    }
  }

  function giveUp(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    publishOut(error);
    session?.abort();
  }

  /** Waits for the time to pass, or until somebody looks again. */
  async function pause(ms: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    wake = undefined;
  }

  let following: Promise<void> | undefined;
  function reconnect(): void {
    failures = 0;
    const gpus = { state: "unknown", reason: l10n.t("Connecting to another Docker engine…") } as const;
    store.update({ engine: { status: "connecting" }, containers: [], images: [], handles: {}, gpus });
    session?.abort();
    wake?.();
  }

  return {
    engine,
    setVisible(now) {
      if (visible === now) return;
      visible = now;
      if (!visible) {
        // It was to be listed right now.
        if (missedSince !== undefined) miss();
        return;
      }
      if (following === undefined) {
        following = follow(); // which lists as soon as it hears the events
        return;
      }
      wake?.();
      hurry?.();
      lists.trigger();
    },
    catchUp() {
      if (visible || following === undefined) return;
      owed = true;
      wake?.();
      lists.trigger();
    },
    reconnect,
    async reconnectIfMoved() {
      const now = JSON.stringify(await resolveEndpoint(wantedContext(), env).catch((error: unknown) => String(error)));
      if (connection && now !== JSON.stringify(connection.endpoint)) reconnect();
    },
    dispose() {
      disposed = true;
      lists.cancel();
      session?.abort();
      wake?.();
      void connection?.engine.then((engine) => engine.close());
    },
  };
}

const idOf = ({ id }: { id: string }) => id;

/** Whether the engine's list and its last inspect tell of different states. */
function differs({ name, state }: Container, inspected: Known<Container> | undefined): boolean {
  return inspected !== undefined && (inspected.known.name !== name || inspected.known.state !== state);
}

/**
 * The engine lists what it last wrote down, which is after it told of a pause; an inspect asks the container itself. So a fresh inspect is right
 * wherever the two differ, and one that is not fresh tells nothing of another state.
 */
function withDetails(row: Container, inspected: Known<Container> | undefined): Container {
  if (inspected === undefined || (!inspected.fresh && differs(row, inspected))) return row;
  const { name, state, details } = inspected.known;
  return { ...row, name, state, ...(details ? { details } : {}) };
}

function knownDetails<D>(inspected: Known<D> | undefined): { details?: D } {
  return inspected ? { details: inspected.known } : {};
}

/** Resolves when all have, or when the time (milliseconds) has passed. */
async function within(time: number, promises: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([Promise.all(promises), new Promise<void>((resolve) => (timer = setTimeout(resolve, time)))]);
  clearTimeout(timer);
}
