import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { nameProblem } from "../core/names.ts";
import { planPause, planRename, planRestart, planUnpause, type Plan } from "../core/plan.ts";
import { command, type Command } from "./commands.ts";
import { alone, isBack, type } from "./prompts.ts";
import { runPlan } from "./runPlan.ts";
import { severalContainers } from "./several.ts";
import { findContainer, reach, type Inspected } from "./target.ts";

const oneContainer = z.strictObject({ container: z.optional(z.string()) });

interface Change {
  id: string;
  question: string;
  outcome: string;
  doing: string;
  done: string;
  /** Which containers it can be done to; the others are left alone when several are selected. */
  fits: (state: string) => boolean;
  /** Why it cannot be done to this one. */
  refusal: (container: Inspected) => string;
  plan: (container: Inspected) => Plan;
}

/** A command that changes the state of a container, or of several. */
function change({ id, question, outcome, doing, done, fits, refusal, plan }: Change): Command<z.ZodMiniType> {
  return command({
    id,
    keys: oneContainer,
    asks: { question, fits: ({ state }) => fits(state) },
    async run(app, { container }, { fromUi }) {
      const reached = await reach(app);
      const found = await findContainer(reached, container, question, ({ state }) => fits(state));
      if (!fits(found.state)) throw new UserError(refusal(found));
      await runPlan(app, reached, plan(found), { silent: !fromUi });
      return { outcome };
    },
    several: severalContainers(
      () => ({ doing, done }),
      outcome,
      async (app, reached, container, signal) => {
        if (!fits(container.state)) return false;
        await runPlan(app, reached, plan(container), { silent: true, signal });
        return true;
      },
    ),
  });
}

export const pause = change({
  id: "berth.pause",
  question: vscode.l10n.t("Pause which container?"),
  outcome: "paused",
  doing: vscode.l10n.t("Pausing"),
  done: vscode.l10n.t("Paused"),
  fits: (state) => state === "running",
  refusal: ({ name, state }) => vscode.l10n.t("{0} is {1}: only a running container can be paused.", name, state),
  plan: planPause,
});

export const unpause = change({
  id: "berth.unpause",
  question: vscode.l10n.t("Unpause which container?"),
  outcome: "unpaused",
  doing: vscode.l10n.t("Unpausing"),
  done: vscode.l10n.t("Unpaused"),
  fits: (state) => state === "paused",
  refusal: ({ name, state }) => vscode.l10n.t("{0} is {1}, not paused.", name, state),
  plan: planUnpause,
});

export const restart = change({
  id: "berth.restart",
  question: vscode.l10n.t("Restart which container?"),
  outcome: "restarted",
  doing: vscode.l10n.t("Restarting"),
  done: vscode.l10n.t("Restarted"),
  fits: (state) => isUp(state) || state === "exited" || state === "created",
  refusal: ({ name, state }) => vscode.l10n.t("{0} is {1}, and cannot be restarted.", name, state),
  plan: planRestart,
});

export const rename = command({
  id: "berth.rename",
  keys: z.strictObject({ container: z.optional(z.string()), name: z.optional(z.string()) }),
  async run(app, given, { fromUi }) {
    const reached = await reach(app);
    const found = await findContainer(reached, given.container, vscode.l10n.t("Rename which container?"));
    const taken = (await reached.engine.containers()).map((container) => container.name);
    const problem = (text: string) => (text === found.name ? undefined : nameProblem(text, taken));
    const name = given.name ?? (await askName(found.name, problem));
    const refused = problem(name);
    if (refused !== undefined) throw new UserError(refused);
    if (name !== found.name) await runPlan(app, reached, planRename(found, name), { silent: !fromUi });
    return { outcome: "renamed" };
  },
});

/** @throws Cancelled */
async function askName(old: string, problem: (text: string) => string | undefined): Promise<string> {
  const answer = await type(alone(vscode.l10n.t("Rename {0}", old)), vscode.l10n.t("The container's new name"), old, problem);
  return isBack(answer) ? old : answer;
}
