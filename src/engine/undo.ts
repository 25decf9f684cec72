import * as l10n from "../core/l10n.ts";
import { EngineGoneError, UserError, words } from "../core/errors.ts";
import type { Cli } from "./cli.ts";
import type { Engine } from "./engine.ts";

/** How to take back what one step did. */
export type Undo =
  | { kind: "create"; name: string; argv: readonly string[] }
  | { kind: "created"; id: string }
  | { kind: "run"; argv: readonly string[] };

/** Undoes without the cancel signal. What cannot be undone because the engine is gone is undone when it is back. */
export async function undoAll(done: readonly Undo[], engine: Engine, cli: Cli, cause: unknown): Promise<void> {
  for (const undo of [...done].reverse()) {
    try {
      if (!(await undoOne(undo, engine, cli))) undoLater(undo, engine, cli);
    } catch (error) {
      if (!(error instanceof EngineGoneError))
        throw new UserError(
          `${words(cause).replace(/\.?$/, ".")} ${l10n.t("What was done before that could not be undone: {0}", words(error))}`,
        );
      undoLater(undo, engine, cli);
    }
  }
}

/** Says whether there is nothing left to undo; an engine that is going down, or just came up, may still be creating. */
async function undoOne(undo: Undo, engine: Engine, cli: Cli): Promise<boolean> {
  if (undo.kind === "run") {
    await cli.run(undo.argv);
    return true;
  }
  const id = undo.kind === "created" ? undo.id : await findCreated(undo, engine);
  if (id !== undefined && (await engine.inspect(id))) await cli.run(["rm", "--force", "--volumes", id]);
  return id !== undefined;
}

/** The container that a broken-off create made, if it made one: its name, which was free before, and its labels; never started. */
async function findCreated({ name, argv }: Undo & { kind: "create" }, engine: Engine): Promise<string | undefined> {
  const found = (await engine.containers()).find((container) => container.name === name);
  if (found?.state !== "created") return undefined;
  const labels = argv.flatMap((arg, n) => (argv[n - 1] === "--label" ? [arg] : []));
  const same = labels.every((label) => label === `${label.split("=", 1)[0]}=${found.labels[label.split("=", 1)[0] ?? ""]}`);
  return same ? found.id : undefined;
}

/** Broken-off creates whose containers may yet turn up, by engine and name. */
const unfinished = new Map<string, { undo: Undo; stop: AbortController }>();

/** How often to look again for the container of a broken-off create, on an engine that answers. */
const looks = 6;

function undoLater(undo: Undo, engine: Engine, cli: Cli): void {
  const stop = new AbortController();
  const key = undo.kind === "create" ? `${engine.endpoint.host} ${undo.name}` : undefined;
  if (key !== undefined) unfinished.set(key, { undo, stop });
  void (async () => {
    let looked = 0;
    for (let wait = 500; looked < looks; wait = Math.min(wait * 2, 10_000)) {
      await new Promise((resolve) => setTimeout(resolve, wait).unref());
      if (stop.signal.aborted) return;
      try {
        if (await undoOne(undo, engine, cli)) break;
        looked++;
      } catch (error) {
        if (!(error instanceof EngineGoneError)) break;
      }
    }
    if (key !== undefined && unfinished.get(key)?.stop === stop) unfinished.delete(key);
  })();
}

/** Before a container of this name is made again: the search for one that a broken-off create made would take the new one for it. */
export async function finishUndo(name: string, engine: Engine, cli: Cli): Promise<void> {
  const key = `${engine.endpoint.host} ${name}`;
  const found = unfinished.get(key);
  if (!found) return;
  await undoOne(found.undo, engine, cli);
  found.stop.abort();
  unfinished.delete(key);
}
