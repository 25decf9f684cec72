import * as vscode from "vscode";

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
  deploymentLogs: (): string => get("deploymentLogs", "").trim(),
};
