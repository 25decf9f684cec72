import * as l10n from "../l10n.ts";
import { isSecretName, secretValues } from "../redact.ts";
import { notActedOn, read } from "./check.ts";
import { checkService } from "./checkBerth.ts";
import { inconsistencies } from "./consistency.ts";
import { type Deployment, type Naming, type Resolved, resolve, type Source } from "./deployment.ts";
import { parseDotenv } from "./dotenv.ts";
import { questionsOf } from "./inputs.ts";
import { extended } from "./extend.ts";
import { interpolate, type Lookup } from "./interpolate.ts";
import { alone, mergeFiles, mergeService } from "./merge.ts";
import {
  find,
  isInside,
  type Issue,
  keyPlace,
  mapScalars,
  type Mapping,
  type Node,
  type Path,
  type Place,
  within,
} from "./nodes.ts";
import { baseName } from "./paths.ts";
import { file as fileSchema, service as serviceSchema } from "./schema.ts";
import { parseSource } from "./source.ts";
import type { Surroundings } from "./service.ts";

export interface ProjectFiles {
  /** Of the compose file, absolute. */
  folder: string;
  /** What Berth calls the project; default: the folder's name. */
  project?: string;
  /** The compose file, then its override. Paths are told as they are given. */
  files: readonly { path: string; text: string }[];
  env: Readonly<Record<string, string | undefined>>;
  /** `.env` beside the compose file. */
  dotenv?: { path: string; text: string };
  naming: Naming;
}

export interface Project {
  /** The services that can be launched, in the file's order. */
  deployments: readonly Deployment[];
  /** All of them, also those with mistakes. */
  services: readonly { name: string; at: Place }[];
  issues: readonly Issue[];
}

/** What the compose files of a folder say, and everything that is wrong with them. Reads nothing but what it is given. */
export function readProject({ folder, project = baseName(folder), files, env, dotenv, naming }: ProjectFiles): Project {
  const issues: Issue[] = [];
  const paths = files.map(({ path }) => path);
  const tell = (...more: readonly Issue[]) => void issues.push(...more);

  // As in a shell that stands where the file is; this process stands anywhere.
  const outside: Lookup = (name) => (name === "PWD" ? folder : Object.hasOwn(env, name) ? env[name] : undefined);
  const variables = parseDotenv(dotenv?.text ?? "", outside);
  for (const { line, message } of variables.problems)
    tell({ path: dotenv?.path ?? ".env", line, column: 1, endLine: line + 1, endColumn: 1, severity: "error", message });
  const given: Lookup = (name) => outside(name) ?? variables.values.get(name);

  const sources = files.map(({ path, text }) => parseSource(path, text));
  const composeProject = projectName(given("COMPOSE_PROJECT_NAME") ?? nameIn(sources, given) ?? baseName(folder));
  // Compose gives its name to the files themselves.
  const lookup: Lookup = (name) => (name === "COMPOSE_PROJECT_NAME" ? composeProject : given(name));

  let root: Mapping | undefined;
  let isWhole = true;
  for (const source of sources) {
    tell(...source.issues);
    if (!source.root) {
      if (source.issues.length > 0) isWhole = false;
      continue;
    }
    if (source.root.kind !== "map") {
      tell({ ...source.root.at, severity: "error", message: l10n.t("A compose file is a mapping: begin it with 'services:'.") });
      isWhole = false;
      continue;
    }
    const { root: filled, issues: unextended } = extended(interpolated(source.root, lookup, tell));
    tell(...unextended);
    if (root) {
      const merged = mergeFiles(root, filled);
      tell(...merged.issues);
      root = merged.root;
    } else root = alone(filled);
  }
  if (!root || !isWhole) return { deployments: [], services: [], issues: distinct(issues, paths) };

  // `{{name}}` may stand where a number belongs: services are read one by one, filled in.
  tell(...read(fileSchema, root).issues.filter((issue) => !isInService(root, issue)));
  tell(...checkName(root), ...inconsistencies(root));
  tell(...notActedOn(root));

  const declared = read(fileSchema, onlyDeclarations(root)).value;
  const told = [...Object.entries(env), ...variables.values];
  const around: Surroundings = {
    ...{ folder, composeProject, volumes: declared?.volumes, secrets: declared?.secrets, env: lookup },
    hidden: secretValues(told.map(([name, value]) => `${name}=${value ?? ""}`)),
  };
  const deployments: Deployment[] = [];
  const names = new Map<string, Place>();
  const services = find(root, ["services"]);
  const listed: { name: string; at: Place }[] = [];
  if (services?.kind === "map")
    for (const [name, { key, value: node }] of services.entries) {
      listed.push({ name, at: key });
      if (!/^[a-zA-Z0-9._-]+$/.test(name))
        tell({
          ...key,
          severity: "error",
          message: l10n.t("'{0}' cannot be a service's name: use letters, digits, '.', '_' and '-'.", name),
        });
      if (node.kind !== "map") {
        tell(...read(serviceSchema, node, ["services", name]).issues);
        continue;
      }
      const source: Source = { node, around, naming };
      const resolved = lookAt(name, project, source, tell);
      const { launch } = resolved;
      if (!launch) continue;
      // Nothing that Docker runs; it is told that Berth does not act on 'provider'.
      if (find(node, ["provider"])) continue;
      if (!find(node, ["image"]) && !find(node, ["build"])) {
        tell({
          ...key,
          severity: "error",
          message: find(node, ["extends"])
            ? l10n.t("'{0}' may have its image from another file, which Berth does not read: add 'image' or 'build' here.", name)
            : l10n.t("'{0}' has neither an image nor a build: add 'image', or 'build: .' for the Dockerfile here.", name),
        });
        continue;
      }
      const twin = names.get(launch.spec.name);
      if (twin && find(node, ["container_name"]))
        tell({
          ...keyPlace(node, ["container_name"]),
          severity: "error",
          message: l10n.t("The service on line {0} has a container of this name too: give this one another.", twin.line),
        });
      names.set(launch.spec.name, key);
      const title = textOf(find(node, ["x-berth", "title"])) ?? name;
      const questions = questionsOf(node).map(({ question }) => question);
      deployments.push({
        project,
        service: name,
        title,
        name: launch.spec.name,
        composeProject,
        questions,
        envFiles: resolved.envFiles,
        preview: launch,
        warnings: [], // below, when all are known
        at: key,
        source,
      });
    }
  else if (!find(root, ["include"]) && (!services || services.kind === "scalar"))
    tell({
      ...keyPlace(root, ["services"]),
      severity: "error",
      message: l10n.t("There is no service here: add one under 'services:'."),
    });

  const all = distinct(issues, paths);
  // What Compose itself would refuse is not launched.
  const errors = all.filter(({ severity }) => severity === "error").map((issue) => servicesAt(root, issue));
  const broken = new Set(errors.flat());
  const warnings = all
    .filter(({ severity }) => severity === "warning")
    .map((issue) => ({ issue, services: servicesAt(root, issue) }));
  const warningsOf = (service: string) =>
    warnings.filter(({ services }) => services.length === 0 || services.includes(service)).map(({ issue }) => issue);
  const launchable = errors.some((names) => names.length === 0) ? [] : deployments.filter(({ service }) => !broken.has(service));
  return {
    deployments: launchable.map((deployment) => ({ ...deployment, warnings: warningsOf(deployment.service) })),
    services: listed,
    issues: all,
  };
}

/** Every `$VAR` filled in, names of fields excepted. */
function interpolated(root: Mapping, lookup: Lookup, tell: (issue: Issue) => void): Mapping {
  return mapScalars(root, (scalar, path) => {
    if (typeof scalar.value !== "string" || !scalar.value.includes("$")) return scalar;
    const { text, missing, required, used } = interpolate(scalar.value, lookup);
    const place = (name: string) =>
      within(scalar, [`$\{${name}`, `$${name}`].find((spelled) => scalar.source.includes(spelled)) ?? name);
    for (const name of new Set(missing))
      tell({
        ...place(name),
        severity: "warning",
        message: l10n.t(
          "The variable {0} is not set, and becomes empty here: set it in .env, or give it a default as in {1}.",
          name,
          `\${${name}:-…}`,
        ),
      });
    for (const { name, message } of required)
      tell({
        ...place(name),
        severity: "error",
        message:
          message === ""
            ? l10n.t("The variable {0} needs a value: set it in .env.", name)
            : l10n.t("The variable {0} needs a value: {1}", name, message),
      });
    for (const name of new Set(used))
      if (isSecretName(name) && !mayHoldSecrets(path))
        tell({
          ...place(name),
          severity: "warning",
          message: l10n.t(
            "The value of {0} would be readable in the container's command line or settings: pass it by 'environment' or 'secrets'.",
            name,
          ),
        });
    return { ...scalar, value: text };
  }) as Mapping;
}

/** Where a secret's value is taken from the environment, or names a file. */
function mayHoldSecrets([first, , third, fourth]: Path): boolean {
  return (
    first !== "services" ||
    third === "environment" ||
    third === "env_file" ||
    third === "secrets" ||
    (third === "build" && fourth === "args")
  );
}

/** One service with its questions at their defaults, and with each option of each of them. */
function lookAt(name: string, project: string, source: Source, tell: (...issues: Issue[]) => void): Omit<Resolved, "issues"> {
  const { node } = source;
  const presets = new Map(
    questionsOf(node).flatMap(({ question }) =>
      question.default === undefined ? [] : [[question.id, question.default] as const],
    ),
  );
  tell(...checkService(node));
  // Without overlays first, so that the base's mistakes are told once, on their lines.
  const base = resolve(name, project, { ...source, node: withoutOverlays(node) }, presets);
  tell(...base.issues);
  const envFiles = new Map(base.envFiles.map((one) => [one.path, one]));
  for (const { question, node: input } of questionsOf(node)) {
    const options = find(input, ["options"]);
    for (const [option, { key, value: over }] of options?.kind === "map" ? options.entries : []) {
      if (over.kind !== "map") {
        if (over.kind === "list" || over.value !== null)
          tell({
            ...over.at,
            severity: "error",
            message: l10n.t("An option holds what it changes: write '{0}: {}' when that is nothing.", option),
          });
        continue;
      }
      const inputs = find(over, ["x-berth", "inputs"]);
      if (inputs)
        tell({
          ...inputs.at,
          severity: "error",
          message: l10n.t("An option cannot change the questions: move this input to the others."),
        });
      const merged = mergeService(node, over);
      if (!inputs) tell(...checkService(merged.root, node));
      const chosen = new Map(presets).set(question.id, option);
      const resolved = resolve(name, project, source, chosen);
      tell(...resolved.issues, ...notActedOn(asFile(name, over, key)));
      for (const one of resolved.envFiles) envFiles.set(one.path, one);
    }
  }
  const { launch, issues } = resolve(name, project, source, presets);
  tell(...issues);
  const wrong = issues.some(({ severity }) => severity === "error");
  // A question without default may stand where only a number can be read: then with any answer.
  const shown = launch ?? (wrong ? undefined : resolve(name, project, source, withSamples(node, presets)).launch);
  return { ...(shown ? { launch: shown } : {}), envFiles: [...envFiles.values()] };
}

function withSamples(service: Mapping, presets: ReadonlyMap<string, string>): Map<string, string> {
  const samples = questionsOf(service).map(
    ({ question: { id, options, min = 1 } }) => [id, options?.[0] ?? String(min)] as const,
  );
  return new Map([...samples, ...presets]);
}

function asFile(name: string, service: Mapping, key: Place): Mapping {
  const wrap = (field: string, value: Node): Mapping => ({
    kind: "map",
    at: value.at,
    entries: new Map([[field, { key, value }]]),
  });
  return wrap("services", wrap(name, service));
}

function withoutOverlays(service: Mapping): Mapping {
  return mapMappings(service, ["x-berth", "inputs"], (input) => {
    const options = find(input, ["options"]);
    if (options?.kind !== "map") return input;
    const plain = Array.from(options.entries, ([option, entry]) => {
      return [option, { ...entry, value: { kind: "scalar", value: null, at: entry.value.at, source: "" } }] as const;
    });
    return withEntry(input, "options", { ...options, entries: new Map(plain) });
  });
}

function withEntry(mapping: Mapping, key: string, value: Node): Mapping {
  const entry = mapping.entries.get(key);
  return { ...mapping, entries: new Map(mapping.entries).set(key, { key: entry?.key ?? value.at, value }) };
}

/** The mapping with the mappings of the list at this path changed. */
function mapMappings(root: Mapping, path: readonly string[], change: (mapping: Mapping) => Mapping): Mapping {
  const [first, ...rest] = path;
  const node = first === undefined ? undefined : root.entries.get(first)?.value;
  if (first === undefined || !node) return root;
  if (rest.length > 0) return node.kind === "map" ? withEntry(root, first, mapMappings(node, rest, change)) : root;
  if (node.kind !== "list") return root;
  return withEntry(root, first, { ...node, items: node.items.map((item) => (item.kind === "map" ? change(item) : item)) });
}

/** Volumes and secrets alone, so that a mistake elsewhere does not hide them. */
function onlyDeclarations(root: Mapping): Mapping {
  const kept = [...root.entries].filter(([key]) => key === "volumes" || key === "secrets");
  return { ...root, entries: new Map(kept) };
}

function isInService(root: Node, issue: Issue): boolean {
  return servicesAt(root, issue).length > 0;
}

/** The services that an issue is about: several where one extends another. None: it is the file. */
function servicesAt(root: Node, issue: Issue): string[] {
  const services = find(root, ["services"]);
  if (services?.kind !== "map") return [];
  const isAt = ({ path, line, column }: Place) => path === issue.path && line === issue.line && column === issue.column;
  const holds = (node: Node): boolean =>
    isInside(issue, node.at) ||
    (node.kind === "list" && node.items.some(holds)) ||
    (node.kind === "map" && [...node.entries.values()].some(({ key, value }) => isAt(key) || holds(value)));
  return [...services.entries].filter(([, { key, value }]) => isAt(key) || holds(value)).map(([name]) => name);
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
}

/** What the files call the project, the last of them first. */
function nameIn(sources: readonly { root?: Node }[], env: Lookup): string | undefined {
  const name = sources.map(({ root }) => textOf(find(root, ["name"]))).findLast((one) => one !== undefined);
  return name === undefined ? undefined : interpolate(name, env).text;
}

/** Compose makes a name of its own form out of any other. */
function checkName(root: Mapping): Issue[] {
  const node = find(root, ["name"]);
  const name = textOf(node);
  if (!node || name === undefined || projectName(name) === name) return [];
  if (projectName(name) === "")
    return [
      { ...node.at, severity: "error", message: l10n.t("'{0}' has no letter or digit for a project's name: write one.", name) },
    ];
  const message = l10n.t(
    "Compose makes '{0}' of this name: write that, in small letters, digits, '-' and '_'.",
    projectName(name),
  );
  return [{ ...node.at, severity: "warning", message }];
}

/** Compose's own rule for a name that it derives (compose-go, loader.NormalizeProjectName). */
export function projectName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^-_a-z0-9]/g, "")
    .replace(/^[_-]+/, "");
}

function distinct(issues: readonly Issue[], paths: readonly string[]): Issue[] {
  const seen = new Map(issues.map((issue) => [JSON.stringify([issue.path, issue.line, issue.column, issue.message]), issue]));
  const order = [...seen.values()];
  const files = [...new Set([...paths, ...order.map(({ path }) => path)])];
  return order.sort((a, b) => files.indexOf(a.path) - files.indexOf(b.path) || a.line - b.line || a.column - b.column);
}
