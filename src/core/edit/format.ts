/** The formats of configuration files that Berth edits inside a container. */
export const formats = ["ini", "json", "yaml", "toml"] as const;
export type Format = (typeof formats)[number];

const endings: Readonly<Record<string, Format>> = {
  ...{ ini: "ini", cfg: "ini", conf: "ini", json: "json", yaml: "yaml", yml: "yaml", toml: "toml" },
};

/** The format that a file's ending tells; undefined when it tells none. */
export function formatOf(file: string): Format | undefined {
  return endings[/\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ""];
}

/** What a key is set to. */
export type Value = string | number | boolean;

/** The place of a value in a text, and what stands there. */
export interface Place {
  start: number;
  end: number;
  /** What kind of value stands there now: the new one is written as the same kind where that can be. */
  kind: "text" | "number" | "boolean" | "null" | "other";
}

/** Finds the value of a key, and writes another one in its place. */
export interface Editor {
  find(key: string): Place | undefined;
  write(value: Value, place: Place): string;
}

/** A value given as text, such as a filled-in `{{port}}`, as the kind that stood there: `9000` for a number stays a number. */
export function likeBefore(value: Value, kind: Place["kind"]): Value {
  if (typeof value !== "string") return value;
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value);
  if (kind === "number" && isNumber) return Number(value);
  if (kind === "boolean" && /^(true|false)$/.test(value)) return value === "true";
  return value;
}
