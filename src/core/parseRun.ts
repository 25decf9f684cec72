import * as l10n from "./l10n.ts";
import { UserError, words as sentence } from "./errors.ts";
import { cut } from "./dockerValues.ts";
import { runOptions, type Draft, type RunOption } from "./runOptions.ts";
import type { RunSpec } from "./runSpec.ts";
import { shellWords, type Word } from "./shellWords.ts";

export interface ParsedRun {
  spec: RunSpec;
  /** What the spec cannot hold, in sentences. */
  notes: readonly string[];
}

/** Options of the command line itself: they say nothing of the container. */
const ofTheCli = {
  values: ["-a", "--attach", "--cidfile", "--detach-keys", "--pull"],
  switches: ["-d", "--detach", "-q", "--quiet", "--sig-proxy", "--disable-content-trust", "--help"],
};
/** Options whose meaning lies outside the command. */
const outside = new Map<string, (written: string) => string>([
  ["--env-file", (written) => l10n.t("{0}: the variables in that file are not taken over.", written)],
  ["--label-file", (written) => l10n.t("{0}: the labels in that file are not taken over.", written)],
  ...["--cpu-count", "--cpu-percent", "--io-maxbandwidth", "--io-maxiops"].map(
    (name) => [name, (written: string) => l10n.t("{0}: it is for Windows containers.", written)] as const,
  ),
]);

const byName = new Map<string, RunOption>(
  runOptions.flatMap((option) => [option.flag, ...option.also].map((name) => [name, option] as const)),
);

interface Given {
  option: RunOption;
  /** As it was written. */
  name: string;
  value: string;
  word: Word;
}

/**
 * The run spec of a pasted `docker run …` (or `docker create …`). Nothing is expanded: a `$HOME` stays as it is, and is told in a note.
 * @throws UserError that names the option and its place
 */
export function parseRun(text: string): ParsedRun {
  const { words: all, rest } = shellWords(text);
  const notes: string[] = [];
  const words = afterRun(all);
  const given: Given[] = [];

  let n = 0;
  const next = (word: Word, name: string): Word => {
    const value = words[++n];
    if (!value) throw new UserError(l10n.t("'{0}' {1} needs a value.", name, place(word)));
    return value;
  };
  for (; n < words.length; n++) {
    const word = words[n]!;
    if (word.text === "--") {
      n++;
      break;
    }
    if (!word.text.startsWith("-") || word.text === "-") break;
    for (const { name, value } of flagsOf(word)) {
      const option = byName.get(name);
      const note = outside.get(name);
      if (option?.isSwitch) given.push({ option, name, value: value ?? "true", word });
      else if (option) {
        const valueWord = value === undefined ? next(word, name) : { ...word, text: value };
        given.push({ option, name, ...(passedOn(name, valueWord) ?? { value: valueWord.text, word: valueWord }) });
      } else if (ofTheCli.values.includes(name)) void (value ?? next(word, name));
      else if (note) notes.push(note(`${name} ${value ?? next(word, name).text}`));
      else if (name === "--use-api-socket") notes.push(l10n.t("{0}: Docker's socket and its passwords are not given.", name));
      else if (!ofTheCli.switches.includes(name))
        throw new UserError(l10n.t("docker run has no option '{0}' ({1}).", name, place(word)));
    }
  }
  const [image, ...command] = words.slice(n);
  if (!image) throw new UserError(l10n.t("The image is missing: it stands behind the options of docker run."));

  const draft: Draft = { name: "", image: image.text, init: false, gpus: "none", mounts: [], labels: {} };
  if (command.length > 0) draft.command = command.map((word) => word.text);
  // Networks first: others are about the first of them, wherever they stand.
  const inOrder = [
    ...given.filter(({ option }) => option.flag === "--network"),
    ...given.filter(({ option }) => option.flag !== "--network"),
  ];
  for (const { option, name, value, word } of inOrder) {
    try {
      option.read(draft, value);
    } catch (error) {
      throw new UserError(`${name} (${place(word)}): ${sentence(error)}`);
    }
  }
  for (const { live, text: written } of [...given.map(({ word }) => word), image, ...command])
    if (live.length > 0)
      notes.push(l10n.t("{0} in '{1}' is not filled in: a shell would have done that.", live.join(", "), written));
  if (rest !== "") notes.push(l10n.t("What follows the command is left out: {0}", rest));
  return { spec: draft, notes };
}

/** The words behind `docker run`. */
function afterRun(words: readonly Word[]): readonly Word[] {
  const texts = words.map(({ text }) => text);
  const docker = texts.findIndex((text) => /(^|\/)docker$/.test(text));
  // In front of it may stand a prompt, sudo with its options, or variables.
  const isPreamble = texts.slice(0, docker).every((text) => /^(\$|#|sudo|env|-\w+|\w+=.*)$/.test(text));
  const run = texts.findIndex((text, n) => n > docker && /^(run|create)$/.test(text));
  // Between the two, options of docker (`--context gpu`) and the word `container`.
  if (docker === -1 || !isPreamble || run === -1 || !isGlobal(texts.slice(docker + 1, run)))
    throw new UserError(l10n.t("That is no 'docker run' command: paste one that begins with 'docker run'."));
  return words.slice(run + 1);
}

function isGlobal(texts: readonly string[]): boolean {
  const [first, ...others] = texts;
  if (first === undefined) return true;
  if (first === "container") return others.length === 0;
  if (!first.startsWith("-")) return false;
  const isSwitch = first.includes("=") || /^(-D|--debug|--tls|--tlsverify)$/.test(first);
  return isGlobal(isSwitch ? others : others.slice(1));
}

/** `--name`, `--name=value`, or short ones together: `-it`, `-p80:80`, `-itv /a:/b`. */
function flagsOf(word: Word): { name: string; value: string | undefined }[] {
  if (word.text.startsWith("--")) {
    const [name, value] = cut(word.text);
    return [{ name, value }];
  }
  const flags: { name: string; value: string | undefined }[] = [];
  for (let rest = word.text.slice(1); rest !== "";) {
    const name = `-${rest.charAt(0)}`;
    rest = rest.slice(1);
    const isSwitch = byName.get(name)?.isSwitch ?? !ofTheCli.values.includes(name);
    if (rest.startsWith("=") || (!isSwitch && rest !== "")) {
      flags.push({ name, value: rest.replace(/^=/, "") });
      break;
    }
    flags.push({ name, value: undefined });
  }
  return flags;
}

/** `-e NAME=$NAME` is what `-e NAME` does. */
function passedOn(name: string, word: Word): Pick<Given, "value" | "word"> | undefined {
  const [variable, value] = cut(word.text);
  const isSame = word.live.length === 1 && word.live[0] === value && [`$${variable}`, `\${${variable}}`].includes(value ?? "");
  return (name === "-e" || name === "--env") && isSame ? { value: variable, word: { ...word, live: [] } } : undefined;
}

function place({ line, column }: Word): string {
  return l10n.t("line {0}, column {1}", line, column);
}
