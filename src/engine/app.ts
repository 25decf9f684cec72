import { randomUUID } from "node:crypto";
import * as l10n from "../core/l10n.ts";
import { endArgs, findArgs, parseFound, startOf, type Wanted } from "../core/app.ts";
import { causesOf } from "../core/appFailure.ts";
import { Cancelled, EngineGoneError, EngineSlowError, UserError } from "../core/errors.ts";
import { explainDocker, missingContainer } from "../core/explain.ts";
import { plainLine } from "../core/logText.ts";
import { redact, secretValues } from "../core/redact.ts";
import type { Cli } from "./cli.ts";
import type { Engine } from "./engine.ts";

/** What running a short script inside may take (milliseconds), besides what it is told to wait. */
const scriptTime = 20_000;
/** The most that the kernel gets to end what was killed: with a GPU's memory to give back that takes seconds. */
const killTime = 10_000;

/**
 * Whether the app runs in a container: something that was started by `appArgs`, or that is called `process`. Not in one that is stopped or has no shell.
 * @throws EngineGoneError
 */
export async function findApp({ cli }: { cli: Cli }, container: string, process: string | undefined): Promise<boolean> {
  const found = await runScript(cli, findArgs(container, { process }), scriptTime);
  return found !== undefined && found.found.length > 0;
}

/** The command that the app was started by last, as far as the engine remembers. @throws EngineGoneError */
export async function startedBy({ engine }: { engine: Engine }, container: string): Promise<string | undefined> {
  const starts = (await engine.execs(container)).map(({ words }) => startOf(words));
  return starts.findLast((start) => start !== undefined);
}

/**
 * Stops the app: SIGTERM, and SIGKILL for what still runs after `graceMs` milliseconds. Runs as the container's own user.
 * @returns whether anything ran
 * @throws UserError when something survives, EngineGoneError, Cancelled (nothing is killed after that)
 */
export async function stopApp(
  { cli }: { cli: Cli },
  container: string,
  process: string | undefined,
  graceMs = 10_000,
  signal?: AbortSignal,
): Promise<boolean> {
  const { found, left } = await end(cli, container, { process }, graceMs, signal);
  if (left.length > 0)
    throw new UserError(
      l10n.t(
        "The app in {0} cannot be ended (process {1}): it may belong to another user, or hang in the driver. Restart the container.",
        container.slice(0, 64),
        left.join(", "),
      ),
    );
  return found.length > 0;
}

async function end(
  cli: Cli,
  container: string,
  wanted: Wanted,
  graceMs: number,
  signal?: AbortSignal,
): Promise<{ found: string[]; left: string[] }> {
  // Two scripts, so that one whose caller has gone never goes on to kill.
  const asked = await runScript(cli, endArgs(container, wanted, "TERM", graceMs), graceMs + scriptTime, signal);
  if (asked === undefined) return { found: [], left: [] };
  if (asked.left.length === 0) return asked;
  const killed = await runScript(cli, endArgs(container, wanted, "KILL", killTime), killTime + scriptTime, signal);
  return { found: asked.found, left: killed?.left ?? [] };
}

/** Undefined where it cannot run: no such container, none that runs, no shell in it. @throws EngineGoneError, Cancelled */
async function runScript(cli: Cli, args: readonly string[], timeout: number, signal?: AbortSignal) {
  const { stdout, stderr, timedOut } = await cli.probe(args, timeout, signal);
  if (timedOut)
    throw new EngineSlowError(l10n.t("The Docker engine did not finish '{0}' within {1} s.", "docker exec", timeout / 1000));
  const found = parseFound(stdout);
  if (found !== undefined) return found;
  const error = explainDocker(stderr, {});
  if (error instanceof EngineGoneError) throw error;
  return undefined;
}

/** How long a container that is killed may outlive what was run in it (milliseconds). */
const settleTime = 1000;
/** So much of a command's output is kept (characters), and so many of its lines told. */
const keptOutput = 64_000;
const toldLines = 20;

/**
 * Runs a command in a container to its end, however long that takes. Once `signal` is raised it is ended there too, as far as it runs as the container's user.
 * @param argv Of `docker`: `exec NAME sh -c COMMAND`. What runs has one variable more in its environment, by which it is found to be ended.
 * @throws UserError with its exit code, known causes and last lines, EngineGoneError, Cancelled
 */
export async function runInside(
  { cli, engine }: { cli: Cli; engine: Engine },
  argv: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const [container = "", , , command = ""] = argv.slice(-4);
  const mark = `BERTH_STEP=${randomUUID()}`;
  let output = "";
  const onOutput = (bytes: Buffer) => (output = (output + bytes.toString("latin1")).slice(-keptOutput));
  const [verb = "exec", ...rest] = argv;
  let exitCode: number | undefined;
  if (signal.aborted) throw new Cancelled();
  try {
    exitCode = await cli.stream([verb, "-e", mark, ...rest], { onOutput, signal });
  } catch (error) {
    if (error instanceof Cancelled) await endMarked(cli, container, mark).catch(() => undefined);
    throw error;
  }
  if (exitCode === 0) return;
  // Killed: perhaps with its container, which the engine tells a moment later.
  if (exitCode === 137) await engine.exited(container, AbortSignal.any([signal, AbortSignal.timeout(settleTime)]));
  // Asked first, so that an engine that went away is told as that.
  const now = await engine.inspect(container);
  if (!now) throw new UserError(missingContainer(container));
  const secrets = secretValues(now.details.env);
  const told = redact(command, secrets);
  if (now.state !== "running")
    throw new UserError(l10n.t("{0} is {1}: '{2}' could not run to its end.", now.name, now.state, told));
  const log = redact(plain(Buffer.from(output, "latin1").toString()), secrets);
  const failed = l10n.t("'{0}' failed in {1} with exit code {2}.", told, now.name, exitCode ?? "?");
  throw new UserError(failureText(failed, causesOf(log, { ...(exitCode === undefined ? {} : { exitCode }) }), log));
}

/** The engine may only just be starting it. */
async function endMarked(cli: Cli, container: string, mark: string): Promise<void> {
  for (let look = 0; look < 3; look++) {
    const { found } = await end(cli, container, { mark }, 2000);
    if (found.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Without terminal control, and without empty lines at its end. */
export function plain(output: string): string {
  return output.split("\n").map(plainLine).join("\n").trimEnd();
}

/** What happened, why perhaps, and the last lines of what was written. */
export function failureText(what: string, causes: readonly string[], log: string): string {
  const last = log.split("\n").slice(-toldLines).join("\n").trim();
  const lines = last === "" ? l10n.t("It wrote nothing.") : `${l10n.t("Its last lines:")}\n${last}`;
  return `${[what, ...causes].join(" ")}\n${lines}`;
}
