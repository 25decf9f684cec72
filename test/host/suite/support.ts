import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";

const exec = promisify(execFile);

/** The docker CLI, as a user would look at what Berth did. Standard output, trimmed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await exec("docker", args, { timeout: 60_000 });
  return stdout.trim();
}

export async function state(container: string): Promise<string> {
  return docker("inspect", "--format", "{{.State.Status}}", container).catch(() => "gone");
}

/** Calls a command of Berth with an object. */
export async function berth<T = Record<string, unknown>>(command: string, keys: object): Promise<T> {
  return vscode.commands.executeCommand<T>(`berth.${command}`, keys);
}

/** The sentence that a command rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => `resolved with ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

let counter = 0;
/** A container name of this run; see `removeAll`. */
export function fresh(purpose: string): string {
  return `suite-${purpose}-${++counter}`;
}

/** Removes the containers that the suite made, whatever became of them, but for the one of this id. */
export async function removeAll(except = ""): Promise<void> {
  const all = await docker("ps", "--all", "--quiet", "--no-trunc", "--filter", "name=^/suite-");
  const ids = all.split("\n").filter((id) => id !== "" && id !== except);
  if (ids.length > 0) await docker("rm", "--force", "--volumes", ...ids);
}
