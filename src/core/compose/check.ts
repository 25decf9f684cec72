import * as l10n from "../l10n.ts";
import type * as z from "zod/mini";
import { find, type Issue, keyPlace, type Node, type Path, placeOf, toData } from "./nodes.ts";
import { similar } from "./similar.ts";
import { type Holder, namesOf, remedy } from "./unacted.ts";
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
      if (unknown !== undefined)
        return [error(unknownField(unknown, known, [...above, ...path.slice(0, -1)]), keyPlace(root, path))];
      return [error(prefixed(name, issue.message))];
    }
    case "invalid_union": {
      const branches = issue.errors as Raw[][];
      // The one that got furthest is what was meant; those that do not even begin to fit say what could stand here.
      const meant = branches.filter((all) => all.every(begins));
      const [best] = meant.sort((a, b) => depth(b) - depth(a));
      if (best) return best.flatMap((one) => explain(one, root, path, above));
      if (!find(root, path)) return [missing(root, path)];
      if (isBerthsAttach([...above, ...path], find(root, path)))
        return [error(l10n.t("Compose's own 'attach' is true or false: Berth's belongs under 'x-berth'."))];
      const expected = branches.flatMap((all) => all.flatMap(expectedBy));
      return [error(wrongType(name, expected, find(root, path)))];
    }
    case "invalid_type":
      if (!find(root, path)) return [missing(root, path)];
      return [error(wrongType(name, [issue.expected], find(root, path)))];
    case "invalid_value": {
      const values = issue.values.map(String);
      const given = find(root, path);
      if (!given) return [missing(root, path)];
      const meant = given.kind === "scalar" ? similar(String(given.value), values) : undefined;
      const choice = oneOf(values);
      return [
        error(
          meant === undefined
            ? l10n.t("{0} is {1}.", name, choice)
            : l10n.t("{0} is {1}: did you mean '{2}'?", name, choice, meant),
        ),
      ];
    }
    case "invalid_key":
      return [
        error(
          l10n.t("'{0}' cannot be a name here: use letters, digits, '.', '_' and '-'.", String(path.at(-1))),
          keyPlace(root, path),
        ),
      ];
    default:
      return [error(prefixed(name, issue.message))];
  }
}

/** Whether the value has at least the kind that this alternative takes. */
function begins(issue: Raw): boolean {
  if (issue.path.length > 0) return true;
  return issue.code === "invalid_union"
    ? (issue.errors as Raw[][]).some((all) => all.every(begins))
    : issue.code !== "invalid_type";
}

function expectedBy(issue: Raw): string[] {
  if (issue.code === "invalid_union") return (issue.errors as Raw[][]).flat().flatMap(expectedBy);
  return issue.code === "invalid_type" ? [issue.expected] : [];
}

/** Both know a field of this name. */
function isBerthsAttach(path: Path, given: Node | undefined): boolean {
  return path.length === 3 && path[0] === "services" && path[2] === "attach" && given?.kind === "map";
}

function missing(root: Node, path: Path): Issue {
  const message = l10n.t("'{0}' is missing here: add it.", String(path.at(-1)));
  return { ...keyPlace(root, path.slice(0, -1)), severity: "error", message };
}

function depth(issues: readonly Raw[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

function unknownField(key: string, known: readonly string[], path: Path): string {
  const holder = path.includes("x-berth") ? `x-berth${deeper(path.slice(path.indexOf("x-berth") + 1))}` : "Compose";
  const meant = similar(key, known);
  const inBerth =
    !path.includes("x-berth") &&
    path[0] === "services" &&
    path.length === 2 &&
    /^(title|inputs|display|setup|prepare|configure|app|attach|keep_alive)$/.test(key);
  if (inBerth) return l10n.t("Compose has no field '{0}' here: it belongs under 'x-berth'.", key);
  if (meant) return l10n.t("{0} has no field '{1}' here: did you mean '{2}'?", holder, key, meant);
  return path.includes("x-berth")
    ? l10n.t("{0} has no field '{1}': it takes {2}.", holder, key, known.join(", "))
    : l10n.t("Compose has no field '{0}' here: remove it, or begin its name with 'x-'.", key);
}

/** `.app.ready` for what stands in there. */
function deeper(path: Path): string {
  return path.map((step) => (typeof step === "number" ? "" : `.${step}`)).join("");
}

/** `'ports'`, and `An entry of 'ports'` for what stands in its list. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return l10n.t("The file");
  if (typeof last === "string") return `'${last}'`;
  const list = path.findLast((step) => typeof step === "string");
  return l10n.t("An entry of '{0}'", String(list));
}

function prefixed(name: string, message: string): string {
  return `${name}: ${message}`;
}

function kindOf(type: string): string | undefined {
  const kinds: Record<string, string> = {
    string: l10n.t("text"),
    number: l10n.t("a number"),
    boolean: l10n.t("true or false"),
    array: l10n.t("a list"),
    object: l10n.t("a mapping"),
    record: l10n.t("a mapping"),
  };
  return kinds[type];
}

function oneOf(choices: readonly string[]): string {
  const [last, ...others] = choices.toReversed();
  return others.length === 0 ? (last ?? "") : l10n.t("{0} or {1}", others.reverse().join(", "), last ?? "");
}

/** `expected` as zod names types; those that people need not know of are left out. */
function wrongType(name: string, expected: readonly string[], given: Node | undefined): string {
  const wanted = oneOf([...new Set(expected.map(kindOf).filter((kind) => kind !== undefined))]);
  if (given?.kind === "list") return l10n.t("{0} is {1}, not a list: write its value without '-' and brackets.", name, wanted);
  if (given?.kind === "map" && expected.includes("array") && !expected.includes("string"))
    return l10n.t("{0} is {1}, not a mapping: begin each of its entries with '- '.", name, wanted);
  if (given?.kind === "map")
    return l10n.t("{0} is {1}, not a mapping: put a text that holds ': ' or begins with '{' in quotes.", name, wanted);
  if (!given || given.value === null) return l10n.t("{0} is empty: give it {1}, or remove it.", name, wanted);
  const value = String(given.value);
  if (typeof given.value !== "string" && expected.includes("string"))
    return l10n.t("{0} is text: put {1} in quotes.", name, value);
  const isOnly = (...types: string[]) => expected.every((type) => types.includes(type));
  if (/^[\w-]+:\S/.test(value) && expected.some((type) => type === "object" || type === "record"))
    return l10n.t("{0} is {1}, not '{2}': put a space behind the ':'.", name, wanted, value);
  if (isOnly("array")) return l10n.t("{0} is a list, not '{1}': write it as [{2}].", name, value, given.source);
  return l10n.t("{0} is {1}, not '{2}'.", name, wanted, value);
}

/** Fields that are understood, and not acted on. */
export function notActedOn(root: Node): Issue[] {
  const issues: Issue[] = [];
  const warn = (path: Path, message: string) => void issues.push({ ...keyPlace(root, path), severity: "warning", message });
  const look = (path: Path, names: readonly string[], message: (name: string) => string) => {
    const node = find(root, path);
    if (node?.kind !== "map") return;
    for (const name of names) if (node.entries.has(name)) warn([...path, name], message(name));
  };
  const left = (path: Path, holder: Holder, but?: string) =>
    look(
      path,
      namesOf(holder).filter((name) => name !== but),
      (name) => l10n.t("Berth does not act on '{0}': {1}", nameIn(path, name), remedy(holder, name)),
    );
  const nameIn = (path: Path, name: string) => [...path.slice(2).filter((step) => typeof step === "string"), name].join(".");
  const keys = (path: Path) => {
    const node = find(root, path);
    return node?.kind === "map" ? [...node.entries.keys()] : [];
  };
  const items = (path: Path) => {
    const node = find(root, path);
    return node?.kind === "list" ? node.items.map((_, n) => [...path, n]) : [];
  };

  left([], "", "version");
  look([], ["version"], () => l10n.t("Compose ignores 'version' nowadays: remove it."));
  look([], ["x-berth"], () => l10n.t("'x-berth' belongs under a service: nothing reads it here."));
  for (const volume of keys(["volumes"])) left(["volumes", volume], "volume");
  for (const secret of keys(["secrets"])) left(["secrets", secret], "secret");
  for (const name of keys(["services"])) {
    const service: Path = ["services", name];
    left(service, "service");
    for (const key of keys(service))
      if (/^x-/.test(key) && key !== "x-berth" && similar(key, ["x-berth"]) !== undefined)
        warn([...service, key], l10n.t("Nothing reads '{0}': did you mean '{1}'?", key, "x-berth"));
    left([...service, "build"], "build");
    left([...service, "deploy"], "deploy");
    left([...service, "deploy", "resources"], "resources");
    left([...service, "deploy", "resources", "reservations"], "reservations");
    for (const port of items([...service, "ports"])) left(port, "port");
    for (const mount of items([...service, "volumes"])) {
      left(mount, "mount");
      left([...mount, "volume"], "mountedVolume");
    }
    look([...service, "x-berth"], later, (key) => l10n.t("'{0}' is not acted on yet.", key));
    const mode = find(root, [...service, "network_mode"]);
    if (mode?.kind === "scalar" && mode.value === "host" && find(root, [...service, "ports"]))
      warn(
        [...service, "ports"],
        l10n.t(
          "With 'network_mode: host' no port is published, since the container has the machine's own: remove 'ports', or 'network_mode'.",
        ),
      );
  }
  return issues;
}
