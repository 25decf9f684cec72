import * as vscode from "vscode";
import { userInfo } from "node:os";
import { initialState } from "./core/state.ts";
import { createStore } from "./core/store.ts";
import { configFolder } from "./engine/endpoint.ts";
import { createFeed } from "./engine/feed.ts";
import { createNvidiaSmi } from "./engine/nvidiaSmi.ts";
import type { App } from "./ui/app.ts";
import { attach } from "./ui/attach.ts";
import { checkGpu } from "./ui/checkGpu.ts";
import { register } from "./ui/commands.ts";
import { deploy } from "./ui/deploy.ts";
import { showDeploymentLogs } from "./ui/deploymentLogs.ts";
import { registerDocuments } from "./ui/documents.ts";
import { joinGroup, reconnect, showExitLogs, startEngine } from "./ui/engineHelp.ts";
import { createGpuPoll } from "./ui/gpuPoll.ts";
import { remove, retire } from "./ui/retire.ts";
import { settings } from "./ui/settings.ts";
import { createStatusBar } from "./ui/statusBar.ts";
import { create, run, start, stop } from "./ui/steps.ts";
import { createViews } from "./ui/tree.ts";

const commands = [deploy, attach, retire, create, start, run, stop, remove, checkGpu, showDeploymentLogs];
const helpers = [startEngine, joinGroup, reconnect, showExitLogs];

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Berth", { log: true });
  const store = createStore(initialState);
  const app: App = {
    store,
    feed: createFeed(store, settings.context, process.env),
    nvidiaSmi: createNvidiaSmi({ timeoutMs: settings.probeTimeout }),
    log,
    storage: context.globalStorageUri,
    version: (context.extension.packageJSON as { version: string }).version,
    user: userInfo().username,
  };
  const gpuPoll = createGpuPoll(app);
  const views = createViews(app, (visible) => {
    app.feed.setVisible(visible.size > 0);
    gpuPoll.setVisible(visible.has("berth.gpus"));
  });
  const onSettings = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration("berth.context")) app.feed.reconnect();
  });
  // `docker context use` in a terminal writes Docker's config file.
  const config = vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(vscode.Uri.file(configFolder(process.env)), "config.json"),
  );
  const onConfig = [config.onDidChange, config.onDidCreate, config.onDidDelete].map((event) =>
    event(() => void app.feed.reconnectIfMoved()),
  );
  const registered = [registerDocuments(), ...[...commands, ...helpers].map((command) => register(app, command))];
  context.subscriptions.push(log, app.feed, gpuPoll, views, createStatusBar(app), onSettings, config, ...onConfig, ...registered);
}
