import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { commandLine } from "../core/quote.ts";
import { planStart } from "../core/plan.ts";
import type { App } from "./app.ts";
import { command, type Call } from "./commands.ts";
import { decide, deployDecided, openKey } from "./deploy.ts";
import { open } from "./open.ts";
import { runPlan } from "./runPlan.ts";
import { settings, type Open } from "./settings.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

const keys = z.strictObject({
  container: z.optional(z.string()),
  image: z.optional(z.string()),
  open: openKey,
  folder: z.optional(z.string()),
});

export const attach = command({
  id: "berth.attach",
  keys,
  async run(app, { container, image, open: wanted = settings.open(), folder }, { fromUi }) {
    if (container !== undefined && image !== undefined)
      throw new UserError("berth.attach takes 'container' or 'image', not both.");
    const reached = await reach(app);
    if (image !== undefined) return attachToImage(app, reached, image, wanted, folder, fromUi);
    const found = await findContainer(reached, container, "Attach to which container?");
    const started = await startIfNeeded(app, reached, found);
    await open(app, reached, found.id, wanted, { ask: fromUi, folder });
    return { outcome: "attached", container: { id: found.id, name: found.name }, command: started };
  },
});

/** A keep-alive container of the image is started first, with the workspace folder mounted; Deploy is for those who want GPUs or another name. */
async function attachToImage(app: App, reached: Reach, image: string, wanted: Open, folder: string | undefined, fromUi: boolean) {
  const wish = { image };
  const deployed = await deployDecided(app, reached, wish, await decide(app, reached, wish), !fromUi);
  await open(app, reached, deployed.container.id, wanted, { ask: fromUi, folder });
  return { ...deployed, outcome: "attached" };
}

/** Starts a stopped or paused container and returns the command that did it. */
export async function startIfNeeded(app: App, reached: Reach, container: Inspected, silent = false): Promise<string> {
  const plan = planStart(container);
  if (plan.steps.length > 0) await runPlan(app, reached, plan, { silent });
  return commandLine(["docker", "start", container.name]);
}

/** Steps that need no question, on one container or a new one of an image. */
const oneContainer = z.strictObject({
  container: z.optional(z.string()),
  image: z.optional(z.string()),
  name: z.optional(z.string()),
});

async function containerOrNew(app: App, reached: Reach, keys: z.infer<typeof oneContainer>, { fromUi }: Call, question: string) {
  if (keys.image === undefined) {
    const found = await findContainer(reached, keys.container, question);
    const line = await startIfNeeded(app, reached, found, !fromUi);
    return { outcome: "started", container: { id: found.id, name: found.name }, command: line };
  }
  const wish = { image: keys.image, name: keys.name };
  return { ...(await deployDecided(app, reached, wish, await decide(app, reached, wish), !fromUi)), outcome: "started" };
}

export const start = command({
  id: "berth.start",
  keys: oneContainer,
  run: async (app, given, call) => containerOrNew(app, await reach(app), given, call, "Start which container?"),
});

export const run = command({
  id: "berth.run",
  keys: oneContainer,
  async run(app, given, call) {
    const reached = await reach(app);
    const started = await containerOrNew(app, reached, given, call, "Run which container?");
    await open(app, reached, started.container.id, "terminal", { ask: call.fromUi });
    return started;
  },
});
