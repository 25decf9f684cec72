import * as vscode from "vscode";
import * as z from "zod/mini";
import { runCommand } from "../core/dockerRun.ts";
import { UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { planDeploy, planStart, planStop } from "../core/plan.ts";
import type { App } from "./app.ts";
import { command, type Call } from "./commands.ts";
import { deployDecided } from "./deploy.ts";
import { askDeploy } from "./deployQuestions.ts";
import { decide } from "./deployWish.ts";
import { open } from "./open.ts";
import { confirm } from "./prompts.ts";
import { runCommandOf } from "./runCommand.ts";
import { runPlan } from "./runPlan.ts";
import { severalContainers } from "./several.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

const startWhich = vscode.l10n.t("Start which container?");
const stopWhich = vscode.l10n.t("Stop which container?");
const terminalWhich = vscode.l10n.t("Open a terminal in which container?");

/** The single steps. They never ask when their target is given. */

export const create = command({
  id: "berth.create",
  keys: z.strictObject({ image: z.optional(z.string()), name: z.optional(z.string()) }),
  async run(app, given, { fromUi }) {
    const reached = await reach(app);
    const wish = given.image !== undefined && !fromUi ? given : await askDeploy(app, reached, given, { again: false });
    const { spec, imageId } = await decide(app, reached, wish);
    const { id, name, log } = await runPlan(app, reached, planDeploy(spec, imageId, { start: false }), {
      silent: !fromUi,
      deploy: spec,
    });
    return { outcome: "created", container: { id, name }, command: runCommand(spec), ...(log === undefined ? {} : { log }) };
  },
});

const oneContainer = z.strictObject({
  container: z.optional(z.string()),
  image: z.optional(z.string()),
  name: z.optional(z.string()),
});

export const start = command({
  id: "berth.start",
  keys: oneContainer,
  asks: { question: startWhich, fits: ({ state }) => !isUp(state) || state === "paused" },
  run: async (app, given, call) => startOne(app, await reach(app), given, call, startWhich),
  several: severalContainers(
    () => ({ doing: vscode.l10n.t("Starting"), done: vscode.l10n.t("Started") }),
    "started",
    async (app, reached, container, signal) => {
      const plan = planStart(container);
      if (plan.steps.length === 0) return false;
      await runPlan(app, reached, plan, { silent: true, signal });
      return true;
    },
  ),
});

export const run = command({
  id: "berth.run",
  keys: oneContainer,
  async run(app, given, call) {
    const reached = await reach(app);
    const started = await startOne(app, reached, given, call, vscode.l10n.t("Run which container?"));
    await open(app, reached, started.container.id, "terminal", { ask: call.fromUi });
    return started;
  },
});

export const stop = command({
  id: "berth.stop",
  keys: z.strictObject({ container: z.optional(z.string()) }),
  asks: { question: stopWhich, fits: ({ state }) => isUp(state) },
  async run(app, { container }, { fromUi }) {
    const reached = await reach(app);
    const found = await findContainer(reached, container, stopWhich, ({ state }) => isUp(state));
    if (fromUi && found.details.autoRemove) {
      const detail = vscode.l10n.t(
        "It was run with --rm: Docker removes it as soon as it stops, with every file that was changed in it. Retire can keep it as an image first.",
      );
      await confirm(vscode.l10n.t("Stop '{0}' and lose it?", found.name), detail, vscode.l10n.t("Stop and Lose It"));
    }
    await runPlan(app, reached, planStop(found), { silent: !fromUi });
    return { outcome: "stopped" };
  },
  several: severalContainers(
    () => ({ doing: vscode.l10n.t("Stopping"), done: vscode.l10n.t("Stopped") }),
    "stopped",
    async (app, reached, container, signal) => {
      if (!isUp(container.state)) return false;
      if (container.details.autoRemove)
        throw new UserError(vscode.l10n.t("Run with --rm, it would be lost once it stops: stop it by itself."));
      await runPlan(app, reached, planStop(container), { silent: true, signal });
      return true;
    },
  ),
});

/** A shell in a container that runs, or in several. */
export const openTerminal = command({
  id: "berth.openTerminal",
  keys: z.strictObject({ container: z.optional(z.string()) }),
  asks: { question: terminalWhich, fits: ({ state }) => state === "running" },
  async run(app, { container }) {
    const reached = await reach(app);
    const found = await findContainer(reached, container, terminalWhich, ({ state }) => state === "running");
    if (found.state !== "running") throw new UserError(vscode.l10n.t("{0} is {1}: start it first.", found.name, found.state));
    await open(app, reached, found.id, "terminal", { ask: false });
    return { outcome: "shown" };
  },
});

/** The container that is named, started if it does not run; or a new one of the image. */
async function startOne(app: App, reached: Reach, keys: z.infer<typeof oneContainer>, { fromUi }: Call, question: string) {
  const { container, image, name } = keys;
  if (container !== undefined && image !== undefined)
    throw new UserError(vscode.l10n.t("Give 'container' or 'image', not both."));
  if (image !== undefined) {
    return {
      ...(await deployDecided(app, reached, await decide(app, reached, { image, name }), { silent: !fromUi })),
      outcome: "started",
    };
  }
  const found = await findContainer(reached, container, question);
  const line = await startIfNeeded(app, reached, found, { silent: !fromUi });
  return { outcome: "started", container: { id: found.id, name: found.name }, command: line };
}

/** Starts a stopped or paused container, and returns the `docker run` that stands for it. */
export async function startIfNeeded(
  app: App,
  reached: Reach,
  container: Inspected,
  { silent }: { silent: boolean },
): Promise<string> {
  const plan = planStart(container);
  if (plan.steps.length > 0) await runPlan(app, reached, plan, { silent });
  return runCommandOf(reached, container.id);
}
