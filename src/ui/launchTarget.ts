import * as vscode from "vscode";
import type { Deployment } from "../core/compose/deployment.ts";
import { deploymentOf } from "../core/candidates.ts";
import type { Container } from "../core/engineJson.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { mistakeOf, type Project } from "../core/projects.ts";
import type { App } from "./app.ts";
import { projectNamed } from "./projects.ts";
import { alone, isBack, pick } from "./prompts.ts";

export interface LaunchTarget {
  project: Project;
  deployment: Deployment;
}

interface Meant {
  project?: string | undefined;
  service?: string | undefined;
  container?: Container | undefined;
}

/** The deployment that is meant, by the container if one is given; asked for where several can be, unless `silent`. @throws UserError when there is none, or it has mistakes */
export async function launchTarget(
  app: App,
  { project: named, service, container }: Meant,
  { silent, question }: { silent: boolean; question: string },
): Promise<LaunchTarget> {
  await app.projectsRead;
  const projects = named === undefined ? app.store.get().projects : [await projectNamed(app, named, { anew: true })];
  const all = projects.flatMap((project) => project.deployments.map((deployment) => ({ project, deployment })));
  const its = container && service === undefined ? deploymentOf(container, projects) : undefined;
  const fitting = all.filter(({ deployment }) =>
    its ? deployment === its : service === undefined || deployment.service === service,
  );
  if (fitting.length === 0) throw new UserError(...whyNone(projects, service));
  const [only] = fitting;
  const ofOne = fitting.every(({ project }) => project === only?.project);
  // Nobody sees which one is left when the other has a mistake.
  const broken = silent && ofOne && service === undefined && !its ? (only?.project.broken ?? []) : [];
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

function whyNone(projects: readonly Project[], service: string | undefined): ConstructorParameters<typeof UserError> {
  const bad = projects.find(
    ({ mistakes, broken }) => mistakes.length > 0 && (service === undefined || broken.includes(service) || broken.length === 0),
  );
  const mistake = bad && (service === undefined ? bad.mistakes[0] : mistakeOf(bad, service));
  if (bad && mistake) {
    const { file, line, message } = mistake;
    if (line === undefined) return [message];
    return [
      vscode.l10n.t("Line {0} of {1} has a mistake, so nothing is launched from it: {2}", line, file, message),
      {
        title: vscode.l10n.t("Open File"),
        command: "berth.openComposeFile",
        args: [{ project: bad.folder, ...(service === undefined ? {} : { service }) }],
      },
    ];
  }
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
