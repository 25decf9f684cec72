import type { Dirent } from "node:fs";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import type { Naming } from "../core/compose/deployment.ts";
import { composeFiles, overridesOf } from "../core/compose/files.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { mistakeOf, projectIn, unreadableProject, type Mistake, type Project } from "../core/projects.ts";
import { byName } from "../core/rows.ts";
import { throttle } from "../engine/throttle.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { alone, isBack, pick } from "./prompts.ts";
import { settings } from "./settings.ts";

/** Editors and git write several files at once: they are read together. In ms. */
const pause = 100;
/** How long a folder that hangs, as one on a network can, may hold up those who wait for the first read. In ms. */
const patience = 15_000;

/** How containers and images are named that a compose file gives no name. */
export function naming({ user }: Pick<App, "user">): Naming {
  return {
    container: settings.containerName("project"),
    image: settings.imageName(),
    user,
    uid: String(process.getuid?.() ?? ""),
  };
}

/** The project of a folder as its files say it; undefined when there is no compose file in it. @throws UserError when nobody can tell */
export async function readProjectFolder(folder: string, app: Pick<App, "user">): Promise<Project | undefined> {
  const base = await first(folder, composeFiles);
  if (!base) return undefined;
  if ("problem" in base) return unreadableProject(folder, base.path, base);
  const [override, dotenv] = await Promise.all([first(folder, overridesOf(base.path)), first(folder, [".env"])]);
  if (override && "problem" in override) return unreadableProject(folder, base.path, override);
  if (dotenv && "problem" in dotenv) return unreadableProject(folder, base.path, dotenv);
  // The parser is loaded with the first project.
  const { readProject } = await import("../core/compose/project.ts");
  const read = readProject({
    folder,
    files: [base, ...(override ? [override] : [])],
    env: process.env,
    ...(dotenv ? { dotenv } : {}),
    naming: naming(app),
  });
  return projectIn(folder, base.path, read);
}

type File = { path: string; text: string } | { path: string; problem: string };

/** The first file of these names that is in the folder, or why it cannot be read. @throws UserError when the folder cannot be looked into */
async function first(folder: string, names: readonly string[]): Promise<File | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    try {
      return { path: name, text: await readFile(path, "utf8") };
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) continue;
      const problem = vscode.l10n.t("{0} cannot be read: {1}", path, message.replace(/, open '.*'$/s, ""));
      const isThere = await lstat(path).then(
        () => true,
        () => false,
      );
      if (isThere) return { path: name, problem };
      throw new UserError(problem);
    }
  }
  return undefined;
}

/**
 * Keeps the state's projects as the saved files are: of every folder of the workspace, and of those directly below `berth.projectFolders`.
 * `areRead` resolves once they were read for the first time, or could not be.
 */
export function createProjects(
  app: Pick<App, "store" | "log" | "user">,
): vscode.Disposable & { readonly areRead: Promise<void> } {
  const watchers = new Map<string, vscode.Disposable>();
  const known = new Map<string, Promise<Project | undefined>>();
  let looking: Promise<readonly string[]> | undefined;
  let isOver = false;
  let tellRead = (): void => undefined;
  const areRead = new Promise<void>((resolve) => (tellRead = resolve));
  const latest = setTimeout(tellRead, patience);

  const read = (folder: string): Promise<Project | undefined> => {
    const project = known.get(folder) ?? readOrTell(folder);
    known.set(folder, project);
    return project;
  };
  const readOrTell = (folder: string): Promise<Project | undefined> =>
    readProjectFolder(folder, app).catch((error: unknown) => {
      app.log.error(`Project ${folder}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
  const { trigger, cancel } = throttle(async () => {
    try {
      const folders = await (looking ??= projectFolders());
      if (isOver) return;
      watch(folders);
      const projects = (await Promise.all(folders.map(read))).filter((project) => project !== undefined);
      if (!isOver) app.store.update({ projects });
    } catch (error) {
      app.log.error(`Projects: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    } finally {
      tellRead();
    }
  }, pause);
  const lookAgain = () => {
    looking = undefined;
    trigger();
  };

  /** Watches these folders and no others, and those of the setting for folders that come and go. */
  const watch = (folders: readonly string[]) => {
    const files = `{${[...composeFiles, ...composeFiles.flatMap(overridesOf), ".env"].join(",")}}`;
    const wanted = new Map<string, () => vscode.Disposable>([
      ...settings.projectFolders().map((parent) => [`${parent}/*`, () => watchFiles(parent, "*", lookAgain, false)] as const),
      ...folders.map((folder) => [folder, () => watchFiles(folder, files, () => reread(folder), true)] as const),
    ]);
    for (const [key, watcher] of watchers)
      if (!wanted.has(key)) {
        watcher.dispose();
        watchers.delete(key);
        known.delete(key);
      }
    for (const [key, create] of wanted) if (!watchers.has(key)) watchers.set(key, create());
  };
  const reread = (folder: string) => {
    known.delete(folder);
    trigger();
  };

  trigger();
  const all = vscode.Disposable.from(
    vscode.workspace.onDidChangeWorkspaceFolders(lookAgain),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("berth.naming")) known.clear();
      if (change.affectsConfiguration("berth.naming") || change.affectsConfiguration("berth.projectFolders")) lookAgain();
    }),
    {
      dispose() {
        isOver = true;
        cancel();
        clearTimeout(latest);
        tellRead();
        for (const watcher of watchers.values()) watcher.dispose();
      },
    },
  );
  return { areRead, dispose: () => void all.dispose() };
}

/** Patterns without a slash: VS Code watches the folder alone, not the whole tree below it. */
function watchFiles(folder: string, pattern: string, onEvent: () => void, changes: boolean): vscode.Disposable {
  const where = new vscode.RelativePattern(vscode.Uri.file(folder), pattern);
  const watcher = vscode.workspace.createFileSystemWatcher(where, false, !changes, false);
  const listeners = [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete].map((event) => event(onEvent));
  return vscode.Disposable.from(watcher, ...listeners);
}

/** Where projects are looked for, each once: the workspace's folders in their order, then the others by name. */
async function projectFolders(): Promise<string[]> {
  const opened = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => (uri.scheme === "file" ? [uri.fsPath] : []));
  const below = await Promise.all(settings.projectFolders().map(foldersIn));
  return [...new Set([...opened, ...below.flat()])];
}

/** Hidden ones are tools' own. */
async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch((): Dirent[] => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(parent, entry.name);
      if (entry.name.startsWith(".")) return [];
      const isFolder = entry.isSymbolicLink()
        ? await stat(path).then(
            (target) => target.isDirectory(),
            () => false,
          )
        : entry.isDirectory();
      return isFolder ? [path] : [];
    }),
  );
  return found.flat().sort(byName);
}

/** Shows where the service stands, or what is wrong with it. */
export const openComposeFile = command({
  id: "berth.openComposeFile",
  keys: z.strictObject({ project: z.optional(z.string()), service: z.optional(z.string()) }),
  looksOnly: () => true,
  async run(app, { project: named, service }) {
    await app.projectsRead;
    const project = await (named === undefined
      ? pickProject(app.store.get().projects)
      : projectNamed(app, named, { anew: false }));
    const { file, line } = placeOf(project, service);
    const at = new vscode.Position(line - 1, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(at, at) });
    return { outcome: "shown" };
  },
});

/** By its name or its folder, which need not be open. `anew`: as its files are now, what was typed a moment ago included. @throws UserError */
export async function projectNamed(app: App, named: string, { anew }: { anew: boolean }): Promise<Project> {
  const { projects } = app.store.get();
  const byFolder = projects.find(({ folder }) => folder === folderOf(named));
  const known = byFolder ? [byFolder] : projects.filter(({ name }) => name === named);
  const [first] = known;
  if (known.length > 1)
    throw new UserError(
      vscode.l10n.t(
        "Several projects are named '{0}': give the folder, one of {1}.",
        named,
        known.map(({ folder }) => folder).join(", "),
      ),
    );
  const found = first && !anew ? first : await readProjectFolder(first?.folder ?? folderOf(named), app);
  if (found) return found;
  const names = projects.map(({ name }) => name);
  throw new UserError(
    names.length === 0
      ? vscode.l10n.t("There is no project '{0}': give a folder that holds a compose.yaml.", named)
      : vscode.l10n.t(
          "There is no project '{0}': give a folder that holds a compose.yaml, or one of {1}.",
          named,
          names.join(", "),
        ),
  );
}

/** Relative paths are those of the first workspace folder. */
function folderOf(named: string): string {
  const base = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "/";
  return resolve(base, named.replace(/^~(?=\/|$)/, homedir())).replace(/(?<=.)\/$/, "");
}

/** @throws UserError when there is none, Cancelled */
async function pickProject(projects: readonly Project[]): Promise<Project> {
  const [only, ...others] = projects;
  if (!only) throw new UserError(vscode.l10n.t("There is no compose file here: open a folder that holds a compose.yaml."));
  if (others.length === 0) return only;
  const choices = projects.map((project) => ({ label: project.name, description: project.folder, value: project }));
  const answer = await pick(alone(""), vscode.l10n.t("Open the compose file of which project?"), choices);
  if (isBack(answer)) throw new Cancelled();
  return answer;
}

function placeOf(project: Project, service: string | undefined): { file: string; line: number } {
  const start = { file: project.file, line: 1 };
  const place = ({ file, line }: Partial<Mistake> = {}) => (file === undefined || line === undefined ? start : { file, line });
  if (service === undefined) return project.deployments.length === 0 ? place(project.mistakes[0]) : start;
  const at = project.deployments.find((deployment) => deployment.service === service)?.at;
  return at ? { file: join(project.folder, at.path), line: at.line } : place(mistakeOf(project, service));
}
