import * as vscode from "vscode";
import * as z from "zod/mini";
import { Cancelled } from "../core/errors.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";

/** Shows only the containers whose row has all the words. VS Code's own search marks rows, and hides none that could be unfolded. */
export const filter = command({
  id: "berth.filter",
  keys: z.strictObject({ text: z.optional(z.string()) }),
  looksOnly: () => true,
  async run(app, { text }) {
    if (text === undefined) await ask(app);
    else app.store.update({ filter: text });
    return { outcome: "filtered" };
  },
});

export const clearFilter = command({
  id: "berth.clearFilter",
  keys: z.strictObject({}),
  looksOnly: () => true,
  run(app) {
    app.store.update({ filter: "" });
    return Promise.resolve({ outcome: "filtered" });
  },
});

/** The view follows what is typed; Escape puts back what was there. */
async function ask({ store }: App): Promise<void> {
  const before = store.get().filter ?? "";
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t("Filter Containers");
  input.placeholder = vscode.l10n.t("Words of a name, an image, a state, a GPU or a port");
  input.value = before;
  try {
    await new Promise<void>((resolve, reject) => {
      input.onDidChangeValue((filter) => store.update({ filter }));
      input.onDidAccept(() => resolve());
      input.onDidHide(() => reject(new Cancelled()));
      input.show();
    });
  } catch (error) {
    store.update({ filter: before });
    throw error;
  } finally {
    input.dispose();
  }
}
