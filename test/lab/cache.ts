/** What every part of the laboratory needs: where it keeps its things, and how it runs a command. */
import { execa } from "execa";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Everything the laboratory downloads, builds or writes. Outside the repository, so that a clean checkout stays clean and
 * several checkouts share one; set XDG_CACHE_HOME to have a laboratory of your own. Root's is not in /root: some tests run
 * the VS Code server as another user, who may not look in there. with-node.sh has the same rule.
 */
export const cacheDir = join(process.env.XDG_CACHE_HOME || defaultCache(), "berth-lab");

function defaultCache(): string {
  return process.getuid?.() === 0 ? "/var/cache" : join(homedir(), ".cache");
}

/** Whether this machine has cgroup v2 alone. There a container's device rules are no file that one could write to. */
export const isCgroup2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** This process's environment with the folders for administrators on its PATH: an ordinary user's PATH lacks them on Debian. */
export const systemEnv: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`,
};

/** The same command, run by root: as it is when we are root, through sudo otherwise. */
export function asRoot(command: string, args: string[]): [string, string[]] {
  return process.getuid?.() === 0 ? [command, args] : ["sudo", [command, ...args]];
}

/** Runs a command as root and gives its trimmed output; rejects with what it wrote to stderr. */
export async function runAsRoot(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(...asRoot(command, args), { env: systemEnv, stdin: "inherit" });
  return stdout;
}
