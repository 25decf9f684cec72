import { dirname } from "node:path";
import * as vscode from "vscode";
import { basesOf, composeFiles, overridesOf } from "../core/compose/files.ts";
import type { Issue } from "../core/compose/nodes.ts";
import type { App } from "./app.ts";
import { naming } from "./projects.ts";

/** Long enough for a word to be typed. */
const pauseMs = 200;

/** Tells what is wrong with the compose files that are open, as they are typed. The parser is loaded with the first of them. */
export function createComposeDiagnostics({ store, log, user }: Pick<App, "store" | "log" | "user">): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection("berth-compose");
  const timers = new Map<string, NodeJS.Timeout>();
  let { projects } = store.get();

  /** The open documents that belong to the compose file of the same folder. */
  const open = (folder: vscode.Uri, names: readonly string[]) =>
    names.flatMap((name) => {
      const path = vscode.Uri.joinPath(folder, name).toString();
      return vscode.workspace.textDocuments.filter(({ uri }) => uri.toString() === path);
    });

  async function check(folder: vscode.Uri): Promise<void> {
    const { readProject } = await import("../core/compose/project.ts");
    const read = async (name: string): Promise<{ path: string; text: string } | undefined> => {
      const [document] = open(folder, [name]);
      if (document) return { path: name, text: document.getText() };
      const uri = vscode.Uri.joinPath(folder, name);
      const bytes = await vscode.workspace.fs.readFile(uri).then(undefined, () => undefined);
      return bytes && { path: name, text: new TextDecoder().decode(bytes) };
    };
    const first = async (names: readonly string[]) => {
      for (const name of names) {
        const file = await read(name);
        if (file) return file;
      }
      return undefined;
    };
    const dotenv = await read(".env");

    // Every compose file that is open by itself or by its override, also one that Compose would not choose here.
    const bases = composeFiles.filter((name) => open(folder, [name, ...overridesOf(name)]).length > 0);
    const told = new Map<string, vscode.Diagnostic[]>();
    for (const name of bases) {
      const base = await read(name);
      if (!base) continue;
      const override = await first(overridesOf(name));
      const { issues } = readProject({
        folder: folder.fsPath,
        files: [base, ...(override ? [override] : [])],
        env: process.env,
        ...(dotenv ? { dotenv } : {}),
        naming: naming({ user }),
      });
      for (const file of [base, override]) if (file && !told.has(file.path)) told.set(file.path, []);
      for (const issue of issues) told.get(issue.path)?.push(diagnostic(issue));
    }
    // A document that was closed meanwhile has nothing to be told of.
    for (const [name, diagnostics] of told) for (const { uri } of open(folder, [name])) collection.set(uri, diagnostics);
  }

  /** Projects lie in the folders that are open, and in those of the setting. */
  const matters = ({ uri }: vscode.TextDocument) => {
    const name = uri.path.split("/").at(-1) ?? "";
    if (uri.scheme !== "file" || (basesOf(name).length === 0 && name !== ".env")) return false;
    if (vscode.workspace.getWorkspaceFolder(uri)) return true;
    return projects.some(({ folder }) => folder === dirname(uri.fsPath));
  };
  const soon = (document: vscode.TextDocument, ms: number) => {
    if (!matters(document)) return;
    const { uri } = document;
    const folder = vscode.Uri.joinPath(uri, "..");
    const key = folder.toString();
    clearTimeout(timers.get(key));
    const run = () => {
      timers.delete(key);
      void check(folder).then(undefined, (error: unknown) => log.error(`Compose file in ${folder.fsPath}: ${String(error)}`));
    };
    timers.set(key, setTimeout(run, ms));
  };

  const unlisten = store.onDidChange((state) => {
    if (state.projects === projects) return;
    projects = state.projects;
    for (const document of vscode.workspace.textDocuments) {
      if (matters(document)) soon(document, 0);
      else collection.delete(document.uri);
    }
  });
  for (const document of vscode.workspace.textDocuments) soon(document, 0);
  return vscode.Disposable.from(
    collection,
    vscode.workspace.onDidOpenTextDocument((document) => soon(document, 0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => soon(document, pauseMs)),
    vscode.workspace.onDidCloseTextDocument((document) => {
      collection.delete(document.uri);
      soon(document, 0);
    }),
    {
      dispose() {
        unlisten();
        timers.forEach((timer) => clearTimeout(timer));
      },
    },
  );
}

function diagnostic({ line, column, endLine, endColumn, severity, message }: Issue): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const { Error, Warning } = vscode.DiagnosticSeverity;
  const found = new vscode.Diagnostic(range, message, severity === "error" ? Error : Warning);
  found.source = "Berth";
  return found;
}
