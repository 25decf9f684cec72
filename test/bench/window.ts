/** A VS Code window as a bench sees it: its rows over time, its extension host's memory, what it asks of the engine and which processes it starts. */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { everything } from "../host/support.ts";
import { openWorkbench, type Server, startServer } from "../lab/vscode.ts";
import type { Workbench } from "../lab/workbench.ts";
import type { Sight, Watcher } from "./watchers.ts";

/** Programs that an extension like Berth starts. In front of the PATH stands a script for each, which writes down that it was called. */
const programs = ["docker", "nvidia-smi"];

export interface Site {
  server: Server;
  /** Opens a window on an empty folder, with the Explorer shown. */
  open(): Promise<Workbench>;
  /** The programs that were started, one a line, since the last call. */
  spawned(): Promise<string[]>;
  /** Resident memory of the extension host of the window that is open, in MB, once the host is idle. */
  memory(): Promise<number>;
  end(): Promise<void>;
}

/** A VS Code server; `vsix` undefined: without Berth. */
export async function openSite(env: NodeJS.ProcessEnv, vsix: string | undefined): Promise<Site> {
  const dataDir = await mkdtemp(join(tmpdir(), "berth-bench-"));
  const folder = await mkdtemp(join(tmpdir(), "berth-folder-"));
  const bin = await mkdtemp(join(tmpdir(), "berth-bin-"));
  const log = join(bin, "log");
  await writeFile(log, "");
  for (const program of programs) {
    const real = (env.PATH ?? "")
      .split(":")
      .map((it) => join(it, program))
      .find((it) => existsSync(it));
    if (!real) throw new Error(`There is no ${program} on the PATH.`);
    const script = `#!/bin/sh\necho "${program} $*" >>"${log}"\nexec "${real}" "$@"\n`;
    await writeFile(join(bin, program), script);
    await chmod(join(bin, program), 0o755);
  }
  const server = await startServer({
    dataDir,
    installedExtensions: vsix ? [vsix] : [],
    env: { ...env, PATH: `${bin}:${env.PATH}`, BERTH_BENCH: bin },
  });
  return {
    server,
    open: async () => {
      // So high that the groups and the ten that run are in sight.
      const window = await openWorkbench(server, { folder, size: { width: 1280, height: 1400 } });
      await window.page.evaluate(recorder);
      return window;
    },
    async spawned() {
      const lines = (await readFile(log, "utf8")).split("\n").filter(Boolean);
      await writeFile(log, "");
      return lines;
    },
    async memory() {
      const pid = await extensionHost(bin);
      await idle(pid);
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;
    },
    async end() {
      await server.stop();
      for (const path of [dataDir, folder, bin]) await rm(path, everything);
    },
  };
}

/** The one process of this server that is an extension host. That of a window that was closed a moment ago may still be ending. */
async function extensionHost(mark: string): Promise<number> {
  for (;;) {
    const found: number[] = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      if ((await read("cmdline")).includes("--type=extensionHost") && (await read("environ")).includes(`BERTH_BENCH=${mark}`))
        found.push(pid);
    }
    if (found.length === 1) return found[0]!;
    await wait(200);
  }
}

/** Waits until a process has used no more than a hundredth of a second of the CPU for three seconds. */
async function idle(pid: number): Promise<void> {
  // Fields 14 and 15: ticks in user and kernel mode (proc(5)); the name in field 2 may have spaces.
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const deadline = Date.now() + 60_000;
  for (let before = -Infinity; Date.now() < deadline;) {
    const now = await ticks();
    if (now - before <= 1) return;
    before = now;
    await wait(3000);
  }
}

export const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes down, in the page, every look of the Containers view's rows and when there was it, and when the mouse was last pressed. */
const recorder = `{
  const bench = (globalThis.bench = { sights: [], pressed: 0 });
  const look = () => {
    const text = berthPage.rows("Containers").map(({ label, description }) => label + (/\\bup\\b/i.test(description) ? " running " : " ") + description).join("\\n");
    if (text !== bench.sights.at(-1)?.text) bench.sights.push({ at: Date.now(), text });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  document.addEventListener("mousedown", () => (bench.pressed = Date.now()), true);
}`;

export async function sights(window: Workbench): Promise<Sight[]> {
  return window.page.evaluate<Sight[]>("bench.sights");
}

/** From the press on the icon until the rows are there that `isComplete` waits for, in milliseconds. */
export async function clickToRows(window: Workbench, isComplete: (text: string) => boolean): Promise<number> {
  await window.openContainer("Berth");
  const pressed = await window.page.evaluate<number>("bench.pressed");
  const seen = await window.until(
    async () => (await sights(window)).find(({ at, text }) => at >= pressed && isComplete(text)),
    (it) => it !== undefined,
    60_000,
  );
  return seen!.at - pressed;
}

/** The rows in a window. Looks by showing Berth's views, and away by showing the Explorer. */
export function windowWatcher(window: Workbench): Watcher {
  return {
    look: async (looks) => {
      await window.openContainer(looks ? "Berth" : "Explorer");
      if (looks)
        await window.until(
          () => window.rows("Containers"),
          (rows) => rows.length > 1,
        );
    },
    sights: () => sights(window),
    end: () => undefined,
  };
}

/** What VS Code says an extension's activation took, in milliseconds, by the name it shows. Leaves that list open. */
export async function activationTimes(window: Workbench): Promise<Record<string, number>> {
  await window.runCommand("Developer: Show Running Extensions");
  return window.until(
    () =>
      window.page.evaluate<
        Record<string, number>
      >(`Object.fromEntries([...document.querySelectorAll(".runtime-extensions-editor .monaco-list-row")].map((row) =>
        [row.querySelector(".name")?.textContent, Number(/(\\d+)\\s*ms/.exec(row.querySelector(".activation-time")?.textContent ?? "")?.[1])]))`),
    (it) => Object.keys(it).length > 0,
  );
}
