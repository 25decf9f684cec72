import * as vscode from "vscode";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Deployment } from "../core/compose/deployment.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { mistakeOf, type Project } from "../core/projects.ts";
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
  const ofOne = fitting.every(({ project }) => project === only?.project);
  // Nobody sees which one is left when the other has a mistake.
  const broken = silent && ofOne && service === undefined ? (only?.project.broken ?? []) : [];
  if (only && fitting.length === 1 && broken.length === 0) return only;
  if (silent) {
    const names = fitting.map(({ project, deployment }) => (ofOne ? deployment.service : project.name));
    throw new UserError(
      ofOne
        ? vscode.l10n.t("Which service is meant? Give 'service': one of {0}.", [...names, ...broken].join(", "))
        : vscode.l10n.t("Which project is meant? Give 'project': one of {0}.", [...new Set(names)].join(", ")),
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
  // What was typed a moment ago is not in the state yet.
  const found = await readProjectFolder(first?.folder ?? folderOf(named), app);
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

function whyNone(projects: readonly Project[], service: string | undefined): ConstructorParameters<typeof UserError> {
  const bad = projects.find(
    ({ mistakes, broken }) => mistakes.length > 0 && (service === undefined || broken.includes(service) || broken.length === 0),
  );
  const mistake = bad && (service === undefined ? bad.mistakes[0] : mistakeOf(bad, service));
  if (bad && mistake)
    return [
      vscode.l10n.t(
        "Line {0} of {1} has a mistake, so nothing is launched from it: {2}",
        mistake.line,
        mistake.file,
        mistake.message,
      ),
      {
        title: vscode.l10n.t("Open File"),
        command: "berth.openComposeFile",
        args: [{ project: bad.folder, ...(service === undefined ? {} : { service }) }],
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
