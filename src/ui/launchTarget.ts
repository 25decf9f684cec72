import * as vscode from "vscode";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Deployment } from "../core/compose/deployment.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import type { Project } from "../core/projects.ts";
import type { App } from "./app.ts";
import { readProjectFolder } from "./projects.ts";
import { alone, isBack, pick } from "./prompts.ts";

export interface LaunchTarget {
  project: Project;
  deployment: Deployment;
}

/** The deployment that is meant; asked for where several can be, unless `silent`. @throws UserError when there is none, or it has mistakes */
export async function launchTarget(
  app: App,
  { project: named, service }: { project?: string | undefined; service?: string | undefined },
  { silent, question }: { silent: boolean; question: string },
): Promise<LaunchTarget> {
  const projects = named === undefined ? app.store.get().projects : [await projectNamed(app, named)];
  const all = projects.flatMap((project) => project.deployments.map((deployment) => ({ project, deployment })));
  const fitting = service === undefined ? all : all.filter(({ deployment }) => deployment.service === service);
  if (fitting.length === 0) throw new UserError(...whyNone(projects, service));
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  if (silent) {
    const names = fitting.map(({ project, deployment }) => (named === undefined ? project.name : deployment.service));
    throw new UserError(
      named === undefined
        ? vscode.l10n.t("Which project is meant? Give 'project': one of {0}.", [...new Set(names)].join(", "))
        : vscode.l10n.t("Which service is meant? Give 'service': one of {0}.", names.join(", ")),
    );
  }
  const choices = fitting.map((target) => ({
    label: target.deployment.title,
    description: `${target.project.name} · ${target.deployment.preview.spec.image}`,
    detail: target.project.folder,
    value: target,
  }));
  const answer = await pick(alone(""), question, choices);
  if (isBack(answer)) throw new Cancelled();
  return answer;
}

/** By its name or its folder; a folder need not be open, and is read anew. */
async function projectNamed(app: App, named: string): Promise<Project> {
  const known = app.store.get().projects.filter(({ name, folder }) => name === named || folder === folderOf(named));
  const [first] = known;
  if (known.length > 1 && !known.some(({ folder }) => folder === folderOf(named)))
    throw new UserError(
      vscode.l10n.t(
        "Several projects are named '{0}': give the folder, one of {1}.",
        named,
        known.map(({ folder }) => folder).join(", "),
      ),
    );
  // What was typed a moment ago is not in the state yet.
  const found = await readProjectFolder(first?.folder ?? folderOf(named), app);
  if (found) return found;
  const names = app.store.get().projects.map(({ name }) => name);
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

function whyNone(projects: readonly Project[], service: string | undefined): ConstructorParameters<typeof UserError> {
  const bad = projects.find(
    ({ problem, broken }) => problem !== undefined && (service === undefined || broken.includes(service) || broken.length === 0),
  );
  if (bad?.problem !== undefined)
    return [
      vscode.l10n.t("{0} has mistakes, so nothing is launched from it: {1}", bad.problemFile ?? bad.file, bad.problem),
      {
        title: vscode.l10n.t("Open File"),
        command: "vscode.open",
        args: [vscode.Uri.file(bad.problemFile ?? bad.file).toString()],
      },
    ];
  const [only] = projects;
  if (service !== undefined && only) {
    const names = projects.flatMap(({ deployments }) => deployments.map((deployment) => deployment.service));
    return [vscode.l10n.t("There is no service '{0}': {1} has {2}.", service, only.file, names.join(", "))];
  }
  return [
    vscode.l10n.t("No folder that is open holds a compose.yaml: open a project's folder, or deploy an image."),
    { title: vscode.l10n.t("Deploy Container"), command: "berth.deploy" },
  ];
}
