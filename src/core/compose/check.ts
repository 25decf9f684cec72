import type * as z from "zod/mini";
import { find, type Issue, keyPlace, type Node, type Path, placeOf, toData } from "./nodes.ts";
import { ignored } from "./schema.ts";
import { similar } from "./similar.ts";
import { later } from "./xBerth.ts";

type Raw = z.core.$ZodIssue;

/** Reads a tree with a schema. Without mistakes there is a value. */
export function read<T extends z.ZodMiniType>(schema: T, root: Node, above: Path = []): { value?: z.output<T>; issues: Issue[] } {
  const result = schema.safeParse(toData(root));
  if (result.success) return { value: result.data, issues: [] };
  return { issues: result.error.issues.flatMap((issue) => explain(issue, root, [], above)) };
}

/** An issue of the schema, in a sentence, on the value it is about. */
function explain(issue: Raw, root: Node, outer: Path, above: Path): Issue[] {
  const path: Path = [...outer, ...(issue.path as Path)];
  const at = placeOf(root, path);
  const error = (message: string, place = at): Issue => ({ ...place, severity: "error", message });
  const name = nameOf([...above, ...path]);
  switch (issue.code) {
    case "custom": {
      const { unknown, known = [] } = (issue.params ?? {}) as { unknown?: string; known?: readonly string[] };
      if (unknown !== undefined) return [error(unknownField(unknown, known, [...above, ...path.slice(0, -1)]), keyPlace(root, path))];
      return [error(prefixed(name, issue.message))];
    }
    case "invalid_union": {
      const branches = issue.errors as Raw[][];
      // The one that got furthest is what was meant; those that do not even begin to fit say what could stand here.
      const meant = branches.filter((all) => all.every(({ code, path: deep }) => code !== "invalid_type" || deep.length > 0));
      const [best] = meant.sort((a, b) => depth(b) - depth(a));
      if (best) return best.flatMap((one) => explain(one, root, path, above));
      const expected = branches.flatMap((all) => all.map((one) => (one.code === "invalid_type" ? (one.expected as string) : "")));
      return [error(wrongType(name, expected, find(root, path)))];
    }
    case "invalid_type":
      if (!find(root, path)) return [error(`'${String(path.at(-1))}' is missing here: add it.`, keyPlace(root, path.slice(0, -1)))];
      return [error(wrongType(name, [issue.expected], find(root, path)))];
    case "invalid_value": {
      const values = issue.values.map(String);
      const given = find(root, path);
      const meant = given?.kind === "scalar" ? similar(String(given.value), values) : undefined;
      const choice = values.length === 1 ? values[0] : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
      return [error(`${name} is ${choice}${meant ? `: did you mean '${meant}'?` : "."}`)];
    }
    case "invalid_key":
      return [error(`'${String(path.at(-1))}' cannot be a name here: use letters, digits, '.', '_' and '-'.`, keyPlace(root, path))];
    default:
      return [error(prefixed(name, issue.message))];
  }
}

function depth(issues: readonly Raw[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

function unknownField(key: string, known: readonly string[], path: Path): string {
  const holder = path.includes("x-berth") ? `x-berth${deeper(path.slice(path.indexOf("x-berth") + 1))}` : "Compose";
  const meant = similar(key, known);
  const inBerth = !path.includes("x-berth") && path[0] === "services" && path.length === 2 && /^(title|inputs|display|setup|prepare|configure|app|attach|keep_alive)$/.test(key);
  if (inBerth) return `Compose has no field '${key}' here: it belongs under 'x-berth'.`;
  if (meant) return `${holder} has no field '${key}' here: did you mean '${meant}'?`;
  return path.includes("x-berth")
    ? `${holder} has no field '${key}': it takes ${known.join(", ")}.`
    : `Compose has no field '${key}' here: remove it, or begin its name with 'x-'.`;
}

/** `.app.ready` for what stands in there. */
function deeper(path: Path): string {
  return path.map((step) => (typeof step === "number" ? "" : `.${step}`)).join("");
}

/** `'ports'`, and `An entry of 'ports'` for what stands in its list. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "The file";
  if (typeof last === "string") return `'${last}'`;
  const list = path.findLast((step) => typeof step === "string");
  return `An entry of '${String(list)}'`;
}

function prefixed(name: string, message: string): string {
  return `${name}: ${message}`;
}

const kinds: Record<string, string> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function wrongType(name: string, expected: readonly string[], given: Node | undefined): string {
  const kindsExpected = [...new Set(expected.map((type) => kinds[type]).filter((kind) => kind !== undefined))];
  const wanted = kindsExpected.length > 1 ? `${kindsExpected.slice(0, -1).join(", ")} or ${kindsExpected.at(-1)}` : (kindsExpected[0] ?? "something else");
  if (given?.kind === "list") return `${name} is ${wanted}, not a list: write its value without '-' and brackets.`;
  if (given?.kind === "map") return `${name} is ${wanted}, not a mapping${/\{\s*\w+\s*\}/.test("") ? "" : ""}: ${hintForMapping(given)}`;
  if (!given || given.value === null) return `${name} is empty: give it ${wanted}, or remove it.`;
  const value = String(given.value);
  if (typeof given.value !== "string" && kindsExpected.includes("text")) return `${name} is text: put ${value} in quotes.`;
  if (typeof given.value === "string" && /^[\w-]+:\S/.test(value) && kindsExpected.includes("a mapping"))
    return `${name} is ${wanted}, not '${value}': put a space behind the ':'.`;
  if (kindsExpected.length === 1 && kindsExpected[0] === "a list") return `${name} is a list, not '${value}': write it as [${given.source}].`;
  return `${name} is ${wanted}, not '${value}'.`;
}

function hintForMapping(given: Node): string {
  // `- a: b` is a mapping where `- "a: b"` was meant; `- {{x}}` is one by its braces.
  const [key] = given.kind === "map" ? [...given.entries.keys()] : [];
  return key === undefined ? "give it a value." : "put a text that holds ': ' or begins with '{' in quotes.";
}

/** Fields that are understood, and not acted on. */
export function notActedOn(root: Node): Issue[] {
  const issues: Issue[] = [];
  const warn = (path: Path, message: string) => void issues.push({ ...keyPlace(root, path), severity: "warning", message });
  const look = (path: Path, names: readonly string[], message = (name: string) => `Berth does not act on '${name}'.`) => {
    const node = find(root, path);
    if (node?.kind !== "map") return;
    for (const name of names) if (node.entries.has(name)) warn([...path, name], message(nameIn(path, name)));
  };
  const nameIn = (path: Path, name: string) => [...path.slice(2).filter((step) => typeof step === "string"), name].join(".");
  const keys = (path: Path) => {
    const node = find(root, path);
    return node?.kind === "map" ? [...node.entries.keys()] : [];
  };
  const items = (path: Path) => {
    const node = find(root, path);
    return node?.kind === "list" ? node.items.map((_, n) => [...path, n]) : [];
  };

  look([], ignored[""].filter((name) => name !== "version"));
  look([], ["version"], () => "Compose ignores 'version' nowadays: remove it.");
  for (const volume of keys(["volumes"])) look(["volumes", volume], ignored.volume);
  for (const secret of keys(["secrets"])) look(["secrets", secret], ignored.secret);
  for (const name of keys(["services"])) {
    const service: Path = ["services", name];
    look(service, ignored.service);
    look([...service, "build"], ignored.build);
    look([...service, "deploy"], ignored.deploy);
    look([...service, "deploy", "resources"], ignored.resources);
    look([...service, "deploy", "resources", "reservations"], ignored.reservations);
    for (const port of items([...service, "ports"])) look(port, ignored.port);
    for (const mount of items([...service, "volumes"])) look(mount, ignored.mount);
    look([...service, "x-berth"], later, (key) => `'${key.replace("x-berth.", "")}' is not acted on yet.`);
    const mode = find(root, [...service, "network_mode"]);
    if (mode?.kind === "scalar" && mode.value === "host" && find(root, [...service, "ports"]))
      warn([...service, "ports"], "With 'network_mode: host' no port is published, since the container has the machine's own: remove 'ports', or 'network_mode'.");
  }
  return issues;
}
