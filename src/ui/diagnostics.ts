import * as vscode from "vscode";
import { readFile } from "node:fs/promises";
import { arch, hostname, release, type } from "node:os";
import * as z from "zod/mini";
import { renderDiagnostics } from "../core/diagnostics.ts";
import { words } from "../core/errors.ts";
import { secretValues } from "../core/redact.ts";
import { cliVersion } from "../engine/cli.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { meant } from "./contexts.ts";
import { notify } from "./notify.ts";
import { settings } from "./settings.ts";

/** Milliseconds that any part of the report may take. */
const patience = 15_000;

/** A report for the clipboard, to be pasted into an issue. Whatever gives no answer is said to give none. */
export const copyDiagnostics = command({
  id: "berth.copyDiagnostics",
  keys: z.strictObject({}),
  looksOnly: () => true,
  async run(app, _keys, { fromUi }) {
    const title = vscode.l10n.t("Berth collects diagnostics…");
    const location = vscode.ProgressLocation.Window;
    const text = await vscode.window.withProgress({ location, title }, () => collect(app));
    await vscode.env.clipboard.writeText(text);
    if (fromUi)
      void notify.info(vscode.l10n.t("The diagnostics are on the clipboard. Look through them before you publish them."));
    return { outcome: "copied" };
  },
});

async function collect(app: App): Promise<string> {
  const remote = vscode.env.remoteName === undefined ? "" : `, remote: ${vscode.env.remoteName}`;
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const askEngine = async () => (await app.feed.engine()).info();
  const [context, cli, engine, gpus, distribution] = await Promise.all([
    meant(settings.context()),
    inTime("docker", cliVersion()),
    inTime("The Docker engine", askEngine()),
    inTime("nvidia-smi", app.nvidiaSmi.read()),
    readFile("/etc/os-release", "utf8").catch(() => ""),
  ]);
  return renderDiagnostics({
    time: new Date(),
    berth: app.version,
    vscode: `${vscode.version} (${vscode.env.appName}${remote})`,
    node: process.versions.node,
    system: [/^PRETTY_NAME="?([^"\n]*)/m.exec(distribution)?.[1], `${type()} ${release()} ${arch()}`].filter(Boolean).join(", "),
    machine: hostname(),
    trusted: vscode.workspace.isTrusted,
    settings: changedSettings(),
    context,
    cli,
    engine,
    gpus,
    problems: app.problems(),
    secrets: secretValues(environment),
  });
}

/** The answer, or in words why there is none. */
async function inTime<T>(who: string, answer: Promise<T>): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`${who} gave no answer within ${patience / 1000} s.`), patience);
  });
  try {
    return await Promise.race([answer.catch(words), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Berth's settings that are not as they come. */
function changedSettings(): string[] {
  const configuration = vscode.workspace.getConfiguration();
  const { contributes } = vscode.extensions.getExtension("berth.berth")?.packageJSON as {
    contributes: { configuration: { properties: Record<string, unknown> } };
  };
  return Object.keys(contributes.configuration.properties).flatMap((key) => {
    const inspected = configuration.inspect(key);
    const value = JSON.stringify(configuration.get(key));
    if (!inspected || value === JSON.stringify(inspected.defaultValue)) return [];
    return `${key} = ${value} (${inspected.workspaceValue === undefined ? "user" : "workspace"})`;
  });
}
