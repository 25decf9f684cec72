import * as vscode from "vscode";
import { contextText } from "../core/contexts.ts";
import { containerRows, gpuRows, imageRows, type Row } from "../core/rows.ts";
import type { State } from "../core/state.ts";
import type { App } from "./app.ts";

/** How often times such as "up 3 h" are told anew while a view is on screen. Nothing is asked of the engine for it. */
const retell = 60_000;

/** Redraws one view from the state. Holds nothing but what is drawn. */
class RowsProvider implements vscode.TreeDataProvider<Row> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private rows: readonly Row[] = [];
  private drawn = "";
  private readonly compute: () => Row[];

  constructor(compute: () => Row[]) {
    this.compute = compute;
  }

  /** Computes the rows again; the view is told only when they differ. */
  refresh(): void {
    const rows = this.compute();
    const text = JSON.stringify(rows);
    if (text === this.drawn) return;
    this.rows = rows;
    this.drawn = text;
    this.changed.fire();
  }
  getChildren(row?: Row): Row[] {
    return [...(row ? (row.children ?? []) : this.rows)];
  }
  getTreeItem(row: Row): vscode.TreeItem {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(row.label, row.children?.length ? (row.expanded ? Expanded : Collapsed) : None);
    item.id = row.id;
    item.contextValue = row.menu;
    if (row.description !== undefined) item.description = row.description;
    if (row.tooltip !== undefined) item.tooltip = row.tooltip;
    if (row.icon)
      item.iconPath = new vscode.ThemeIcon(row.icon.id, row.icon.color ? new vscode.ThemeColor(row.icon.color) : undefined);
    if (row.accessibilityLabel !== undefined) item.accessibilityInformation = { label: row.accessibilityLabel };
    if (row.own) item.resourceUri = vscode.Uri.from({ scheme: ownScheme, path: `/${row.id}` });
    return item;
  }
}

/** Marks rows that Berth made with a badge, as source control marks files. */
const ownScheme = "berth-own";
const ownBadge: vscode.FileDecorationProvider = {
  provideFileDecoration: (uri) => (uri.scheme === ownScheme ? { badge: "B", tooltip: "Created by Berth" } : undefined),
};

const views: Record<string, (state: State, now: number) => Row[]> = {
  "berth.projects": () => [],
  "berth.containers": containerRows,
  "berth.images": imageRows,
  "berth.gpus": gpuRows,
};

/** Creates the views. `onVisible` is told which of them are on screen, `onFocus` which one something was last selected in. */
export function createViews(
  app: App,
  onVisible: (visible: ReadonlySet<string>) => void,
  onFocus: (view: vscode.TreeView<Row>) => void,
): vscode.Disposable {
  const visible = new Set<string>();
  const subscriptions: vscode.Disposable[] = [vscode.window.registerFileDecorationProvider(ownBadge)];
  const redraws: (() => void)[] = [];
  for (const [id, rows] of Object.entries(views)) {
    const provider = new RowsProvider(() => rows(app.store.get(), Date.now()));
    const view = vscode.window.createTreeView(id, {
      treeDataProvider: provider,
      canSelectMany: id === "berth.containers" || id === "berth.images",
      showCollapseAll: id !== "berth.projects",
    });
    const redraw = () => {
      if (!view.visible) return;
      provider.refresh();
      const state = app.store.get();
      const words = message(id, state);
      if ((view.message ?? "") !== words) view.message = words;
      const beside = id === "berth.containers" ? contextText(state.context, state.engine) : "";
      if ((view.description ?? "") !== beside) view.description = beside;
    };
    redraws.push(redraw);
    const onVisibility = () => {
      if (view.visible) visible.add(id);
      else visible.delete(id);
      onVisible(visible);
      redraw();
    };
    subscriptions.push(
      view,
      view.onDidChangeVisibility(onVisibility),
      view.onDidChangeSelection(() => onFocus(view)),
    );
    onVisibility();
  }
  const redrawAll = () => redraws.forEach((redraw) => redraw());
  const unlisten = app.store.onDidChange((state) => {
    setContext(state);
    redrawAll();
  });
  const timer = setInterval(redrawAll, retell);
  setContext(app.store.get());
  subscriptions.push({ dispose: unlisten }, { dispose: () => clearInterval(timer) });
  return vscode.Disposable.from(...subscriptions);
}

/** The rows that are selected. VS Code gives none for the moment in which it takes in changed rows: then it is asked again. */
export async function selection(view: vscode.TreeView<Row> | undefined): Promise<readonly Row[]> {
  for (let n = 0; view && view.selection.length === 0 && n < 10; n++) await new Promise((resolve) => setTimeout(resolve, 50));
  return view?.selection ?? [];
}

/** What a welcome text cannot say, because it depends on more than the kind of trouble. A message hides the welcome text, with its buttons. */
function message(view: string, { gpus }: State): string {
  return view === "berth.gpus" && gpus.state === "error" ? gpus.health.detail : "";
}

const contexts = new Map<string, string | boolean>();

/** What the welcome texts and menus go by: `ready`, `connecting`, or why the engine is out of reach; whether it was chosen in Berth; and whether GPUs are known. */
function setContext({ engine, context, gpus }: State): void {
  const now = {
    "berth.engine": engine.status === "out" ? engine.reason : engine.status,
    "berth.contextChosen": context?.chosen ?? false,
    "berth.gpus": gpus.state,
  };
  for (const [key, value] of Object.entries(now)) {
    if (contexts.get(key) === value) continue;
    contexts.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
