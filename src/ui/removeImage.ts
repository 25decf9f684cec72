import * as vscode from "vscode";
import * as z from "zod/mini";
import { Cancelled, UserError } from "../core/errors.ts";
import {
  changedSince,
  imageNamed,
  imageNames,
  imagesGoing,
  shortList,
  shortReference,
  type GoingImage,
} from "../core/imageRemoval.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { showText } from "./documents.ts";
import { confirm, pickSome } from "./prompts.ts";
import { onSeveral } from "./several.ts";
import { reach, type Reach } from "./target.ts";

/** A large image on a slow disk takes minutes to remove (milliseconds). */
const imageTimeout = 10 * 60_000;
/** Lines that a dialog has room for. */
const most = 12;

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
  const { going, staying } = await lookAt(reached, named ?? (await askImages(reached)));
  const [first] = going;
  if (!first) throw staying.length > 0 ? new UserError(staying.map(({ problem }) => problem).join("\n")) : new Cancelled();
  if (!force) {
    const question =
      going.length === 1
        ? vscode.l10n.t("Remove the image '{0}'?", first.label)
        : vscode.l10n.t("Remove {0} images?", going.length);
    const lines = [...going, ...staying].map(({ text }) => text);
    const remove = vscode.l10n.t("Remove");
    const showAll = vscode.l10n.t("Show the Full List");
    const answer = await confirm(question, shortList(lines, most), remove, ...(lines.length > most ? [showAll] : []));
    if (answer === showAll) {
      // A dialog would hide it: who has read it asks again.
      await showText(vscode.l10n.t("What goes"), "plaintext", `${lines.join("\n")}\n`);
      throw new Cancelled();
    }
  }
  const remove = imageRemover(reached);
  if (going.length === 1) {
    const title = vscode.l10n.t("Removing the image {0}", first.label);
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () => remove(first));
  } else {
    const telling = { doing: vscode.l10n.t("Removing"), done: vscode.l10n.t("Removed"), noun: "image" } as const;
    await onSeveral(
      app,
      telling,
      going,
      ({ label }) => label,
      async (image) => {
        await remove(image);
        return { name: image.label };
      },
    );
  }
  return { outcome: "removed" };
}

/** Removes images as they were seen: the names of one image one after the other, since the last takes the image. It throws UserError when one is not what it was. */
export function imageRemover({ engine, cli }: Reach): (going: GoingImage) => Promise<void> {
  const turns = new Map<string, Promise<void>>();
  const remove = async (going: GoingImage) => {
    const [images, containers] = await Promise.all([engine.images(), engine.containers()]);
    const problem = changedSince(going, images, containers);
    if (problem !== undefined) throw new UserError(problem);
    await cli.run(["image", "rm", going.reference], { image: going.reference }, { timeout: imageTimeout });
  };
  return async (going) => {
    const before = turns.get(going.id) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => remove(going));
    turns.set(going.id, turn);
    await turn;
  };
}

async function lookAt({ engine }: Reach, named: readonly string[]): Promise<ReturnType<typeof imagesGoing>> {
  const [images, containers] = await Promise.all([engine.images(), engine.containers()]);
  const references = named.map((name) => imageNamed(name, images));
  return imagesGoing(references, images, containers);
}

/** @throws Cancelled */
async function askImages({ engine }: Reach): Promise<readonly string[]> {
  const images = await engine.images();
  const choices = images.flatMap((image) => {
    const names = imageNames(image);
    return (names.length === 0 ? [image.id] : names).map((value) => ({ label: shortReference(value), value }));
  });
  if (choices.length === 0) throw new UserError(vscode.l10n.t("There are no images on this engine."));
  return pickSome(vscode.l10n.t("Remove which image?"), choices);
}
