import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import { isSecretName, secretTexts } from "../redact.ts";
import { fillImageName, fillName, imageBaseName } from "../names.ts";
import type { RunSpec } from "../runSpec.ts";
import { read } from "./check.ts";
import { parseDotenv } from "./dotenv.ts";
import { type Answers, answered, type Question, questionsOf } from "./inputs.ts";
import type { Lookup } from "./interpolate.ts";
import { mergeService } from "./merge.ts";
import { find, isInside, type Issue, keyPlace, type Mapping, type Node, type Path, type Place } from "./nodes.ts";
import { service as serviceSchema } from "./schema.ts";
import { type Build, type EnvFile, filledFrom, type SecretFile, type Surroundings, type Tell, toRunSpec } from "./service.ts";
import { fillService, fillText, type Fill, placeholders } from "./template.ts";
import { type Format, formatOf, type XBerth } from "./xBerth.ts";

/** A container that a service describes. */
export interface Deployment {
  /** As Berth calls the project. */
  project: string;
  service: string;
  title: string;
  /** Of the container: `container_name`, else by the naming setting. */
  name: string;
  /** As Compose calls the project: its label `com.docker.compose.project` on the containers it made. */
  composeProject: string;
  questions: readonly Question[];
  /** Every env file that it may need, whatever is answered: the caller reads them for `withAnswers`. */
  envFiles: readonly EnvFile[];
  /** As it would be with every question at its default; a `{{name}}` without one stands as it is, and what is in env files is missing. */
  preview: Launch;
  /** What to know of the service, and of the file it stands in, before it is launched: fields that are not acted on, variables that are not set. */
  warnings: readonly Issue[];
  /** Where the service's name stands. */
  at: Place;
  /** For `withAnswers`. */
  source: Source;
}

export interface Source {
  node: Mapping;
  around: Surroundings;
  naming: Naming;
}

/** What a launch needs to know, everything filled in. */
export interface Launch {
  /** Without the keep-alive and without Berth's labels. */
  spec: RunSpec;
  /** The caller adds it, for the service's own entrypoint where there is one, else for the image's. */
  keepAlive: boolean;
  build?: Build;
  secretFiles: readonly SecretFile[];
  display: "none" | "x11";
  /** Shell commands, in their order. */
  setup: readonly string[];
  prepare: readonly string[];
  configure: readonly Edit[];
  app?: App;
  attach: { folder?: string; user?: string; extensions: readonly string[] };
  /** Values of variables and answers that are shown nowhere; see `secretsOf` for all of them. */
  hidden: readonly string[];
}

export interface Edit {
  /** Path inside the container. */
  file: string;
  format: Format;
  /** By key; dots lead deeper. */
  set: Readonly<Record<string, string | number | boolean>>;
}

export interface App {
  /** A shell command. */
  start: string;
  process?: string;
  port?: number;
  /** Times in milliseconds; absent: by the settings. */
  ready?: { http: string; contains?: string; interval?: number; timeout?: number };
}

export interface Naming {
  /** Templates with `{{project}}`, `{{service}}`, `{{image}}`, `{{user}}`, `{{uid}}`. */
  container: string;
  /** Of an image that is built and has no name of its own. */
  image: string;
  user: string;
  uid: string;
}

/** What the launch decided. */
export interface Circumstances {
  /** The container's name in place of the deployment's, as a parallel one has. */
  name?: string;
  /** Where the app listens, in place of `app.port`. */
  port?: number;
  /** The port of the machine that leads to it, in place of the published one. */
  hostPort?: number;
  /** Texts of `envFiles`, by their path. */
  envFiles?: ReadonlyMap<string, string>;
}

/**
 * A deployment with its questions answered: options overlay the service, every `{{name}}` is filled in (quoted in shell commands), env files are read.
 * @throws UserError that names the input, file or field that keeps it from being launched
 */
export function withAnswers(deployment: Deployment, answers: Answers, circumstances: Circumstances = {}): Launch {
  const chosen = answered(deployment.questions, answers);
  const { launch, issues } = resolve(deployment.service, deployment.project, deployment.source, chosen, circumstances);
  const wrong = issues.find(({ severity }) => severity === "error");
  if (wrong || !launch) {
    const { line, path, message } = wrong ?? { ...deployment.at, message: l10n.t("The service cannot be read.") };
    throw new UserError(l10n.t("{0} (line {1} of {2})", message, line, path));
  }
  return launch;
}

export interface Resolved {
  launch?: Launch;
  envFiles: readonly EnvFile[];
  issues: readonly Issue[];
}

/**
 * The same for answers that may be incomplete: a `{{name}}` that is not answered stays as it is, and what it makes unreadable is no issue.
 * Without `circumstances` it is a look at the file: env files are not read.
 */
export function resolve(
  service: string,
  project: string,
  { node, around, naming }: Source,
  chosen: ReadonlyMap<string, string>,
  circumstances?: Circumstances,
): Resolved {
  const issues: Issue[] = [];
  const overlaid = overlay(node, chosen, issues);
  const fixed: Record<string, string> = { project, service, user: naming.user, uid: naming.uid };
  const known: Fill = (name) => chosen.get(name) ?? (Object.hasOwn(fixed, name) ? fixed[name] : undefined);

  // In the order in which they may need each other.
  const at = (path: Path, fill: Fill) => {
    const value = textAt(overlaid, path);
    return value === undefined ? undefined : fillText(value, fill);
  };
  const image = at(["image"], known) ?? fillImageName(naming.image, fixed);
  const name =
    circumstances?.name ?? at(["container_name"], known) ?? fillName(naming.container, { ...fixed, image: imageBaseName(image) });
  const named: Fill = (key) => (key === "name" ? name : known(key));
  const port = circumstances?.port?.toString() ?? at(["x-berth", "app", "port"], named);
  const ported: Fill = (key) => (key === "port" ? port : named(key));

  let filled: Mapping;
  let fill = ported;
  try {
    const hostPort = circumstances?.hostPort?.toString() ?? publishedOn(fillService(onlyPorts(overlaid), ported), port);
    fill = (key) => (key === "host_port" ? hostPort : ported(key));
    filled = fillService(overlaid, fill);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (circumstances) throw error;
    // Told on its line by the check of placeholders.
    return { envFiles: [], issues };
  }
  if (circumstances) {
    const open = placeholders(JSON.stringify(placeholderTexts(filled))).find((key) => key === "host_port" || key === "port");
    if (open === "host_port")
      throw new UserError(l10n.t("{0} is not known: nothing publishes the app's port on a port that is said.", "{{host_port}}"));
    if (open === "port") throw new UserError(l10n.t("{0} is not known: give x-berth.app a port.", "{{port}}"));
  }

  const above: Path = ["services", service];
  const { value, issues: wrong } = read(serviceSchema, filled, above);
  issues.push(...wrong.filter((issue) => circumstances !== undefined || !isOpen(filled, issue)));
  if (!value) return { envFiles: [], issues };

  const tell: Tell = (severity, path, message) => void issues.push({ ...placeIn(filled, path), severity, message });
  const parts = toRunSpec(value, around, tell);
  const berth = value["x-berth"] ?? {};
  // What 'environment' says counts in the files' own variables as well.
  const fromFiles = circumstances
    ? readEnvFiles(parts.envFiles, circumstances.envFiles ?? new Map(), (key) => parts.spec.env?.[key] ?? around.env(key))
    : {};
  const env = { ...filledFrom(fromFiles, around.env), ...parts.spec.env };
  const spec: RunSpec = {
    ...parts.spec,
    name,
    image,
    ...(Object.keys(env).length > 0 ? { env } : {}),
  };
  const launch: Launch = {
    spec,
    keepAlive: berth.keep_alive ?? !parts.hasCommand,
    ...(parts.build ? { build: parts.build } : {}),
    secretFiles: parts.secretFiles,
    display: berth.display ?? "none",
    setup: berth.setup ?? [],
    prepare: berth.prepare ?? [],
    configure: (berth.configure ?? []).flatMap(({ file, format = formatOf(file), set }) =>
      format ? [{ file, format, set }] : [],
    ),
    ...(berth.app ? { app: appOf(berth.app, port) } : {}),
    attach: attachOf(berth.attach),
    hidden: [...around.hidden, ...secretTexts([...chosen].flatMap(([id, answer]) => (isSecretName(id) ? [answer] : [])))],
  };
  return { launch, envFiles: parts.envFiles, issues };
}

/** The service with what the chosen options say on top, in the order of the questions. */
function overlay(node: Mapping, chosen: ReadonlyMap<string, string>, issues: Issue[]): Mapping {
  let overlaid = node;
  for (const { question, node: input } of questionsOf(node)) {
    const answer = chosen.get(question.id);
    const over = answer === undefined ? undefined : find(input, ["options", answer]);
    if (over?.kind !== "map") continue;
    const merged = mergeService(overlaid, over);
    overlaid = merged.root;
    issues.push(...merged.issues);
  }
  return overlaid;
}

function textAt(node: Node, path: Path): string | undefined {
  const found = find(node, path);
  return found?.kind === "scalar" && found.value !== null ? String(found.value) : undefined;
}

/** Of a service only what publishes ports. */
function onlyPorts(service: Mapping): Mapping {
  const kept = [...service.entries].filter(([key]) => key === "ports" || key === "network_mode");
  return { ...service, entries: new Map(kept) };
}

/** The port of the machine that the app's port is published on, where the file says which; the app's own port on the host's network. */
function publishedOn(service: Mapping, port: string | undefined): string | undefined {
  if (port === undefined) return undefined;
  if (textAt(service, ["network_mode"]) === "host") return port;
  const { value } = read(serviceSchema, service);
  return value?.ports
    ?.flat()
    .find(({ container, host }) => String(container) === port && host !== undefined && /^\d+$/.test(host))?.host;
}

/** Whether an issue is about what still holds a `{{name}}`, which the answer will replace. */
function isOpen(root: Node, issue: Issue): boolean {
  return placeholderTexts(root).some(({ at }) => isInside(at, issue));
}

/** The texts that hold a `{{name}}`, outside the questions themselves. */
function placeholderTexts(node: Node, path: Path = []): { value: string; at: Place }[] {
  if (path[0] === "x-berth" && path[1] === "inputs") return [];
  if (node.kind === "scalar")
    return typeof node.value === "string" && placeholders(node.value).length > 0 ? [{ value: node.value, at: node.at }] : [];
  if (node.kind === "list") return node.items.flatMap((item, n) => placeholderTexts(item, [...path, n]));
  return [...node.entries].flatMap(([key, { value }]) => placeholderTexts(value, [...path, key]));
}

/** At the value in a list, at the field's name otherwise. */
function placeIn(root: Node, path: Path): Place {
  return typeof path.at(-1) === "number" ? (find(root, path)?.at ?? root.at) : keyPlace(root, path);
}

function readEnvFiles(files: readonly EnvFile[], texts: ReadonlyMap<string, string>, env: Lookup): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { path, required, raw } of files) {
    const text = texts.get(path);
    if (text === undefined && required)
      throw new UserError(l10n.t("The env file {0} is not there: make it, or set 'required: false'.", path));
    const { values, problems } = parseDotenv(text ?? "", (name) => env(name) ?? found[name], { raw });
    const [problem] = problems;
    if (problem) throw new UserError(l10n.t("{0} (line {1} of {2})", problem.message, problem.line, path));
    for (const [name, value] of values) found[name] = value;
  }
  return found;
}

function appOf({ start, process, ready }: NonNullable<XBerth["app"]>, port: string | undefined): App {
  return {
    start,
    ...(process === undefined ? {} : { process }),
    ...(port === undefined || !/^\d+$/.test(port) ? {} : { port: Number(port) }),
    ...(ready === undefined
      ? {}
      : {
          ready: {
            http: ready.http,
            ...(ready.contains === undefined ? {} : { contains: ready.contains }),
            ...(ready.interval === undefined ? {} : { interval: ready.interval }),
            ...(ready.timeout === undefined ? {} : { timeout: ready.timeout }),
          },
        }),
  };
}

function attachOf(given: XBerth["attach"] = {}): Launch["attach"] {
  return {
    ...(given.folder === undefined ? {} : { folder: given.folder }),
    ...(given.user === undefined ? {} : { user: given.user }),
    extensions: given.extensions ?? [],
  };
}
