import * as vscode from "vscode";
import * as z from "zod/mini";
import { candidates } from "../core/candidates.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { isUp } from "../core/holds.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { deployDecided, openDeployed, openKey } from "./deploy.ts";
import { decide } from "./deployWish.ts";
import { launchTarget } from "./launchTarget.ts";
import { open } from "./open.ts";
import { settings } from "./settings.ts";
import { startIfNeeded } from "./steps.ts";
import { findContainer, reach, type Reach } from "./target.ts";

export const attach = command({
  id: "berth.attach",
  keys: z.strictObject({
    container: z.optional(z.string()),
    image: z.optional(z.string()),
    project: z.optional(z.string()),
    service: z.optional(z.string()),
    open: openKey,
    folder: z.optional(z.string()),
  }),
  async run(app, { container, image, project, service, open: wanted = settings.open(), folder }, { fromUi }) {
    const isProject = project !== undefined || service !== undefined;
    if (container !== undefined && image !== undefined)
      throw new UserError(vscode.l10n.t("Give 'container' or 'image', not both."));
    if (isProject && (container !== undefined || image !== undefined))
      throw new UserError(vscode.l10n.t("Give 'project' and 'service', or a container or an image: not both."));
    if (folder !== undefined && !folder.startsWith("/"))
      throw new UserError(vscode.l10n.t("'{0}' cannot be opened: give the folder's full path in the container.", folder));
    const reached = await reach(app);
    const options = { ask: fromUi, folder };
    if (image !== undefined) {
      // With the workspace folder mounted; Deploy is for those who want GPUs or another name.
      const deployed = await deployDecided(app, reached, await decide(app, reached, { image }), { silent: !fromUi });
      return { ...(await openDeployed(app, reached, deployed, wanted, options)), outcome: "attached" };
    }
    const named = isProject ? await containerOf(app, reached, { project, service }, fromUi) : container;
    const found = await findContainer(reached, named, vscode.l10n.t("Attach to which container?"));
    const started = await startIfNeeded(app, reached, found, { silent: !fromUi });
    await open(app, reached, found.id, wanted, options);
    return { outcome: "attached", container: { id: found.id, name: found.name }, command: started };
  },
});

/** The id of a deployment's container, which is launched when there is none. @throws UserError, Cancelled */
async function containerOf(
  app: App,
  { engine }: Reach,
  wanted: { project: string | undefined; service: string | undefined },
  fromUi: boolean,
): Promise<string> {
  const question = vscode.l10n.t("Attach to the container of which deployment?");
  const { project, deployment } = await launchTarget(app, wanted, { silent: !fromUi, question });
  const own = candidates(deployment, await engine.containers(), [], app.user).filter(({ by }) => by !== "image");
  // Its canonical one comes first; where that is not there, one that runs.
  const found = own.find(({ by }) => by === "name") ?? own.find(({ container }) => isUp(container.state)) ?? own[0];
  if (found) return found.container.id;
  const keys = { project: project.folder, service: deployment.service, open: "none", ...(fromUi ? {} : { confirm: false }) };
  const launched = await vscode.commands.executeCommand<{ outcome: string; container: { id: string } } | undefined>(
    "berth.launch",
    keys,
  );
  if (!launched || launched.outcome === "shown") throw new Cancelled();
  return launched.container.id;
}
