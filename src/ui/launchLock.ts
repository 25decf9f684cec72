import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Plan } from "../core/plan.ts";
import type { App } from "./app.ts";
import type { Reach } from "./target.ts";

interface Lock {
  pid: number;
  /** When that process began, in the kernel's ticks: numbers are used again. Absent where there is no /proc. */
  began?: string;
  host: string;
  name: string;
}

/** While a container is set aside by a window, the other windows of this user must not offer to put it back. */
export async function withLock<T>(app: App, { engine }: Reach, plan: Plan, work: () => Promise<T>): Promise<T> {
  if (plan.failedName === undefined) return work();
  const began = beginOf(process.pid);
  const lock: Lock = {
    pid: process.pid,
    ...(began === undefined ? {} : { began }),
    host: engine.endpoint.host,
    name: plan.container.name,
  };
  const file = join(
    folder(app),
    `${createHash("sha256").update(`${lock.host} ${lock.name} ${lock.pid}`).digest("hex").slice(0, 16)}.json`,
  );
  await mkdir(folder(app), { recursive: true });
  await writeFile(file, JSON.stringify(lock));
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Whether some window is at work on the container of this name. */
export async function isLocked(app: App, { engine }: Pick<Reach, "engine">, name: string): Promise<boolean> {
  const all = await locks(app);
  return all.some(({ lock }) => lock.host === engine.endpoint.host && lock.name === name && isAlive(lock));
}

/** The restarts that a window was closed, or ended, in the middle of: the engine's address and the container's name. Asks no engine. */
export async function brokenLocks(app: App): Promise<readonly Pick<Lock, "host" | "name">[]> {
  return (await broken(app)).map(({ lock }) => lock);
}

/** There is nothing to put back any more, or somebody was asked and has answered. */
export async function forgetBrokenLocks(app: App, { host, name }: Pick<Lock, "host" | "name">): Promise<void> {
  const these = (await broken(app)).filter(({ lock }) => lock.host === host && lock.name === name);
  await Promise.all(these.map(({ file }) => rm(file, { force: true })));
}

const broken = async (app: App) => (await locks(app)).filter(({ lock }) => !isAlive(lock));

async function locks(app: App): Promise<{ file: string; lock: Lock }[]> {
  const files = await readdir(folder(app)).catch(() => []);
  const read = files.map(async (name) => {
    const file = join(folder(app), name);
    const text = await readFile(file, "utf8").catch(() => "");
    try {
      return [{ file, lock: JSON.parse(text) as Lock }];
    } catch {
      return []; // half-written: its writer is at work
    }
  });
  return (await Promise.all(read)).flat();
}

const folder = (app: App) => join(app.storage.fsPath, "restarts");

function isAlive({ pid, began }: Lock): boolean {
  if (began !== undefined) return beginOf(pid) === began;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); the second one, in parentheses, can hold anything. */
function beginOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}
