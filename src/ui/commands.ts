import * as vscode from "vscode";
import * as z from "zod/mini";
import type { Container } from "../core/engineJson.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import type { Row } from "../core/rows.ts";
import type { App } from "./app.ts";
import { notify } from "./notify.ts";
import { pickContainers, reach } from "./target.ts";

/** How a command was called. */
export interface Call {
  /** From the palette or a row: asks for what it needs, and errors are shown. */
  fromUi: boolean;
}

/** A command of Berth. It takes one optional object, or a tree row (or rows). */
export interface Command<Schema extends z.ZodMiniType> {
  id: string;
  /** The keys of the object. */
  keys: Schema;
  /** Whether it only looks, and so works in an untrusted workspace too. */
  looksOnly?: (keys: z.infer<Schema>) => boolean;
  /** What is asked from the palette, where no container is given, and which of them can be answered. */
  asks?: { question: string; fits?: (container: Container) => boolean };
  run(app: App, keys: z.infer<Schema>, call: Call): Promise<object | undefined>;
  /** Acts on several rows at once. Without it they are acted on one after the other. */
  several?: (app: App, all: readonly z.infer<Schema>[]) => Promise<object | undefined>;
}

/** Lets the schema of each command tell the type of its keys. */
export function command<Schema extends z.ZodMiniType>(definition: Command<Schema>): Command<z.ZodMiniType> {
  return definition;
}

/** Registers a command: parses what it was given, keeps an untrusted workspace from starting anything, and is the only place that shows an error. */
export function register(app: App, definition: Command<z.ZodMiniType>): vscode.Disposable {
  return vscode.commands.registerCommand(definition.id, async (given?: unknown, selection?: unknown) => {
    let fromUi = given === undefined || given === null;
    try {
      const rows = await asRows(app, given, selection);
      fromUi ||= rows !== undefined;
      if (!vscode.workspace.isTrusted && !definition.looksOnly) throw untrusted();
      const targets = rows ? targetsFor(definition, rows) : [given ?? {}];
      const calls = fromUi ? await asked(app, definition, targets) : targets;
      const all = calls.map((call) => parse(definition, call));
      if (!vscode.workspace.isTrusted && all.some((keys) => !definition.looksOnly?.(keys))) throw untrusted();
      if (all.length > 1 && definition.several) return await definition.several(app, all);
      return await oneAfterTheOther(app, definition, all, fromUi);
    } catch (error) {
      if (error instanceof Cancelled) return undefined;
      app.log.error(
        `${definition.id}: ${error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error)}`,
      );
      if (!fromUi) throw error;
      void showError(error);
      return undefined;
    }
  });
}

/** Calls a command of Berth as a row does: it asks for what it needs, and shows its error. */
export async function runFromUi(id: string, target: object): Promise<void> {
  await vscode.commands.executeCommand(id, { id: "button", menu: "button", target });
}

/** One that fails does not keep the others from their turn; what went wrong is told together. */
async function oneAfterTheOther(
  app: App,
  definition: Command<z.ZodMiniType>,
  all: readonly never[],
  fromUi: boolean,
): Promise<object | undefined> {
  let result: object | undefined;
  const failures: unknown[] = [];
  for (const keys of all) {
    try {
      result = await definition.run(app, keys, { fromUi });
    } catch (error) {
      // Who backs out of one of several questions backs out of the rest.
      if (error instanceof Cancelled || all.length === 1) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 1) throw new UserError(failures.map((error) => words(error).split("\n", 1)[0]).join(" "));
  if (failures.length === 1) throw failures[0] as Error;
  return result;
}

/** A context menu passes the row it was opened on and, when several are selected, all of them; a keybinding of Berth's own means those that are selected. */
async function asRows(app: App, given: unknown, selection: unknown): Promise<readonly Row[] | undefined> {
  if (isObject(given) && typeof given.selected === "string") return keyedRows(await app.selected(given.selected));
  const isRow = (value: unknown): value is Row => isObject(value) && "menu" in value && "id" in value;
  if (!isRow(given)) return undefined;
  return Array.isArray(selection) && selection.length > 1 ? selection.filter(isRow) : [given];
}

/** A key that is pressed on something that nothing can be done with, such as a heading, does nothing. */
function keyedRows(rows: readonly Row[]): readonly Row[] {
  const meant = rows.filter(({ target }) => target);
  if (meant.length === 0) throw new Cancelled();
  return meant;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** A button in a view's title is given the focused row, whether or not the command has to do with it; and a selection can hold rows of other kinds. */
function targetsFor({ keys }: Command<z.ZodMiniType>, rows: readonly Row[]): object[] {
  const fitting = rows.flatMap(({ target }) => (target && keys.safeParse(target).success ? [target] : []));
  return fitting.length > 0 ? fitting : [{}];
}

/** Asks for the container, or several, where none was given. */
async function asked(
  app: App,
  { asks, several }: Command<z.ZodMiniType>,
  targets: readonly object[],
): Promise<readonly object[]> {
  if (!asks || targets.some((target) => Object.keys(target).length > 0)) return targets;
  const names = await pickContainers(await reach(app), asks.question, { wanted: asks.fits, several: several !== undefined });
  return names.map((container) => ({ container }));
}

function parse({ id, keys }: Command<z.ZodMiniType>, given: unknown): never {
  const result = keys.safeParse(given);
  if (result.success) return result.data as never;
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys")
    throw new UserError(vscode.l10n.t("{0} does not know {1}.", id, `'${issue.keys.join("', '")}'`));
  const where = issue && issue.path.length > 0 ? `'${issue.path.join(".")}'` : vscode.l10n.t("its argument");
  throw new UserError(vscode.l10n.t("{0}: {1} must be {2}.", id, where, wanted(issue)));
}

/** Schemas of several forms bring their own words. */
function wanted(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== "invalid_type") return issue?.message ?? vscode.l10n.t("another value");
  const types: Record<string, string> = {
    string: vscode.l10n.t("a text"),
    boolean: vscode.l10n.t("true or false"),
    array: vscode.l10n.t("a list"),
    record: issue.message, // said where it is defined
  };
  return types[issue.expected] ?? vscode.l10n.t("a value of type {0}", issue.expected);
}

function untrusted(): UserError {
  return new UserError(
    vscode.l10n.t("This workspace is not trusted: Berth shows what the engine holds, and starts or changes nothing."),
    { title: vscode.l10n.t("Manage Workspace Trust"), command: "workbench.trust.manage" },
  );
}

/** Shows an error with its button. The first line is the sentence; what follows, such as log lines, needs the room of a dialog. */
async function showError(error: unknown): Promise<void> {
  const message = words(error);
  const [sentence = "", ...rest] = message.split("\n");
  const remedy = error instanceof UserError ? error.remedy : undefined;
  const options = rest.length > 0 ? { modal: true, detail: rest.join("\n") } : {};
  const chosen = await notify.error(sentence, options, ...(remedy ? [remedy.title] : []));
  if (!remedy || chosen !== remedy.title) return;
  const args = remedy.command === "vscode.open" ? [vscode.Uri.parse(String(remedy.args?.[0]))] : (remedy.args ?? []);
  await vscode.commands.executeCommand(remedy.command, ...args);
}
