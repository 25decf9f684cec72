import * as vscode from "vscode";
import * as z from "zod/mini";
import { runCommand, runCommandLines } from "../core/dockerRun.ts";
import { UserError } from "../core/errors.ts";
import { planDeploy } from "../core/plan.ts";
import type { RunSpec } from "../core/runSpec.ts";
import { GpuTakenError } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { askDeploy } from "./deployQuestions.ts";
import { decide, type Decided, type DeployWish } from "./deployWish.ts";
import { notify } from "./notify.ts";
import { open, type OpenOptions } from "./open.ts";
import { confirm } from "./prompts.ts";
import { runPlan } from "./runPlan.ts";
import { settings, type Open } from "./settings.ts";
import { reach, type Reach } from "./target.ts";

export const openKey = z.optional(z.enum(["window", "terminal", "none"], vscode.l10n.t("'window', 'terminal' or 'none'")));
const gpusKey = z.optional(
  z.union(
    [z.enum(["none", "all"]), z.array(z.union([z.string(), z.int()])), z.int().check(z.nonnegative())],
    vscode.l10n.t("'none', 'all', a list of indices or UUIDs, or a number of free ones"),
  ),
);

export interface Deployed {
  outcome: "created" | "started" | "shown";
  container: { id: string; name: string };
  command: string;
  log?: string;
}

const keys = z.strictObject({
  image: z.optional(z.string()),
  name: z.optional(z.string()),
  command: z.optional(z.array(z.string())),
  keepAlive: z.optional(z.boolean()),
  mount: z.optional(z.union([z.string(), z.boolean()], vscode.l10n.t("a folder, or false for nothing"))),
  gpus: gpusKey,
  open: openKey,
  guided: z.optional(z.boolean()),
  confirm: z.optional(z.boolean()),
});

export const deploy = command({
  id: "berth.deploy",
  keys,
  async run(app, given) {
    const reached = await reach(app);
    if (given.confirm === false)
      return openDeployed(app, reached, await deploySilently(app, reached, given), given.open ?? "none", {
        ask: false,
        silent: true,
      });
    const yes = vscode.l10n.t("Yes, launch it");
    const change = vscode.l10n.t("No, let me change something");
    const justShow = vscode.l10n.t("Just show the command, don't run");
    let wish = await askDeploy(app, reached, given, { again: false });
    for (;;) {
      const decided = await decide(app, reached, wish);
      const context = reached.engine.endpoint.context;
      const answer = await confirm(
        vscode.l10n.t("Ready to launch the container with this command?"),
        `${runCommandLines(decided.spec)}\n\n${vscode.l10n.t("Docker context: {0}", context)}`,
        yes,
        change,
        justShow,
      );
      if (answer === justShow) return showCommand(decided.spec, context);
      if (answer === change) {
        wish = await askDeploy(app, reached, wish, { again: true });
        continue;
      }
      try {
        const deployed = await deployDecided(app, reached, decided, { silent: false });
        return await openDeployed(app, reached, deployed, given.open ?? settings.open(), { ask: true });
      } catch (error) {
        // The command is not the one that was confirmed any more: the question comes again.
        if (!(error instanceof GpuTakenError)) throw error;
        void notify.warn(error.message);
      }
    }
  },
});

/** Several deploys can choose the same free GPU at once; who gives way chooses again. */
const attempts = 5;

async function deploySilently(app: App, reached: Reach, wish: DeployWish): Promise<Deployed> {
  for (let n = 1; ; n++) {
    try {
      return await deployDecided(app, reached, await decide(app, reached, wish), { silent: true });
    } catch (error) {
      if (!(error instanceof GpuTakenError) || n === attempts) throw error;
    }
  }
}

/** @throws GpuTakenError when a GPU that was free when it was decided is not any more */
export async function deployDecided(
  app: App,
  reached: Reach,
  { spec, imageId, reserved }: Decided,
  { silent }: { silent: boolean },
): Promise<Deployed> {
  const { id, name, log, health } = await runPlan(app, reached, planDeploy(spec, imageId, { start: true, reserved }), {
    silent,
    deploy: spec,
  });
  if (!silent && health && health.verdict !== "ok") void notify.warn(vscode.l10n.t("{0} runs, but: {1}", name, health.detail));
  return { outcome: "created", container: { id, name }, command: runCommand(spec), ...(log === undefined ? {} : { log }) };
}

/** Opens what is wanted in a new container. When that fails the container stays, and the error says so. */
export async function openDeployed(
  app: App,
  reached: Reach,
  deployed: Deployed,
  wanted: Open,
  options: OpenOptions,
): Promise<Deployed> {
  try {
    await open(app, reached, deployed.container.id, wanted, options);
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(vscode.l10n.t("{0} runs, but: {1}", deployed.container.name, error.message), error.remedy)
      : error;
  }
  return deployed;
}

async function showCommand(spec: RunSpec, context: string): Promise<Deployed> {
  const content = `# ${vscode.l10n.t("Docker context: {0}", context)}\n${runCommandLines(spec)}\n`;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "shellscript", content }));
  return { outcome: "shown", container: { id: "", name: spec.name }, command: runCommand(spec) };
}
