import { likeBefore, type Editor, type Place } from "./format.ts";

/**
 * TOML (v1.0.0) as far as a key's value can be told apart from what stands around it: tables, arrays of tables (`products.0.name`), dotted and quoted keys, values
 * over several lines. Only the text of the value is replaced.
 */
export function tomlEditor(text: string): Editor {
  const places = new Map<string, Place>();
  const arrays = new Map<string, number>();
  let table: string[] = [];
  let at = 0;
  const isEnd = () => at >= text.length;
  const skipLine = () => {
    const end = text.indexOf("\n", at);
    at = end === -1 ? text.length : end + 1;
  };
  while (!isEnd()) {
    at = after(/[ \t\r\n]*/y, text, at);
    if (isEnd()) break;
    if (text[at] === "#") skipLine();
    else if (text[at] === "[") {
      const isArray = text.startsWith("[[", at);
      const header = keyAt(text, at + (isArray ? 2 : 1));
      table = isArray ? nextElement(header.key, arrays) : inside(header.key, arrays);
      skipLine();
    } else {
      const { key, end } = keyAt(text, at);
      const start = after(/[ \t]*=[ \t]*/y, text, end);
      if (start === end) skipLine();
      else {
        at = valueEnd(text, start);
        places.set([...table, ...key].join("."), { start, end: at, kind: kindOf(text.slice(start, at)) });
        skipLine();
      }
    }
  }
  return {
    find: (key) => places.get(key),
    write: (value, { kind }) => {
      const like = likeBefore(value, kind);
      return typeof like === "string" ? JSON.stringify(like).replace(/\u007f/g, "\\u007f") : String(like);
    },
  };
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

/** A key's parts, bare or quoted, and where it ends. */
function keyAt(text: string, from: number): { key: string[]; end: number } {
  const part = /[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*/y;
  const key: string[] = [];
  let at = from;
  for (;;) {
    part.lastIndex = at;
    const match = part.exec(text);
    if (!match) return { key, end: at };
    const [all, bare, double, single] = match;
    key.push(bare ?? single ?? unescaped(double ?? ""));
    at += all.length;
    if (text[at] !== ".")
      return { key, end: after(/[ \t]*/y, text, from) === at ? at : at - (/[ \t]*$/.exec(all)?.[0].length ?? 0) };
    at++;
  }
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** `[[a.b]]` begins another element of the array. */
function nextElement(key: readonly string[], arrays: Map<string, number>): string[] {
  const path = inside(key.slice(0, -1), arrays);
  const name = [...path, key.at(-1) ?? ""].join(".");
  const n = (arrays.get(name) ?? -1) + 1;
  arrays.set(name, n);
  return [...path, key.at(-1) ?? "", String(n)];
}

/** A table below an array of tables belongs to its last element. */
function inside(key: readonly string[], arrays: ReadonlyMap<string, number>): string[] {
  const path: string[] = [];
  for (const part of key) {
    path.push(part);
    const n = arrays.get(path.join("."));
    if (n !== undefined) path.push(String(n));
  }
  return path;
}

/** Where a value ends: before a comment, a comma or the end of the line, but for what stands in quotes and brackets. */
function valueEnd(text: string, from: number): number {
  const string = /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === '"' || char === "'") {
      const end = after(string, text, at);
      if (end === at) break; // a quote that never ends
      at = end;
      continue;
    }
    if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    else if (char === "#") {
      if (depth === 0) break;
      at = Math.max(at, text.indexOf("\n", at));
    } else if (char === "\n" && depth === 0) break;
    at++;
  }
  return from + text.slice(from, at).trimEnd().length;
}

function kindOf(value: string): Place["kind"] {
  if (/^["']/.test(value)) return "text";
  if (value === "true" || value === "false") return "boolean";
  return /^[+-]?(\d|inf|nan)/.test(value) && !/^\d{4}-\d\d-\d\d|^\d\d:\d\d/.test(value) ? "number" : "other";
}
