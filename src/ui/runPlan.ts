import * as vscode from "vscode";
import { renderDeployLog, type StepRecord } from "../core/deployLog.ts";
import { runCommandLines } from "../core/dockerRun.ts";
import { isLaunched, withDoing, type Doing } from "../core/doing.ts";
import { Cancelled, UserError, words, type Remedy } from "../core/errors.ts";
import type { Plan, Step } from "../core/plan.ts";
import { stepTitle } from "../core/plan.ts";
import type { LaunchStep } from "../core/projects.ts";
import { blankSecrets, redact, secretValues } from "../core/redact.ts";
import type { RunSpec } from "../core/runSpec.ts";
import { execute, ExitedEarlyError, type Executed } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { surroundings, writeDeploymentLog } from "./deploymentLogs.ts";
import { withLock } from "./launchLock.ts";
import { withoutLinks } from "./notify.ts";
import { settings } from "./settings.ts";
import { engineGpus, type Reach } from "./target.ts";
import { forgetSetup, rememberSetup } from "./unfinishedSetup.ts";

export interface RunOptions {
  /** No progress notification: the caller wants no UI at all. */
  silent: boolean;
  /** Cancels a silent one. */
  signal?: AbortSignal;
  /** Set for a deploy: it leaves a deployment log, whichever way it goes. */
  deploy?: RunSpec;
  /** Set for a deployment's. */
  launch?: {
    /** See `deploymentKey`. */
    key: string;
    /** The app's command, and what else the deployment log is to tell. */
    app?: string;
    settings?: Readonly<Record<string, string>>;
    /** Values that nothing may show: see `secretsOf`. */
    secrets: readonly string[];
  };
}

/**
 * Carries out a plan with progress and cancel, shows on the container's row what is happening, and writes the deployment log. What is a deployment's is
 * refused while the container is being launched: see `requireNotLaunched`.
 */
export async function runPlan(
  app: App,
  reach: Reach,
  plan: Plan,
  { silent, signal: outer, deploy, launch }: RunOptions,
): Promise<Executed & { log?: string }> {
  if (launch) requireNotLaunched(app, plan.container.name);
  const shown = show(app, plan.container.name, launch?.key);
  const started = new Date();
  const steps: StepRecord[] = [];
  const files = new Map<string, string>();
  const hide = (text: string) => redact(text, launch?.secrets ?? []);
  const write = async (
    outcome: "succeeded" | "failed" | "cancelled",
    executed?: Executed,
    error?: unknown,
  ): Promise<string | undefined> => {
    if (!deploy) return undefined;
    const text = renderDeployLog({
      plan,
      started,
      finished: new Date(),
      outcome,
      settings: { ...surroundings(app, reach, deploy.image), ...launch?.settings },
      runCommand: runCommandLines(deploy),
      ...(launch?.app === undefined ? {} : { app: launch.app }),
      files: Array.from(files, ([file, text]) => ({ file, text: blankSecrets(text) })),
      steps,
      ...(executed ? { container: `${executed.name} (${executed.id.slice(0, 12)})` } : {}),
      ...(executed?.health ? { health: executed.health } : {}),
      ...(error === undefined ? {} : { error: words(error) }),
    });
    const environment = Object.entries({ ...process.env, ...deploy.env }).map(([name, value]) => `${name}=${value ?? ""}`);
    return writeDeploymentLog(app, plan.container.name, started, hide(redact(text, secretValues(environment))));
  };
  try {
    const executed = await withLock(app, reach, plan, () =>
      progress(silent ? (outer ?? new AbortController().signal) : undefined, plan.title, (report, signal) =>
        follow(app, reach, plan, { steps, files, shown, hide }, report, signal),
      ),
    );
    const { id, health } = executed;
    if (health) app.store.update({ handles: { ...app.store.get().handles, [id]: health } });
    const log = await write("succeeded", executed);
    return { ...executed, ...(log === undefined ? {} : { log }) };
  } catch (error) {
    // A container that exited early is kept.
    const kept = error instanceof ExitedEarlyError ? { id: error.container, name: plan.container.name } : undefined;
    if (error instanceof Error) hideIn(error, hide);
    await write(error instanceof Cancelled ? "cancelled" : "failed", kept, error);
    throw error;
  } finally {
    shown.end();
  }
}

/**
 * Two launches at work on one container would end each other's app, or take what the other one just made for what is to be reused.
 * @throws UserError while this window launches a container of this name, or starts its app
 */
export function requireNotLaunched({ store }: App, name: string, remedy?: Remedy): void {
  if (isLaunched(store.get(), name))
    throw new UserError(vscode.l10n.t("{0} is being launched right now: wait until it is done, or cancel it.", name), remedy);
}

/** What kind of error it is, and its remedy, stay as they are. */
function hideIn(error: Error, hide: (text: string) => string): void {
  error.message = hide(error.message);
  if (error.stack !== undefined) error.stack = hide(error.stack);
}

interface Followed {
  steps: StepRecord[];
  /** Texts of the files that were configured inside. */
  files: Map<string, string>;
  shown: Shown;
  /** A text without the launch's secrets. */
  hide: (text: string) => string;
}

/** The one loop over a plan's steps: it feeds the progress bar, the deployment log, the rows, and what is remembered of the container's setup. */
async function follow(
  app: App,
  reach: Reach,
  plan: Plan,
  { steps, files, shown, hide }: Followed,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<Executed> {
  const tools = { ...reach, hostGpus: engineGpus(app, reach), probeTimeout: settings.probeTimeout() };
  const events = execute(plan, tools, signal);
  const lastSetup = plan.steps.findLast(({ kind }) => kind === "setup");
  let started = new Date();
  let made: string | undefined;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) {
        const { left } = next.value;
        return { ...next.value, ...(left === undefined ? {} : { left: hide(left) }) };
      }
      const { step, outcome } = next.value;
      const detail = next.value.detail === undefined ? undefined : hide(next.value.detail);
      for (const { file, after } of next.value.files ?? []) files.set(file, after);
      if (outcome === "started") {
        started = new Date();
        report(`${stepTitle(step)}…`);
        shown.step(steps, step, hide);
      } else {
        app.log.info(`${plan.title}: ${step.kind} ${outcome}${detail ? `: ${detail}` : ""}`);
        steps.push({ step, started, finished: new Date(), outcome, ...(detail === undefined ? {} : { detail }) });
        if (outcome === "failed") continue;
        const { container = "" } = next.value;
        if (step.kind === "create" && lastSetup) await rememberSetup(app, reach.engine, (made = container));
        if (step === lastSetup) await forgetSetup(app, container);
        if (step.kind === "remove") await forgetSetup(app, step.argv.at(-1) ?? "");
      }
    }
  } catch (error) {
    // Taken back, unless there is something to be looked at in it.
    if (made !== undefined && !(await isThere(reach, made))) await forgetSetup(app, made);
    throw error;
  }
}

/** An engine that is out of reach may still have it. */
async function isThere({ engine }: Reach, id: string): Promise<boolean> {
  return engine.inspect(id).then(
    (found) => found !== undefined,
    () => true,
  );
}

interface Shown {
  /** The step that begins, after those that are done. */
  step(done: readonly StepRecord[], now: Step, hide: (text: string) => string): void;
  end(): void;
}

/** Shows what is done, on the row of the container of this name; with `key` also below that of the deployment. Whatever else is done stays shown. */
function show(app: App, name: string, key: string | undefined): Shown {
  let shown: Doing | undefined;
  const become = (next: Doing | undefined) => {
    app.store.update(withDoing(app.store.get(), shown, next));
    shown = next;
  };
  become({ name, ...(key === undefined ? {} : { launch: { key, steps: [] } }) });
  return {
    step(done, now, hide) {
      const steps: LaunchStep[] = [
        ...done.map(({ step, outcome, detail }) => ({
          title: stepTitle(step),
          outcome,
          ...(detail === undefined ? {} : { detail }),
        })),
        {
          title: stepTitle(now),
          outcome: "running",
          ...(now.kind === "setup" || now.kind === "prepare" ? { detail: hide(now.argv.at(-1) ?? "") } : {}),
        },
      ];
      become({ name, what: stepTitle(now), ...(key === undefined ? {} : { launch: { key, steps } }) });
    },
    end: () => become(undefined),
  };
}

/** @param silent No UI; the signal cancels. */
async function progress<T>(
  silent: AbortSignal | undefined,
  title: string,
  work: (report: (message: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (silent) return work(() => undefined, silent);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: withoutLinks(title), cancellable: true },
    (bar, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return work((message) => bar.report({ message: withoutLinks(message) }), abort.signal);
    },
  );
}
