import type { Details, ImageDetails } from "../core/engineJson.ts";
import { UserError } from "../core/errors.ts";
import type { State } from "../core/state.ts";
import type { Store } from "../core/store.ts";
import type { Endpoint } from "./endpoint.ts";
import { resolveEndpoint } from "./endpoint.ts";
import type { Engine, EngineEvent } from "./engine.ts";
import { connect, EngineOutError } from "./engine.ts";
import { throttle } from "./throttle.ts";

/** Keeps the store true to the engine, by its events, while somebody looks. */
export interface Feed {
  /** The engine that the settings and the environment name now. Does not promise that it answers. */
  engine(): Promise<Engine>;
  /** Whether any view is on screen. Hidden views cost nothing: no list, no inspect, no attempt to reconnect. */
  setVisible(visible: boolean): void;
  /** Starts over: with a new connection, to what the settings and the environment name now. */
  reconnect(): void;
  /** The same, if they name another engine than before. */
  reconnectIfMoved(): Promise<void>;
  dispose(): void;
}

/** Between two lists of a storm of changes; half a second is the most that the views may lag. */
const listInterval = 250;
/** Between two questions whether the engine is still there: one that hangs, or is behind a broken ssh connection, says nothing of it. */
const heartbeat = 5_000;
/** Between attempts to reach an engine that is out: at once, then slower. */
const backoff = [0, 250, 500, 1000, 2000, 3000];

export function createFeed(store: Store<State>, wantedContext: () => string, env: NodeJS.ProcessEnv): Feed {
  let connection: { endpoint: Endpoint; engine: Promise<Engine> } | undefined;
  let disposed = false;
  let visible = false;
  let session: AbortController | undefined;
  /** The engine whose events the session hears. */
  let followed: Engine | undefined;
  let wake: (() => void) | undefined;
  let imagesChanged = true;
  let failures = 0;
  const details = createCache<Details>();
  const imageDetails = createCache<ImageDetails>();

  async function engine(): Promise<Engine> {
    const endpoint = await resolveEndpoint(wantedContext(), env);
    if (connection && JSON.stringify(connection.endpoint) === JSON.stringify(endpoint)) return connection.engine;
    // The context changed. A command that still uses the old engine is not disturbed.
    void connection?.engine.then((old) => old.close());
    connection = { endpoint, engine: connect(endpoint, env) };
    return connection.engine;
  }

  const lists = throttle(async () => {
    if (!visible || !session || session.signal.aborted) return;
    const { signal } = session;
    try {
      if (await isFollowed()) await list(await engine(), signal);
    } catch (error) {
      giveUp(error, signal);
    }
  }, listInterval);

  async function list(from: Engine, signal: AbortSignal): Promise<void> {
    const listImages = imagesChanged;
    imagesChanged = false;
    const [containers, images] = await Promise.all([from.containers(), listImages ? from.images() : store.get().images]);
    const [detailed, detailedImages] = await Promise.all([
      details.fill(containers, async ({ id }) => (await from.inspect(id))?.details),
      imageDetails.fill(images, ({ id }) => from.inspectImage(id)),
    ]);
    if (signal.aborted) return;
    failures = 0;
    const up = new Set(containers.filter(({ state }) => state === "running" || state === "paused").map(({ id }) => id));
    store.update({
      engine: { status: "ready", context: from.endpoint.context, local: from.endpoint.socketPath !== undefined },
      containers: detailed,
      images: detailedImages,
      handles: Object.fromEntries(Object.entries(store.get().handles).filter(([id]) => up.has(id))),
    });
  }

  function onEvent({ type, action, id }: EngineEvent): void {
    if (type === "image") imagesChanged = true;
    if (type === "container") {
      details.forget(id);
      // A restart makes the old verdict worthless.
      if (action === "start" || action === "die") forgetHandle(id);
    }
    lists.trigger();
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
      await pause(backoff[failures] ?? backoff.at(-1) ?? 0);
      while (!visible && !disposed) await pause(undefined);
      failures++;
    }
  }

  /** Listens to the engine until it goes away or the session is ended. */
  async function followOnce({ signal }: AbortController): Promise<void> {
    let beat: NodeJS.Timeout | undefined;
    try {
      const from = (followed = await engine());
      await from.ping(signal);
      await from.events(
        () => {
          // Events may have been missed while nobody listened: start from nothing.
          imagesChanged = true;
          details.clear();
          lists.trigger();
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
    const gpus = { state: "unknown", reason: "Connecting to another Docker engine…" } as const;
    store.update({ engine: { status: "connecting" }, containers: [], images: [], handles: {}, gpus });
    session?.abort();
    wake?.();
  }

  return {
    engine,
    setVisible(now) {
      if (visible === now) return;
      visible = now;
      if (!visible) return;
      if (following === undefined) {
        following = follow(); // which lists as soon as it hears the events
        return;
      }
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

/** Inspects by id, each made once and kept until an event says that it is out of date. */
function createCache<D>() {
  // Promises, so that an answer that was on its way when its container changed is not mistaken for the new one.
  const cache = new Map<string, Promise<D | undefined>>();
  return {
    forget: (id: string) => cache.delete(id),
    clear: () => cache.clear(),
    /** The rows with their details, a few inspects at a time. A row without an answer stays without details. */
    async fill<T extends { id: string }>(
      rows: readonly T[],
      inspect: (row: T) => Promise<D | undefined>,
    ): Promise<(T & { details?: D })[]> {
      const ids = new Set(rows.map(({ id }) => id));
      for (const id of cache.keys()) if (!ids.has(id)) cache.delete(id);
      const filled: (T & { details?: D })[] = [...rows];
      const queue = rows.entries();
      const worker = async () => {
        for (const [n, row] of queue) {
          const answer = cache.get(row.id) ?? inspect(row);
          cache.set(row.id, answer);
          const details = await answer.catch((error: unknown) => {
            cache.delete(row.id);
            // It can be gone by now, and one odd answer must not hide the others; only an engine that is gone ends the list.
            if (error instanceof EngineOutError) throw error;
          });
          if (details !== undefined) filled[n] = { ...row, details };
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      return filled;
    },
  };
}
