import * as vscode from "vscode";
import * as z from "zod/mini";
import { Cancelled, UserError } from "../core/errors.ts";
import { imageRemoval, type GoingImage } from "../core/imageRemoval.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { confirm, pickSome } from "./prompts.ts";
import { onSeveral } from "./several.ts";
import { reach, type Reach } from "./target.ts";

/** A large image on a slow disk takes minutes to remove (milliseconds). */
export const imageTimeout = 10 * 60_000;

const keys = z.strictObject({ image: z.optional(z.string()), force: z.optional(z.boolean()) });

/** Removes images by name; one that a container stands on stays. */
export const removeImage = command({
  id: "berth.removeImage",
  keys,
  run: (app, { image, force }) => removeImages(app, image === undefined ? undefined : [image], force === true),
  several: (app, all) =>
    removeImages(
      app,
      all.flatMap(({ image }) => image ?? []),
      false,
    ),
});

async function removeImages(app: App, named: readonly string[] | undefined, force: boolean): Promise<object> {
  const reached = await reach(app);
  if (named === undefined && force)
    throw new UserError(vscode.l10n.t("berth.removeImage with 'force' needs 'image': what to remove."));
  const going = await lookAt(reached, named ?? (await askImages(reached)));
  const [first] = going;
  if (!first) throw new Cancelled();
  if (!force) {
    const question =
      going.length === 1
        ? vscode.l10n.t("Remove the image '{0}'?", first.reference)
        : vscode.l10n.t("Remove {0} images?", going.length);
    await confirm(question, going.map(({ text }) => text).join("\n"), vscode.l10n.t("Remove"));
  }
  if (going.length === 1) await rmImage(reached, first);
  else {
    const telling = { doing: vscode.l10n.t("Removing"), done: vscode.l10n.t("Removed"), noun: "image" } as const;
    await onSeveral(
      app,
      telling,
      going,
      ({ reference }) => reference,
      async (image) => {
        await rmImage(reached, image);
        return { name: image.reference };
      },
    );
  }
  return { outcome: "removed" };
}

export async function rmImage({ cli }: Reach, { reference }: Pick<GoingImage, "reference">): Promise<void> {
  await cli.run(["image", "rm", reference], { image: reference }, imageTimeout);
}

/** @throws UserError when one of them cannot go */
async function lookAt({ engine }: Reach, references: readonly string[]): Promise<GoingImage[]> {
  const [images, containers] = await Promise.all([engine.images(), engine.containers()]);
  return references.map((reference) => {
    const going = imageRemoval(reference, images, containers);
    if ("problem" in going) throw new UserError(going.problem);
    return going;
  });
}

/** @throws Cancelled */
async function askImages({ engine }: Reach): Promise<readonly string[]> {
  const images = await engine.images();
  const choices = images.flatMap(({ id, tags }) =>
    (tags.length === 0 ? [id] : tags).map((reference) => ({ label: reference, value: reference })),
  );
  if (choices.length === 0) throw new UserError(vscode.l10n.t("There are no images on this engine."));
  return pickSome(vscode.l10n.t("Remove which image?"), choices);
}
