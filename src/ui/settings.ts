import * as vscode from "vscode";
import { homedir } from "node:os";

/** Where an editor or terminal opens after a deploy, an attach or a launch. */
export type Open = "window" | "terminal" | "none";

const get = <T>(key: string, fallback: T): T => vscode.workspace.getConfiguration("berth").get<T>(key) ?? fallback;

export const settings = {
  open: (): Open => get("open", "window"),
  context: (): string => get("context", "").trim(),
  containerName: (): string => get("naming.container", "{{image}}"),
  /** Milliseconds. */
  probeTimeout: (): number => Math.max(1, get("gpu.probeTimeout", 5)) * 1000,
  /** Milliseconds. */
  gpuPoll: (): number => Math.max(1, get("gpu.poll", 10)) * 1000,
  /** A leading `~` is the user's home. Empty: not set. */
  deploymentLogs: (): string =>
    get("deploymentLogs", "")
      .trim()
      .replace(/^~(?=\/|$)/, homedir()),
};
