import * as vscode from "vscode";
import { access, constants, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Answers } from "../core/compose/inputs.ts";
import { withAnswers, type Circumstances, type Deployment, type Launch } from "../core/compose/deployment.ts";
import { devcontainerMetadata } from "../core/devcontainer.ts";
import { x11, xhostArgs } from "../core/display.ts";
import type { Container } from "../core/engineJson.ts";
import { UserError } from "../core/errors.ts";
import { isParallelName, parallelName } from "../core/names.ts";
import { launchSpec, type Display, type Launching } from "../core/planLaunch.ts";
import { remapPorts } from "../core/freePort.ts";
import { label, secretEnv, type PublishedPort, type RunSpec } from "../core/runSpec.ts";
import { freePort } from "../engine/freePort.ts";
import type { App } from "./app.ts";
import { resolveGpus } from "./deployWish.ts";
import type { ProjectImage } from "./projectImage.ts";
import { settings } from "./settings.ts";
import { isLocal, type Reach } from "./target.ts";

/** The deployment with its questions answered, for a container of its own name unless `circumstances` say otherwise. */
export async function answered(deployment: Deployment, answers: Answers, circumstances: Circumstances = {}): Promise<Launch> {
  const texts = await Promise.all(
    deployment.envFiles.map(async ({ path }) => [path, await readFile(path, "utf8").catch(() => undefined)] as const),
  );
  const envFiles = new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return withAnswers(deployment, answers, { envFiles, ...circumstances });
}

/**
 * The same for a container that is there: under its name, and, for one that was launched beside another, on the ports that it was given then.
 * `published`: what it was told to publish.
 */
export async function answeredFor(
  { name, labels, hostNetwork }: Container,
  deployment: Deployment,
  answers: Answers,
  published: readonly PublishedPort[] = [],
): Promise<Launch> {
  const { preview } = deployment;
  const first = await answered(deployment, answers);
  if (name === first.spec.name) return first;
  if (!isParallelName(name)) return answered(deployment, answers, { name });
  const port = Number(labels[label.port]);
  const itsPort = isOnHostNetwork(preview.spec) && hostNetwork !== false && Number.isInteger(port) && port > 0 ? { port } : {};
  const itsHost = ({ container, protocol = "tcp" }: PublishedPort) =>
    published.find((it) => it.container === container && (it.protocol ?? "tcp") === protocol)?.host;
  const inner = preview.app?.port;
  const hostPort = Number(inner === undefined ? undefined : itsHost({ container: inner }));
  const launch = await answered(deployment, answers, { name, ...itsPort, ...(hostPort > 0 ? { hostPort } : {}) });
  const mapped = launch.spec.ports?.map((one) => {
    const host = itsHost(one);
    return host === undefined ? one : { ...one, host };
  });
  return { ...launch, spec: { ...launch.spec, ...(mapped ? { ports: mapped } : {}) } };
}

const isOnHostNetwork = ({ networks = [] }: RunSpec) => networks[0]?.name === "host";

/** For a container beside the one that is there: another name, and ports that are really free. */
export async function parallel(
  reached: Reach,
  deployment: Deployment,
  answers: Answers,
  now: Date,
): Promise<{ launch: Launch; uncertain: boolean }> {
  const first = await answered(deployment, answers);
  const name = parallelName(first.spec.name, now);
  let uncertain = false;
  const taken: number[] = [];
  const choose = async (from: number): Promise<number> => {
    const { port, certain } = await freePort(reached, from + 1, taken);
    uncertain ||= !certain;
    taken.push(port);
    return port;
  };
  const inner = first.app?.port;
  if (isOnHostNetwork(first.spec)) {
    const launch = await answered(deployment, answers, { name, ...(inner === undefined ? {} : { port: await choose(inner) }) });
    return { launch, uncertain };
  }
  const hosts = new Map<number, number>();
  remapPorts(first.spec.ports ?? [], (from) => (hosts.set(from, 0), from));
  for (const from of hosts.keys()) hosts.set(from, await choose(from));
  const ports = remapPorts(first.spec.ports ?? [], (from) => hosts.get(from) ?? from);
  const hostPort = Number(ports.find(({ container, host }) => container === inner && host !== undefined)?.host);
  const launch = await answered(deployment, answers, { name, ...(hostPort > 0 ? { hostPort } : {}) });
  return { launch: { ...launch, spec: { ...launch.spec, ...(ports.length > 0 ? { ports } : {}) } }, uncertain };
}

/**
 * Everything that the plan of a launch is made from. `reserve`: a number of GPUs becomes free ones, for a new container; those of the container
 * `instead` count as free, since it makes room.
 */
export async function draft(
  app: App,
  reached: Reach,
  deployment: Deployment,
  launch: Launch,
  image: ProjectImage,
  { reserve, instead }: { reserve: boolean; instead?: string },
): Promise<Launching> {
  const { gpus } = launch.spec;
  const counted = reserve && typeof gpus === "object" && "count" in gpus && isLocal(reached) && (await knowsGpus(app));
  const { request, reserved } = counted ? await resolveGpus(app, reached, gpus.count, instead) : { request: gpus, reserved: [] };
  const display = launch.display === "x11" ? await displayFor(reached, launch.spec.user ?? image.user) : undefined;
  const notes = [
    ...deployment.warnings.map(({ message, line, path }) => vscode.l10n.t("{0} (line {1} of {2})", message, line, path)),
    ...(reserve ? unknowns(reached, launch.spec, counted) : []),
    ...(reserve ? secretNotes(launch.spec) : []),
  ];
  const metadata = devcontainerMetadata(launch.attach, image.labels?.["devcontainer.metadata"]);
  const chosen: Launch = { ...launch, spec: { ...launch.spec, gpus: request } };
  return {
    launch: chosen,
    spec: launchSpec(chosen, image, {
      user: app.user,
      origin: { project: deployment.project, service: deployment.service },
      ...(display ? { display } : {}),
      ...(metadata === undefined ? {} : { metadata }),
    }),
    imageId: image.id,
    reserved,
    secretFiles: launch.secretFiles.map((file) => ({ ...file, text: secretText(deployment, file.variable) })),
    ...(display ? { display } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ready: { interval: settings.readyInterval(), timeout: settings.readyTimeout() },
  };
}

/** What nobody can say from here of a new container. */
function unknowns(reached: Reach, { mounts, gpus }: RunSpec, counted: boolean): string[] {
  const isCount = typeof gpus === "object" && "count" in gpus;
  return [
    ...(!isLocal(reached) && mounts.some(({ source = "", type = "bind" }) => type === "bind" && source.startsWith("/"))
      ? [
          vscode.l10n.t(
            "The folders that are mounted are those of the engine's machine: whether they are there is unknown from here, and Docker makes empty ones of those that are not.",
          ),
        ]
      : []),
    ...(isCount && !counted
      ? [vscode.l10n.t("Which GPUs are free is unknown from here: Docker takes the first ones, whoever uses them.")]
      : []),
  ];
}

function secretNotes(spec: RunSpec): string[] {
  const names = Object.keys(secretEnv(spec));
  return names.length === 0
    ? []
    : [
        vscode.l10n.t(
          "Docker keeps the value of {0} with the container, for all who may use Docker: 'secrets' in the compose file mounts a file instead.",
          names.join(", "),
        ),
      ];
}

/** Where nobody can say which GPUs are free, Docker takes the first ones. */
async function knowsGpus(app: App): Promise<boolean> {
  return (await app.nvidiaSmi.read()).state === "known";
}

function secretText({ source }: Deployment, variable: string): string {
  const text = source.around.env(variable);
  if (text === undefined)
    throw new UserError(
      vscode.l10n.t("The variable {0} is not set, and a secret of the compose file is taken from it.", variable),
    );
  return text;
}

async function displayFor(reached: Reach, user: string): Promise<Display> {
  if (!isLocal(reached))
    throw new UserError(
      vscode.l10n.t(
        "The display is this machine's, and the engine of context {0} is not: launch it without one.",
        reached.engine.endpoint.context,
      ),
    );
  // A file of a session that has ended, as tmux remembers it, would keep the container from being made.
  const { XAUTHORITY = "" } = process.env;
  const { env, mounts, socket } = x11({
    ...process.env,
    XAUTHORITY: (await can(constants.R_OK, XAUTHORITY)) ? XAUTHORITY : undefined,
  });
  return { env, mounts, socket, ...((await onPath("xhost")) ? { letIn: xhostArgs(user) } : {}) };
}

const can = (mode: number, path: string) =>
  access(path, mode).then(
    () => true,
    () => false,
  );

async function onPath(program: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? "").split(delimiter))
    if (await can(constants.X_OK, join(folder, program))) return true;
  return false;
}
