/** Where something stands in a file. Lines and columns count from 1; the end is behind the last character. */
export interface Place {
  /** Of the file, as the caller named it. */
  path: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

export interface Issue extends Place {
  /** A project with an error is not launched. */
  severity: "error" | "warning";
  /** What is wrong and what to do, in a sentence. */
  message: string;
}

/** Whether one place begins in another. */
export function isInside({ path, line, column }: Place, outer: Place): boolean {
  if (outer.path !== path || line < outer.line || line > outer.endLine) return false;
  if (line === outer.line && column === outer.column) return true;
  return (line > outer.line || column > outer.column) && (line < outer.endLine || column < outer.endColumn);
}

export type Value = string | number | boolean | null;

/** A value of a YAML file that knows where it stands. Aliases and merge keys are resolved: what they bring stands where it was written. */
export type Node = Scalar | List | Mapping;

export interface Scalar {
  kind: "scalar";
  value: Value;
  at: Place;
  /** As it is written, quotes included. */
  source: string;
  tag?: Tag;
}

export interface List {
  kind: "list";
  items: readonly Node[];
  at: Place;
  tag?: Tag;
}

export interface Mapping {
  kind: "map";
  entries: ReadonlyMap<string, Entry>;
  at: Place;
  tag?: Tag;
}

export interface Entry {
  key: Place;
  value: Node;
}

/** What an override file says of a value: away with the one below it, or in its place. */
export type Tag = "reset" | "override";

export type Path = readonly (string | number)[];

/** The value at this path, or undefined. */
export function find(node: Node | undefined, path: Path): Node | undefined {
  let found = node;
  for (const step of path) found = child(found, step);
  return found;
}

function child(node: Node | undefined, step: string | number): Node | undefined {
  if (node?.kind === "map") return node.entries.get(String(step))?.value;
  return node?.kind === "list" ? node.items[Number(step)] : undefined;
}

/** Where to point for this path: at the value; where there is none, at the nearest that holds it. */
export function placeOf(root: Node, path: Path): Place {
  let place = root.at;
  let found: Node | undefined = root;
  for (const step of path) {
    found = child(found, step);
    if (!found) break;
    place = found.at;
  }
  return place;
}

/** Where the name of the field at this path stands. */
export function keyPlace(root: Node, path: Path): Place {
  const parent = find(root, path.slice(0, -1));
  const key = parent?.kind === "map" ? parent.entries.get(String(path.at(-1)))?.key : undefined;
  return key ?? placeOf(root, path);
}

/** Plain data, as JSON has it. A key such as `__proto__` is one like any other. */
export function toData(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toData);
  return Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, toData(value)]));
}

/** The same tree with other scalars; `path` is the one from the root. */
export function mapScalars(node: Node, change: (scalar: Scalar, path: Path) => Scalar, path: Path = []): Node {
  if (node.kind === "scalar") return change(node, path);
  if (node.kind === "list") return { ...node, items: node.items.map((item, n) => mapScalars(item, change, [...path, n])) };
  const entries = Array.from(node.entries, ([key, entry]) => {
    return [key, { ...entry, value: mapScalars(entry.value, change, [...path, key]) }] as const;
  });
  return { ...node, entries: new Map(entries) };
}

export function text(value: string, at: Place): Scalar {
  return { kind: "scalar", value, at, source: value };
}

export function withEntries(mapping: Mapping, entries: Iterable<readonly [string, Entry]>): Mapping {
  return { ...mapping, entries: new Map(entries) };
}

/** The part of a scalar that is this text, as it is written there; the whole scalar when it is not found once. */
export function within({ at, source }: Scalar, part: string): Place {
  const index = source.indexOf(part);
  if (index === -1 || source.includes("\n") || source.includes(part, index + 1)) return at;
  return { ...at, column: at.column + index, endColumn: at.column + index + part.length };
}
