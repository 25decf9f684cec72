import * as l10n from "./l10n.ts";
import { appArgs } from "./app.ts";
import type { App, Launch } from "./compose/deployment.ts";
import type { SecretFile } from "./compose/service.ts";
import { createArgs } from "./dockerRun.ts";
import type { Container, Details } from "./engineJson.ts";
import { UserError } from "./errors.ts";
import { mayRun, type AppRuns } from "./existing.ts";
import { isUp } from "./holds.ts";
import { keepAlive, keepAliveProgram } from "./keepAlive.ts";
import { asideName, failedName } from "./names.ts";
import { startSteps, type Plan, type ReadyWhen, type Step } from "./plan.ts";
import { secretTexts, secretValues } from "./redact.ts";
import { gpusOf } from "./specDifference.ts";
import { labelled, secretEnv, type Mount, type Origin, type RunSpec, type StringMap } from "./runSpec.ts";

/** An X11 display of this machine, for the container. */
export interface Display {
  env: StringMap;
  mounts: readonly Mount[];
  /** Where its socket must be inside. */
  socket: string;
  /** The command that lets the container's user in; absent where there is no `xhost`. */
  letIn?: readonly string[];
}

/** Everything that a launch was told, and what it knows of the image. */
export interface Launching {
  launch: Launch;
  /** Whole: see `launchSpec`. */
  spec: RunSpec;
  imageId: string;
  /** GPUs that were free. */
  reserved?: readonly string[];
  secretFiles?: readonly (SecretFile & { text: string })[];
  display?: Display;
  /** See `Plan`. */
  notes?: readonly string[];
  /** When the deployment does not say: in milliseconds. */
  ready: { interval: number; timeout: number };
}

/** What a container of the launch is made with: the keep-alive, the display, what VS Code looks at, and Berth's labels are added. */
export function launchSpec(
  { spec, keepAlive: keep, app }: Launch,
  image: { entrypoint: readonly string[] },
  more: { user: string; origin: Omit<Origin, "port">; display?: Display; metadata?: string },
): RunSpec {
  const { display, metadata } = more;
  const kept = keep
    ? { ...without(spec, "entrypoint"), ...keepAlive(spec.entrypoint ? [spec.entrypoint] : image.entrypoint) }
    : spec;
  // One that is known to pass its arguments on stays.
  const process = keep && spec.entrypoint && kept.entrypoint === undefined ? { ...kept, entrypoint: spec.entrypoint } : kept;
  const whole: RunSpec = {
    ...process,
    mounts: [...spec.mounts, ...(display?.mounts ?? []).filter(({ target }) => !spec.mounts.some((it) => it.target === target))],
    ...(display ? { env: { ...display.env, ...spec.env } } : {}),
    labels: { ...spec.labels, ...(metadata === undefined ? {} : { "devcontainer.metadata": metadata }) },
  };
  return labelled(whole, more.user, { ...more.origin, ...(app?.port === undefined ? {} : { port: app.port }) });
}

/** Every value of a launch that no text may show: of its container's variables, of its secrets' files, of the project's variables and answers. */
export function secretsOf({ launch, spec, secretFiles = [] }: Pick<Launching, "launch" | "spec" | "secretFiles">): string[] {
  const env = Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`);
  return [...new Set([...secretValues(env), ...secretTexts(secretFiles.map(({ text }) => text)), ...launch.hidden])];
}

function without<K extends keyof RunSpec>(spec: RunSpec, key: K): Omit<RunSpec, K> {
  const { [key]: _, ...rest } = spec;
  return rest;
}

/** A new container: created, started, set up, and its app started. `now` and `old` are for one that takes the place of another. */
export function planLaunch(launching: Launching): Plan {
  const { spec, imageId } = launching;
  return {
    title: l10n.t("Launch {0}", spec.name),
    container: { name: spec.name },
    basis: { freeName: spec.name, image: { tag: spec.image, id: imageId } },
    steps: [...newSteps(launching), ...appSteps(launching, spec.name)],
    ...noted(launching),
  };
}

/**
 * The old one is set aside and stopped, and removed only when the new one is up; else it is back under its name, and runs if it ran.
 * `ranBy`: the command that its app was started by, which can be another than this launch's.
 */
export function planReplace(
  launching: Launching,
  old: Container & { details: Details },
  { appRuns, ranBy, volumes, now }: { appRuns: AppRuns | undefined; ranBy?: string | undefined; volumes: boolean; now: Date },
): Plan {
  const { launch, spec } = launching;
  const { id, name, state } = old;
  if (old.details.autoRemove)
    throw new UserError(
      l10n.t("{0} was run with --rm: Docker removes it once it stops, so it could not be put back. Retire it first.", name),
    );
  const of = { id, name, state };
  // In one that is paused again nothing can be started.
  const restarted =
    mayRun(appRuns) && state === "running" && launch.app ? [appArgs(id, ranBy ?? launch.app.start, launching.display?.env)] : [];
  const stop: Step = {
    kind: "stop",
    argv: ["stop", id],
    of,
    cause: `${name} is ${state}`,
    ...(restarted.length > 0 ? { undo: restarted } : {}),
  };
  return {
    ...planLaunch(launching),
    title: l10n.t("Restart {0}", name),
    basis: { state: { id, state, name }, image: { tag: spec.image, id: launching.imageId } },
    steps: [
      // First, since only one can do it: of two windows that restart it at once the other goes no further.
      { kind: "rename", argv: ["rename", id, asideName(name)], of, cause: "it is kept until the new one is up" },
      ...(isUp(state) ? [stop] : []),
      ...newSteps(launching),
      ...appSteps(launching, spec.name),
    ],
    cleanup: [{ kind: "remove", argv: ["rm", ...(volumes ? ["--volumes"] : []), id], cause: "the new one took its place" }],
    failedName: failedName(name, now),
  };
}

/**
 * The app anew, in a container that is there. `revive`: it is restarted first, which heals its GPU handle. `setupDue`: it was never set up to the end, which
 * is made up for.
 */
export function planReuse(
  launching: Launching,
  found: Container & { details: Details },
  {
    appRuns,
    ranBy,
    revive,
    setupDue = false,
  }: { appRuns: AppRuns | undefined; ranBy?: string | undefined; revive: boolean; setupDue?: boolean },
): Plan {
  const { launch, spec } = launching;
  const { id, name, state } = found;
  const runs = isUp(state);
  const gpus = gpusOf(spec);
  const isNew = state === "created"; // it never ran, and so was never set up
  const setup = setupDue ? overdue : isNew && onceEach;
  const check: Step[] = gpus === "none" ? [] : [{ kind: "probe", gpus, must: true, cause: "its handle may have gone stale" }];
  const [, ...afterStart] = startSteps(name, "none", id);
  const start: Step[] = revive
    ? [{ kind: "restart", argv: ["restart", id], cause: "a restart heals its GPU handle" }, ...afterStart]
    : runs && state !== "paused"
      ? []
      : startSteps(name, "none", id, state === "paused");
  const skipped = [
    { what: "docker run", why: `${name} is there` },
    ...(start.length === 0 ? [{ what: "docker start", why: `${name} runs` }] : []),
    ...(launch.setup.length > 0 && !setup ? [{ what: "setup", why: `it was done when ${name} was created` }] : []),
  ];
  return {
    title: revive ? l10n.t("Revive {0}", name) : l10n.t("Reuse {0}", name),
    container: { id, name },
    basis: { state: { id, state, name, runs: start.length === 0 || revive } },
    steps: [
      ...start,
      ...check,
      // Looked for even if it was not seen: two of it would be in each other's way.
      ...(launch.app && runs && !revive ? [stopApp(launch.app, { appRuns, ranBy }, id, launching.display)] : []),
      ...appSteps(launching, id, { setup }),
    ],
    skipped,
    ...noted(launching, setupDue ? setupNotes(launching, name) : []),
  };
}

function noted({ notes = [] }: Launching, more: readonly string[] = []): Pick<Plan, "notes"> {
  const all = [...more, ...notes];
  return all.length > 0 ? { notes: all } : {};
}

/** Why setup steps are there. */
const onceEach = "once in each container that is created";
const overdue = "it was not done to the end when the container was created";

const setupNotes = ({ launch }: Launching, name: string): string[] =>
  launch.setup.length > 0
    ? [l10n.t("{0} was not set up to the end when it was created: its setup is done now, from the beginning.", name)]
    : [];

/** Prepares, configures and starts the app in a container that runs. `setupDue`: see `planReuse`. */
export function planStartApp(launching: Launching, found: Container, { setupDue = false } = {}): Plan {
  const { id, name, state } = found;
  return {
    title: l10n.t("Start the app in {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: appSteps(launching, id, { setup: setupDue && overdue }),
  };
}

export function planStopApp({ process }: Pick<App, "process">, { id, name, state }: Container): Plan {
  return {
    title: l10n.t("Stop the app in {0}", name),
    container: { id, name },
    basis: { state: { id, state } },
    steps: [{ kind: "stopApp", cause: "asked for", ...(process === undefined ? {} : { process }) }],
  };
}

function stopApp(
  { process, start }: App,
  { appRuns, ranBy = start }: { appRuns: AppRuns | undefined; ranBy: string | undefined },
  id: string,
  display: Display | undefined,
): Step {
  return {
    kind: "stopApp",
    cause:
      appRuns === "unknown"
        ? "it may run, which could not be told"
        : appRuns
          ? "it runs with what was configured before"
          : "it may have been started meanwhile",
    ...(process === undefined ? {} : { process }),
    undo: appArgs(id, ranBy, display?.env),
  };
}

function newSteps({ spec, reserved = [], secretFiles = [], launch }: Launching): Step[] {
  const { name } = spec;
  const env = secretEnv(spec);
  // Before the start, so that nothing runs on a GPU that another one took in the meantime; after it, because two can look at the same moment.
  const reserve = (cause: string): Step[] => (reserved.length > 0 ? [{ kind: "reserve", gpus: reserved, cause }] : []);
  return [
    {
      kind: "create",
      argv: createArgs(spec),
      cause: `no container is named ${name}`,
      ...(Object.keys(env).length > 0 ? { env } : {}),
    },
    ...(launch.keepAlive ? [{ kind: "find", program: keepAliveProgram, cause: "it keeps the container running" } as const] : []),
    ...(secretFiles.length > 0 ? [{ kind: "secrets", files: secretFiles, cause: "the file asks for them" } as const] : []),
    ...reserve("another deploy can have chosen the same GPUs"),
    ...startSteps(name, "none"),
    ...reserve("two deploys can have looked at the same moment"),
    ...(gpusOf(spec) === "none" ? [] : [{ kind: "probe", gpus: gpusOf(spec), must: true, cause: "it was given GPUs" } as const]),
  ];
}

/** From setup to ready. `container`: its id, or its name while it is not created. `setup`: why it is done; false: it is not. */
function appSteps(
  { launch, spec, display, ready }: Launching,
  container: string,
  { setup = onceEach }: { setup?: string | false } = {},
): Step[] {
  const inside = (command: string) => ["exec", container, "sh", "-c", command];
  const { app } = launch;
  const process = app?.process === undefined ? {} : { process: app.process };
  const isOnHost = spec.networks?.[0]?.name === "host";
  return [
    ...(isOnHost && app?.port !== undefined
      ? [{ kind: "port", port: app.port, cause: "another app there would answer in its place" } as const]
      : []),
    ...(display?.letIn
      ? [{ kind: "letIn", argv: display.letIn, cause: "its user may open windows, and nobody else" } as const]
      : []),
    ...(display ? [{ kind: "socket", path: display.socket, cause: "windows open through it" } as const] : []),
    ...(setup === false ? [] : launch.setup.map((command): Step => ({ kind: "setup", argv: inside(command), cause: setup }))),
    ...launch.prepare.map((command): Step => ({
      kind: "prepare",
      argv: inside(command),
      cause: "before every start of the app",
    })),
    ...(launch.configure.length > 0
      ? [{ kind: "configure", edits: launch.configure, cause: "before every start of the app" } as const]
      : []),
    ...(app
      ? [
          {
            kind: "app",
            argv: appArgs(container, app.start, display?.env),
            start: app.start,
            ...process,
            cause: "the deployment has an app",
          } as const,
          {
            kind: "ready",
            ...process,
            ...(app.port === undefined ? {} : { port: app.port }),
            ...readyWhen(app, ready),
            cause: "it takes its time",
          } as const,
        ]
      : []),
  ];
}

function readyWhen({ ready }: App, preset: Launching["ready"]): { ready?: ReadyWhen } {
  if (!ready) return {};
  const { http, contains, interval = preset.interval, timeout = preset.timeout } = ready;
  return { ready: { http, ...(contains === undefined ? {} : { contains }), intervalMs: interval, timeoutMs: timeout } };
}

/** Gives a container that was set aside its name back; what has that name now, of a restart that was broken off, is stopped and kept as failed. */
export function planPutBack(
  { id, name: aside, state }: Container,
  name: string,
  { start, unfinished, failedName: failed = "" }: { start: boolean; unfinished?: Container; failedName?: string },
): Plan {
  const of = unfinished && { id: unfinished.id, name, state: unfinished.state };
  const cause = "of the restart that was broken off";
  return {
    title: l10n.t("Put {0} back", name),
    container: { id, name: aside },
    basis: { state: { id, state, name: aside } },
    steps: [
      ...(of && isUp(of.state) ? [{ kind: "stop", argv: ["stop", of.id], of, cause } as const] : []),
      ...(of ? [{ kind: "rename", argv: ["rename", of.id, failed], of, cause } as const] : []),
      { kind: "rename", argv: ["rename", id, name], cause: "it was set aside" },
      ...(start ? startSteps(name, "none", id) : []),
    ],
  };
}
