import * as l10n from "../core/l10n.ts";
import type { Container } from "../core/engineJson.ts";
import { AppFailedError, Cancelled, EngineGoneError, UserError, words } from "../core/errors.ts";
import { olderClaim } from "../core/freeGpus.ts";
import { missingContainer, missingImage, takenName } from "../core/explain.ts";
import { isUsable, type Health } from "../core/gpuHealth.ts";
import type { Gpu } from "../core/gpu.ts";
import { isUp } from "../core/holds.ts";
import type { Plan, Step } from "../core/plan.ts";
import { redact, secretValues } from "../core/redact.ts";
import type { Cli } from "./cli.ts";
import type { Engine } from "./engine.ts";
import type { Written } from "./configure.ts";
import { removeContainer, removeTimeout, stopTime } from "./ending.ts";
import { checkContainerGpu } from "./probe.ts";
import { reasonOf, subjects, takeBack } from "./takeBack.ts";
import { finishUndo, type Undo } from "./undo.ts";

export interface StepEvent {
  step: Step;
  outcome: "started" | "done" | "failed";
  /** The id of the plan's container, once there is one. */
  container?: string;
  /** What there is to say of it: an error, a verdict. */
  detail?: string;
  /** Files inside, as they were configured. */
  files?: readonly Written[];
}

export interface Executed {
  id: string;
  name: string;
  /** From the probe, when the container was given GPUs. */
  health?: Health;
  /** Where the app answers, seen from here. */
  url?: string;
  /** Why the cleanup was not done. */
  left?: string;
}

export interface Tools {
  engine: Engine;
  cli: Cli;
  hostGpus: readonly Gpu[];
  /** Milliseconds that a GPU probe may take. */
  probeTimeout: number;
}

/** A container that stopped by itself right after its start. It is kept, so that it can be looked at. */
export class ExitedEarlyError extends UserError {
  readonly container: string;
  constructor(container: string, message: string) {
    super(message, { title: l10n.t("Show Logs"), command: "berth.showLogs", args: [{ container }] });
    this.container = container;
  }
}

/** The engine is not as it was when the plan was made. */
export class BasisChangedError extends UserError {}

/** A container's GPU handle is no good, so the plan was ended. */
export class GpuTroubleError extends UserError {}

/** How long a program must run before it counts as started: most that fail do so at once. */
const settleTime = 1000;

/**
 * Carries out a plan, telling each step as it starts and ends. It decides nothing. When a step fails or `signal` is raised, what this run did is undone,
 * last first, by id; a container that ran and exited early is kept.
 * @throws UserError (ExitedEarlyError, EngineGoneError), Cancelled
 */
export async function* execute(plan: Plan, tools: Tools, signal: AbortSignal): AsyncGenerator<StepEvent, Executed> {
  const { engine, cli } = tools;
  const done: Undo[] = [];
  /** What it did cannot be taken back any more, so it is done to its end. */
  let isFinal = false;
  const container = { id: plan.container.id ?? "", name: plan.container.name };
  let health: Health | undefined;
  let url: string | undefined;
  await finishUndo(subjects(plan, container), tools, signal);
  await checkBasis(plan, engine);
  for (const step of plan.steps) {
    yield { step, outcome: "started" };
    try {
      if (!isFinal) signal.throwIfAborted();
      const { detail, files } = await run(step);
      if (!isFinal) signal.throwIfAborted();
      yield {
        step,
        outcome: "done",
        ...(container.id === "" ? {} : { container: container.id }),
        ...(detail === undefined ? {} : { detail }),
        ...(files === undefined ? {} : { files }),
      };
    } catch (error) {
      const cancelled = signal.aborted && !(error instanceof UserError);
      const message = cancelled ? "cancelled" : words(error);
      yield { step, outcome: "failed", detail: message };
      throw await giveUp(cancelled ? new Cancelled() : await reasonOf(error, step, engine));
    }
  }
  // Cancelled while the last step was told: nobody will look at what was made. What cannot be undone any more is done.
  if (signal.aborted && done.length > 0) throw await giveUp(new Cancelled());
  let left: string | undefined;
  for (const step of plan.cleanup ?? []) {
    yield { step, outcome: "started" };
    try {
      await run(step);
      yield { step, outcome: "done" };
    } catch (error) {
      left = words(error);
      yield { step, outcome: "failed", detail: left };
    }
  }
  return {
    ...container,
    ...(health === undefined ? {} : { health }),
    ...(url === undefined ? {} : { url }),
    ...(left === undefined ? {} : { left }),
  };

  async function giveUp(error: unknown): Promise<unknown> {
    const isTelling = error instanceof ExitedEarlyError || error instanceof AppFailedError;
    return takeBack(error, { plan, container, done, isTelling }, tools);
  }

  async function run(step: Step): Promise<{ detail?: string; files?: readonly Written[] }> {
    const about = { name: container.name, ...(plan.basis.image ? { image: plan.basis.image.tag } : {}) };
    const nothing = {};
    switch (step.kind) {
      case "create":
        await register({ kind: "create", name: container.name, argv: step.argv }, async () => {
          container.id = await cli.run(step.argv, about, { env: step.env });
        });
        done.splice(-1, 1, { kind: "created", id: container.id });
        return { detail: container.id.slice(0, 12) };
      case "start": {
        const verb = step.argv[0] === "unpause" ? "pause" : "stop";
        const start = () => cli.run(step.argv, about);
        await (plan.container.id === undefined ? start() : register({ kind: "run", argv: [verb, container.id] }, start));
        return nothing;
      }
      case "find":
        await requireProgram(engine, container.id, step.program, plan.basis.image?.tag ?? container.name);
        return nothing;
      case "running":
        await waitRunning(engine, container, signal);
        return nothing;
      case "reserve":
        await requireReserved(engine, container, step.gpus, tools.hostGpus);
        return nothing;
      case "probe":
        health = await checkContainerGpu({ id: container.id, gpus: step.gpus }, tools);
        if (step.must && !isUsable(health))
          throw new GpuTroubleError(l10n.t("{0} has no good GPU: {1}", container.name, health.detail));
        return { detail: `${health.verdict}: ${health.detail}` };
      case "stop": {
        const { id, state } = step.of ?? { id: container.id, state: plan.basis.state?.state };
        if (!isUp((await engine.inspect(id))?.state ?? "gone")) return nothing; // it stopped by itself: nothing to start again
        for (const argv of step.undo ?? []) done.push({ kind: "run", argv });
        if (state === "paused") done.push({ kind: "run", argv: ["pause", id] });
        const timeout = await stopTime(engine, id);
        await register({ kind: "run", argv: ["start", id] }, () => cli.run(step.argv, about, { timeout }));
        return nothing;
      }
      case "restart":
        await cli.run(step.argv, about, { timeout: await stopTime(engine, container.id) });
        return nothing;
      case "pause":
        await register({ kind: "run", argv: ["unpause", container.id] }, () => cli.run(step.argv, about));
        return nothing;
      case "rename": {
        const { id, name } = step.of ?? container;
        await register({ kind: "rename", id, name }, () => cli.run(step.argv, about));
        return nothing;
      }
      case "keep":
        await cli.run(step.argv, about, { timeout: 30 * 60_000, from: step.from });
        done.push({ kind: "run", argv: ["image", "rm", step.argv.at(-1) ?? ""] });
        return nothing;
      case "remove":
        await removeContainer(step.argv, tools, about);
        done.length = 0; // what is gone cannot be started again
        isFinal = true;
        return nothing;
      case "removeImage":
        try {
          await cli.run(step.argv, about, { timeout: removeTimeout });
        } catch (error) {
          throw new UserError(l10n.t("{0} is gone, but its image stays. {1}", container.name, words(error)));
        }
        return nothing;
      default: {
        const { runInContainer } = await import("./executeInside.ts"); // what edits files is not for activation
        const inside = await runInContainer(step, { ...tools, container, done, signal });
        url = inside.url ?? url;
        return inside;
      }
    }
  }

  /** Registers how to undo something before it is known to have worked: an engine that goes away in the middle may have done it. */
  async function register(undo: Undo, work: () => Promise<unknown>): Promise<void> {
    done.push(undo);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof EngineGoneError)) done.splice(done.indexOf(undo), 1);
      throw error;
    }
  }
}

/** Looks once more, just before the plan runs, whether the engine is as it was when the plan was made. */
async function checkBasis({ basis }: Plan, engine: Engine): Promise<void> {
  const { freeName, image, state } = basis;
  if (image !== undefined) {
    const now = await engine.inspectImage(image.tag);
    if (!now) throw new BasisChangedError(missingImage(image.tag));
    if (now.id !== image.id)
      throw new BasisChangedError(l10n.t("The image '{0}' has changed in the meantime: look at the command again.", image.tag));
  }
  // Not by an inspect, which would also take the name for the beginning of an id.
  if (freeName !== undefined && (await engine.containers()).some(({ name }) => name === freeName))
    throw new BasisChangedError(takenName(freeName));
  if (state !== undefined) {
    const now = await engine.inspect(state.id);
    if (!now) throw new BasisChangedError(missingContainer(state.id.slice(0, 12)));
    if (state.name !== undefined && now.name !== state.name)
      throw new BasisChangedError(l10n.t("{0} is called {1} now: look again.", state.name, now.name));
    if (hasChanged(state.state, now.state) || (state.runs && !isUp(now.state)))
      throw new BasisChangedError(l10n.t("{0} is {1} now, not {2}: look again.", now.name, now.state, state.state));
  }
}

/** One that stopped by itself, or starts again and again, is as it was for what is to be done; one that was started holds what nobody has seen. */
function hasChanged(before: string, now: string): boolean {
  return (isUp(now) && !isUp(before)) || (now === "paused") !== (before === "paused");
}

/** Looks for a program on the container's PATH before it is started, so that an image that cannot be kept alive is told plainly. */
async function requireProgram(engine: Engine, id: string, program: string, image: string): Promise<void> {
  const inspected = await engine.inspect(id);
  const path = inspected?.details.env.find((line) => line.startsWith("PATH="))?.slice("PATH=".length);
  const folders = (path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    .split(":")
    .filter((folder) => folder.startsWith("/"));
  for (const folder of folders) if (await engine.has(id, `${folder}/${program}`)) return;
  throw new UserError(
    l10n.t(
      "The image '{0}' has no '{1}', so Berth cannot keep a container of it running: deploy it with a command of its own.",
      image,
      program,
    ),
  );
}

/** Another container has an older claim on a GPU that this one reserved. */
export class GpuTakenError extends UserError {}

async function requireReserved(
  engine: Engine,
  own: { id: string; name: string },
  ids: readonly string[],
  hostGpus: readonly Gpu[],
): Promise<void> {
  const containers = await inspectAll(engine);
  const mine = containers.find(({ id }) => id === own.id);
  if (!mine) throw new UserError(missingContainer(own.name));
  const reserved = hostGpus.filter((gpu) => ids.includes(String(gpu.index)) || ids.includes(gpu.uuid));
  const older = olderClaim(mine, reserved, containers, Date.now());
  if (older) throw new GpuTakenError(l10n.t("{0} took a GPU that {1} had chosen: try again.", older.name, own.name));
}

/**
 * Every container with what only an inspect tells; those that go in the meantime are left out. One whose inspect is odd, refused or never answered comes
 * without details, and so holds no GPU as far as anybody can tell: were it to hold all, one odd container would keep everybody from deploying.
 * @throws EngineGoneError when the engine itself is out of reach
 */
export async function inspectAll(engine: Engine): Promise<Container[]> {
  const inspectOne = async (row: Container) => {
    try {
      return await engine.inspect(row.id);
    } catch (error) {
      if (error instanceof EngineGoneError) await engine.ping(); // a stuck container keeps its own inspect waiting, and nothing else
      return row;
    }
  };
  const inspected = await Promise.all((await engine.containers()).map(inspectOne));
  return inspected.filter((container) => container !== undefined);
}

/** Resolves once the container has run for a moment. @throws ExitedEarlyError */
async function waitRunning(engine: Engine, { id, name }: { id: string; name: string }, signal: AbortSignal): Promise<void> {
  const timer = AbortSignal.timeout(settleTime);
  await engine.exited(id, AbortSignal.any([timer, signal]));
  signal.throwIfAborted();
  const now = await engine.inspect(id);
  if (!now) throw new UserError(l10n.t("{0} was removed while it started.", name));
  const { running, restarting, exitCode, oomKilled, error, env } = now.details;
  if (running && !restarting) return;
  const ended = oomKilled
    ? l10n.t("{0} ran out of memory (exit code {1}, OOM killed)", name, exitCode)
    : l10n.t("{0} exited at once with exit code {1} (not out of memory)", name, exitCode);
  const last = await lastLines(engine, id, secretValues(env));
  throw new ExitedEarlyError(id, `${ended}${error ? `: ${error}` : ""}. ${l10n.t("The container is kept.")}\n${last}`);
}

/** In words, since not every log can be read: some logging drivers only write. @throws EngineGoneError */
async function lastLines(engine: Engine, id: string, secrets: readonly string[]): Promise<string> {
  try {
    const logs = redact((await engine.logs(id, 20)).trim(), secrets);
    return logs === "" ? l10n.t("It logged nothing.") : `${l10n.t("Its last log lines:")}\n${logs}`;
  } catch (error) {
    if (error instanceof EngineGoneError) await engine.ping(); // a log that hangs is no sign of that
    return l10n.t("Its log cannot be read: {0}", words(error));
  }
}
