import * as l10n from "../l10n.ts";
import { type Entry, type Issue, type List, type Mapping, type Node, type Path, text, withEntries } from "./nodes.ts";

/** Fields that an override replaces as a whole. */
const replaced = ["command", "entrypoint", "healthcheck.test"];
/** `NAME=VALUE` lists or mappings: the override's value of a name wins. */
const pairs = [
  ...["environment", "labels", "annotations", "sysctls", "deploy.labels"],
  ...["build.args", "build.labels", "build.additional_contexts"],
];
/** A text, or a list of them: appended. */
const texts = ["dns", "dns_search", "dns_opt", "tmpfs", "env_file", "label_file"];
/** Lists of names, or mappings by name; Berth does not act on them. */
const either = ["depends_on", "networks", "models"];

/** By what two entries of a list are the same, the later of which stays in the place of the first. */
const identities: Record<string, (item: Node) => string | undefined> = {
  ...Object.fromEntries(pairs.map((field) => [field, (item: Node) => word(item)?.split("=")[0]])),
  ...Object.fromEntries(
    ["dns", "dns_search", "dns_opt", "tmpfs", "expose", "cap_add", "cap_drop", "extra_hosts"].map((field) => [field, word]),
  ),
  env_file: (item) => word(item) ?? word(field(item, "path")),
  volumes: (item) => {
    const short = word(item);
    if (short === undefined) return word(field(item, "target"));
    const [first, second] = short.split(":");
    return second ?? first;
  },
  devices: (item) => {
    const short = word(item)?.split(":");
    return short ? (short[1] ?? short[0]) : (word(field(item, "target")) ?? word(field(item, "source")));
  },
  ports: (item) => {
    if (item.kind === "scalar") return String(item.value);
    const of = (name: string, fallback: string) => word(field(item, name)) ?? fallback;
    return `${of("host_ip", "0.0.0.0")}:${of("published", "")}:${of("target", "")}/${of("protocol", "tcp")}`;
  },
  secrets: (item) => {
    const source = word(item) ?? word(field(item, "source"));
    return word(field(item, "target")) ?? `/run/secrets/${source}`;
  },
};

function word(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
}

function field(node: Node, name: string): Node | undefined {
  return node.kind === "map" ? node.entries.get(name)?.value : undefined;
}

export interface Merged {
  root: Mapping;
  issues: readonly Issue[];
}

/** A compose file with what another one says on top (compose-go, override/merge.go). `!reset` and `!override` are obeyed and gone. */
export function mergeFiles(base: Mapping, over: Mapping): Merged {
  return merge(base, over, []);
}

/** A service with what an option of an input says on top, by the same rules. */
export function mergeService(base: Mapping, over: Mapping): Merged {
  const service: Path = ["services", "*"];
  return merge(base, over, service);
}

/** A file by itself: double entries of lists are one, tags are gone. */
export function alone(file: Mapping): Mapping {
  return merge(withEntries(file, []), file, []).root;
}

function merge(base: Mapping, over: Mapping, at: Path): Merged {
  const issues: Issue[] = [];
  const root = mergeMappings(base, over, at, issues) as Mapping;
  return { root: unique(root, at) as Mapping, issues };
}

/** `environment` for `services.perception.environment`; undefined outside a service. */
function serviceField(path: Path): string | undefined {
  return path[0] === "services" && path.length > 2 ? path.slice(2).join(".") : undefined;
}

function mergeNodes(base: Node | undefined, over: Node, path: Path, issues: Issue[]): Node {
  const name = serviceField(path) ?? "";
  if (over.tag === "override" || !base) return untagged(over);
  if (over.kind === "scalar" && over.value === null) return base;
  if (base.kind === "scalar" && base.value === null) return untagged(over);
  if (replaced.includes(name)) return over;
  const isOutsideLabels = /^(networks|volumes)$/.test(String(path[0])) && path.length === 3 && path[2] === "labels";
  if (pairs.includes(name) || isOutsideLabels || name === "extra_hosts" || name === "build.extra_hosts")
    return appended(withoutReset(asList(base), over), asList(untagged(over)));
  if (texts.includes(name)) return appended(asList(base), asList(over));
  if (/^ulimits\./.test(name)) return base.kind === "map" && over.kind === "map" ? mergeMappings(base, over, path, issues) : over;
  if (name === "build") return mergeMappings(asBuild(base), asBuild(over), path, issues);
  if (name === "logging" && base.kind === "map" && over.kind === "map") {
    const [driver, other] = [word(field(base, "driver")), word(field(over, "driver"))];
    if (driver !== undefined && other !== undefined && driver !== other) return over;
  }
  if (base.kind === "map" && over.kind === "map") return mergeMappings(base, over, path, issues);
  if (base.kind === "list" && over.kind === "list") return appended(base, over);
  if ((base.kind !== "scalar" || over.kind !== "scalar") && !either.includes(name))
    issues.push({
      ...over.at,
      severity: "error",
      message: l10n.t(
        "'{0}' is {1} on line {2} of {3} and {4} here: write both alike, or '!override' in front of this one.",
        String(path.at(-1)),
        kinds()[base.kind],
        base.at.line,
        base.at.path,
        kinds()[over.kind],
      ),
    });
  return over;
}

const kinds = () => ({ map: l10n.t("a mapping"), list: l10n.t("a list"), scalar: l10n.t("a single value") });

function mergeMappings(base: Node, over: Node, path: Path, issues: Issue[]): Node {
  if (base.kind !== "map" || over.kind !== "map") return over;
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.value;
    const next = [...path, key];
    if (entry.value.tag === "reset") entries.delete(key);
    else entries.set(key, { key: entry.key, value: mergeNodes(below, entry.value, next, issues) });
  }
  return withEntries(base, entries);
}

/** Without what `!reset` takes away, and without tags. */
function untagged(node: Node): Node {
  const { tag: _, ...rest } = node;
  if (rest.kind === "list") return { ...rest, items: rest.items.filter(({ tag }) => tag !== "reset").map(untagged) };
  if (rest.kind !== "map") return rest;
  const kept = Array.from(rest.entries).filter(([, { value }]) => value.tag !== "reset");
  return withEntries(
    rest,
    kept.map(([key, entry]) => [key, { ...entry, value: untagged(entry.value) }]),
  );
}

function appended(base: List, over: List): List {
  return { ...base, items: [...base.items, ...over.items] };
}

/** What is below, without the names that the override takes away. */
function withoutReset(base: List, over: Node): List {
  if (over.kind !== "map") return base;
  const gone = Array.from(over.entries).flatMap(([key, { value }]) => (value.tag === "reset" ? [key] : []));
  return { ...base, items: base.items.filter((item) => !gone.includes(word(item)?.split("=")[0] ?? "")) };
}

/** A mapping as `KEY=VALUE` entries, a single text as a list of one. */
function asList(node: Node): List {
  if (node.kind === "list") return node;
  if (node.kind === "scalar") return { kind: "list", at: node.at, items: [node] };
  const items = Array.from(node.entries, ([key, { value }]) => {
    const values = value.kind === "list" ? value.items : [value];
    return values.map((one) =>
      one.kind !== "scalar" ? one : text(one.value === null ? key : `${key}=${String(one.value)}`, one.at),
    );
  });
  return { kind: "list", at: node.at, items: items.flat() };
}

function asBuild(node: Node): Node {
  if (node.kind !== "scalar") return node;
  return { kind: "map", at: node.at, entries: new Map([["context", { key: node.at, value: node }]]) };
}

function unique(node: Node, path: Path): Node {
  if (node.kind === "scalar") return node;
  if (node.kind === "map")
    return withEntries(
      node,
      Array.from(node.entries, ([key, entry]) => [key, { ...entry, value: unique(entry.value, [...path, key]) }]),
    );
  const name = serviceField(path) ?? "";
  const identity = Object.hasOwn(identities, name) ? identities[name] : undefined;
  if (!identity) return { ...node, items: node.items.map((item, n) => unique(item, [...path, n])) };
  const kept: Node[] = [];
  const places = new Map<string, number>();
  for (const item of node.items) {
    const key = identity(item);
    const place = key === undefined ? undefined : places.get(key);
    if (place !== undefined) kept[place] = item;
    else {
      if (key !== undefined) places.set(key, kept.length);
      kept.push(item);
    }
  }
  return { ...node, items: kept };
}
