import * as l10n from "./l10n.ts";
import type { Edit } from "./compose/deployment.ts";
import type { SecretFile } from "./compose/service.ts";
import { createArgs } from "./dockerRun.ts";
import type { Container, ImageDetails } from "./engineJson.ts";
import { isKeepAlive, keepAlive, keepAliveProgram } from "./keepAlive.ts";
import type { Keep } from "./keepImage.ts";
import { commandLine } from "./quote.ts";
import { isSecretName } from "./redact.ts";
import type { BindMount, GpuRequest, RunSpec, StringMap } from "./runSpec.ts";
import { labelled } from "./runSpec.ts";

/** One thing to do; its cause is for the deployment log, in English as all of that. The argv that is shown is the argv that runs; `docker` itself and the context are left out of it. */
export type Step = { cause: string } & (
  | { kind: "start" | "restart" | "pause" | "remove" | "removeImage"; argv: readonly string[] }
  /** `env`: values of secrets, for the environment of the command. */
  | { kind: "create"; argv: readonly string[]; env?: StringMap }
  /** `of`: another container than the plan's, or how the plan's is called now. `undo`: further commands that take back what it ended. */
  | { kind: "stop"; argv: readonly string[]; of?: Subject; undo?: readonly (readonly string[])[] }
  | { kind: "rename"; argv: readonly string[]; of?: Subject }
  /** `from`: another docker command line, whose output this one reads. */
  | { kind: "keep"; argv: readonly string[]; from?: readonly string[] }
  | { kind: "find"; program: string }
  | { kind: "running" }
  | { kind: "reserve"; gpus: readonly string[] }
  /** `must`: a handle that is not good ends the plan. */
  | { kind: "probe"; gpus: GpuRequest; must?: true }
  | InsideStep
);

/** What is done in the container of a deployment. */
export type InsideStep =
  | { kind: "secrets"; files: readonly (SecretFile & { text: string })[] }
  /** A command of this machine, not of `docker`. */
  | { kind: "letIn"; argv: readonly string[] }
  /** A port of the engine's machine that nobody may listen on. */
  | { kind: "port"; port: number }
  /** A path that must be there inside. */
  | { kind: "socket"; path: string }
  | { kind: "setup" | "prepare"; argv: readonly string[] }
  | { kind: "configure"; edits: readonly Edit[] }
  /** `undo`: starts it again, where it ran. */
  | { kind: "stopApp"; process?: string; undo?: readonly string[] }
  | { kind: "app"; argv: readonly string[]; start: string; process?: string }
  | { kind: "ready"; process?: string; ready?: ReadyWhen; port?: number };

/** When an app counts as ready: what its port answers. Times in milliseconds. */
export interface ReadyWhen {
  http: string;
  contains?: string;
  intervalMs: number;
  timeoutMs: number;
}

export interface Subject {
  id: string;
  name: string;
  state: string;
}

export interface Plan {
  title: string;
  steps: readonly Step[];
  /** The container that the steps are about; without id until it is created. */
  container: { name: string; id?: string };
  /** What the plan was decided on. When it no longer holds just before the plan runs, the plan is void. */
  basis: Basis;
  /** What is left out, and why. */
  skipped?: readonly { what: string; why: string }[];
  /** What the user is to know before it is carried out, in sentences: what of the file is not acted on, what is unknown from here. */
  notes?: readonly string[];
  /** Done as far as it goes once all steps are. */
  cleanup?: readonly Step[];
  /** What a new container that did not get up is called, so that the one before gets its name back. */
  failedName?: string;
}

export interface Basis {
  /** This name was free. */
  freeName?: string;
  /** The tag meant this image. */
  image?: { tag: string; id: string };
  /** The container was in this state; where it matters, it had this name, and the plan needs it to run. */
  state?: { id: string; state: string; name?: string; runs?: boolean };
}

/** What a deployment of an image is made of; `command` absent or empty: keep-alive, unless `keepAlive` is false. */
export interface DeployAnswers {
  image: string;
  name: string;
  command?: readonly string[];
  keepAlive?: boolean;
  mounts: readonly BindMount[];
  gpus: GpuRequest;
  labels?: Readonly<Record<string, string>>;
}

/** The run spec that these answers mean for this image. */
export function deploySpec(answers: DeployAnswers, image: Pick<ImageDetails, "entrypoint">, user: string): RunSpec {
  const { name, image: tag, command = [], mounts, gpus, labels } = answers;
  const process =
    command.length > 0 ? { init: false, command } : answers.keepAlive === false ? { init: false } : keepAlive(image.entrypoint);
  return labelled({ name, image: tag, ...process, gpus, mounts, labels: labels ?? {} }, user);
}

/** Create, and with `start` also start, wait until it runs, and look at its GPUs. */
export function planDeploy(
  spec: RunSpec,
  imageId: string,
  { start, reserved = [] }: { start: boolean; reserved?: readonly string[] },
): Plan {
  const keptAlive = isKeepAlive([spec.entrypoint, ...(spec.command ?? [])].filter(Boolean).join(" "));
  // Before the start, so that nothing runs on a GPU that another one took in the meantime; after it, because two can look at the same moment.
  const reserve = (cause: string): Step[] => (reserved.length > 0 ? [{ kind: "reserve", gpus: reserved, cause }] : []);
  return {
    title: start ? l10n.t("Deploy {0}", spec.name) : l10n.t("Create {0}", spec.name),
    container: { name: spec.name },
    basis: { freeName: spec.name, image: { tag: spec.image, id: imageId } },
    steps: [
      { kind: "create", argv: createArgs(spec), cause: `no container is named ${spec.name}` },
      ...(keptAlive ? [{ kind: "find", program: keepAliveProgram, cause: "it keeps the container running" } as const] : []),
      ...reserve("another deploy can have chosen the same GPUs"),
      ...(start ? startSteps(spec.name, spec.gpus) : []),
      ...(start ? reserve("two deploys can have looked at the same moment") : []),
    ],
  };
}

export function planStart({ id, name, state, details }: Container): Plan {
  return {
    title: l10n.t("Start {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: state === "running" ? [] : startSteps(name, details?.gpus ?? "none", id, state === "paused"),
  };
}

export function startSteps(name: string, gpus: GpuRequest, id = name, paused = false): Step[] {
  return [
    { kind: "start", argv: [paused ? "unpause" : "start", id], cause: paused ? `${name} is paused` : `${name} does not run` },
    { kind: "running", cause: "a program can fail as soon as it starts" },
    ...(gpus === "none" ? [] : [{ kind: "probe", gpus, cause: "it was given GPUs" } as const]),
  ];
}

export function planStop({ id, name, state }: Container): Plan {
  return {
    title: l10n.t("Stop {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: stopSteps({ id, name, state }),
  };
}

export function stopSteps({ id, name, state }: Pick<Container, "id" | "name" | "state">): Step[] {
  return ["running", "paused", "restarting"].includes(state)
    ? [{ kind: "stop", argv: ["stop", id], cause: `${name} is ${state}` }]
    : [];
}

/** The same container again: its files stay, its processes end. */
export function planRestart({ id, name, state, details }: Container): Plan {
  const gpus = details?.gpus ?? "none";
  const [, ...afterStart] = startSteps(name, gpus, id);
  return {
    title: l10n.t("Restart {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: [{ kind: "restart", argv: ["restart", id], cause: "asked for" }, ...afterStart],
  };
}

export function planPause({ id, name, state }: Container): Plan {
  return {
    title: l10n.t("Pause {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: [{ kind: "pause", argv: ["pause", id], cause: "asked for" }],
  };
}

export function planUnpause({ id, name, state }: Container): Plan {
  return {
    title: l10n.t("Unpause {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: [{ kind: "start", argv: ["unpause", id], cause: `${name} is paused` }],
  };
}

export function planRename({ id, name }: Container, newName: string): Plan {
  return {
    title: l10n.t("Rename {0} to {1}", name, newName),
    container: { id, name },
    basis: { freeName: newName },
    steps: [{ kind: "rename", argv: ["rename", id, newName], cause: `no container is named ${newName}` }],
  };
}

export interface RemoveChoices {
  /** Keep the container as an image first. */
  keepAs?: Keep;
  /** Anonymous volumes go with the container: only when the user has seen them listed. */
  volumes: boolean;
  /** Remove this image as well; not when the kept one stands on it. */
  removeImage?: string;
}

/** Stop, keep what was asked for, remove: the GPU is free again. */
export function planRetire(
  container: Container,
  { keepAs, volumes, removeImage }: RemoveChoices,
  verb: "Retire" | "Remove" = "Retire",
): Plan {
  const { id, name, state } = container;
  const keep = keepAs ? [keepStep(id, keepAs)] : [];
  // Stopped first, so that what its programs write at their end is kept too; but one that was run with --rm is gone once it stops.
  const keepFirst = container.details?.autoRemove === true;
  return {
    title: verb === "Retire" ? l10n.t("Retire {0}", name) : l10n.t("Remove {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: [
      ...(keepFirst ? keep : []),
      ...stopSteps(container),
      ...(keepFirst ? [] : keep),
      { kind: "remove", argv: ["rm", ...(volumes ? ["--volumes"] : []), id], cause: "asked for" },
      ...(removeImage && !keepAs
        ? [{ kind: "removeImage", argv: ["image", "rm", removeImage], cause: "asked for" } as const]
        : []),
    ],
  };
}

function keepStep(id: string, { image, changes, filesOnly }: Keep): Step {
  const options = changes.flatMap((change) => ["--change", change]);
  return filesOnly
    ? {
        kind: "keep",
        from: ["export", id],
        argv: ["import", ...options, "-", image],
        cause: "its files are to be kept, its secrets not",
      }
    : { kind: "keep", argv: ["commit", ...options, id, image], cause: "its changes are to be kept" };
}

/** A plan as text: what the deployment log keeps and tests compare. */
export function renderPlan({ title, steps, skipped = [], cleanup = [], notes = [] }: Plan): string {
  return [
    title,
    ...[...steps, ...cleanup].map((step, n) => `${n + 1}. ${renderStep(step)} (${step.cause})`),
    ...skipped.map(({ what, why }) => `Skipped: ${what} (${why})`),
    ...notes.map((note) => `Note: ${note}`),
  ].join("\n");
}

export function renderStep(step: Step): string {
  switch (step.kind) {
    case "find":
      return `look for ${step.program} in it`;
    case "running":
      return "wait until it runs";
    case "reserve":
      return `look whether ${step.gpus.length === 1 ? `GPU ${step.gpus[0]} is` : `GPUs ${step.gpus.join(", ")} are`} still its own`;
    case "probe":
      return "check its GPUs";
    case "secrets":
      return `write ${step.files.map(({ target }) => target).join(", ")}`;
    case "letIn":
      return commandLine(step.argv);
    case "socket":
      return `look for ${step.path} in it`;
    case "port":
      return `look whether port ${step.port} is free`;
    case "configure":
      return step.edits.map(renderEdit).join("; ");
    case "app":
      return `start in it, detached: ${step.start}`;
    case "stopApp":
      return `stop ${step.process ?? "the app"} in it`;
    case "ready":
      return renderReady(step);
    case "keep":
      return [step.from, step.argv].flatMap((argv) => (argv ? [commandLine(["docker", ...argv])] : [])).join(" | ");
    default:
      return commandLine(["docker", ...step.argv]);
  }
}

/** So many notes are told one by one: a dialog holds no more. */
const toldNotes = 6;

/** What a person is to know of the steps beside the command that they begin with. */
export function renderSteps({ steps, cleanup = [], skipped = [], notes = [] }: Plan): string {
  const obvious = ["create", "find", "running"];
  const told = [...steps, ...cleanup].filter(({ kind }) => !obvious.includes(kind));
  return [
    ...told.map((step, n) => `${n + 1}. ${renderStep(step)}`),
    ...skipped.map(({ what, why }) => l10n.t("Skipped: {0} ({1})", what, why)),
    ...notes.slice(0, toldNotes).map((note) => l10n.t("Note: {0}", note)),
    ...(notes.length > toldNotes ? [l10n.t("and {0} more", notes.length - toldNotes)] : []),
  ].join("\n");
}

function renderEdit({ file, set }: Edit): string {
  const isTelling = (key: string) => isSecretName(key.split(".").at(-1) ?? "");
  const values = Object.entries(set).map(([key, value]) => `${key} = ${isTelling(key) ? "[redacted]" : value}`);
  return `set ${values.join(", ")} in ${file}`;
}

function renderReady({ ready, port }: InsideStep & { kind: "ready" }): string {
  if (!ready) return "wait until it has run for a moment";
  const says = ready.contains === undefined ? "answers" : `says ${ready.contains}`;
  return `wait until ${ready.http} on port ${port} ${says}, for up to ${ready.timeoutMs / 1000} s`;
}

/** What a step is called while it runs. */
export function stepTitle(step: Step): string {
  const titles: Record<Step["kind"], string> = {
    create: l10n.t("creating"),
    find: l10n.t("looking for its keep-alive"),
    start: l10n.t("starting"),
    running: l10n.t("waiting until it runs"),
    reserve: l10n.t("reserving GPUs"),
    probe: l10n.t("checking GPUs"),
    stop: l10n.t("stopping"),
    restart: l10n.t("restarting"),
    pause: l10n.t("pausing"),
    rename: l10n.t("renaming"),
    keep: l10n.t("keeping as an image"),
    remove: l10n.t("removing"),
    removeImage: l10n.t("removing the image"),
    secrets: l10n.t("writing secrets"),
    letIn: l10n.t("letting it use the display"),
    port: l10n.t("looking for its port"),
    socket: l10n.t("looking for the display"),
    setup: l10n.t("setting up"),
    prepare: l10n.t("preparing"),
    configure: l10n.t("configuring"),
    stopApp: l10n.t("stopping the app"),
    app: l10n.t("starting the app"),
    ready: l10n.t("waiting until it is ready"),
  };
  return titles[step.kind];
}
