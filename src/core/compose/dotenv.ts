import * as l10n from "../l10n.ts";
import { interpolate, type Lookup } from "./interpolate.ts";

export interface Dotenv {
  values: ReadonlyMap<string, string>;
  /** The line counts from 1. */
  problems: readonly { line: number; message: string }[];
}

/**
 * A `.env` file, or one that `env_file` names, as Compose reads it (compose-go, dotenv/parser.go): `NAME=value`, `NAME: value`, `export`, comments,
 * quotes of both kinds over several lines, escapes and variables between double ones, variables without quotes too. What `lookup` knows goes before
 * what stands further up in the file. A name without value takes `lookup`'s.
 * @param raw As `format: raw` says: nothing is quoted and nothing filled in
 */
export function parseDotenv(text: string, lookup: Lookup, { raw = false } = {}): Dotenv {
  const values = new Map<string, string>();
  const problems: { line: number; message: string }[] = [];
  let at = 0;
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  const filled = (value: string) => interpolate(value, (name) => lookup(name) ?? values.get(name)).text;
  const restOfLine = () => /^[^\n]*/.exec(text.slice(at))?.[0] ?? "";

  for (;;) {
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) return { values, problems };
    if (text[at] === "#") {
      at += restOfLine().length;
      continue;
    }
    const line = lineAt(at);
    const [head, name, sign] = /^(?:export\s+)?([^=:\n]*?)[ \t]*(=|:|\r?\n|$)[ \t]*/.exec(text.slice(at)) ?? [];
    if (head === undefined || name === undefined || !/^[\w.\p{L}\p{N}[\]-]*$/u.test(name) || name === "") {
      problems.push({ line, message: l10n.t("'{0}' is not of the form NAME=value.", restOfLine().trim()) });
      at += restOfLine().length;
      continue;
    }
    at += head.length;
    if (sign !== "=" && sign !== ":") {
      const inherited = lookup(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    const quote = text[at];
    if (raw) {
      values.set(name, restOfLine().replace(/\r$/, ""));
      at += restOfLine().length;
    } else if (quote === '"' || quote === "'") {
      const quoted = (quote === '"' ? /^"((?:\\[^]|[^"\\])*)"/ : /^'((?:\\[^]|[^'\\])*)'/).exec(text.slice(at));
      if (!quoted) {
        problems.push({ line, message: l10n.t("The value of {0} has a quotation mark without end: add it.", name) });
        return { values, problems };
      }
      values.set(name, quote === '"' ? filled(unescaped(quoted[1]!)) : quoted[1]!.replaceAll("\\'", "'"));
      at += quoted[0].length;
      // What follows on the line is a comment, or forgotten.
      at += restOfLine().length;
    } else {
      const rest = restOfLine();
      values.set(name, filled(rest.replace(/(^|\s)#.*$/, "").trimEnd()));
      at += rest.length;
    }
  }
}

/** The escapes of a shell's `$'…'`; a `\$` keeps the variable behind it from being filled in. */
function unescaped(text: string): string {
  const letters: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
  return text.replace(/\\(.)/gs, (all, char: string) => letters[char] ?? (char === "$" ? "$$" : /["\\]/.test(char) ? char : all));
}
