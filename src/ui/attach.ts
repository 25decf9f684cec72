import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { command } from "./commands.ts";
import { deployDecided, openDeployed, openKey } from "./deploy.ts";
import { decide } from "./deployWish.ts";
import { open } from "./open.ts";
import { settings } from "./settings.ts";
import { startIfNeeded } from "./steps.ts";
import { findContainer, reach } from "./target.ts";

export const attach = command({
  id: "berth.attach",
  keys: z.strictObject({
    container: z.optional(z.string()),
    image: z.optional(z.string()),
    open: openKey,
    folder: z.optional(z.string()),
  }),
  async run(app, { container, image, open: wanted = settings.open(), folder }, { fromUi }) {
    if (container !== undefined && image !== undefined)
      throw new UserError(vscode.l10n.t("Give 'container' or 'image', not both."));
    if (folder !== undefined && !folder.startsWith("/"))
      throw new UserError(vscode.l10n.t("'{0}' cannot be opened: give the folder's full path in the container.", folder));
    const reached = await reach(app);
    const options = { ask: fromUi, folder };
    if (image !== undefined) {
      // With the workspace folder mounted; Deploy is for those who want GPUs or another name.
      const deployed = await deployDecided(app, reached, await decide(app, reached, { image }), { silent: !fromUi });
      return { ...(await openDeployed(app, reached, deployed, wanted, options)), outcome: "attached" };
    }
    const found = await findContainer(reached, container, vscode.l10n.t("Attach to which container?"));
    const started = await startIfNeeded(app, reached, found, { silent: !fromUi });
    await open(app, reached, found.id, wanted, options);
    return { outcome: "attached", container: { id: found.id, name: found.name }, command: started };
  },
});
