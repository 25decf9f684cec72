import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { missingContainer, missingImage } from "../core/explain.ts";
import { inspectText } from "../core/inspectText.ts";
import { command } from "./commands.ts";
import { showText } from "./documents.ts";
import { findContainer, reach } from "./target.ts";

/** What the engine says of a container or an image, in a tab of its own. */
export const inspect = command({
  id: "berth.inspect",
  keys: z.strictObject({ container: z.optional(z.string()), image: z.optional(z.string()) }),
  looksOnly: () => true,
  asks: { question: vscode.l10n.t("Inspect which container?") },
  async run(app, { container, image }) {
    const { engine } = await reach(app);
    if (image !== undefined) {
      const json = await engine.inspectRaw("image", image);
      if (json === undefined) throw new UserError(missingImage(image));
      await showText(`${image}.json`, "json", inspectText(json));
    } else {
      const { id, name } = await findContainer({ engine }, container, vscode.l10n.t("Inspect which container?"));
      const json = await engine.inspectRaw("container", id);
      if (json === undefined) throw new UserError(missingContainer(name)); // gone since it was found
      await showText(`${name}.json`, "json", inspectText(json));
    }
    return { outcome: "shown" };
  },
});
