import * as l10n from "./l10n.ts";
import { UserError } from "./errors.ts";

/** A word of a shell command. */
export interface Word {
  text: string;
  /** Counted from 1. */
  line: number;
  column: number;
  /** What a shell would have replaced in it (`$HOME`, `$(id -u)`); it stands in `text` as it was written. */
  live: readonly string[];
}

/** Characters that stand for themselves inside double quotes after a backslash (POSIX, "Double-Quotes"). */
const escapable = /[$`"\\]/;

/**
 * Splits one pasted command into words as a POSIX shell does: quotes, backslashes, continued lines and comments. Nothing is expanded or run.
 * It ends where the command ends; `rest` is what follows (`&& …`, `> log`, another line), trimmed.
 * @throws UserError for a quote that never ends
 */
export function shellWords(text: string): { words: Word[]; rest: string } {
  const words: Word[] = [];
  let word: { text: string; start: number; live: string[] } | undefined;
  let at = 0;
  const place = (index: number) => {
    const lines = text.slice(0, index).split("\n");
    return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
  };
  const current = () => (word ??= { text: "", start: at, live: [] });
  const finish = () => {
    if (word) words.push({ text: word.text, live: word.live, ...place(word.start) });
    word = undefined;
  };
  const add = (chars: string, length: number) => {
    current().text += chars;
    at += length;
  };
  const addLive = (match: string) => {
    current().live.push(match);
    add(match, match.length);
  };

  while (at < text.length) {
    const rest = text.slice(at);
    const char = rest.charAt(0);
    const continued = /^\\\r?\n/.exec(rest);
    const variable = /^(\$\w+|\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`)/.exec(rest);
    if (continued) at += continued[0].length;
    else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) throw unfinished("'", place(at));
      add(text.slice(at + 1, end), end + 1 - at);
    } else if (char === '"') {
      const start = at;
      add("", 1);
      while (text.charAt(at) !== '"') {
        if (at >= text.length) throw unfinished('"', place(start));
        const inside = text.slice(at);
        const expansion = /^(\$\w+|\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`)/.exec(inside);
        const line = /^\\\r?\n/.exec(inside);
        if (line) at += line[0].length;
        else if (expansion) addLive(expansion[0]);
        else if (inside.startsWith("\\") && escapable.test(inside.charAt(1))) add(inside.charAt(1), 2);
        else add(inside.charAt(0), 1);
      }
      at += 1;
    } else if (char === "\\") add(rest.charAt(1), 2);
    else if (variable) addLive(variable[0]);
    else if (/[ \t\r]/.test(char)) {
      finish();
      at += 1;
    } else if (char === "#" && word === undefined) at += /^[^\n]*/.exec(rest)?.[0].length ?? 0;
    else if (char === "\n") {
      finish();
      at += 1;
      if (words.length > 0) break;
    } else if (/[;&|<>()]/.test(char)) break;
    else add(char, 1);
  }
  finish();
  return { words, rest: text.slice(at).trim() };
}

function unfinished(quote: string, { line, column }: { line: number; column: number }): UserError {
  return new UserError(l10n.t("The quotation mark {0} on line {1}, column {2} has no end: add it.", quote, line, column));
}
