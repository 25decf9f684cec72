import * as vscode from "vscode";
import { contextText } from "../core/contexts.ts";
import { containerRows } from "../core/containerRows.ts";
import { gpuRows } from "../core/gpuRows.ts";
import { imageRows } from "../core/imageRows.ts";
import { projectRows } from "../core/projectRows.ts";
import { changedRows, type Row } from "../core/rows.ts";
import type { State } from "../core/state.ts";
import { throttle } from "../engine/throttle.ts";
import type { App } from "./app.ts";

/** How often times such as "up 3 h" are told anew while a view is on screen, and not in between: else each change would draw all young rows anew. */
const retell = 60_000;
/** Between two redraws, in ms. VS Code itself waits until a view has not told of changes for 200 ms, however long that takes in a storm of them. */
const redrawInterval = 250;

/** Draws one view from the state. Holds nothing but what is drawn, and what the user folded. */
class RowsProvider implements vscode.TreeDataProvider<Row> {
  private readonly changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private rows: readonly Row[] = [];
  /** All rows as they are now, by id. */
  private now = new Map<string, Row>();
  /** VS Code knows a row by the object that it was given first, by id; that one may tell of the past. */
  private readonly given = new Map<string, Row>();
  private readonly compute: () => Row[];
  private readonly folds: Folds;

  constructor(compute: () => Row[], folds: Folds) {
    this.compute = compute;
    this.folds = folds;
  }

  /** Computes the rows again; the view is told of those that differ. */
  refresh(): void {
    const rows = this.compute();
    const changed = changedRows(this.rows, rows);
    this.rows = rows;
    this.now = new Map(withChildren(rows));
    for (const id of this.given.keys()) if (!this.now.has(id)) this.given.delete(id);
    if (changed === undefined) return this.changed.fire(undefined);
    const known = changed.flatMap((id) => this.given.get(id) ?? []); // the others are below rows that were never unfolded
    if (known.length > 0) this.changed.fire(known);
  }
  getChildren(parent?: Row): Row[] {
    const children = [...(parent ? (this.now.get(parent.id)?.children ?? []) : this.rows)];
    for (const child of children) this.given.set(child.id, child);
    return children;
  }
  getTreeItem(given: Row): vscode.TreeItem {
    const row = this.now.get(given.id) ?? given;
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const isExpanded = this.folds.get(row.id) ?? row.expanded ?? false;
    const item = new vscode.TreeItem(row.label, row.children?.length ? (isExpanded ? Expanded : Collapsed) : None);
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
  /** Remembers that the user folded or unfolded a row. */
  fold({ id }: Row, isExpanded: boolean): void {
    this.folds.set(id, isExpanded, (other) => this.now.has(other));
  }
}

function* withChildren(rows: readonly Row[]): Generator<[string, Row]> {
  for (const row of rows) {
    yield [row.id, row];
    yield* withChildren(row.children ?? []);
  }
}

/** Which rows of a view the user folded or unfolded, in this workspace: VS Code forgets it with the window, and when an engine goes away and comes back. */
class Folds {
  private readonly key: string;
  private readonly memory: vscode.Memento;
  private readonly expanded: Map<string, boolean>;
  constructor(view: string, memory: vscode.Memento) {
    this.key = `${view}.expanded`;
    this.memory = memory;
    this.expanded = new Map(Object.entries(memory.get<Record<string, boolean>>(this.key) ?? {}));
  }
  get(id: string): boolean | undefined {
    return this.expanded.get(id);
  }
  /** @param isThere rows that are not are forgotten, except the few that gather others */
  set(id: string, isExpanded: boolean, isThere: (id: string) => boolean): void {
    this.expanded.set(id, isExpanded);
    for (const other of this.expanded.keys()) if (!isThere(other) && !other.startsWith("group:")) this.expanded.delete(other);
    void this.memory.update(this.key, Object.fromEntries(this.expanded));
  }
}

/** Marks rows that Berth made with a badge, as source control marks files. */
const ownScheme = "berth-own";
const ownBadge: vscode.FileDecorationProvider = {
  provideFileDecoration: (uri) =>
    uri.scheme === ownScheme ? { badge: "B", tooltip: vscode.l10n.t("Created by Berth") } : undefined,
};

const views: Record<string, (state: State, now: number) => Row[]> = {
  "berth.projects": projectRows,
  "berth.containers": containerRows,
  "berth.images": imageRows,
  "berth.gpus": gpuRows,
};

/** Creates the views. `memory` is the workspace's. `onVisible` is told which of them are on screen, `trees` is filled with them. */
export function createViews(
  app: App,
  memory: vscode.Memento,
  onVisible: (visible: ReadonlySet<string>) => void,
  trees: Map<string, vscode.TreeView<Row>>,
): vscode.Disposable {
  const visible = new Set<string>();
  const subscriptions: vscode.Disposable[] = [vscode.window.registerFileDecorationProvider(ownBadge)];
  const redraws: (() => void)[] = [];
  let told = Date.now();
  for (const [id, rows] of Object.entries(views)) {
    const provider = new RowsProvider(() => rows(app.store.get(), told), new Folds(id, memory));
    const view = vscode.window.createTreeView(id, {
      treeDataProvider: provider,
      canSelectMany: id === "berth.containers" || id === "berth.images",
      showCollapseAll: true,
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
      told = Date.now();
      redraw();
    };
    trees.set(id, view);
    subscriptions.push(
      view,
      view.onDidChangeVisibility(onVisibility),
      view.onDidExpandElement(({ element }) => provider.fold(element, true)),
      view.onDidCollapseElement(({ element }) => provider.fold(element, false)),
    );
    onVisibility();
  }
  const { trigger, cancel } = throttle(() => {
    redraws.forEach((redraw) => redraw());
    return Promise.resolve();
  }, redrawInterval);
  const unlisten = app.store.onDidChange((state) => {
    setContext(state);
    trigger();
  });
  const timer = setInterval(() => {
    told = Date.now();
    trigger();
  }, retell);
  setContext(app.store.get());
  subscriptions.push({ dispose: unlisten }, { dispose: cancel }, { dispose: () => clearInterval(timer) });
  return vscode.Disposable.from(...subscriptions);
}

/** The rows that are selected. VS Code gives none for the moment in which it takes in changed rows: then it is asked again. */
export async function selection(view: vscode.TreeView<Row> | undefined): Promise<readonly Row[]> {
  for (let n = 0; view && view.selection.length === 0 && n < 10; n++) await new Promise((resolve) => setTimeout(resolve, 50));
  return view?.selection ?? [];
}

/** What a welcome text cannot say, because it depends on more than the kind of trouble. A message hides the welcome text, with its buttons. */
function message(view: string, { gpus, engine, filter }: State): string {
  if (view === "berth.containers" && isFiltered(filter) && engine.status === "ready")
    return vscode.l10n.t("Only what matches '{0}' is shown.", filter?.trim() ?? "");
  return view === "berth.gpus" && gpus.state === "error" ? gpus.health.detail : "";
}

const isFiltered = (filter: string | undefined) => (filter ?? "").trim() !== "";

const contexts = new Map<string, string | boolean>();

/** What the welcome texts and menus go by: `ready`, `connecting`, or why the engine is out of reach; whether it was chosen in Berth; whether GPUs are known, and whether containers are filtered. */
function setContext({ engine, context, gpus, filter }: State): void {
  const now = {
    "berth.engine": engine.status === "out" ? engine.reason : engine.status,
    "berth.contextChosen": context?.chosen ?? false,
    "berth.gpus": gpus.state,
    "berth.filtered": isFiltered(filter),
  };
  for (const [key, value] of Object.entries(now)) {
    if (contexts.get(key) === value) continue;
    contexts.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
