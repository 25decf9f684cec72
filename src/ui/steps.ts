import * as z from "zod/mini";
import { runCommand } from "../core/dockerRun.ts";
import { UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { planDeploy, planStart, planStop } from "../core/plan.ts";
import { commandLine } from "../core/quote.ts";
import type { App } from "./app.ts";
import { command, type Call } from "./commands.ts";
import { deployDecided } from "./deploy.ts";
import { askDeploy } from "./deployQuestions.ts";
import { decide } from "./deployWish.ts";
import { open } from "./open.ts";
import { confirm } from "./prompts.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

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
  run: async (app, given, call) => startOne(app, await reach(app), given, call, "Start which container?"),
});

export const run = command({
  id: "berth.run",
  keys: oneContainer,
  async run(app, given, call) {
    const reached = await reach(app);
    const started = await startOne(app, reached, given, call, "Run which container?");
    await open(app, reached, started.container.id, "terminal", { ask: call.fromUi });
    return started;
  },
});

export const stop = command({
  id: "berth.stop",
  keys: z.strictObject({ container: z.optional(z.string()) }),
  async run(app, { container }, { fromUi }) {
    const reached = await reach(app);
    const found = await findContainer(reached, container, "Stop which container?", ({ state }) => isUp(state));
    if (fromUi && found.details.autoRemove) {
      const detail =
        "It was run with --rm: Docker removes it as soon as it stops, with every file that was changed in it. Retire can keep it as an image first.";
      await confirm(`Stop '${found.name}' and lose it?`, detail, "Stop and Lose It");
    }
    await runPlan(app, reached, planStop(found), { silent: !fromUi });
    return { outcome: "stopped" };
  },
});

/** The container that is named, started if it does not run; or a new one of the image. */
async function startOne(app: App, reached: Reach, keys: z.infer<typeof oneContainer>, { fromUi }: Call, question: string) {
  const { container, image, name } = keys;
  if (container !== undefined && image !== undefined) throw new UserError("Give 'container' or 'image', not both.");
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

/** Starts a stopped or paused container, and returns the command line that does it. */
export async function startIfNeeded(
  app: App,
  reached: Reach,
  container: Inspected,
  { silent }: { silent: boolean },
): Promise<string> {
  const plan = planStart(container);
  if (plan.steps.length > 0) await runPlan(app, reached, plan, { silent });
  return commandLine(["docker", container.state === "paused" ? "unpause" : "start", container.name]);
}
