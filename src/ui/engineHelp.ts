import * as vscode from "vscode";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import * as z from "zod/mini";
import { redact, secretValues } from "../core/redact.ts";
import { command } from "./commands.ts";
import { findContainer, reach } from "./target.ts";

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
    return Promise.resolve(propose("Start Docker", line));
  },
});

export const joinGroup = command({
  id: "berth.joinDockerGroup",
  keys: z.strictObject({}),
  run: () =>
    Promise.resolve(propose("Join the docker group", `sudo usermod -aG docker ${userInfo().username.replace(/[^\w.-]/g, "")}`)),
});

export const reconnect = command({
  id: "berth.reconnect",
  keys: z.strictObject({}),
  looksOnly: () => true,
  run(app) {
    app.feed.reconnect();
    return Promise.resolve({ outcome: "shown" });
  },
});

/** The log of a container that exited early: the button of that error. */
export const showExitLogs = command({
  id: "berth.showExitLogs",
  keys: z.string(),
  looksOnly: () => true,
  async run(app, id) {
    const reached = await reach(app);
    const { details } = await findContainer(reached, id, "");
    const content = redact(await reached.engine.logs(id, 2000), secretValues(details.env));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "log", content }));
    return { outcome: "shown" };
  },
});
