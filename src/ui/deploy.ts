import * as vscode from "vscode";
import { access } from "node:fs/promises";
import * as z from "zod/mini";
import { runCommand, runCommandLines } from "../core/dockerRun.ts";
import { UserError } from "../core/errors.ts";
import { missingImage } from "../core/explain.ts";
import { chooseFree } from "../core/freeGpus.ts";
import { fillName, freeName, imageBaseName, nameProblem } from "../core/names.ts";
import { deploySpec, planDeploy } from "../core/plan.ts";
import type { BindMount, GpuRequest, RunSpec } from "../core/runSpec.ts";
import { GpuTakenError, inspectAll } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { askDeploy } from "./deployQuestions.ts";
import { notify } from "./notify.ts";
import { open } from "./open.ts";
import { confirm } from "./prompts.ts";
import { runPlan } from "./runPlan.ts";
import { settings, type Open } from "./settings.ts";
import { isLocal, reach, type Reach } from "./target.ts";

export const openKey = z.optional(z.enum(["window", "terminal", "none"]));
export const gpusKey = z.optional(
  z.union([z.enum(["none", "all"]), z.array(z.union([z.string(), z.int()])), z.int().check(z.nonnegative())]),
);

/** What a deploy is asked for; what is absent is asked, or has a default when there is no UI. */
export interface DeployWish {
  image?: string | undefined;
  name?: string | undefined;
  command?: readonly string[] | undefined;
  keepAlive?: boolean | undefined;
  /** A folder, mounted at /workspace; true: the workspace folder; false: nothing. */
  mount?: string | boolean | undefined;
  /** A number: that many free ones. */
  gpus?: "none" | "all" | readonly (string | number)[] | number | undefined;
}

export interface Deployed {
  outcome: "created" | "started" | "shown";
  container: { id: string; name: string };
  command: string;
  log?: string;
}

const keys = z.strictObject({
  image: z.optional(z.string()),
  name: z.optional(z.string()),
  command: z.optional(z.array(z.string())),
  keepAlive: z.optional(z.boolean()),
  mount: z.optional(z.union([z.string(), z.boolean()])),
  gpus: gpusKey,
  open: openKey,
  guided: z.optional(z.boolean()),
  confirm: z.optional(z.boolean()),
});

export const deploy = command({
  id: "berth.deploy",
  keys,
  async run(app, given) {
    const reached = await reach(app);
    const silent = given.confirm === false;
    const wanted: Open = given.open ?? (silent ? "none" : settings.open());
    let wish: DeployWish = silent ? given : await askDeploy(app, reached, given, { again: false });
    for (;;) {
      const decided = await decide(app, reached, wish);
      if (silent) return finish(app, reached, await deployDecided(app, reached, wish, decided, true), wanted, true);
      const answer = await confirm(
        "Ready to launch the container with this command?",
        `${runCommandLines(decided.spec)}\n\nDocker context: ${reached.engine.endpoint.context}`,
        "Yes, launch it",
        "No, let me change something",
        "Just show the command, don't run",
      );
      if (answer === "Yes, launch it")
        return finish(app, reached, await deployDecided(app, reached, wish, decided, false), wanted, false);
      if (answer === "Just show the command, don't run") return showCommand(decided.spec);
      wish = await askDeploy(app, reached, wish, { again: true });
    }
  },
});

async function finish(app: App, reached: Reach, deployed: Deployed, wanted: Open, silent: boolean): Promise<Deployed> {
  const { id, name } = deployed.container;
  const health = app.store.get().handles[id];
  if (!silent && health && health.verdict !== "ok") void notify.warn(`${name} runs, but: ${health.detail}`);
  await open(app, reached, deployed.container.id, wanted, { ask: false });
  return deployed;
}

interface Decided {
  spec: RunSpec;
  imageId: string;
  reserved: readonly string[];
}

/** The run spec for a wish, and what it was decided on. @throws UserError for what cannot be */
export async function decide(app: App, reached: Reach, wish: DeployWish): Promise<Decided> {
  const { image } = wish;
  if (!image) throw new UserError("berth.deploy needs 'image': the name of an image on the engine.");
  const details = await reached.engine.inspectImage(image);
  if (!details) throw new UserError(missingImage(image));
  const taken = (await reached.engine.containers()).map(({ name }) => name);
  const name = wish.name ?? proposeName(app, image, taken);
  const problem = nameProblem(name, taken);
  if (problem) throw new UserError(problem);
  const mounts = await resolveMount(reached, wish.mount);
  const { request, reserved } = await resolveGpus(app, reached, wish.gpus);
  const { command: own, keepAlive } = wish;
  const answers = {
    image,
    name,
    mounts,
    gpus: request,
    ...(own === undefined ? {} : { command: own }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
  };
  return { spec: deploySpec(answers, details, app.user), imageId: details.id, reserved };
}

/** A free name by the naming setting. */
export function proposeName(app: App, image: string, taken: readonly string[]): string {
  const project = vscode.workspace.workspaceFolders?.[0]?.name ?? "";
  const values = { image: imageBaseName(image), project, user: app.user, uid: String(process.getuid?.() ?? "") };
  return freeName(fillName(settings.containerName(), values), taken);
}

export function workspaceFolder(): string | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
}

async function resolveMount(reached: Reach, mount: string | boolean | undefined): Promise<BindMount[]> {
  // A folder of this machine means nothing to an engine on another one.
  const source =
    typeof mount === "string"
      ? mount
      : mount === false || (mount === undefined && !isLocal(reached))
        ? undefined
        : workspaceFolder();
  if (source === undefined) {
    if (mount === true) throw new UserError("There is no workspace folder to mount: open one, or name the folder to mount.");
    return [];
  }
  if (!source.startsWith("/")) throw new UserError(`'${source}' cannot be mounted: give the folder's full path.`);
  if (
    isLocal(reached) &&
    !(await access(source).then(
      () => true,
      () => false,
    ))
  ) {
    throw new UserError(`The folder ${source} does not exist: create it, or mount another one.`);
  }
  return [{ source, target: "/workspace" }];
}

async function resolveGpus(
  app: App,
  reached: Reach,
  wish: DeployWish["gpus"] = "none",
): Promise<{ request: GpuRequest; reserved: readonly string[] }> {
  if (typeof wish === "string") return { request: wish, reserved: [] };
  if (typeof wish !== "number") return { request: wish.length === 0 ? "none" : { ids: wish.map(String) }, reserved: [] };
  if (wish === 0) return { request: "none", reserved: [] };
  if (!isLocal(reached))
    throw new UserError("Which GPUs are free is unknown on an engine that is not this machine's: name them instead.");
  const host = await app.nvidiaSmi.read();
  app.store.update({ gpus: host });
  const gpus = host.state === "known" ? host.gpus : [];
  const ids = chooseFree(wish, gpus, await inspectAll(reached.engine), Date.now());
  return { request: { ids }, reserved: ids };
}

/** Several deploys can choose the same free GPU; who gives way chooses again. */
const attempts = 5;

export async function deployDecided(
  app: App,
  reached: Reach,
  wish: DeployWish,
  decided: Decided,
  silent: boolean,
): Promise<Deployed> {
  for (let n = 1; ; n++) {
    const { spec, imageId, reserved } = decided;
    try {
      const plan = planDeploy(spec, imageId, { start: true, reserved });
      const { id, name, log } = await runPlan(app, reached, plan, { silent, deploy: spec });
      return { outcome: "created", container: { id, name }, command: runCommand(spec), ...(log === undefined ? {} : { log }) };
    } catch (error) {
      if (!(error instanceof GpuTakenError) || n === attempts) throw error;
      decided = await decide(app, reached, { ...wish, name: spec.name });
    }
  }
}

async function showCommand(spec: RunSpec): Promise<Deployed> {
  const document = await vscode.workspace.openTextDocument({ language: "shellscript", content: `${runCommandLines(spec)}\n` });
  await vscode.window.showTextDocument(document);
  return { outcome: "shown", container: { id: "", name: spec.name }, command: runCommand(spec) };
}
