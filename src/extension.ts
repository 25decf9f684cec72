import * as vscode from "vscode";
import * as l10n from "./core/l10n.ts";
import { userInfo } from "node:os";
import type { Row } from "./core/rows.ts";
import { initialState } from "./core/state.ts";
import { createStore } from "./core/store.ts";
import { configFolder } from "./engine/endpoint.ts";
import { createFeed } from "./engine/feed.ts";
import { createNvidiaSmi } from "./engine/nvidiaSmi.ts";
import type { App } from "./ui/app.ts";
import { attach } from "./ui/attach.ts";
import { checkGpu } from "./ui/checkGpu.ts";
import { register } from "./ui/commands.ts";
import { createComposeDiagnostics } from "./ui/composeDiagnostics.ts";
import { followContext, selectContext } from "./ui/contexts.ts";
import { copyId, copyName } from "./ui/copy.ts";
import { deploy } from "./ui/deploy.ts";
import { showDeploymentLogs } from "./ui/deploymentLogs.ts";
import { copyDiagnostics } from "./ui/diagnostics.ts";
import { registerDocuments } from "./ui/documents.ts";
import { joinGroup, reconnect, startEngine } from "./ui/engineHelp.ts";
import { pause, rename, restart, unpause } from "./ui/everyday.ts";
import { clearFilter, filter } from "./ui/filter.ts";
import { createGpuPoll } from "./ui/gpuPoll.ts";
import { createHandleWatch } from "./ui/handleWatch.ts";
import { inspect } from "./ui/inspect.ts";
import { launch, reuse, startApp, stopApp } from "./ui/launch.ts";
import { createLog } from "./ui/log.ts";
import { showLogs, stopFollowing } from "./ui/logs.ts";
import { openPort } from "./ui/openPort.ts";
import { createProjects, openComposeFile } from "./ui/projects.ts";
import { prune } from "./ui/prune.ts";
import { removeImage } from "./ui/removeImage.ts";
import { remove, retire } from "./ui/retire.ts";
import { revive } from "./ui/revive.ts";
import { copyRunCommand, showRunCommand } from "./ui/runCommand.ts";
import { offerSetAside } from "./ui/setAside.ts";
import { settings } from "./ui/settings.ts";
import { createStatusBar } from "./ui/statusBar.ts";
import { create, openTerminal, run, start, stop } from "./ui/steps.ts";
import { createViews, selection } from "./ui/tree.ts";

const lifecycle = [
  launch,
  reuse,
  startApp,
  stopApp,
  deploy,
  attach,
  retire,
  create,
  start,
  run,
  stop,
  remove,
  restart,
  revive,
  pause,
  unpause,
  rename,
];
const everyday = [
  openTerminal,
  openPort,
  showLogs,
  inspect,
  copyName,
  copyId,
  showRunCommand,
  copyRunCommand,
  removeImage,
  prune,
];
const others = [
  checkGpu,
  openComposeFile,
  showDeploymentLogs,
  startEngine,
  joinGroup,
  reconnect,
  selectContext,
  copyDiagnostics,
  filter,
  clearFilter,
];

export function activate(context: vscode.ExtensionContext): void {
  // What knows nothing of VS Code speaks the same language. There is no bundle for English.
  if (vscode.l10n.bundle) l10n.config(vscode.l10n.bundle);
  const { log, problems } = createLog();
  const store = createStore(initialState);
  const trees = new Map<string, vscode.TreeView<Row>>();
  const user = userInfo().username;
  const projects = createProjects({ store, log, user });
  const app: App = {
    store,
    feed: createFeed(store, settings.context, process.env),
    nvidiaSmi: createNvidiaSmi({ timeoutMs: settings.probeTimeout }),
    selected: (view) => selection(trees.get(view)),
    log,
    problems,
    projectsRead: projects.areRead,
    storage: context.globalStorageUri,
    memory: context.workspaceState,
    sharedMemory: context.globalState,
    version: (context.extension.packageJSON as { version: string }).version,
    user,
  };
  const gpuPoll = createGpuPoll(app);
  const views = createViews(
    app,
    context.workspaceState,
    (visible) => {
      app.feed.setVisible(visible.size > 0);
      gpuPoll.setVisible(visible.has("berth.gpus"));
    },
    trees,
  );
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
  const commands = [...lifecycle, ...everyday, ...others].map((command) => register(app, command));
  context.subscriptions.push(
    log,
    app.feed,
    gpuPoll,
    views,
    createStatusBar(app),
    createHandleWatch(app),
    onSettings,
    config,
    ...onConfig,
    ...commands,
  );
  context.subscriptions.push(
    registerDocuments(),
    projects,
    createComposeDiagnostics(app),
    followContext(app),
    offerSetAside(app),
    {
      dispose: stopFollowing,
    },
  );
}
