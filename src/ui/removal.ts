import * as vscode from "vscode";
import { keepAs, type Keep } from "../core/keepImage.ts";
import { filesLost, losses, nothingLost, renderLosses, type Losses } from "../core/losses.ts";
import { UserError } from "../core/errors.ts";
import { timestamp } from "../core/names.ts";
import { redact, secretValues } from "../core/redact.ts";
import type { Inspected, Reach } from "./target.ts";

/** @throws UserError when there is an image of that name, which would lose it */
export async function keep({ engine }: Reach, container: Inspected, image: string): Promise<Keep> {
  if (await engine.inspectImage(image))
    throw new UserError(vscode.l10n.t("There is an image '{0}' already: choose another name.", image));
  // The base is gone when its last tag was removed and the engine pruned it.
  return keepAs(image, container, await engine.inspectImage(container.imageId));
}

export function keptName(container: string): string {
  const repository = container
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${repository || "container"}:kept-${timestamp(new Date())}`;
}

/** What would go for good with a container. */
export async function whatIsLost({ engine }: Reach, container: Inspected): Promise<Losses> {
  const hasProcesses = container.state === "running" || container.state === "paused";
  const [changes, processes] = await Promise.all([
    engine.changes(container.id),
    hasProcesses ? engine.processes(container.id) : [],
  ]);
  const secrets = secretValues(container.details.env);
  return losses(
    changes,
    processes.map((line) => redact(line, secrets)),
    container,
  );
}

/** What would be lost, for a question. */
export function lossesText(lost: Losses): string {
  return nothingLost(lost)
    ? vscode.l10n.t("Nothing in it would be lost: no file was changed, and files in its mounts stay.")
    : `${vscode.l10n.t("These would be lost:")}\n${renderLosses(lost)}${filesLost(lost) ? `\n\n${vscode.l10n.t("Files in its mounts stay.")}` : ""}`;
}
