import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import { quote } from "../quote.ts";
import { find, mapScalars, type Mapping, type Node, type Path } from "./nodes.ts";

/** What `{{name}}` stands for; undefined: it stays as it is. */
export type Fill = (name: string) => string | undefined;

const placeholder = /\{\{(\w+)\}\}/g;

export function placeholders(text: string): string[] {
  return Array.from(text.matchAll(placeholder), ([, name]) => name!);
}

/**
 * Fills the `{{name}}`s of a service, x-berth included; in shell commands and in texts that are split into words each value is quoted.
 * @throws UserError where a value cannot be quoted: see `shellProblem`
 */
export function fillService(service: Mapping, fill: Fill): Mapping {
  return mapScalars(service, (scalar, path) => {
    if (typeof scalar.value !== "string" || isQuestion(path) || !scalar.value.includes("{{")) return scalar;
    return { ...scalar, value: isShell(service, path) ? fillShell(scalar.value, fill) : fillText(scalar.value, fill) };
  }) as Mapping;
}

export function fillText(text: string, fill: Fill): string {
  return text.replace(placeholder, (all, name: string) => fill(name) ?? all);
}

/** @throws UserError: see `shellProblem` */
function fillShell(text: string, fill: Fill): string {
  const problem = shellProblem(text, (name) => fill(name) !== undefined);
  if (problem !== undefined) throw new UserError(problem);
  return fillText(text, (name) => {
    const value = fill(name);
    return value === undefined ? undefined : quote(value);
  });
}

/** Inputs are the questions themselves: nothing is filled in there. */
export function isQuestion([first, second]: Path): boolean {
  return first === "x-berth" && second === "inputs";
}

/** Whether the text at this path of a service is a shell command, or split into words as a shell does. */
export function isShell(service: Node, path: Path): boolean {
  const [first, second, third, more] = path;
  if (first === "command" || first === "entrypoint") return second === undefined || isScript(service, [first], second);
  if (first === "healthcheck" && second === "test") {
    const [kind] = listAt(service, ["healthcheck", "test"]);
    return third === undefined || wordOf(kind) === "CMD-SHELL" || isScript(service, ["healthcheck", "test"], third);
  }
  if (first !== "x-berth" || more !== undefined) return false;
  return second === "setup" || second === "prepare" || (second === "app" && third === "start");
}

/** Whether the nth word of the list at this path is what a shell in front of it is told to run: `[sh, -c, …]`. */
function isScript(service: Node, path: Path, n: string | number): boolean {
  // The command is handed to the entrypoint, which can be `[sh, -c]`.
  const before = path[0] === "command" ? wordsAt(service, ["entrypoint"]) : [];
  return scripts([...before, ...wordsAt(service, path)]).includes(before.length + Number(n));
}

/** Which of these words are shell text: the first behind the options of a shell, when one of them is `-c`, also as in `-lc`. */
function scripts(words: readonly string[]): number[] {
  return words.flatMap((word, shell) => {
    if (!/^(.*\/)?(sh|bash|ash|dash|zsh|ksh)$/.test(word)) return [];
    let isTold = false;
    let at = shell + 1;
    for (let option = words[at]; option !== undefined && /^[-+]/.test(option); option = words[at]) {
      if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(option)) isTold = true;
      // Some are followed by a value of their own.
      at += /^[-+][a-zA-Z]*[oO]$|^--(rcfile|init-file)$/.test(option) ? 2 : 1;
    }
    return isTold ? [at] : [];
  });
}

function wordsAt(service: Node, path: Path): string[] {
  const found = find(service, path);
  return found?.kind === "scalar" ? wordOf(found).split(/\s+/).filter(Boolean) : listAt(service, path).map(wordOf);
}

function wordOf(node: Node | undefined): string {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : "";
}

function listAt(node: Node, path: Path): readonly Node[] {
  const found = find(node, path);
  return found?.kind === "list" ? found.items : [];
}

/**
 * Why a value cannot be put into this shell command, or undefined when it can. It is quoted as a word of its own, so it must not stand within
 * quotation marks, backquotes or a here document: there the quotes would be part of the text, and a `$(…)` in the value would be run.
 */
export function shellProblem(command: string, isFilled: (name: string) => boolean): string | undefined {
  let quoteMark = "";
  let isHere = false;
  for (let at = 0; at < command.length; at++) {
    const char = command.charAt(at);
    const [found, name = ""] = /^\{\{(\w+)\}\}/.exec(command.slice(at)) ?? [];
    if (found !== undefined && isFilled(name)) {
      if (isHere) return l10n.t("{0} cannot stand in a here document (<<): assign it to a shell variable before.", found);
      if (quoteMark === "`") return l10n.t("{0} cannot stand in backquotes: write $(…) instead of them.", found);
      if (quoteMark !== "")
        return l10n.t("{0} stands in quotation marks: leave them out, since Berth quotes the value itself.", found);
      at += found.length - 1;
    } else if (char === "\\" && quoteMark !== "'") {
      if (/^\\\{\{\w+\}\}/.test(command.slice(at)))
        return l10n.t(
          "Leave out the backslash in front of {0}: Berth quotes the value itself.",
          /\{\{\w+\}\}/.exec(command.slice(at))?.[0] ?? "",
        );
      at++;
    } else if (quoteMark !== "") {
      if (char === quoteMark) quoteMark = "";
    } else if (char === "'" || char === '"' || char === "`") quoteMark = char;
    else if (command.startsWith("<<", at)) isHere = true;
  }
  return undefined;
}
