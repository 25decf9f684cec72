import * as vscode from "vscode";
import { gpuStatus } from "../core/gpuStatus.ts";
import type { State } from "../core/state.ts";
import type { App } from "./app.ts";

/** The status-bar item `berth.gpu`: GPU health in a few words, a table as tooltip, a click opens the GPU view. */
export function createStatusBar(app: App): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("berth.gpu", vscode.StatusBarAlignment.Right, 50);
  item.name = vscode.l10n.t("Berth: GPU health");
  item.command = { command: "berth.gpus.focus", title: vscode.l10n.t("Open GPU View") };
  let drawn = "";
  const draw = (state: State) => {
    const names = new Map(state.containers.map(({ id, name }) => [id, name]));
    const handles = Object.entries(state.handles).map(([id, health]) => ({
      container: names.get(id) ?? id.slice(0, 12),
      health,
    }));
    const status = gpuStatus({ gpus: state.gpus, handles });
    if (JSON.stringify(status) === drawn) return;
    drawn = JSON.stringify(status);
    item.text = status.text;
    item.tooltip = new vscode.MarkdownString(status.tooltip, true); // not trusted: no command links, no HTML
    item.accessibilityInformation = { label: status.accessibilityLabel };
    item.backgroundColor =
      status.severity === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${status.severity}Background`);
    item.show();
  };
  draw(app.store.get());
  return vscode.Disposable.from(item, { dispose: app.store.onDidChange(draw) });
}
