import * as l10n from "../core/l10n.ts";
import { EngineGoneError, UserError, words } from "../core/errors.ts";
import type { Cli } from "./cli.ts";
import type { Engine } from "./engine.ts";

/** How to take back what one step did. All of them may be done twice, or for what never happened. */
export type Undo =
  | { kind: "create"; name: string; argv: readonly string[] }
  | { kind: "created"; id: string }
  | { kind: "rename"; id: string; name: string }
  | { kind: "run"; argv: readonly string[] }
  /** Something else than one docker command. */
  | { kind: "do"; work: () => Promise<void> };

/** Undoes, last first, without the cancel signal. What cannot be undone because the engine is gone is undone, in the same order, when it is back. */
export async function undoAll(done: readonly Undo[], engine: Engine, cli: Cli, cause: unknown): Promise<void> {
  const rest = [...done].reverse();
  const failures: string[] = [];
  while (rest[0]) {
    try {
      if (!(await undoOne(rest[0], engine, cli))) return undoLater(rest, engine, cli);
    } catch (error) {
      if (error instanceof EngineGoneError) return undoLater(rest, engine, cli);
      failures.push(words(error));
    }
    rest.shift();
  }
  if (failures.length > 0)
    throw new UserError(
      `${words(cause).replace(/\.?$/, ".")} ${l10n.t("What was done before that could not be undone: {0}", failures.join(" "))}`,
    );
}

/** Says whether there is nothing left to undo; an engine that is going down, or just came up, may still be creating. */
async function undoOne(undo: Undo, engine: Engine, cli: Cli): Promise<boolean> {
  switch (undo.kind) {
    case "run":
      await cli.run(undo.argv);
      return true;
    case "do":
      await undo.work();
      return true;
    case "rename": {
      const found = await engine.inspect(undo.id);
      if (found && found.name !== undo.name) await cli.run(["rename", undo.id, undo.name]);
      return true;
    }
    default: {
      const id = undo.kind === "created" ? undo.id : await findCreated(undo, engine);
      if (id !== undefined && (await engine.inspect(id))) await cli.run(["rm", "--force", "--volumes", id]);
      return id !== undefined;
    }
  }
}

/**
 * The container that a broken-off create made, if it made one: its name, which was free before, and its labels; never started. It is dead when the engine
 * went away in the middle of its removal.
 */
async function findCreated({ name, argv }: Undo & { kind: "create" }, engine: Engine): Promise<string | undefined> {
  const found = (await engine.containers()).find((container) => container.name === name);
  if (!found || !["created", "dead"].includes(found.state)) return undefined;
  const labels = argv.flatMap((arg, n) => (argv[n - 1] === "--label" ? [arg] : []));
  const same = labels.every((label) => label === `${label.split("=", 1)[0]}=${found.labels[label.split("=", 1)[0] ?? ""]}`);
  return same ? found.id : undefined;
}

/** What is left to undo on engines that went away, by engine and by the name that it is about. */
const unfinished = new Map<string, { rest: Undo[]; stop: AbortController }>();

/** How often to look again for the container of a broken-off create, on an engine that answers. */
const looks = 6;

function undoLater(rest: Undo[], engine: Engine, cli: Cli): void {
  const stop = new AbortController();
  const names = rest.flatMap((undo) => (undo.kind === "create" || undo.kind === "rename" ? [undo.name] : []));
  const keys = [...new Set(names)].map((name) => `${engine.endpoint.host} ${name}`);
  for (const key of keys) unfinished.set(key, { rest, stop });
  void (async () => {
    let looked = 0;
    for (let wait = 500; rest[0] && !stop.signal.aborted; wait = Math.min(wait * 2, 10_000)) {
      await new Promise((resolve) => setTimeout(resolve, wait).unref());
      if (stop.signal.aborted) break;
      try {
        while (rest[0]) {
          const isDone = await undoOne(rest[0], engine, cli);
          // A container may yet turn up; what else is to be undone does not wait for it as long.
          if (!isDone && ++looked < (rest.length === 1 ? looks : 3)) break;
          rest.shift();
        }
      } catch (error) {
        if (!(error instanceof EngineGoneError)) rest.shift();
      }
    }
    for (const key of keys) if (unfinished.get(key)?.stop === stop) unfinished.delete(key);
  })();
}

/** Before anything is done with a container of this name: what is left to undo would be done to the new one. */
export async function finishUndo(name: string, engine: Engine, cli: Cli): Promise<void> {
  const key = `${engine.endpoint.host} ${name}`;
  const found = unfinished.get(key);
  if (!found) return;
  found.stop.abort();
  unfinished.delete(key);
  for (const undo of found.rest) await undoOne(undo, engine, cli);
}
