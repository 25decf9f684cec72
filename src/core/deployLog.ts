import type { Health } from "./gpuHealth.ts";
import type { Plan, Step } from "./plan.ts";
import { renderStep } from "./plan.ts";

/** What one deploy leaves behind, whichever way it went. */
export interface DeployRecord {
  plan: Plan;
  started: Date;
  finished: Date;
  outcome: "succeeded" | "failed" | "cancelled";
  /** What a bug report needs to know of the surroundings, such as versions and the context. */
  settings: Readonly<Record<string, string>>;
  /** The full `docker run` of the container. */
  runCommand: string;
  steps: readonly StepRecord[];
  health?: Health;
  /** The app's command, as it was started inside. */
  app?: string;
  /** Configuration files inside, as they were when the app started. */
  files?: readonly { file: string; text: string }[];
  /** What went wrong, with the last log lines. */
  error?: string;
  container?: string;
}

/** What a deploy leaves behind that ended before there was a plan, since its image could not be had. */
export interface ImageRecord extends Pick<DeployRecord, "started" | "finished" | "settings" | "error"> {
  /** Of the container that was to be. */
  name: string;
  outcome: "failed" | "cancelled";
  /** The full `docker build` or `docker pull`. */
  command: string;
  /** The end of what that said. */
  output: string;
}

export interface StepRecord {
  step: Step;
  started: Date;
  finished: Date;
  outcome: "done" | "failed";
  detail?: string;
}

/**
 * The deployment log's text: Markdown that reads well as plain text. The caller redacts it. It is in English, whoever reads it; only what the user was told
 * (the error, the verdict's detail) stands as it was told.
 */
export function renderDeployLog(record: DeployRecord): string {
  const { plan, started, finished, outcome, settings, runCommand, app, files = [], steps, health, error, container } = record;
  const notRun = [...plan.steps, ...(plan.cleanup ?? [])].slice(steps.length);
  return [
    `# ${verb(plan)} ${plan.container.name}: ${outcome}`,
    "",
    ...times(started, finished),
    ...(container ? [`- Container: ${container}`] : []),
    ...settingLines(settings),
    `- GPU: ${health ? `${health.verdict} (${health.detail})` : "not checked"}`,
    "",
    "## Command",
    "",
    ...fenced("sh", runCommand),
    ...(app === undefined ? [] : ["", "## App", "", ...fenced("sh", app)]),
    ...((plan.notes ?? []).length > 0 ? ["", "## Notes", "", ...(plan.notes ?? []).map((note) => `- ${note}`)] : []),
    ...files.flatMap(({ file, text }) => ["", `## File ${file}`, "", ...fenced("text", text.replace(/\n$/, ""))]),
    "",
    "## Steps",
    "",
    ...steps.map(
      ({ step, started: from, finished: to, outcome: how, detail }, n) =>
        `${n + 1}. ${renderStep(step)}: ${how} in ${seconds(from, to)}, because ${step.cause}${detail && detail !== error ? ` (${detail})` : ""}`,
    ),
    ...notRun.map((step, n) => `${steps.length + n + 1}. ${renderStep(step)}: not run`),
    ...(plan.skipped ?? []).map(({ what, why }) => `- ${what}: skipped, because ${why}`),
    ...errorBlock(error),
    "",
  ].join("\n");
}

/** The same for an image that could not be had. The caller redacts it. */
export function renderImageLog({ name, started, finished, outcome, settings, command, output, error }: ImageRecord): string {
  return [
    `# Deploy ${name}: ${outcome}`,
    "",
    ...times(started, finished),
    ...settingLines(settings),
    "",
    "## Command",
    "",
    ...fenced("sh", command),
    ...(output === "" ? [] : ["", "## Output", "", ...fenced("text", output)]),
    ...errorBlock(error),
    "",
  ].join("\n");
}

const times = (started: Date, finished: Date) => [`- Started: ${started.toISOString()}`, `- Took: ${seconds(started, finished)}`];

const settingLines = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => `- ${name}: ${value || "?"}`);

const errorBlock = (error: string | undefined) => (error ? ["", "## Error", "", ...fenced("text", error)] : []);

function verb({ steps, failedName, container }: Plan): string {
  const has = (kind: Step["kind"]) => steps.some((step) => step.kind === kind);
  if (failedName !== undefined) return "Restart";
  if (container.id === undefined) return has("start") ? "Deploy" : "Create";
  return has("restart") ? "Revive" : "Reuse";
}

/** A block that its text, which can be a container's own, cannot end. */
function fenced(language: string, text: string): string[] {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, text, fence];
}

function seconds(from: Date, to: Date): string {
  return `${((to.getTime() - from.getTime()) / 1000).toFixed(1)} s`;
}
