import * as vscode from "vscode";
import { Cancelled } from "../core/errors.ts";

const back = Symbol("back");
type Back = typeof back;

/** Where a question stands in a row of questions. */
export interface Place {
  title: string;
  step: number;
  totalSteps: number;
  canGoBack: boolean;
}

export type Answer<T> = T | Back;

/** Asks each question in turn; the back button returns to the one before. A question fills in its own answer. @throws Cancelled */
export async function askInTurn(title: string, questions: readonly ((place: Place) => Promise<Answer<void>>)[]): Promise<void> {
  for (let n = 0; n < questions.length;) {
    const place = { title, step: n + 1, totalSteps: questions.length, canGoBack: n > 0 };
    n += (await questions[n]?.(place)) === back ? -1 : 1;
  }
}

export interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}

export async function pick<T>(place: Place, placeholder: string, choices: readonly Choice<T>[], active?: T): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.placeholder = placeholder;
  input.items = choices;
  input.matchOnDescription = true;
  const current = choices.filter(({ value }) => value === active);
  if (current.length > 0) input.activeItems = current;
  return show(input, place, () => input.selectedItems[0]?.value);
}

export async function pickMany<T>(
  place: Place,
  placeholder: string,
  choices: readonly Choice<T>[],
): Promise<Answer<readonly T[]>> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.placeholder = placeholder;
  input.canSelectMany = true;
  input.items = choices;
  input.matchOnDescription = true;
  input.selectedItems = choices.filter(({ picked }) => picked);
  return show(input, place, () => input.selectedItems.map(({ value }) => value));
}

/** One of them, or those that are ticked after `Choose several…`. @throws Cancelled */
export async function pickSome<T>(placeholder: string, choices: readonly Choice<T>[]): Promise<readonly T[]> {
  const several = Symbol("several");
  const end: Choice<T | typeof several>[] =
    choices.length > 1
      ? [
          { label: "", kind: vscode.QuickPickItemKind.Separator, value: several },
          { label: `$(checklist) ${vscode.l10n.t("Choose several…")}`, alwaysShow: true, value: several },
        ]
      : [];
  const answer = await pick<T | typeof several>(alone(""), placeholder, [...choices, ...end]);
  if (isBack(answer)) throw new Cancelled();
  if (answer !== several) return [answer];
  const answers = await pickMany(alone(""), placeholder, choices);
  if (isBack(answers) || answers.length === 0) throw new Cancelled();
  return answers;
}

/** `problem` says why a text cannot be taken, as it is typed. `secret`: nobody can read along. */
export async function type(
  place: Place,
  prompt: string,
  value: string,
  problem: (text: string) => string | undefined,
  { secret = false } = {},
): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.prompt = prompt;
  input.value = value;
  input.password = secret;
  const check = (text: string) => (input.validationMessage = problem(text));
  input.onDidChangeValue(check);
  check(value);
  return show(input, place, () => (check(input.value) === undefined ? input.value : undefined));
}

type AcceptingInput = Pick<vscode.InputBox, keyof vscode.QuickInput | "buttons" | "onDidAccept" | "onDidTriggerButton">;

/** Shows an input and resolves with what `accept` gives; a refused Enter gives undefined and leaves the input open. */
function show<T>(input: AcceptingInput, place: Place, accept: () => T | undefined): Promise<Answer<T>> {
  if (place.title !== "") input.title = place.title;
  input.ignoreFocusOut = true;
  if (place.totalSteps > 1) {
    input.step = place.step;
    input.totalSteps = place.totalSteps;
  }
  if (place.canGoBack) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise<Answer<T>>((resolve, reject) => {
    input.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) resolve(back);
    });
    input.onDidAccept(() => {
      const answer = accept();
      if (answer !== undefined) resolve(answer);
    });
    input.onDidHide(() => reject(new Cancelled()));
    input.show();
  }).finally(() => input.dispose());
}

export function isBack<T>(answer: Answer<T>): answer is Back {
  return answer === back;
}

/** A single question. */
export const alone = (title: string): Place => ({ title, step: 1, totalSteps: 1, canGoBack: false });

/** A question that must be answered before anything happens. @throws Cancelled */
export async function confirm<T extends string>(question: string, detail: string, ...answers: readonly T[]): Promise<T> {
  const answer = await vscode.window.showInformationMessage(question, { modal: true, detail }, ...answers);
  if (answer === undefined) throw new Cancelled();
  return answer;
}
