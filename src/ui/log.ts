import * as vscode from "vscode";
import { createRecent, type Problem } from "../core/diagnostics.ts";

/** How many of the last errors and warnings a report shows. */
const kept = 20;

/** Berth's output channel, which remembers the last errors and warnings that went into it. */
export function createLog(): { log: vscode.LogOutputChannel; problems: () => readonly Problem[] } {
  const channel = vscode.window.createOutputChannel("Berth", { log: true });
  const recent = createRecent<Problem>(kept);
  const keep = (level: Problem["level"], said: string | Error) =>
    recent.add({ time: new Date(), level, text: said instanceof Error ? (said.stack ?? said.message) : said });
  // The channel itself is frozen.
  const log = Object.create(channel, {
    error: {
      value: (said: string | Error, ...more: unknown[]) => {
        keep("error", said);
        channel.error(said, ...more);
      },
    },
    warn: {
      value: (said: string, ...more: unknown[]) => {
        keep("warning", said);
        channel.warn(said, ...more);
      },
    },
  }) as vscode.LogOutputChannel;
  return { log, problems: () => recent.all() };
}
