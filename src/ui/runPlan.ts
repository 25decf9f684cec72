import * as vscode from "vscode";
import { renderDeployLog, type StepRecord } from "../core/deployLog.ts";
import { runCommandLines } from "../core/dockerRun.ts";
import { Cancelled, words } from "../core/errors.ts";
import type { Plan, Step } from "../core/plan.ts";
import { stepTitle } from "../core/plan.ts";
import { blankSecrets, redact, secretValues } from "../core/redact.ts";
import type { RunSpec } from "../core/runSpec.ts";
import { execute, ExitedEarlyError, type Executed } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { surroundings, writeDeploymentLog } from "./deploymentLogs.ts";
import { settings } from "./settings.ts";
import { engineGpus, type Reach } from "./target.ts";

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

/** Carries out a plan with progress and cancel, shows on the container's row what is happening, and writes the deployment log. */
export async function runPlan(
  app: App,
  reach: Reach,
  plan: Plan,
  { silent, signal: outer, deploy, launch }: RunOptions,
): Promise<Executed & { log?: string }> {
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
    const executed = await progress(silent ? (outer ?? new AbortController().signal) : undefined, plan.title, (report, signal) =>
      follow(app, reach, plan, { steps, files, key: launch?.key, hide }, report, signal),
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
  }
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
  /** The deployment that is launched. */
  key: string | undefined;
  /** A text without the launch's secrets. */
  hide: (text: string) => string;
}

/** The one loop over a plan's steps: it feeds the progress bar, the deployment log, the container's row and the deployment's. */
async function follow(
  app: App,
  reach: Reach,
  plan: Plan,
  { steps, files, key, hide }: Followed,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<Executed> {
  const tools = { ...reach, hostGpus: engineGpus(app, reach), probeTimeout: settings.probeTimeout() };
  const events = execute(plan, tools, signal);
  const { name } = plan.container;
  let started = new Date();
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
        setBusy(app, name, stepTitle(step));
        tell(app, key, name, steps, step, hide);
      } else {
        app.log.info(`${plan.title}: ${step.kind} ${outcome}${detail ? `: ${detail}` : ""}`);
        steps.push({ step, started, finished: new Date(), outcome, ...(detail === undefined ? {} : { detail }) });
      }
    }
  } finally {
    setBusy(app, name, undefined);
    tell(app, key, name);
  }
}

/** Shows the steps of a deployment's launch below its row, as they happen; without steps it is over. */
function tell(
  app: App,
  key: string | undefined,
  name: string,
  done: readonly StepRecord[] = [],
  now?: Step,
  hide = (text: string) => text,
): void {
  if (key === undefined) return;
  const { [key]: _old, ...others } = app.store.get().launches;
  if (!now) return app.store.update({ launches: others });
  const steps = [
    ...done.map(({ step, outcome, detail }) => ({
      title: stepTitle(step),
      outcome,
      ...(detail === undefined ? {} : { detail }),
    })),
    {
      title: stepTitle(now),
      outcome: "running" as const,
      ...(now.kind === "setup" || now.kind === "prepare" ? { detail: hide(now.argv.at(-1) ?? "") } : {}),
    },
  ];
  app.store.update({ launches: { ...others, [key]: { name, steps } } });
}

function setBusy(app: App, name: string, what: string | undefined): void {
  const { [name]: _old, ...others } = app.store.get().busy;
  app.store.update({ busy: what === undefined ? others : { ...others, [name]: what } });
}

/** @param silent No UI; the signal cancels. */
async function progress<T>(
  silent: AbortSignal | undefined,
  title: string,
  work: (report: (message: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (silent) return work(() => undefined, silent);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (bar, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return work((message) => bar.report({ message }), abort.signal);
    },
  );
}
