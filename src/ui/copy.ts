import * as vscode from "vscode";
import * as z from "zod/mini";
import type { App } from "./app.ts";
import { command, type Command } from "./commands.ts";
import { findContainer, reach } from "./target.ts";

const target = z.strictObject({ container: z.optional(z.string()), image: z.optional(z.string()) });
type Target = z.infer<typeof target>;

/** Copies something of one container or image, or of several, each on a line of its own. */
function copy(
  id: string,
  question: string,
  text: (app: App, target: Target, question: string) => Promise<string>,
): Command<z.ZodMiniType> {
  const copyAll = async (app: App, all: readonly Target[]) => {
    const lines = await Promise.all(all.map((one) => text(app, one, question)));
    await vscode.env.clipboard.writeText(lines.join("\n"));
    const what = lines.length === 1 ? (lines[0] ?? "") : vscode.l10n.t("{0} lines", lines.length);
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied {0}", what)}`, 5000);
    return { outcome: "copied" };
  };
  return command({
    id,
    keys: target,
    looksOnly: () => true,
    asks: { question },
    run: (app, keys) => copyAll(app, [keys]),
    several: copyAll,
  });
}

export const copyName = copy(
  "berth.copyName",
  vscode.l10n.t("Copy the name of which container?"),
  async (app, { container, image }, question) => image ?? (await findContainer(await reach(app), container, question)).name,
);

export const copyId = copy(
  "berth.copyId",
  vscode.l10n.t("Copy the id of which container?"),
  async (app, { container, image }, question) => {
    const reached = await reach(app);
    if (image === undefined) return (await findContainer(reached, container, question)).id;
    return (await reached.engine.inspectImage(image))?.id ?? image;
  },
);
