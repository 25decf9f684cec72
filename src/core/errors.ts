import * as l10n from "./l10n.ts";

/** A command of Berth, or of VS Code, that helps out of an error; its title stands on the button. */
export interface Remedy {
  title: string;
  command: string;
  args?: readonly unknown[];
}

/** An error for people: the message is one plain sentence that says what is wrong and what to do. Anything else thrown is a bug. */
export class UserError extends Error {
  readonly remedy: Remedy | undefined;
  constructor(message: string, remedy?: Remedy) {
    super(message);
    this.name = "UserError";
    this.remedy = remedy;
  }
}

/** The engine did not answer: not there, refused, or silent. What was under way is in an unknown state. */
export class EngineGoneError extends UserError {}

/** The same of one command that was not done in time, on an engine that may well answer others. */
export class EngineSlowError extends EngineGoneError {}

/** An app that ended, or was not ready in time. Its container is as it was. */
export class AppFailedError extends UserError {
  readonly container: string;
  constructor(container: string, message: string) {
    super(message, { title: l10n.t("Show Logs"), command: "berth.showLogs", args: [{ container }] });
    this.container = container;
  }
}

/** The words of anything that was thrown. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The user backed out, or the caller's signal was raised. Never shown. */
export class Cancelled extends Error {}
