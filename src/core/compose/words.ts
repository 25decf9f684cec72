import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";

/**
 * A text `command` or `entrypoint` as words, as Compose splits it (mattn/go-shellwords): quotes and backslashes, no comments, nothing is run. It
 * ends at what a shell would read as the end of the command.
 * @throws UserError for a quotation mark without end, and for what only a shell could run
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\\" && quote !== "'") {
      word = (word ?? "") + text.charAt(++at);
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (/[;&|<>]/.test(char)) {
      // Compose drops the rest without a word; see `endsEarly`.
      if (char === ">" && word !== undefined && /^\d$/.test(word)) word = undefined;
      break;
    } else if (char === "`" || char === "(" || char === ")") {
      throw new UserError(
        l10n.t("No shell runs this, so what stands in backquotes or parentheses cannot be run: write it as [sh, -c, '…']."),
      );
    } else word = (word ?? "") + char;
  }
  if (quote !== "") throw new UserError(l10n.t("The quotation mark {0} has no end: add it.", quote));
  if (word !== undefined) words.push(word);
  return words;
}

/** The sign at which a command ends before its text does, or undefined. */
export function endsEarly(text: string): string | undefined {
  const plain = text.replace(/\\.|"(?:\\.|[^"\\])*"|'[^']*'/gs, (quoted) => "x".repeat(quoted.length));
  return /&&|\|\||[;&|<>]/.exec(plain)?.[0];
}
