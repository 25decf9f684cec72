import * as vscode from "vscode";
import { withoutPassword } from "../core/contexts.ts";
import { renderDeployLog, type StepRecord } from "../core/deployLog.ts";
import { runCommandLines } from "../core/dockerRun.ts";
import { Cancelled, words } from "../core/errors.ts";
import type { Plan } from "../core/plan.ts";
import { stepTitle } from "../core/plan.ts";
import { redact, secretValues } from "../core/redact.ts";
import type { RunSpec } from "../core/runSpec.ts";
import { execute, ExitedEarlyError, type Executed } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { writeDeploymentLog } from "./deploymentLogs.ts";
import { settings } from "./settings.ts";
import { engineGpus, type Reach } from "./target.ts";

export interface RunOptions {
  /** No progress notification: the caller wants no UI at all. */
  silent: boolean;
  /** Cancels a silent one. */
  signal?: AbortSignal;
  /** Set for a deploy: it leaves a deployment log, whichever way it goes. */
  deploy?: RunSpec;
}

/** Carries out a plan with progress and cancel, shows on the container's row what is happening, and writes the deployment log. */
export async function runPlan(
  app: App,
  reach: Reach,
  plan: Plan,
  { silent, signal: outer, deploy }: RunOptions,
): Promise<Executed & { log?: string }> {
  const started = new Date();
  const steps: StepRecord[] = [];
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
      settings: surroundings(app, reach, deploy),
      runCommand: runCommandLines(deploy),
      steps,
      ...(executed ? { container: `${executed.name} (${executed.id.slice(0, 12)})` } : {}),
      ...(executed?.health ? { health: executed.health } : {}),
      ...(error === undefined ? {} : { error: words(error) }),
    });
    const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
    return writeDeploymentLog(app, plan.container.name, started, redact(text, secretValues(environment)));
  };
  try {
    const executed = await progress(silent ? (outer ?? new AbortController().signal) : undefined, plan.title, (report, signal) =>
      follow(app, reach, plan, steps, report, signal),
    );
    const { id, health } = executed;
    if (health) app.store.update({ handles: { ...app.store.get().handles, [id]: health } });
    const log = await write("succeeded", executed);
    return { ...executed, ...(log === undefined ? {} : { log }) };
  } catch (error) {
    // A container that exited early is kept.
    const kept = error instanceof ExitedEarlyError ? { id: error.container, name: plan.container.name } : undefined;
    await write(error instanceof Cancelled ? "cancelled" : "failed", kept, error);
    throw error;
  }
}

/** The one loop over a plan's steps: it feeds the progress bar, the deployment log and the container's row. */
async function follow(
  app: App,
  reach: Reach,
  plan: Plan,
  steps: StepRecord[],
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
      if (next.done) return next.value;
      const { step, outcome, detail } = next.value;
      if (outcome === "started") {
        started = new Date();
        report(`${stepTitle(step)}…`);
        setBusy(app, name, stepTitle(step));
      } else {
        app.log.info(`${plan.title}: ${step.kind} ${outcome}${detail ? `: ${detail}` : ""}`);
        steps.push({ step, started, finished: new Date(), outcome, ...(detail === undefined ? {} : { detail }) });
      }
    }
  } finally {
    setBusy(app, name, undefined);
  }
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

function surroundings(app: App, { engine }: Reach, spec: RunSpec): Record<string, string> {
  return {
    Berth: app.version,
    "VS Code": vscode.version,
    Context: `${engine.endpoint.context} (${withoutPassword(engine.endpoint.host)})`,
    User: app.user,
    Image: spec.image,
  };
}
