import * as vscode from "vscode";
import * as z from "zod/mini";
import { Cancelled } from "../core/errors.ts";
import { imagesGoing, shortList } from "../core/imageRemoval.ts";
import { planRetire } from "../core/plan.ts";
import { prunable, type Prunable } from "../core/prune.ts";
import { fullList, severalText } from "../core/removal.ts";
import { command } from "./commands.ts";
import { showText } from "./documents.ts";
import { notify } from "./notify.ts";
import { alone, confirm, isBack, pickMany, type Choice } from "./prompts.ts";
import { imageRemover } from "./removeImage.ts";
import { lookAt } from "./removeSeveral.ts";
import { runPlan } from "./runPlan.ts";
import { onSeveral } from "./several.ts";
import { reach } from "./target.ts";

/** Shows each stopped container and unused image, and removes those that were ticked: nothing else, whatever changes in the meantime. */
export const prune = command({
  id: "berth.prune",
  keys: z.strictObject({}),
  async run(app) {
    const reached = await reach(app);
    const [containers, images] = await Promise.all([reached.engine.containers(), reached.engine.images()]);
    const found = prunable(containers, images);
    if (found.length === 0) {
      void notify.info(vscode.l10n.t("There is nothing to prune: no stopped container, no unused image."));
      return { outcome: "removed" };
    }
    const answer = await pickMany(
      alone(vscode.l10n.t("Prune")),
      vscode.l10n.t("What should go? Nothing else will."),
      choices(found),
    );
    if (isBack(answer) || answer.length === 0) throw new Cancelled();
    const ids = answer.filter(({ kind }) => kind === "container").map(({ reference }) => reference);
    const going = await lookAt(reached, ids);
    // By what was shown: an image that changed since then is noticed before it goes.
    const references = answer.filter(({ kind }) => kind !== "container").map(({ reference }) => reference);
    const { going: goingImages, staying } = imagesGoing(references, images, containers);
    const lines = [...goingImages, ...staying].map(({ text }) => text);
    // Each kind has room for so many lines.
    const most = going.length > 0 && lines.length > 0 ? 6 : 12;
    const showAll = vscode.l10n.t("Show the Full List");
    const said = await confirm(
      question(going.length, goingImages.length),
      [...(going.length > 0 ? [severalText(going, most)] : []), ...(lines.length > 0 ? [shortList(lines, most)] : [])].join(
        "\n\n",
      ),
      vscode.l10n.t("Remove"),
      ...(going.length > 0 || lines.length > most ? [showAll] : []),
    );
    if (said === showAll) {
      // A dialog would hide it: who has read it asks again.
      const all = [...(going.length > 0 ? [fullList(going)] : []), ...(lines.length > 0 ? [lines.join("\n")] : [])];
      await showText(vscode.l10n.t("What goes"), "plaintext", `${all.join("\n\n")}\n`);
      throw new Cancelled();
    }
    const remove = imageRemover(reached);
    const work = [
      ...going.map(({ container }) => ({
        name: container.name,
        act: (signal: AbortSignal) =>
          runPlan(app, reached, planRetire(container, { volumes: true }, "Remove"), { silent: true, signal }),
      })),
      ...goingImages.map((image) => ({ name: image.label, act: () => remove(image) })),
    ];
    const telling = { doing: vscode.l10n.t("Removing"), done: vscode.l10n.t("Removed"), noun: "item" } as const;
    await onSeveral(
      app,
      telling,
      work,
      ({ name }) => name,
      async ({ name, act }, signal) => {
        await act(signal);
        return { name };
      },
    );
    return { outcome: "removed" };
  },
});

function question(containers: number, images: number): string {
  if (images === 0)
    return containers === 1 ? vscode.l10n.t("Remove 1 container?") : vscode.l10n.t("Remove {0} containers?", containers);
  if (containers === 0) return images === 1 ? vscode.l10n.t("Remove 1 image?") : vscode.l10n.t("Remove {0} images?", images);
  return vscode.l10n.t("Remove these containers ({0}) and images ({1})?", containers, images);
}

function choices(found: readonly Prunable[]): Choice<Prunable>[] {
  const titles = {
    container: vscode.l10n.t("Stopped containers"),
    untagged: vscode.l10n.t("Untagged images that nothing uses"),
    image: vscode.l10n.t("Images that no container uses"),
  };
  return (["container", "untagged", "image"] as const).flatMap((kind) => {
    const some = found.filter((one) => one.kind === kind);
    if (some.length === 0) return [];
    const separator = { label: titles[kind], kind: vscode.QuickPickItemKind.Separator } as Choice<Prunable>;
    return [
      separator,
      ...some.map((one) => ({ label: one.label, description: one.description, picked: one.picked, value: one })),
    ];
  });
}
