import type { RunSpec } from "./runSpec.ts";

/**
 * The keep-alive: what keeps a detached container running when no command was given. This file is the only one that knows it.
 * `--init` comes with it: as process 1 a program ignores SIGTERM unless it asks for it (so a stop would take ten seconds),
 * and nobody else would reap the processes that editors and terminals leave behind.
 */
const program = "tail";
const args = ["-f", "/dev/null"];

/** Scripts that end in `exec "$@"`: they prepare the environment, then run what they are given. */
const execsItsArguments = [
  /(^|\/)nvidia_entrypoint\.sh$/, // NVIDIA NGC images
  /(^|\/)docker-entrypoint\.sh$/, // Docker official images
];

/** An init runs what stands behind its options, so that is what decides. */
const init = /(^|\/)(tini|tini-static|dumb-init|catatonit|docker-init)$/;

/** Whether an entrypoint is known to exec what is appended to it. One with arguments of its own has its program already. */
function passesOn([first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (init.test(first)) {
    const behind = rest.findIndex((arg) => !arg.startsWith("-"));
    return behind === -1 || passesOn(rest.slice(behind));
  }
  return rest.length === 0 && execsItsArguments.some((known) => known.test(first));
}

/** How to keep a container of an image with this entrypoint running. An entrypoint is replaced unless it is known to exec its arguments. */
export function keepAlive(imageEntrypoint: readonly string[]): Pick<RunSpec, "command" | "init"> & { entrypoint?: string } {
  if (passesOn(imageEntrypoint)) return { command: [program, ...args], init: true };
  return { entrypoint: program, command: args, init: true };
}

/** The program that an image must hold for its containers to be kept alive. */
export const keepAliveProgram = program;

/** Whether a process's command line is the keep-alive, or the init that comes with it. */
export function isKeepAlive(commandLine: string): boolean {
  const keep = [program, ...args].join(" ");
  const path = commandLine.endsWith(keep) ? commandLine.slice(0, -keep.length) : undefined;
  return (path !== undefined && /^(\/\S*\/)?$/.test(path)) || /^(\/sbin\/docker-init|\/dev\/init)( |$)/.test(commandLine);
}
