import * as vscode from "vscode";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { withoutPassword } from "../core/contexts.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { timestamp } from "../core/names.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { settings } from "./settings.ts";
import type { Reach } from "./target.ts";

function folder(app: App): string {
  return settings.deploymentLogs() || vscode.Uri.joinPath(app.storage, "deployments").fsPath;
}

/** Writes one deployment log and returns its path. A log that cannot be written never fails the deploy: it is said in the output channel. */
export async function writeDeploymentLog(app: App, name: string, started: Date, text: string): Promise<string | undefined> {
  const path = (n: number) => join(folder(app), `${timestamp(started)}-${name}${n === 1 ? "" : `-${n}`}.md`);
  try {
    await mkdir(folder(app), { recursive: true });
    for (let n = 1; ; n++) {
      try {
        await writeFile(path(n), text, { flag: "wx" });
        return path(n);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } catch (error) {
    app.log.warn(`The deployment log could not be written to ${path(1)}: ${String(error)}`);
    return undefined;
  }
}

/** What every deployment log tells of where it was written. */
export function surroundings(app: App, { engine }: Reach, image: string): Record<string, string> {
  return {
    Berth: app.version,
    "VS Code": vscode.version,
    Context: `${engine.endpoint.context} (${withoutPassword(engine.endpoint.host)})`,
    User: app.user,
    Image: image,
  };
}

export const showDeploymentLogs = command({
  id: "berth.showDeploymentLogs",
  keys: z.strictObject({}),
  looksOnly: () => true,
  async run(app) {
    const files = (await readdir(folder(app)).catch(() => []))
      .filter((file) => file.endsWith(".md"))
      .sort()
      .reverse();
    if (files.length === 0)
      throw new UserError(vscode.l10n.t("There are no deployment logs yet: every deploy writes one."), {
        title: vscode.l10n.t("Deploy Container"),
        command: "berth.deploy",
      });
    const items = files.map((file) => {
      const [, date, time, name] = file.match(/^(\d{8})_(\d{6})-(.*)\.md$/) ?? [];
      const when =
        date && time ? `${date.replace(/(....)(..)(..)/, "$1-$2-$3")} ${time.replace(/(..)(..)(..)/, "$1:$2:$3")}` : "";
      return { label: name ?? file, description: when, file };
    });
    const placeHolder = vscode.l10n.t("Which deployment log?");
    const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
    if (!picked) throw new Cancelled();
    await vscode.window.showTextDocument(vscode.Uri.file(join(folder(app), picked.file)), { preview: true });
    return { outcome: "shown" };
  },
});
