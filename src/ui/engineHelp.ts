import * as vscode from "vscode";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import type { State } from "../core/state.ts";
import { selectContext } from "../engine/endpoint.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";

/** The buttons of the welcome texts. They put a constant command line in a terminal and leave the Enter to the user. */
function propose(name: string, line: string): object {
  const terminal = vscode.window.createTerminal({ name });
  terminal.show();
  terminal.sendText(line, false);
  return { outcome: "shown" };
}

export const startEngine = command({
  id: "berth.startEngine",
  keys: z.strictObject({}),
  run() {
    const line =
      process.platform === "darwin"
        ? "open -a Docker"
        : existsSync("/run/systemd/system")
          ? "sudo systemctl start docker"
          : "sudo service docker start";
    return Promise.resolve(propose(vscode.l10n.t("Start Docker"), line));
  },
});

export const joinGroup = command({
  id: "berth.joinDockerGroup",
  keys: z.strictObject({}),
  run() {
    const line = `sudo usermod -aG docker ${userInfo().username.replace(/[^\w.-]/g, "")}`;
    return Promise.resolve(propose(vscode.l10n.t("Join the docker group"), line));
  },
});

export const reconnect = command({
  id: "berth.reconnect",
  keys: z.strictObject({}),
  looksOnly: () => true,
  async run(app, _keys, { fromUi }) {
    app.feed.reconnect();
    // The welcome text tells the kind of trouble only; who presses the button wants to know.
    const message = fromUi ? await whyOut(app) : undefined;
    if (message !== undefined) throw new UserError(message, selectContext);
    return { outcome: "shown" };
  },
});

/** Longer than a new connection and a ping may take. */
const patience = 40_000;

/** Waits until it is known whether the engine answers; gives what is wrong if it does not. */
async function whyOut(app: App): Promise<string | undefined> {
  return new Promise((resolve) => {
    const look = ({ engine }: State) => {
      if (engine.status !== "connecting") done(engine.status === "out" ? engine.message : undefined);
    };
    const unlisten = app.store.onDidChange(look);
    const timer = setTimeout(() => done(undefined), patience);
    function done(message: string | undefined): void {
      clearTimeout(timer);
      unlisten();
      resolve(message);
    }
    look(app.store.get());
  });
}
