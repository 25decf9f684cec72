import { setTimeout as delay } from "node:timers/promises";
import * as l10n from "../core/l10n.ts";
import { Cancelled, EngineGoneError, EngineSlowError, UserError, words } from "../core/errors.ts";
import type { Cli } from "./cli.ts";
import { removeContainer, stopTime } from "./ending.ts";
import { EngineOutError, type Engine } from "./engine.ts";

/** How to take back what one step did. All of them may be done twice, or for what never happened. */
export type Undo =
  | { kind: "create"; name: string; argv: readonly string[] }
  | { kind: "created"; id: string }
  | { kind: "rename"; id: string; name: string }
  | { kind: "run"; argv: readonly string[] }
  /** Something else than one docker command, inside the container that the plan is about. */
  | { kind: "do"; work: () => Promise<void> };

interface Hands {
  engine: Engine;
  cli: Cli;
}

/** Milliseconds that a docker command may take, where there is no reason for another time. */
const undoTime = 120_000;

/**
 * Undoes, last first, without the cancel signal. What cannot be undone because the engine is gone is undone, in the same order, when it is back.
 * @param about Names and ids of the containers that it is done to
 * @throws UserError that tells the cause, and what could not be undone
 */
export async function undoAll(done: readonly Undo[], hands: Hands, about: readonly string[], cause: unknown): Promise<void> {
  const rest = [...done].reverse();
  const failures: string[] = [];
  while (rest[0]) {
    const { outcome, error } = await attempt(rest, hands);
    if (outcome === "open" || outcome === "gone") {
      undoLater(rest, hands, about);
      break;
    }
    if (error !== undefined) failures.push(words(error));
    rest.shift();
  }
  if (failures.length === 0) return;
  const left = l10n.t("What was done before that could not be undone: {0}", failures.join(" "));
  // Behind the sentence, as its last log lines may follow.
  const [sentence = "", ...lines] = cause instanceof Cancelled ? [] : words(cause).split("\n");
  const first = sentence === "" ? left : `${sentence.replace(/\.?$/, ".")} ${left}`;
  throw new UserError([first, ...lines].join("\n"), cause instanceof UserError ? cause.remedy : undefined);
}

/**
 * Tries the first of them. `failed`: it cannot be undone, or hangs on an engine that answers. `open`: the engine, which is going down or just came up, may
 * still be creating, or the way to it broke. `gone`: nobody answers.
 */
async function attempt(
  [undo, ...following]: readonly Undo[],
  hands: Hands,
): Promise<{ outcome: "done" | "failed" | "open" | "gone"; error?: unknown }> {
  if (!undo) return { outcome: "done" };
  // What is inside goes with the container.
  if (undo.kind === "do" && following.some(({ kind }) => kind === "created")) return { outcome: "done" };
  try {
    return { outcome: (await undoOne(undo, hands)) ? "done" : "open" };
  } catch (error) {
    if (!(error instanceof EngineGoneError)) return { outcome: "failed", error };
    const answers = await hands.engine.ping().then(
      () => true,
      () => false,
    );
    const hangs = error instanceof EngineSlowError || (error instanceof EngineOutError && error.reason === "silent");
    return { outcome: !answers ? "gone" : hangs ? "failed" : "open", error };
  }
}

/** Says whether there is nothing left to undo. */
async function undoOne(undo: Undo, { engine, cli }: Hands): Promise<boolean> {
  switch (undo.kind) {
    case "run": {
      const [verb, id = ""] = undo.argv;
      try {
        await cli.run(undo.argv, {}, { timeout: verb === "stop" ? await stopTime(engine, id) : undoTime });
      } catch (error) {
        if (!isSoAlready(verb, words(error))) throw error;
      }
      return true;
    }
    case "do":
      await undo.work();
      return true;
    case "rename": {
      // From the list, which tells the name even of a container whose inspect hangs.
      const found = (await engine.containers()).find(({ id }) => id === undo.id);
      if (!found || found.name === undo.name) return true;
      try {
        await cli.run(["rename", undo.id, undo.name], {}, { timeout: undoTime });
      } catch (error) {
        if (error instanceof EngineGoneError) throw error;
        throw new UserError(l10n.t("{0} is still called {1}: {2}", undo.name, found.name, words(error)));
      }
      return true;
    }
    default: {
      const id = undo.kind === "created" ? undo.id : await findCreated(undo, engine);
      if (id !== undefined) await removeContainer(["rm", "--force", "--volumes", id], { engine, cli });
      return id !== undefined;
    }
  }
}

/** Docker (20.10 to 29) refuses where there is nothing to do, or nothing to pause any more; only a second start or stop passes. */
function isSoAlready(verb: string | undefined, complaint: string): boolean {
  if (verb === "start") return /cannot start a paused container/i.test(complaint);
  return (verb === "pause" || verb === "unpause") && /is already paused|is not (paused|running)/i.test(complaint);
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

/** What is left to undo on an engine that went away. */
interface Unfinished {
  host: string;
  /** Names and ids of the containers that it is done to. */
  about: ReadonlySet<string>;
  /** What could not be undone, which nobody has been told. */
  failures: string[];
  /** Undoes all of it now, as far as it goes. Gives the engine's trouble when something is left. */
  finish: () => Promise<unknown>;
}
const unfinished = new Set<Unfinished>();

/** How often to try again what is open, on an engine that answers. */
const looks = 6;

function undoLater(rest: Undo[], hands: Hands, about: readonly string[]): void {
  let looked = 0;
  const failures: string[] = [];
  const round = async (isLast: boolean): Promise<unknown> => {
    while (rest[0]) {
      const { outcome, error } = await attempt(rest, hands);
      if (outcome === "gone") return error;
      // A container may yet turn up; what else is to be undone does not wait for it as long, and what is to be done with its name not at all.
      const most = error !== undefined ? looks : isLast ? 0 : rest.length === 1 ? looks : 3;
      // An engine that just came up may still be busy with what it found.
      const isBusy = outcome === "failed" && rest[0].kind === "created" && !isLast && !(error instanceof EngineGoneError);
      if ((outcome === "open" || isBusy) && ++looked < most) return error;
      if (error !== undefined) failures.push(words(error));
      rest.shift();
      looked = 0;
    }
    return undefined;
  };
  // One round after the other, whoever asks for it.
  let last: Promise<unknown> = Promise.resolve();
  const next = (isLast: boolean) => (last = last.then(() => round(isLast)));

  const left = { host: hands.engine.endpoint.host, about: new Set(about), failures, finish: () => next(true) };
  unfinished.add(left);
  void (async () => {
    for (let wait = 500; rest[0]; wait = Math.min(wait * 2, 10_000)) {
      await delay(wait, undefined, { ref: false });
      await next(false);
    }
    if (failures.length === 0) unfinished.delete(left);
  })();
}

/**
 * Before anything is done with these containers: what is left to undo would be done to what comes now.
 * @param about Their names and ids
 * @param signal Ends the waiting, not the undoing
 * @throws UserError that tells what could not be undone (once), EngineGoneError, Cancelled
 */
export async function finishUndo(about: readonly string[], { engine }: Hands, signal: AbortSignal): Promise<void> {
  for (const left of [...unfinished]) {
    if (left.host !== engine.endpoint.host || !about.some((it) => left.about.has(it))) continue;
    const gone = await orCancelled(left.finish(), signal);
    if (gone !== undefined) throw gone as Error;
    unfinished.delete(left);
    if (left.failures.length > 0)
      throw new UserError(
        l10n.t("What was done to {0} before could not be undone: {1}", about[0] ?? "", left.failures.join(" ")),
      );
  }
}

async function orCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let cancel = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    cancel = () => reject(new Cancelled());
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
