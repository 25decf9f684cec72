import * as vscode from "vscode";
import { homedir } from "node:os";

/** Where an editor or terminal opens after a deploy, an attach or a launch. */
export type Open = "window" | "terminal" | "none";

const get = <T>(key: string, fallback: T): T => vscode.workspace.getConfiguration("berth").get<T>(key) ?? fallback;

export const settings = {
  open: (): Open => get("open", "window"),
  context: (): string => get("context", "").trim(),
  /** Empty: not set. An image without a project has nothing but its own name. */
  containerName: (of: "image" | "project"): string =>
    get("naming.container", "").trim() || (of === "image" ? "{{image}}" : "{{project}}-{{service}}"),
  imageName: (): string => get("naming.image", "{{project}}-{{service}}"),
  /** Absolute paths, each once. */
  projectFolders: (): string[] => {
    const paths = get<readonly unknown[]>("projectFolders", []).filter((path) => typeof path === "string");
    return [...new Set(paths.map(fromHome).filter((path) => path.startsWith("/")))];
  },
  /** Milliseconds. */
  probeTimeout: (): number => Math.max(1, get("gpu.probeTimeout", 5)) * 1000,
  /** Milliseconds. */
  gpuPoll: (): number => Math.max(1, get("gpu.poll", 10)) * 1000,
  /** Milliseconds. */
  readyTimeout: (): number => Math.max(1, get("ready.timeout", 300)) * 1000,
  /** Milliseconds. */
  readyInterval: (): number => Math.max(0.1, get("ready.interval", 5)) * 1000,
  /** Empty: not set. */
  deploymentLogs: (): string => fromHome(get("deploymentLogs", "")),
};

/** A leading `~` is the user's home. */
function fromHome(path: string): string {
  const full = path.trim().replace(/^~(?=\/|$)/, homedir());
  return full.replace(/(?<=.)\/+$/, "");
}
