import * as vscode from "vscode";
import { deploymentOf } from "../core/candidates.ts";
import type { Deployment } from "../core/compose/deployment.ts";
import { UserError } from "../core/errors.ts";
import { planStartApp, planStopApp, secretsOf } from "../core/planLaunch.ts";
import { deploymentKey, type Project } from "../core/projects.ts";
import { findApp } from "../engine/app.ts";
import type { App } from "./app.ts";
import type { Call } from "./commands.ts";
import { answeredFor, draft } from "./launchDraft.ts";
import { askMissing, launchedAnswers } from "./launchInputs.ts";
import { requireNotLaunched, runPlan } from "./runPlan.ts";
import { findContainer, reach, type Inspected } from "./target.ts";
import { isSetupDue } from "./unfinishedSetup.ts";

interface Keys {
  container?: string | undefined;
}

const startWhich = () => vscode.l10n.t("Start the app in which container?");
const stopWhich = () => vscode.l10n.t("Stop the app in which container?");

/** Prepares, configures and starts the deployment's app in a container that runs, with the answers of the last launch. */
export async function startApp(app: App, { container }: Keys, { fromUi }: Call): Promise<object> {
  const reached = await reach(app);
  const found = await findContainer(reached, container, startWhich(), ({ state }) => state === "running");
  const { project, deployment } = await deploymentIn(app, found);
  requireNotLaunched(app, found.name);
  if (found.state !== "running")
    throw new UserError(vscode.l10n.t("{0} does not run, so no app can be started in it: start it first.", found.name));
  const run = await reached.engine.runOf(found.id);
  const answers = fromUi ? await askMissing(app, project, deployment) : launchedAnswers(app, project, deployment);
  const launch = await answeredFor(found, deployment, answers, run?.spec.ports);
  if (!launch.app) throw new UserError(noApp(deployment));
  if (await findApp(reached, found.id, launch.app.process))
    throw new UserError(vscode.l10n.t("The app runs in {0} already: stop it first.", found.name));
  const image = await reached.engine.inspectImage(found.imageId);
  if (!image) throw new UserError(vscode.l10n.t("The image of {0} is not on this engine any more.", found.name));
  const launching = await draft(app, reached, deployment, launch, image, { reserve: false });
  await runPlan(app, reached, planStartApp(launching, found, { setupDue: isSetupDue(app, found.id) }), {
    silent: !fromUi,
    launch: {
      key: deploymentKey(project.folder, deployment.service),
      secrets: secretsOf(launching),
    },
  });
  return { outcome: "started" };
}

export async function stopApp(app: App, { container }: Keys, { fromUi }: Call): Promise<object> {
  const reached = await reach(app);
  const found = await findContainer(reached, container, stopWhich(), ({ state }) => state === "running");
  const { deployment } = await deploymentIn(app, found);
  const described = deployment.preview.app;
  if (!described) throw new UserError(noApp(deployment));
  if (found.state !== "running") throw new UserError(vscode.l10n.t("{0} does not run, and so neither does its app.", found.name));
  if (!(await findApp(reached, found.id, described.process)))
    throw new UserError(vscode.l10n.t("The app does not run in {0}.", found.name));
  await runPlan(app, reached, planStopApp(described, found), { silent: !fromUi });
  return { outcome: "stopped" };
}

async function deploymentIn(app: App, found: Inspected): Promise<{ project: Project; deployment: Deployment }> {
  await app.projectsRead;
  const { projects } = app.store.get();
  const deployment = deploymentOf(found, projects);
  const project = projects.find(({ deployments }) => deployments.some((one) => one === deployment));
  if (deployment && project) return { project, deployment };
  throw new UserError(
    vscode.l10n.t(
      "{0} belongs to no project that is open, so Berth does not know its app: open the project's folder.",
      found.name,
    ),
  );
}

const noApp = ({ service }: Deployment) =>
  vscode.l10n.t("The service '{0}' has no app: add 'x-berth.app' to its compose file.", service);
