import { readFile } from "node:fs/promises";
import { release } from "node:os";
import type { Mount } from "../core/engineJson.ts";
import { isStale, parseMountinfo } from "../core/mountinfo.ts";
import type { Cli, ProbeOutput } from "./cli.ts";
import type { Engine } from "./engine.ts";

/**
 * The targets of a running container's bind mounts whose folder (or file) on the host was deleted or replaced since, so that the container sees
 * the one that was. A folder that was moved away can only be told from the one in its place on the engine's own machine, and in an image that has `cat`; without it
 * only deleted folders are noticed. None of a container that does not answer within `timeout` milliseconds.
 */
export async function staleMounts(
  { engine, cli }: { engine: Pick<Engine, "endpoint" | "info">; cli: Cli },
  id: string,
  mounts: readonly Mount[],
  timeout: number,
): Promise<string[]> {
  const binds = mounts.filter(({ type }) => type === "bind");
  if (binds.length === 0) return [];
  const said = await cli.probe(["exec", "--workdir", "/", id, "cat", "/proc/self/mountinfo"], timeout);
  if (said.exitCode !== 0) return hasNoCat(said) ? deleted(cli, id, binds, timeout) : [];
  const inside = parseMountinfo(said.stdout);
  const outside = await ownMounts(engine);
  const found = await Promise.all(
    binds.map(async ({ source, target }) => {
      const now = outside === undefined ? undefined : await realPath(source, timeout);
      return now !== undefined && outside !== undefined ? isStale(target, inside, now, outside) : isStale(target, inside);
    }),
  );
  return binds.flatMap(({ target }, n) => (found[n] ? [target] : []));
}

/**
 * Where a path of this machine leads; undefined where it leads nowhere, that is not known in time, or there is no `realpath` that knows `-e`. A process asks,
 * since a network file system that hangs would keep one of the few threads that all of this one's file access shares. It may not even be possible to kill.
 */
async function realPath(path: string, timeout: number): Promise<string | undefined> {
  const { execa } = await import("execa");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, timeout, undefined)));
  const options = { reject: false, stdin: "ignore", stderr: "ignore", timeout, killSignal: "SIGKILL" } as const;
  const said = await Promise.race([execa("realpath", ["-e", "--", path], options), late]);
  clearTimeout(timer);
  return said === undefined || said.failed ? undefined : said.stdout;
}

/** 20.10 says 126, 28.5 127, as they do for nvidia-smi. */
const hasNoCat = ({ exitCode, stdout, stderr }: ProbeOutput) =>
  (exitCode === 126 || exitCode === 127) && /exec: \\?"cat\\?"|stat .*cat/.test(`${stdout}\n${stderr}`);

/** runc goes to the working folder before it looks for the program, and says so when that folder is no more: no program is needed for that. */
async function deleted(cli: Cli, id: string, binds: readonly Mount[], timeout: number): Promise<string[]> {
  const gone = await Promise.all(
    binds.map(async ({ target }) => {
      const { stdout, stderr } = await cli.probe(["exec", "--workdir", target, id, "/berth-looks-for-nothing"], timeout);
      return /container breakout|getcwd/.test(`${stdout}\n${stderr}`);
    }),
  );
  return binds.flatMap(({ target }, n) => (gone[n] ? [target] : []));
}

/** This machine's mounts, when its kernel is the engine's as well: not a VM's, nor another machine's. */
async function ownMounts(engine: Pick<Engine, "endpoint" | "info">) {
  if (engine.endpoint.socketPath === undefined) return undefined;
  try {
    const [{ kernel }, text] = await Promise.all([engine.info(), readFile("/proc/self/mountinfo", "utf8")]);
    return kernel === release() ? parseMountinfo(text) : undefined;
  } catch {
    return undefined; // without it a little less is seen
  }
}
