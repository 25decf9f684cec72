import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { blanked, keepAs, type Keep } from "../core/keepImage.ts";
import { losses, nothingLost, renderLosses, type Losses } from "../core/losses.ts";
import { timestamp } from "../core/names.ts";
import { planRetire, planStop, type RemoveChoices } from "../core/plan.ts";
import { label } from "../core/runSpec.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { alone, confirm, isBack, type } from "./prompts.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

const target = { container: z.optional(z.string()) };

export const stop = command({
  id: "berth.stop",
  keys: z.strictObject(target),
  async run(app, { container }, { fromUi }) {
    const reached = await reach(app);
    const found = await findContainer(reached, container, "Stop which container?", ({ state }) => isUp(state));
    await runPlan(app, reached, planStop(found), { silent: !fromUi });
    return { outcome: "stopped" };
  },
});

export const retire = command({
  id: "berth.retire",
  keys: z.strictObject({
    ...target,
    force: z.optional(z.boolean()),
    keepImage: z.optional(z.boolean()),
    guided: z.optional(z.boolean()),
  }),
  run: (app, given) => removeContainer(app, given, { verb: "Retire", outcome: "retired" }),
});

export const remove = command({
  id: "berth.remove",
  keys: z.strictObject({ ...target, force: z.optional(z.boolean()) }),
  run: (app, given) => removeContainer(app, given, { verb: "Remove", outcome: "removed" }),
});

interface Removal {
  verb: "Retire" | "Remove";
  outcome: "retired" | "removed";
}

async function removeContainer(
  app: App,
  {
    container,
    force,
    keepImage,
  }: { container?: string | undefined; force?: boolean | undefined; keepImage?: boolean | undefined },
  { verb, outcome }: Removal,
): Promise<object> {
  if (force && container === undefined)
    throw new UserError(`berth.${verb.toLowerCase()} with 'force' needs 'container': what to remove.`);
  const reached = await reach(app);
  const found = await findContainer(reached, container, `${verb} which container?`);
  // Without a question nobody has seen the anonymous volumes: they stay on the engine.
  const choices: RemoveChoices = force ? { volumes: false } : await askRemoval(reached, found, verb, keepImage === false);
  if (force && keepImage === true) choices.keepAs = await keep(reached, found, keptName(found.name));
  if (keepImage === false) {
    const others = (await reached.engine.containers()).filter(({ id, imageId }) => imageId === found.imageId && id !== found.id);
    if (others.length > 0) {
      throw new UserError(
        `The image ${found.image} is in use by ${others.map(({ name }) => name).join(", ")} too: retire ${found.name} without removing it.`,
      );
    }
    // The tag can have moved on to a newer image, which is not ours to remove.
    const tagged = await reached.engine.inspectImage(found.image);
    choices.removeImage = tagged?.id === found.imageId ? found.image : found.imageId;
  }
  await runPlan(app, reached, planRetire(found, choices, verb), { silent: force === true });
  if (choices.keepAs || keepImage) return { outcome, image: "kept" };
  return { outcome, ...(choices.removeImage ? { image: "removed" } : {}) };
}

/** The base is gone when its last tag was removed and the engine pruned it. */
async function keep({ engine }: Reach, { details, imageId }: Inspected, image: string): Promise<Keep> {
  return keepAs(image, details, await engine.inspectImage(imageId));
}

function keptName(container: string): string {
  return `${container.toLowerCase().replace(/[^a-z0-9]+/g, "-")}:kept-${timestamp(new Date())}`;
}

/** Shows exactly what goes, and asks. @throws Cancelled */
async function askRemoval(
  reached: Reach,
  container: Inspected,
  verb: "Retire" | "Remove",
  imageToo: boolean,
): Promise<RemoveChoices> {
  const lost = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: `Looking at what ${container.name} holds` },
    () => whatIsLost(reached, container),
  );
  const plain = verb;
  const keepFirst = `Keep as Image, Then ${verb}` as const;
  const answer = await confirm(
    `${verb} '${container.name}'?`,
    removalText(container, lost, imageToo),
    plain,
    ...(lost.files.length > 0 ? [keepFirst] : []),
  );
  if (answer === plain) return { volumes: true };
  const empty = blanked(container.details);
  const prompt = `Name of the image that keeps ${container.name}'s files${empty.length > 0 ? `; ${empty.join(", ")} will be empty in it` : ""}`;
  const name = await type(alone(keepFirst), prompt, keptName(container.name), imageNameProblem);
  if (isBack(name)) return askRemoval(reached, container, verb, imageToo);
  return { volumes: true, keepAs: await keep(reached, container, name) };
}

async function whatIsLost({ engine }: Reach, container: Inspected): Promise<Losses> {
  const running = container.state === "running";
  const [changes, processes] = await Promise.all([engine.changes(container.id), running ? engine.processes(container.id) : []]);
  return losses(changes, processes, container);
}

function removalText({ image, labels, state }: Inspected, lost: Losses, imageToo: boolean): string {
  const foreign = labels[label.version] === undefined ? " It was not created by Berth." : "";
  return [
    `It ${isUp(state) ? `is ${state}` : "is stopped"}, and was made from ${image}.${foreign}`,
    nothingLost(lost)
      ? "Nothing in it would be lost: no file was changed, and files in its mounts stay."
      : `These would be lost:\n${renderLosses(lost)}`,
    ...(lost.files.length > 0 ? ["Files in its mounts stay."] : []),
    ...(imageToo ? [`The image ${image} would be removed too.`] : []),
  ].join("\n\n");
}

/** REPOSITORY[:TAG] as Docker takes it (distribution/reference). */
function imageNameProblem(name: string): string | undefined {
  return /^[a-z0-9]+([._/-]+[a-z0-9]+)*(:\w[\w.-]{0,127})?$/.test(name)
    ? undefined
    : "Write it as REPOSITORY:TAG, the repository in small letters and digits.";
}
