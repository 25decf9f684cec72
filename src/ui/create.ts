import * as z from "zod/mini";
import { runCommand } from "../core/dockerRun.ts";
import { planDeploy } from "../core/plan.ts";
import { command } from "./commands.ts";
import { decide } from "./deploy.ts";
import { askDeploy } from "./deployQuestions.ts";
import { runPlan } from "./runPlan.ts";
import { reach } from "./target.ts";

export const create = command({
  id: "berth.create",
  keys: z.strictObject({ image: z.optional(z.string()), name: z.optional(z.string()) }),
  async run(app, given, { fromUi }) {
    const reached = await reach(app);
    const wish = given.image !== undefined && !fromUi ? given : await askDeploy(app, reached, given, { again: false });
    const { spec, imageId, reserved } = await decide(app, reached, wish);
    const { id, name, log } = await runPlan(app, reached, planDeploy(spec, imageId, { start: false, reserved }), {
      silent: !fromUi,
      deploy: spec,
    });
    return { outcome: "created", container: { id, name }, command: runCommand(spec), ...(log === undefined ? {} : { log }) };
  },
});
