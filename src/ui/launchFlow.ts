import * as vscode from "vscode";
import { candidates } from "../core/candidates.ts";
import { answersText, type Answers } from "../core/compose/inputs.ts";
import type { Launch } from "../core/compose/deployment.ts";
import { runCommand, runCommandLines } from "../core/dockerRun.ts";
import { Cancelled, UserError, type Remedy } from "../core/errors.ts";
import { ownerToAsk, requireViable, whose } from "../core/existing.ts";
import { asideName } from "../core/names.ts";
import { withPlatformDefault } from "../core/platform.ts";
import { renderSteps, type Plan } from "../core/plan.ts";
import { planLaunch, planReplace, planReuse, secretsOf, type Launching } from "../core/planLaunch.ts";
import { deploymentKey } from "../core/projects.ts";
import { redact } from "../core/redact.ts";
import { label } from "../core/runSpec.ts";
import { decide, type Decision, type Existing } from "../core/reuse.ts";
import { findApp, startedBy } from "../engine/app.ts";
import { BasisChangedError, GpuTakenError, GpuTroubleError } from "../engine/execute.ts";
import { appUrl } from "../engine/ready.ts";
import { detectPlatform, observe, type Look } from "../engine/observe.ts";
import type { App } from "./app.ts";
import { askExisting, pickExisting } from "./existing.ts";
import { answered, answeredFor, draft, parallel } from "./launchDraft.ts";
import { askInputs, rememberAnswers } from "./launchInputs.ts";
import type { LaunchKeys } from "./launch.ts";
import { launchTarget, type LaunchTarget } from "./launchTarget.ts";
import { isLocked } from "./launchLock.ts";
import { notify } from "./notify.ts";
import { open } from "./open.ts";
import { projectImage, type ProjectImage } from "./projectImage.ts";
import { confirm } from "./prompts.ts";
import { lossesText, whatIsLost } from "./removal.ts";
import { runCommandOf } from "./runCommand.ts";
import { requireNotLaunched, runPlan } from "./runPlan.ts";
import { settings } from "./settings.ts";
import { engineGpus, findContainer, reach, type Reach } from "./target.ts";
import { isSetupDue } from "./unfinishedSetup.ts";

export interface Launched {
  outcome: "created" | "reused" | "revived" | "restarted" | "parallel" | "shown";
  container: { id: string; name: string };
  command: string;
  log?: string;
  url?: string;
}

/** What is to be done, decided on what there was a moment ago. */
interface Proposal {
  outcome: Exclude<Launched["outcome"], "shown">;
  plan: Plan;
  launching: Launching;
  /** The container that it is done to, or that makes room. */
  look?: Look;
  /** What goes with it. */
  losses?: string;
  /** For a parallel one: what it is beside of. */
  beside?: Look;
}

/** Several launches can choose the same free GPU at once; who gives way chooses again. */
const attempts = 5;

/** Finds out what is there, asks what is to be asked, and carries it out. @throws UserError, Cancelled */
export async function launchOne(app: App, keys: LaunchKeys, question: string): Promise<Launched> {
  const silent = keys.confirm === false;
  const container = keys.container === undefined ? undefined : await findContainer(await reach(app), keys.container, "");
  const found = await launchTarget(app, { ...keys, container }, { silent, question });
  const reached = await reach(app);
  const deployment = {
    ...found.deployment,
    questions: withPlatformDefault(found.deployment.questions, await detectPlatform(reached.engine)),
  };
  const meant = { project: found.project, deployment };
  let answers: Answers = keys.inputs ?? {};
  if (!silent) answers = await askInputs(app, found.project, deployment, answers, { again: false });
  let wanted = keys.existing;
  let { rebuild = false } = keys;
  for (let n = 1; ; n++) {
    const first = await answered(deployment, answers);
    const image = await projectImage(app, reached, first, { silent, rebuild, settings: settingsOf(meant, answers) });
    rebuild = false;
    const proposal = await propose(app, reached, meant, { answers, first, image, silent, wanted, container: keys.container });
    try {
      if (!silent) {
        const answer = await confirmPlan(app, reached, proposal);
        if (answer === "show") return await shown(reached, proposal);
        if (answer === "change") {
          if (deployment.questions.length > 0)
            answers = await askInputs(app, found.project, deployment, answers, { again: true });
          else if (proposal.look === undefined) return await change(found);
          wanted = undefined;
          continue;
        }
      }
      const launched = await carryOut(app, reached, { ...meant, answers }, proposal, silent);
      await rememberAnswers(app, found.project, deployment, answers);
      await openLaunched(app, reached, launched, proposal, keys.open ?? (silent ? "none" : settings.open()), silent);
      return launched;
    } catch (error) {
      // What was decided on is not so any more: the questions come again.
      const isStale = error instanceof GpuTakenError || error instanceof BasisChangedError || error instanceof GpuTroubleError;
      if (silent && error instanceof GpuTakenError && n < attempts) continue;
      if (silent || !isStale || (error instanceof GpuTroubleError && !proposal.look)) throw error;
      void notify.warn(error.message);
      wanted = undefined;
    }
  }
}

interface Circumstance {
  answers: Answers;
  /** For the deployment's own name. */
  first: Launch;
  image: ProjectImage;
  silent: boolean;
  wanted: Existing | undefined;
  container: string | undefined;
}

/** Looks at what is there, and decides with the user what to do. @throws UserError, Cancelled */
async function propose(app: App, reached: Reach, target: LaunchTarget, given: Circumstance): Promise<Proposal> {
  const { deployment } = target;
  const { answers, first, image, silent, wanted } = given;
  const looks = await lookAround(app, reached, deployment, given);
  const look = await chooseLook(looks, first.spec.name, given, app.user);
  if (wanted !== "parallel") requireNotLaunched(app, look?.found.name ?? first.spec.name, inParallel(target));
  if (!look) {
    if (wanted === "reuse" || wanted === "revive")
      throw new UserError(vscode.l10n.t("There is no container '{0}' yet: launch it first.", first.spec.name));
    const launching = await draft(app, reached, deployment, first, image, { reserve: true });
    return { outcome: "created", plan: planLaunch(launching), launching };
  }
  const own = await answeredFor(look.found, deployment, answers, look.observed.spec.ports);
  const wished = await draft(app, reached, deployment, own, image, { reserve: false });
  const secrets = secretsOf(wished);
  const decision = decide(wished.spec, look.observed, engineGpus(app, reached), secrets);
  const existing = await chooseExisting(look, decision, given, { user: app.user, secrets });
  if (existing === "parallel") {
    const { launch: beside, uncertain } = await parallel(reached, deployment, answers, new Date());
    const drafted = await draft(app, reached, deployment, beside, image, { reserve: true });
    const unknown = uncertain ? [vscode.l10n.t("Whether its ports are free on the engine's machine is unknown from here.")] : [];
    const launching = { ...drafted, notes: [...(drafted.notes ?? []), ...unknown] };
    return { outcome: "parallel", plan: planLaunch(launching), launching, beside: look };
  }
  const { appRuns } = look;
  const ranBy = appRuns === undefined ? undefined : await startedBy(reached, look.found.id);
  if (existing === "restart") {
    await requireNoneAside(app, reached, look.found.name);
    const launching = await draft(app, reached, deployment, own, image, { reserve: true, instead: look.found.id });
    const lost = silent ? undefined : await whatIsLost(reached, look.found);
    const plan = planReplace(launching, look.found, { appRuns, ranBy, volumes: lost !== undefined, now: new Date() });
    return { outcome: "restarted", plan, launching, look, ...(lost ? { losses: lossesText(lost) } : {}) };
  }
  const plan = planReuse(wished, look.found, {
    ...{ appRuns, ranBy, revive: existing === "revive" },
    setupDue: isSetupDue(app, look.found.id),
  });
  return { outcome: existing === "revive" ? "revived" : "reused", plan, launching: wished, look };
}

/** What can be done while the container is being launched: for a button. */
function inParallel({ project: { folder }, deployment: { service } }: LaunchTarget): Remedy {
  const target = { project: folder, service, existing: "parallel" };
  return {
    title: vscode.l10n.t("Launch in Parallel"),
    command: "berth.launch",
    args: [{ id: "button", menu: "button", target }],
  };
}

async function lookAround(
  app: App,
  reached: Reach,
  deployment: LaunchTarget["deployment"],
  { first, image, container, silent }: Circumstance,
): Promise<Look[]> {
  const [containers, images] = await Promise.all([reached.engine.containers(), reached.engine.images()]);
  const own = { ...deployment, name: first.spec.name, preview: first };
  const found =
    container === undefined
      ? candidates(own, containers, images, app.user)
      : [{ by: "name" as const, container: await findContainer(reached, container, "") }];
  const tools = {
    ...reached,
    hostGpus: engineGpus(app, reached),
    probeTimeout: settings.probeTimeout(),
    ...(first.app ? { findApp: async (id: string) => findApp(reached, id, first.app?.process) } : {}),
  };
  if (found.length === 0) return [];
  const { spec } = await draft(app, reached, deployment, first, image, { reserve: false });
  const looking = observe(tools, spec, found);
  if (silent) return looking;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking at what is there") },
    () => looking,
  );
}

/** Which of the containers that are there is meant; undefined: none, a new one is made. */
async function chooseLook(
  looks: readonly Look[],
  name: string,
  { silent, wanted, container }: Circumstance,
  user: string,
): Promise<Look | undefined> {
  if (container !== undefined) return looks[0];
  const named = looks.find(({ found }) => found.name === name);
  // Docker Compose names its containers in its own way.
  const [composes, another] = looks.filter(({ by }) => by === "compose");
  const canonical = named ?? (another ? undefined : composes);
  if (silent || wanted !== undefined) return canonical;
  const known = looks.filter(({ by }) => by !== "image");
  if (known.length === 1 && canonical) return canonical;
  if (looks.length === 0) return undefined;
  return pickExisting(looks, named ? undefined : name, user);
}

/** What a restart sets aside gets a name that must be free. */
async function requireNoneAside(app: App, reached: Reach, name: string): Promise<void> {
  const aside = asideName(name);
  if (!(await reached.engine.containers()).some((it) => it.name === aside)) return;
  if (await isLocked(app, reached, name))
    throw new UserError(vscode.l10n.t("Another window restarts {0} right now: wait until it is done.", name));
  throw new UserError(
    vscode.l10n.t("'{0}' is left of a restart of {1} that was broken off: remove or rename it first.", aside, name),
  );
}

async function chooseExisting(
  look: Look,
  decision: Decision,
  { silent, wanted }: Circumstance,
  { user, secrets }: { user: string; secrets: readonly string[] },
): Promise<Existing> {
  const { name } = look.found;
  if (wanted !== undefined) {
    requireViable(decision, wanted, name);
    const owner = silent ? ownerToAsk(wanted, look, user) : undefined;
    if (owner !== undefined)
      throw new UserError(
        vscode.l10n.t(
          "{0} is not yours but {1}'s, and what runs in it is not ended unasked: leave out 'confirm: false', or give 'parallel'.",
          name,
          owner,
        ),
      );
    return wanted;
  }
  if (silent) {
    const choices = decision.choices.filter(({ existing }) => ownerToAsk(existing, look, user) === undefined);
    const viable = choices.map(({ existing }) => `'${existing}'`).join(", ");
    throw new UserError(vscode.l10n.t("There is a container '{0}' already: give 'existing', one of {1}.", name, viable));
  }
  return askExisting(look, decision, { user, secrets });
}

async function confirmPlan(app: App, reached: Reach, proposal: Proposal): Promise<"yes" | "change" | "show"> {
  const yes = vscode.l10n.t("Yes, launch it");
  const change = vscode.l10n.t("No, let me change something");
  const show = vscode.l10n.t("Just show the command, don't run");
  const { plan, launching, losses, look } = proposal;
  const creates = makesOne(proposal);
  const detail = [
    // First, since a long command can push what follows out of sight.
    ...(look ? [[look.found.name, ...whose(look.found, { user: app.user, now: Date.now() })].join("\n")] : []),
    ...(losses === undefined || !look
      ? []
      : [vscode.l10n.t("Once the new one is up, the old container {0} is removed. {1}", look.found.name, losses)]),
    ...(creates ? [runCommandLines(launching.spec)] : []),
    vscode.l10n.t("Docker context: {0}", reached.engine.endpoint.context),
    renderSteps(plan),
  ].join("\n\n");
  const question = creates
    ? vscode.l10n.t("Ready to launch the container with this command?")
    : vscode.l10n.t("Ready to launch in the container '{0}' with these steps?", plan.container.name);
  const answer = await confirm(question, redact(detail, secretsOf(launching)), yes, change, show);
  return answer === yes ? "yes" : answer === change ? "change" : "show";
}

const makesOne = ({ outcome }: Proposal) => outcome !== "reused" && outcome !== "revived";

/** The `docker run` of the new container, or of the one that is used again. */
async function commandOf(reached: Reach, proposal: Proposal): Promise<string> {
  const { launching, look } = proposal;
  const command = makesOne(proposal) || !look ? runCommand(launching.spec) : await runCommandOf(reached, look.found.id);
  return redact(command, secretsOf(launching));
}

async function carryOut(
  app: App,
  reached: Reach,
  { project, deployment, answers }: LaunchTarget & { answers: Answers },
  proposal: Proposal,
  silent: boolean,
): Promise<Launched> {
  const { plan, launching, outcome, look } = proposal;
  const { spec, launch: chosen } = launching;
  const shownCommand = await commandOf(reached, proposal);
  const { id, name, log, url, left } = await runPlan(app, reached, plan, {
    silent,
    deploy: makesOne(proposal) || !look ? spec : look.observed.spec,
    launch: {
      key: deploymentKey(project.folder, deployment.service),
      ...(chosen.app ? { app: chosen.app.start } : {}),
      settings: { Outcome: outcome, ...settingsOf({ project, deployment }, answers) },
      secrets: secretsOf(launching),
    },
  });
  if (left !== undefined && look) {
    const words = vscode.l10n.t("{0} is up, but the one before stays as {1}: {2}", name, asideName(look.found.name), left);
    if (silent) app.log.warn(words);
    else void notify.warn(words);
  }
  return {
    outcome,
    container: { id, name },
    command: shownCommand,
    ...(log === undefined ? {} : { log }),
    ...(url === undefined ? {} : { url }),
  };
}

/** What the deployment log tells of what was asked for. */
function settingsOf({ project, deployment }: LaunchTarget, answers: Answers): Record<string, string> {
  return {
    Project: project.folder,
    Service: deployment.service,
    ...(deployment.questions.length > 0 ? { Inputs: answersText(deployment.questions, answers) } : {}),
  };
}

async function openLaunched(
  app: App,
  reached: Reach,
  { container, url }: Launched,
  { launching: { launch }, beside }: Proposal,
  wanted: "window" | "terminal" | "none",
  silent: boolean,
): Promise<void> {
  const { attach } = launch;
  if (!silent && url !== undefined) void tellUrl(container.name, url, await besideText(reached, launch, beside));
  try {
    await open(app, reached, container.id, wanted, {
      ...(silent ? { ask: false, silent } : { ask: true }),
      user: attach.user,
      ...(await folderIn(reached, container.id, attach.folder)),
    });
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(vscode.l10n.t("{0} runs, but: {1}", container.name, error.message), error.remedy)
      : error;
  }
}

/** The deployment's folder, where the image has it. */
async function folderIn({ engine }: Reach, id: string, folder: string | undefined): Promise<{ folder?: string }> {
  return folder !== undefined && (await engine.has(id, folder)) ? { folder } : {};
}

async function tellUrl(name: string, url: string, beside: string): Promise<void> {
  const openIt = vscode.l10n.t("Open in Browser");
  if ((await notify.info(`${vscode.l10n.t("{0} is ready at {1}", name, url)}${beside}`, openIt)) === openIt)
    await vscode.env.openExternal(vscode.Uri.parse(url));
}

/** Where the app answers in the container that is left as it is. */
async function besideText(reached: Reach, { app }: Launch, beside: Look | undefined): Promise<string> {
  if (beside?.appRuns !== true || app?.port === undefined) return "";
  const { name, id, labels } = beside.found;
  const url = await appUrl(reached, id, Number(labels[label.port] ?? app.port)).catch(() => undefined);
  return url === undefined ? "" : `; ${vscode.l10n.t("{0} stays at {1}", name, url)}`;
}

async function shown(reached: Reach, proposal: Proposal): Promise<Launched> {
  const { launching, plan, look } = proposal;
  const lines = makesOne(proposal) ? runCommandLines(launching.spec) : `# ${plan.title}`;
  const steps = renderSteps(plan)
    .split("\n")
    .map((line) => `# ${line}`);
  const text = `# ${vscode.l10n.t("Docker context: {0}", reached.engine.endpoint.context)}\n${lines}\n\n${steps.join("\n")}\n`;
  const content = redact(text, secretsOf(launching));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "shellscript", content }));
  const name = plan.container.name;
  return { outcome: "shown", container: { id: look?.found.id ?? "", name }, command: await commandOf(reached, proposal) };
}

/** Without questions to ask again, what is to be changed stands in the file. */
async function change({ project, deployment }: LaunchTarget): Promise<never> {
  const { line } = deployment.at;
  const selection = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(project.file), { selection });
  throw new Cancelled();
}
