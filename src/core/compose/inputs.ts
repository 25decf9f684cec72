import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import { isSecretName } from "../redact.ts";
import { find, type Issue, type Mapping, type Node, type Place } from "./nodes.ts";

/** A question that is asked before a launch. */
export interface Question {
  id: string;
  prompt: string;
  type: "text" | "number";
  default?: string;
  min?: number;
  max?: number;
  pattern?: string;
  message?: string;
  /** Answers to choose from, in the file's order. */
  options?: readonly string[];
  /** Where it stands in the file. */
  at: Place;
}

/** Answers by the inputs' ids. */
export type Answers = Readonly<Record<string, string | number | boolean>>;

function word(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
}

function number(node: Node | undefined): number | undefined {
  const text = word(node)?.trim();
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The questions of a service, whatever else is wrong with it. */
export function questionsOf(service: Node): { question: Question; node: Mapping }[] {
  const inputs = find(service, ["x-berth", "inputs"]);
  return (inputs?.kind === "list" ? inputs.items : []).flatMap((node) => {
    if (node.kind !== "map") return [];
    const of = (name: string) => find(node, [name]);
    const id = word(of("id"));
    if (id === undefined) return [];
    const options = of("options");
    const texts = { default: word(of("default")), pattern: word(of("pattern")), message: word(of("message")) };
    const numbers = { min: number(of("min")), max: number(of("max")) };
    const question: Question = {
      id,
      prompt: word(of("prompt")) ?? id,
      type: word(of("type")) === "number" ? "number" : "text",
      at: of("id")!.at,
      ...defined(texts),
      ...defined(numbers),
      ...(options?.kind === "map" ? { options: [...options.entries.keys()] } : {}),
    };
    return [{ question, node }];
  });
}

function defined<T>(values: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

/** Why this is no answer to the question, for the box that it is typed in; undefined when it is one. */
export function answerProblem(question: Question, answer: string): string | undefined {
  const { type, min, max, pattern, message, options } = question;
  if (/[\u0000-\u001f\u007f]/.test(answer)) return l10n.t("Write it on one line.");
  if (options && !options.includes(answer)) return l10n.t("Choose one of {0}.", options.join(", "));
  if (type === "number") {
    const value = Number(answer);
    if (!/^-?\d+(\.\d+)?$/.test(answer.trim())) return l10n.t("'{0}' is not a number.", answer);
    if (min !== undefined && value < min) return l10n.t("It is at least {0}.", min);
    if (max !== undefined && value > max) return l10n.t("It is at most {0}.", max);
  }
  if (pattern !== undefined && !regexp(pattern)?.test(answer)) return message ?? l10n.t("It has to match {0}.", pattern);
  return undefined;
}

function regexp(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

/**
 * Every question answered: as given, else by its default.
 * @throws UserError that names the input when an answer is wrong or missing, or answers no question
 */
export function answered(questions: readonly Question[], answers: Answers): ReadonlyMap<string, string> {
  const unknown = Object.keys(answers).find((id) => !questions.some((question) => question.id === id));
  if (unknown !== undefined) {
    const ids = questions.map(({ id }) => id).join(", ");
    throw new UserError(
      ids === ""
        ? l10n.t("There is no input '{0}': this deployment has none.", unknown)
        : l10n.t("There is no input '{0}': this deployment has {1}.", unknown, ids),
    );
  }
  return new Map(
    questions.map((question) => {
      const given = Object.hasOwn(answers, question.id) ? answers[question.id] : undefined;
      const answer = given === undefined ? question.default : String(given).trim();
      if (answer === undefined)
        throw new UserError(l10n.t("The input '{0}' ({1}) has no default: give an answer.", question.id, question.prompt));
      const problem = answerProblem(question, answer);
      if (problem !== undefined) throw new UserError(l10n.t("The input '{0}': {1}", question.id, problem));
      return [question.id, answer];
    }),
  );
}

/** `batch = 8, sink = fakesink`, without those that are secrets. */
export function answersText(questions: readonly Question[], answers: Answers): string {
  const shown = (id: string, answer: string) => (isSecretName(id) ? "[redacted]" : answer);
  return Array.from(answered(questions, answers), ([id, answer]) => `${id} = ${shown(id, answer)}`).join(", ");
}

/** Those that may be remembered. */
export function withoutSecrets(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([id]) => !isSecretName(id)));
}

/** What is wrong with the questions themselves. */
export function checkInputs(service: Node, builtIns: readonly string[]): Issue[] {
  const issues: Issue[] = [];
  const seen = new Map<string, Place>();
  for (const { question, node } of questionsOf(service)) {
    const at = (field: string): Place => find(node, [field])?.at ?? question.at;
    const error = (field: string, message: string) => void issues.push({ ...at(field), severity: "error", message });
    const warn = (field: string, message: string) => void issues.push({ ...at(field), severity: "warning", message });
    const { id, type, min, max, pattern, options, default: preset } = question;

    const first = seen.get(id);
    if (first)
      error("id", l10n.t("There are two inputs '{0}', the other on line {1}: give this one another id.", id, first.line));
    seen.set(id, question.at);
    if (builtIns.includes(id)) error("id", l10n.t("{0} has a meaning of its own: give the input another id.", `{{${id}}}`));

    if (type !== "number" && (min !== undefined || max !== undefined))
      error(min === undefined ? "max" : "min", l10n.t("Only a number has limits: add 'type: number'."));
    if (min !== undefined && max !== undefined && min > max)
      error("min", l10n.t("'min' ({0}) is larger than 'max' ({1}): swap them.", min, max));
    if (pattern !== undefined) {
      if (options) warn("pattern", l10n.t("The answers are those of 'options', so 'pattern' is not looked at: remove it."));
      const problem = patternProblem(pattern);
      if (problem !== undefined) {
        error("pattern", l10n.t("This is no regular expression ({0}): correct it.", problem));
        continue;
      }
    } else if (find(node, ["message"]))
      warn("message", l10n.t("'message' is said when 'pattern' does not match, and there is no 'pattern'."));
    if (options?.length === 0) error("options", l10n.t("There is nothing to choose from: add an option, such as 'small: {}'."));
    if (preset === undefined) continue;
    if (options && options.length > 0 && !options.includes(preset))
      error("default", l10n.t("'{0}' is none of the options: take one of {1}.", preset, options.join(", ")));
    else if (!options) {
      const problem = answerProblem(question, preset);
      if (problem !== undefined) error("default", l10n.t("The default would be refused: {0}", problem));
    }
  }
  return issues;
}

/** What the JavaScript engine has against it. */
function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return /^Invalid regular expression: .*: (.*)$/s.exec(text)?.[1] ?? text;
  }
}
