import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import { blanked } from "../core/keepImage.ts";
import { filesLost, type Losses } from "../core/losses.ts";
import { planRetire, type RemoveChoices } from "../core/plan.ts";
import { isOwn } from "../core/maker.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { alone, confirm, isBack, type } from "./prompts.ts";
import { keep, keptName, lossesText, whatIsLost } from "./removal.ts";
import { removeSeveral, verbText, type Removal } from "./removeSeveral.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach, type Inspected, type Reach } from "./target.ts";

const target = { container: z.optional(z.string()) };

export const retire = command({
  id: "berth.retire",
  keys: z.strictObject({
    ...target,
    force: z.optional(z.boolean()),
    keepImage: z.optional(z.boolean()),
    guided: z.optional(z.boolean()),
  }),
  asks: { question: vscode.l10n.t("Retire which container?") },
  run: (app, given) => removeContainer(app, given, { verb: "Retire", outcome: "retired" }),
  several: (app, all) => removeSeveral(app, idsOf(all), { verb: "Retire", outcome: "retired" }),
});

export const remove = command({
  id: "berth.remove",
  keys: z.strictObject({ ...target, force: z.optional(z.boolean()) }),
  asks: { question: vscode.l10n.t("Remove which container?") },
  run: (app, given) => removeContainer(app, given, { verb: "Remove", outcome: "removed" }),
  several: (app, all) => removeSeveral(app, idsOf(all), { verb: "Remove", outcome: "removed" }),
});

const idsOf = (all: readonly { container?: string | undefined }[]) => all.flatMap(({ container }) => container ?? []);

interface RemovalWish {
  container?: string | undefined;
  force?: boolean | undefined;
  keepImage?: boolean | undefined;
}

async function removeContainer(
  app: App,
  { container, force, keepImage }: RemovalWish,
  { verb, outcome }: Removal,
): Promise<object> {
  if (force && container === undefined)
    throw new UserError(vscode.l10n.t("{0} with 'force' needs 'container': what to remove.", `berth.${verb.toLowerCase()}`));
  const reached = await reach(app);
  const question = verb === "Retire" ? vscode.l10n.t("Retire which container?") : vscode.l10n.t("Remove which container?");
  const found = await findContainer(reached, container, question);
  const removeImage = keepImage === false ? await removableImage(reached, found) : undefined;
  // Without a question nobody has seen the anonymous volumes: they stay on the engine.
  const choices: RemoveChoices = force
    ? { volumes: false, ...(keepImage ? { keepAs: await keep(reached, found, keptName(found.name)) } : {}) }
    : await askRemoval(reached, found, { verb, removeImage, keepFirst: keepImage === true });
  const remove = removeImage === undefined || choices.keepAs ? {} : { removeImage };
  await runPlan(app, reached, planRetire(found, { ...choices, ...remove }, verb), { silent: force === true });
  if (choices.keepAs) return { outcome, image: "kept" };
  return removeImage === undefined ? { outcome } : { outcome, image: "removed" };
}

/** What to call the container's image when it is removed too: by its tag, unless that has moved on to a newer image. @throws UserError when it is in use */
async function removableImage({ engine }: Reach, { id, name, image, imageId }: Inspected): Promise<string> {
  const others = (await engine.containers()).filter((other) => other.imageId === imageId && other.id !== id);
  if (others.length > 0) {
    const users = others.map((other) => other.name).join(", ");
    throw new UserError(vscode.l10n.t("The image {0} is in use by {1} too: retire {2} without removing it.", image, users, name));
  }
  return (await engine.inspectImage(image))?.id === imageId ? image : imageId;
}

interface Question {
  verb: "Retire" | "Remove";
  /** The image that goes too. */
  removeImage: string | undefined;
  /** Keeping it as an image was asked for. */
  keepFirst: boolean;
}

/** Shows exactly what goes, and asks. @throws Cancelled */
async function askRemoval(reached: Reach, container: Inspected, question: Question): Promise<RemoveChoices> {
  const lost = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking at what {0} holds", container.name) },
    () => whatIsLost(reached, container),
  );
  const { verb, keepFirst } = question;
  const isRetire = verb === "Retire";
  const keepAnswer = isRetire ? vscode.l10n.t("Keep as Image, Then Retire") : vscode.l10n.t("Keep as Image, Then Remove");
  const answers = [...(keepFirst ? [] : [verbText(verb)]), ...(keepFirst || filesLost(lost) ? [keepAnswer] : [])];
  const asked = isRetire ? vscode.l10n.t("Retire '{0}'?", container.name) : vscode.l10n.t("Remove '{0}'?", container.name);
  const answer = await confirm(asked, removalText(container, lost, question), ...answers);
  if (answer !== keepAnswer) return { volumes: true };
  const empty = blanked(container.details).join(", ");
  const prompt =
    empty === ""
      ? vscode.l10n.t("Name of the image that keeps {0}'s files", container.name)
      : vscode.l10n.t("Name of the image that keeps {0}'s files; {1} will be empty in it", container.name, empty);
  const name = await type(alone(keepAnswer), prompt, keptName(container.name), imageNameProblem);
  if (isBack(name)) return askRemoval(reached, container, question);
  return { volumes: true, keepAs: await keep(reached, container, name) };
}

function removalText(container: Inspected, lost: Losses, { removeImage }: Question): string {
  const { image, state } = container;
  return [
    [
      vscode.l10n.t("It is {0}, and was made from {1}.", isUp(state) ? state : vscode.l10n.t("stopped"), image),
      ...(isOwn(container) ? [] : [vscode.l10n.t("It was not created by Berth.")]),
    ].join(" "),
    lossesText(lost),
    ...(removeImage === undefined
      ? []
      : [vscode.l10n.t("The image {0} would be removed too, unless the container is kept as one.", removeImage)]),
  ].join("\n\n");
}

/** REPOSITORY[:TAG] as Docker takes it (distribution/reference). */
function imageNameProblem(name: string): string | undefined {
  return /^[a-z0-9]+([._/-]+[a-z0-9]+)*(:\w[\w.-]{0,127})?$/.test(name)
    ? undefined
    : vscode.l10n.t("Write it as REPOSITORY:TAG, the repository in small letters and digits.");
}
