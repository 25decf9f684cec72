import * as vscode from "vscode";
import type { Deployment } from "../core/compose/deployment.ts";
import { answered, answerProblem, type Answers, type Question, withoutSecrets } from "../core/compose/inputs.ts";
import { isSecretName } from "../core/redact.ts";
import { deploymentKey, type Project } from "../core/projects.ts";
import type { App } from "./app.ts";
import { askInTurn, isBack, pick, type, type Answer, type Place } from "./prompts.ts";

/** What was answered last, whatever came of it: proposed by the questions of the next launch. */
const answersKey = ({ folder }: Project, { service }: Deployment) => `inputs.${deploymentKey(folder, service)}`;
/** What the last launch went by. */
const launchedKey = ({ folder }: Project, { service }: Deployment) => `launched.${deploymentKey(folder, service)}`;

/** What was answered last, in this workspace. */
function lastAnswers(app: App, project: Project, deployment: Deployment): Answers {
  return asAsked(deployment, app.memory.get<Answers>(answersKey(project, deployment)));
}

/** What the last launch that worked went by, in this workspace; where none is remembered, what was answered last. */
export function launchedAnswers(app: App, project: Project, deployment: Deployment): Answers {
  const launched = app.memory.get<Answers>(launchedKey(project, deployment));
  return launched ? asAsked(deployment, launched) : lastAnswers(app, project, deployment);
}

/** As far as the file still asks for it. */
function asAsked(deployment: Deployment, answers: Answers = {}): Answers {
  const all = withoutSecrets(answers);
  const fits = (id: string, answer: string) =>
    deployment.questions.some((question) => question.id === id && answerProblem(question, answer) === undefined);
  return Object.fromEntries(Object.entries(all).filter(([id, answer]) => fits(id, String(answer))));
}

/** Remembers what a launch that worked went by, defaults too and secrets not: its app is started again by the same. */
export async function rememberAnswers(app: App, project: Project, deployment: Deployment, answers: Answers): Promise<void> {
  const all = withoutSecrets(Object.fromEntries(answered(deployment.questions, answers)));
  await app.memory.update(answersKey(project, deployment), all);
  await app.memory.update(launchedKey(project, deployment), all);
}

/** The answers of the last launch, else the defaults; what is in neither is asked for, and so is every secret. @throws Cancelled */
export async function askMissing(app: App, project: Project, deployment: Deployment): Promise<Answers> {
  const presets = deployment.questions.flatMap(({ id, default: preset }) =>
    preset === undefined ? [] : [[id, preset] as const],
  );
  const given = { ...withoutSecrets(Object.fromEntries(presets)), ...launchedAnswers(app, project, deployment) };
  return askInputs(app, project, deployment, given, { again: false });
}

/**
 * Asks the questions that `given` leaves open, in the file's order, with a way back; the answers of the last time are proposed, and these are
 * remembered. `again`: all of them. @throws Cancelled
 */
export async function askInputs(
  app: App,
  project: Project,
  deployment: Deployment,
  given: Answers,
  { again }: { again: boolean },
): Promise<Answers> {
  const last = lastAnswers(app, project, deployment);
  const answers: Record<string, string | number | boolean> = { ...given };
  const typed: Record<string, string> = {};
  const open = deployment.questions.filter(({ id }) => again || given[id] === undefined);
  const questions = open.map((question) => async (place: Place): Promise<Answer<void>> => {
    const answer = await askOne(place, question, answers[question.id] ?? last[question.id]);
    if (isBack(answer)) return answer;
    answers[question.id] = typed[question.id] = answer;
  });
  await askInTurn(vscode.l10n.t("Launch {0}", deployment.title), questions);
  if (open.length > 0) await app.memory.update(answersKey(project, deployment), withoutSecrets({ ...last, ...typed }));
  return answers;
}

async function askOne(place: Place, question: Question, last: string | number | boolean | undefined): Promise<Answer<string>> {
  const { prompt, options, default: preset = "" } = question;
  // An answer of the last time may not fit what the file says now.
  const proposed = last !== undefined && answerProblem(question, String(last)) === undefined ? String(last) : preset;
  if (options) {
    const choices = options.map((value) => ({
      label: value,
      ...(value === preset ? { description: vscode.l10n.t("default") } : {}),
      value,
    }));
    return pick(place, prompt, choices, proposed);
  }
  const secret = isSecretName(question.id);
  return type(place, prompt, proposed, (text) => answerProblem(question, text.trim()), { secret });
}
