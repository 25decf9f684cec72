import type { Container, Details } from "../core/engineJson.ts";
import { EngineGoneError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { createLines, type Lines } from "../core/logLines.ts";
import { createCursor, type Piece } from "../core/logPieces.ts";
import { secretValues } from "../core/redact.ts";
import type { Engine } from "./engine.ts";

type Inspected = Container & { details: Details };

/** What is told of a container that is followed. */
export interface LogSink {
  /** A line that it logged, fit to be shown: no terminal control, no known secret. A promise holds the next line back. */
  line(text: string): void | Promise<void>;
  /** What became of the container itself. */
  note(what: Note): void;
}

export type Note =
  | { kind: "ended"; exitCode: number; oomKilled: boolean }
  | { kind: "replaced"; id: string }
  | { kind: "started" | "gone" | "engineGone" | "engineBack" };

/** Between two questions whether an engine behind a tunnel is still there (milliseconds): a network that went away says nothing of it. */
const heartbeat = 5_000;
/** Before each look at an engine that went away, or whose stream broke (milliseconds). */
const pauses = [250, 500, 1000, 2000, 5000];

/**
 * Follows what a container logs, over its restarts, the engine's, and those that put a new container in its place under the same name, until it is gone or
 * `signal` is raised. Nothing is told twice.
 * @param engine that has the container; another that is selected meanwhile has another container of this name
 * @param tail how many of its last lines to begin with
 * @throws UserError when the engine cannot read this container's log
 */
export async function followLogs(
  engine: Engine,
  { id, name }: Pick<Container, "id" | "name">,
  tail: number,
  sink: LogSink,
  signal: AbortSignal,
): Promise<void> {
  let followed = id;
  let cursor = createCursor();
  let lines: Lines | undefined;
  let failures = 0;
  let isAway = false;
  let startedAt: number | undefined;
  const tell = async (told: readonly string[] = []) => {
    for (const text of told) await sink.line(text);
  };
  while (!signal.aborted) {
    try {
      const container = (await engine.inspect(followed)) ?? (await sameName(engine, name));
      if (!container) {
        await tell(lines?.end());
        return sink.note({ kind: "gone" });
      }
      if (isAway) sink.note({ kind: "engineBack" });
      isAway = false;
      if (container.id !== followed) {
        followed = container.id;
        await tell(lines?.end());
        lines = undefined;
        cursor = createCursor();
        sink.note({ kind: "replaced", id: followed });
      } else if (startedAt !== undefined && container.details.startedAt !== startedAt) sink.note({ kind: "started" });
      ({ startedAt } = container.details);
      const its = (lines ??= createLines(secretValues(container.details.env)));
      const since = cursor.since();
      const from = since === undefined ? { tail: followed === id ? tail : ("all" as const) } : { since };
      await whileThere(engine, signal, async (there) => {
        for await (const piece of withSilence(engine.logPieces(container.id, from, there), its)) {
          if (piece && !cursor.isNew(piece)) continue;
          if (piece) await tell(its.take(piece, Date.now()));
          await tell(its.overdue(Date.now()));
          failures = 0;
        }
      });
      if (signal.aborted) return;
      const now = await engine.inspect(followed);
      if (now && !isUp(now.state)) {
        const again = cursor.since();
        const wanted = again === undefined ? from : { since: again };
        const rest = await whileThere(engine, signal, (there) => lastWords(engine, now, wanted, there));
        for (const piece of rest) if (cursor.isNew(piece)) await tell(its.take(piece, Date.now()));
      }
      if (!now || !isUp(now.state)) await tell(its.end()); // of a stream that broke the rest comes with the next
      if (now && !isUp(now.state)) {
        const { exitCode, oomKilled } = now.details;
        if (now.state !== "created") sink.note({ kind: "ended", exitCode, oomKilled });
        await untilChanged(engine, now, signal);
        failures = 0;
      } else if (now) await pause(pauses[failures++] ?? pauses.at(-1) ?? 0, signal); // the stream broke
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EngineGoneError)) throw error;
      if (!isAway) sink.note({ kind: "engineGone" });
      isAway = true;
      await pause(pauses[failures++] ?? pauses.at(-1) ?? 0, signal);
    }
  }
}

/**
 * The engine ends a stream without the last words when no newline ends them (seen on 20.10); asked again it has them. None when the container
 * runs again or is gone meanwhile: what is still there then comes with the next stream, after it was told that it was started.
 */
async function lastWords(
  engine: Engine,
  { id, details }: Inspected,
  from: { tail: number | "all" } | { since: string },
  signal: AbortSignal,
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  try {
    for await (const piece of engine.logPieces(id, { ...from, follow: false }, signal)) pieces.push(piece);
  } catch (error) {
    if (error instanceof EngineGoneError) throw error;
  }
  const now = await engine.inspect(id);
  return now && !isUp(now.state) && now.details.startedAt === details.startedAt ? pieces : [];
}

/** The pieces as they come, and undefined when a line has been silent for so long that what there is of it is due. */
async function* withSilence(pieces: AsyncGenerator<Piece>, lines: Lines): AsyncGenerator<Piece | undefined> {
  try {
    let next = pieces.next();
    for (;;) {
      const due = lines.due();
      const result = due === undefined ? await next : await within(Math.max(0, due - Date.now()), next);
      if (result?.done) return;
      if (result) next = pieces.next();
      yield result?.value;
    }
  } finally {
    void pieces.return(undefined);
  }
}

/** What a promise gives, or undefined when it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The container that has taken the place of another under its name. */
async function sameName(engine: Engine, name: string): Promise<Inspected | undefined> {
  const found = await engine.inspect(name);
  return found?.name === name ? found : undefined;
}

/** Resolves once the container runs again or is gone, or the engine goes away. */
async function untilChanged(engine: Engine, { id }: Inspected, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  let failed: { error: unknown } | undefined;
  const look = async () => {
    try {
      const now = await engine.inspect(id);
      if (!now || isUp(now.state)) changed.abort();
    } catch (error) {
      failed = { error };
      changed.abort();
    }
  };
  await whileThere(engine, AbortSignal.any([signal, changed.signal]), (there) =>
    engine.events(
      () => void look(), // it may have changed before anybody listened
      (event) => {
        if (event.type === "container" && event.id === id) void look();
      },
      there,
    ),
  );
  if (failed) throw failed.error as Error;
  // An engine that went away is found out by the next call.
  if (!changed.signal.aborted && !signal.aborted) await engine.ping(signal);
}

/**
 * Does what waits for the engine's words, for as long as there is an engine. One behind a tunnel is asked now and then whether it is; the connection to this
 * machine's own breaks when it goes.
 * @throws EngineGoneError when there is none any more, besides what `work` throws
 */
async function whileThere<T>(engine: Engine, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (engine.endpoint.socketPath !== undefined) return work(signal);
  const gone = new AbortController();
  const ended = new AbortController();
  const asking = AbortSignal.any([signal, ended.signal]);
  const ask = async () => {
    while (!asking.aborted && !gone.signal.aborted) {
      await pause(heartbeat, asking);
      if (asking.aborted) return;
      await engine.ping(asking).catch((error: unknown) => {
        if (error instanceof EngineGoneError && !asking.aborted) gone.abort(error);
      });
    }
  };
  void ask();
  try {
    const result = await work(AbortSignal.any([signal, gone.signal]));
    gone.signal.throwIfAborted();
    return result;
  } finally {
    ended.abort();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
