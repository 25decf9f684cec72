import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError, words } from "../core/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { followLogs, type LogSink, type Note } from "../engine/logs.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { findContainer, reach, type Inspected } from "./target.ts";

/** How many of a container's last lines are shown first. */
const tail = 5000;
/** Between two writes to the channel (milliseconds): a container can log thousands of lines a second. */
const writeInterval = 100;
/** A write is no larger (characters); the rest waits in the engine. */
const largestWrite = 200_000;
/** A channel that grew larger keeps its later half, so that a window that stays open for weeks does not grow with it. */
const largestChannel = 8_000_000;

interface Channel {
  output: vscode.OutputChannel;
  stop: AbortController;
  /** Nothing comes any more: the container is gone, or its log cannot be read. */
  ended: boolean;
}

/** A log that is held back by so many writes in a row comes faster than it is shown. */
const fullWrites = 50;

/** One output channel for each container that is followed: VS Code's own find and filter work there, and scrolling up holds it still. */
const channels = new Map<string, Channel>();

export const showLogs = command({
  id: "berth.showLogs",
  keys: z.strictObject({ container: z.optional(z.string()) }),
  looksOnly: () => true,
  asks: { question: vscode.l10n.t("Show the logs of which container?") },
  async run(app, { container }) {
    const { engine } = await reach(app);
    const found = await findContainer({ engine }, container, vscode.l10n.t("Show the logs of which container?"));
    const open = channels.get(found.id);
    if (open?.ended) open.output.dispose();
    (open && !open.ended ? open : follow(app, engine, found)).output.show(true);
    return { outcome: "shown" };
  },
});

/** Lets go of every stream. */
export function stopFollowing(): void {
  for (const { stop, output } of channels.values()) {
    stop.abort();
    output.dispose();
  }
  channels.clear();
}

/** @param engine The one that has the container, also after another Docker context was selected */
function follow(app: App, engine: Engine, { id, name }: Inspected): Channel {
  const output = vscode.window.createOutputChannel(vscode.l10n.t("Logs of {0}", name), "log");
  const channel: Channel = { output, stop: new AbortController(), ended: false };
  channels.set(id, channel);
  const writer = writeTo(channel.output, vscode.l10n.t("{0} logs faster than this can show: these lines lag behind", name));
  let followed = id;
  const sink: LogSink = {
    line: (text) => writer.write(`${text}\n`),
    note(what) {
      void writer.write(`--- ${new Date().toLocaleTimeString("en-GB")} ${noteText(name, what)} ---\n`);
      if (what.kind !== "replaced") return;
      const other = channels.get(what.id);
      if (other && !other.ended) return channel.stop.abort(); // somebody was faster: the new one's log is shown there
      other?.output.dispose();
      channels.delete(followed);
      channels.set((followed = what.id), channel);
    },
  };
  void followLogs(engine, { id, name }, tail, sink, channel.stop.signal)
    .catch((error: unknown) => {
      if (!(error instanceof UserError)) app.log.error(`berth.showLogs: ${words(error)}`);
      void writer.write(`--- ${words(error)} ---\n`);
    })
    .finally(() => {
      channel.ended = true;
      writer.end();
    });
  return channel;
}

export function noteText(name: string, note: Note): string {
  switch (note.kind) {
    case "ended":
      return note.oomKilled
        ? vscode.l10n.t(
            "{0} ran out of memory (exit code {1}); its log goes on here when it is started again",
            name,
            note.exitCode,
          )
        : vscode.l10n.t("{0} exited with code {1}; its log goes on here when it is started again", name, note.exitCode);
    case "started":
      return vscode.l10n.t("{0} was started again", name);
    case "replaced":
      return vscode.l10n.t("{0} is a new container now", name);
    case "gone":
      return vscode.l10n.t("{0} was removed", name);
    case "engineGone":
      return vscode.l10n.t("The Docker engine went away; Berth keeps trying");
    case "engineBack":
      return vscode.l10n.t("The Docker engine is back");
  }
}

/** Writes in portions; a write that has to wait holds the next line back. `end` lets go of what is kept for the channel's shortening. */
function writeTo(output: vscode.OutputChannel, lags: string): { write(text: string): void | Promise<void>; end(): void } {
  let waiting = "";
  let shown = "";
  let full = 0;
  let timer: NodeJS.Timeout | undefined;
  let flushed: Promise<void> | undefined;
  const flush = () => {
    full = waiting.length > largestWrite ? full + 1 : 0;
    if (full === fullWrites) waiting += `--- ${lags} ---\n`;
    shown += waiting;
    if (shown.length > largestChannel) {
      shown = shown.slice(shown.indexOf("\n", shown.length - largestChannel / 2) + 1);
      output.replace(`--- ${vscode.l10n.t("Earlier lines are left out")} ---\n${shown}`);
    } else if (waiting !== "") output.append(waiting);
    waiting = "";
    flushed = undefined;
  };
  return {
    write(text) {
      waiting += text;
      flushed ??= new Promise((resolve) => {
        timer = setTimeout(() => {
          flush();
          resolve();
        }, writeInterval);
      });
      return waiting.length > largestWrite ? flushed : undefined;
    },
    end() {
      clearTimeout(timer);
      flush();
      shown = "";
    },
  };
}
