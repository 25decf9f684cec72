import * as vscode from "vscode";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import * as z from "zod/mini";
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
