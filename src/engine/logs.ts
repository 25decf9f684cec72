import type { Container, Details } from "../core/engineJson.ts";
import { EngineGoneError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { justAfter, plainLine, splitTime } from "../core/logText.ts";
import { redact, secretValues } from "../core/redact.ts";
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
  | { kind: "started" | "replaced" | "gone" | "engineGone" | "engineBack" };

/** Before each look at an engine that went away, or whose stream broke (milliseconds). */
const pauses = [250, 500, 1000, 2000, 5000];

/**
 * Follows what a container logs, over its restarts, the engine's, and those that put a new container in its place under the same name, until it is gone or
 * `signal` is raised. Nothing is told twice.
 * @param reach the engine that is in use; asked again after it went away
 * @param tail how many of its last lines to begin with
 * @throws UserError when the engine cannot read this container's log
 */
export async function followLogs(
  reach: () => Promise<Engine>,
  { id, name }: Pick<Container, "id" | "name">,
  tail: number,
  sink: LogSink,
  signal: AbortSignal,
): Promise<void> {
  let followed = id;
  let since: string | undefined;
  let failures = 0;
  let isAway = false;
  let startedAt: number | undefined;
  while (!signal.aborted) {
    try {
      const engine = await reach();
      const container = (await engine.inspect(followed)) ?? (await sameName(engine, name));
      if (!container) return sink.note({ kind: "gone" });
      if (isAway) sink.note({ kind: "engineBack" });
      isAway = false;
      if (container.id !== followed) {
        followed = container.id;
        since = undefined;
        sink.note({ kind: "replaced" });
      } else if (startedAt !== undefined && container.details.startedAt !== startedAt) sink.note({ kind: "started" });
      ({ startedAt } = container.details);
      const secrets = secretValues(container.details.env);
      const from = since === undefined ? { tail: followed === id ? tail : ("all" as const) } : { since };
      for await (const line of engine.logLines(followed, from, signal)) {
        const { time, text } = splitTime(line);
        if (time !== undefined) since = justAfter(time);
        failures = 0;
        await sink.line(redact(plainLine(text), secrets));
      }
      if (signal.aborted) return;
      const now = await engine.inspect(followed);
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
  await engine.events(
    () => void look(), // it may have changed before anybody listened
    (event) => {
      if (event.type === "container" && event.id === id) void look();
    },
    AbortSignal.any([signal, changed.signal]),
  );
  if (failed) throw failed.error as Error;
  // An engine that went away is found out by the next call.
  if (!changed.signal.aborted && !signal.aborted) await engine.ping(signal);
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
