import * as vscode from "vscode";
import { access } from "node:fs/promises";
import { UserError } from "../core/errors.ts";
import { missingImage } from "../core/explain.ts";
import { chooseFree } from "../core/freeGpus.ts";
import { fillName, freeName, imageBaseName, nameProblem } from "../core/names.ts";
import { deploySpec } from "../core/plan.ts";
import type { BindMount, GpuRequest, RunSpec } from "../core/runSpec.ts";
import { inspectAll } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { settings } from "./settings.ts";
import { isLocal, type Reach } from "./target.ts";

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

/** What a wish means on this engine now. */
export interface Decided {
  spec: RunSpec;
  imageId: string;
  reserved: readonly string[];
}

/** The run spec for a wish, and what it was decided on. @throws UserError for what cannot be */
export async function decide(app: App, reached: Reach, wish: DeployWish): Promise<Decided> {
  const { image } = wish;
  if (!image) throw new UserError(vscode.l10n.t("'image' is missing: the name of an image on the engine."));
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
  return freeName(fillName(settings.containerName("image"), values), taken);
}

export function workspaceFolder(): string | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
}

async function resolveMount(reached: Reach, mount: string | boolean | undefined): Promise<BindMount[]> {
  // A folder of this machine means nothing to an engine on another one.
  if (mount === true && !isLocal(reached))
    throw new UserError(
      vscode.l10n.t(
        "The workspace folder is on this machine, and the engine of context {0} is not: name a folder of the engine's machine, or mount nothing.",
        reached.engine.endpoint.context,
      ),
    );
  const source =
    typeof mount === "string"
      ? mount
      : mount === false || (mount === undefined && !isLocal(reached))
        ? undefined
        : workspaceFolder();
  if (source === undefined) {
    if (mount === true)
      throw new UserError(vscode.l10n.t("There is no workspace folder to mount: open one, or name the folder to mount."));
    return [];
  }
  if (!source.startsWith("/"))
    throw new UserError(vscode.l10n.t("'{0}' cannot be mounted: give the folder's full path.", source));
  if (
    isLocal(reached) &&
    !(await access(source).then(
      () => true,
      () => false,
    ))
  ) {
    throw new UserError(vscode.l10n.t("The folder {0} does not exist: create it, or mount another one.", source));
  }
  return [{ source, target: "/workspace" }];
}

/** @param without a container whose GPUs count as free */
export async function resolveGpus(
  app: App,
  reached: Reach,
  wish: DeployWish["gpus"] = "none",
  without?: string,
): Promise<{ request: GpuRequest; reserved: readonly string[] }> {
  if (typeof wish === "string") return { request: wish, reserved: [] };
  if (typeof wish !== "number") return { request: wish.length === 0 ? "none" : { ids: wish.map(String) }, reserved: [] };
  if (wish === 0) return { request: "none", reserved: [] };
  if (!isLocal(reached))
    throw new UserError(
      vscode.l10n.t("Which GPUs are free is unknown on an engine that is not this machine's: name them instead."),
    );
  const host = await app.nvidiaSmi.read();
  app.store.update({ gpus: host });
  const gpus = host.state === "known" ? host.gpus : [];
  const others = (await inspectAll(reached.engine)).filter(({ id }) => id !== without);
  const ids = chooseFree(wish, gpus, others, Date.now());
  return { request: { ids }, reserved: ids };
}
