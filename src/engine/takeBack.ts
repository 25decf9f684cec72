import * as l10n from "../core/l10n.ts";
import { EngineGoneError, UserError } from "../core/errors.ts";
import type { Plan, Step } from "../core/plan.ts";
import type { Cli } from "./cli.ts";
import { stopTime } from "./ending.ts";
import type { Engine } from "./engine.ts";
import { undoAll, type Undo } from "./undo.ts";

/** A plan that is not carried out to its end. */
export interface Broken {
  plan: Plan;
  /** The plan's; its id is empty until it is created. */
  container: { id: string; name: string };
  done: Undo[];
  /** Whether its new container, if there is one, can be looked at to see what was wrong. */
  isTelling: boolean;
}

interface Hands {
  engine: Engine;
  cli: Cli;
}

/**
 * Leaves things as they were, but for a new container that can be looked at. Gives the error to throw.
 * @throws UserError that tells what could not be undone
 */
export async function takeBack(error: unknown, broken: Broken, hands: Hands): Promise<unknown> {
  const { plan, container, done, isTelling } = broken;
  let reason = error;
  if (isTelling && error instanceof UserError) {
    if (plan.container.id === undefined && plan.failedName === undefined) return error;
    try {
      if (plan.failedName !== undefined) reason = await keepFailed(error, plan.failedName, broken, hands);
    } catch (gone) {
      reason = gone;
    }
  }
  await undoAll(done, hands, subjects(plan, container), reason);
  return reason;
}

/** Names and ids of the containers that a plan is about. */
export function subjects({ steps }: Plan, { id, name }: { id: string; name: string }): string[] {
  const others = steps.flatMap((step) => ("of" in step && step.of ? [step.of.id] : []));
  return [name, ...[id, ...others].filter((it) => it !== "")];
}

/** Puts the new container out of the way of the one before, whose name, port and GPUs it has. */
async function keepFailed(
  error: UserError,
  name: string,
  { container, done }: Broken,
  { engine, cli }: Hands,
): Promise<UserError> {
  try {
    await cli.run(["stop", container.id], {}, { timeout: await stopTime(engine, container.id) });
    await cli.run(["rename", container.id, name]);
  } catch (failure) {
    if (failure instanceof EngineGoneError) throw failure;
    return told(error, l10n.t("The one before is back.")); // what cannot be kept goes as all that was done
  }
  done.splice(
    done.findIndex((undo) => undo.kind === "created"),
    1,
  );
  return told(error, l10n.t("It is kept as {0}; the one before is back.", name));
}

/** The same error, with what became of the containers. */
function told(error: UserError, what: string): UserError {
  const [sentence, ...rest] = error.message.replace(` ${l10n.t("The container is kept.")}`, "").split("\n");
  return new UserError([`${sentence} ${what}`, ...rest].join("\n"), error.remedy);
}

/** Why a step failed: what fails inside may fail because the engine is being stopped, which ends its containers first. */
export async function reasonOf(error: unknown, { kind }: Step, engine: Engine): Promise<unknown> {
  const inside = ["running", "setup", "prepare", "configure", "stopApp", "app", "ready"].includes(kind);
  if (!inside || !(error instanceof UserError) || error instanceof EngineGoneError) return error;
  return requireStays(engine).then(
    () => error,
    (gone: unknown) => gone,
  );
}

/** An engine that is being stopped ends its containers first, by a signal, and answers for a moment longer. @throws EngineGoneError */
async function requireStays(engine: Engine): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await engine.ping();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
