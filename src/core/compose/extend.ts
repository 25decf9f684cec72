import * as l10n from "../l10n.ts";
import { mergeService } from "./merge.ts";
import { find, type Issue, type Mapping, type Node, type Place, withEntries } from "./nodes.ts";
import { similar } from "./similar.ts";

/**
 * A file whose services have under them what they extend: another service of the file (Compose Specification, "extends"; compose-go,
 * loader/extends.go). One that extends a service of another file keeps its `extends`.
 */
export function extended(file: Mapping): { root: Mapping; issues: readonly Issue[] } {
  const services = find(file, ["services"]);
  if (services?.kind !== "map") return { root: file, issues: [] };
  const issues: Issue[] = [];
  const error = (at: Place, message: string) => void issues.push({ ...at, severity: "error", message });
  const whole = new Map<string, Node>();
  const open: string[] = [];

  function wholeOf(name: string, node: Node): Node {
    const known = whole.get(name);
    if (known) return known;
    open.push(name);
    const made = node.kind === "map" ? merged(node) : node;
    open.pop();
    whole.set(name, made);
    return made;
  }

  function merged(node: Mapping): Mapping {
    const given = find(node, ["extends"]);
    const reference = given?.kind === "map" && !find(given, ["file"]) ? find(given, ["service"]) : given;
    if (reference?.kind !== "scalar" || reference.value === null) return node;
    const name = String(reference.value);
    const base = find(services, [name]);
    const own = without(node, "extends");
    if (open.includes(name)) {
      error(reference.at, l10n.t("'{0}' extends this service in its turn: remove 'extends' from one of them.", name));
      return own;
    }
    if (!base) {
      const names = services?.kind === "map" ? [...services.entries.keys()] : [];
      const meant = similar(name, names);
      error(
        reference.at,
        meant === undefined
          ? l10n.t("There is no service '{0}' in this file to extend: add it, or say in which 'file' it is.", name)
          : l10n.t("There is no service '{0}' in this file to extend: did you mean '{1}'?", name, meant),
      );
      return own;
    }
    const below = wholeOf(name, base);
    if (below.kind !== "map") return own;
    // Alone first, so that what it takes away of its own base is gone.
    const { root, issues: more } = mergeService(mergeService(withEntries(below, []), below).root, own);
    issues.push(...more);
    return { ...root, at: node.at };
  }

  const entries = Array.from(services.entries, ([name, entry]) => {
    return [name, { ...entry, value: wholeOf(name, entry.value) }] as const;
  });
  const root = new Map(file.entries);
  root.set("services", { ...root.get("services")!, value: withEntries(services, entries) });
  return { root: withEntries(file, root), issues };
}

function without(mapping: Mapping, key: string): Mapping {
  return withEntries(
    mapping,
    Array.from(mapping.entries).filter(([name]) => name !== key),
  );
}
