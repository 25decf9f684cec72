import { execa } from "execa";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { openWorkbench, type Server, type ServerOptions, startServer, type WorkbenchOptions } from "../lab/vscode.ts";
import type { Workbench } from "../lab/workbench.ts";

const repository = join(import.meta.dirname, "../..");
const standIn = join(repository, "test/lab/dev-containers");

/** The package that users install; made anew unless the caller just made it. */
export const vsix = join(repository, "berth.vsix");

/** A stopped VS Code server's extension host may still write its last files: then the removal is tried again. */
export const everything = { recursive: true, force: true, maxRetries: 10, retryDelay: 200 };

/** A folder to open, with a file in it. */
export async function sampleFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "berth-sample-"));
  await writeFile(join(folder, "train.py"), "print('hello')\n");
  return folder;
}

export interface Scene {
  engine: LabEngine;
  server: Server;
  folder: string;
  /** What the stand-in for Dev Containers was asked to attach to, oldest first. */
  attached: () => Promise<string[]>;
  open(options?: Partial<WorkbenchOptions>): Promise<Workbench>;
  end(): Promise<void>;
}

/** An engine with the sample images, and a VS Code with the installed package in it. */
export async function scene(
  name: string,
  options: Partial<ServerOptions> & { devContainers?: boolean; engine?: LabEngine } = {},
): Promise<Scene> {
  const engine = options.engine ?? (await startEngine(name));
  await loadImages(engine);
  const folder = await sampleFolder();
  const dataDir = await mkdtemp(join(tmpdir(), "berth-vscode-"));
  const log = join(dataDir, "attached.jsonl");
  await mkdir(dataDir, { recursive: true });
  const server = await startServer({
    dataDir,
    installedExtensions: [vsix, ...(options.devContainers === false ? [] : [standIn])],
    driver: false,
    ...options,
    env: { ...engine.env, BERTH_LAB_ATTACH_LOG: log, ...options.env },
  });
  return {
    engine,
    server,
    folder,
    attached: async () => (await readFile(log, "utf8").catch(() => "")).split("\n").filter(Boolean),
    async open(window = {}) {
      const workbench = await openWorkbench(server, { folder, ...window });
      await workbench.openContainer("Berth");
      return workbench;
    },
    async end() {
      await server.stop();
      if (!options.engine) await engine.dispose();
      await rm(dataDir, everything);
      await rm(folder, everything);
    },
  };
}

/** Removes every container of an engine. */
export async function clear(engine: LabEngine): Promise<void> {
  for (let n = 1; ; n++) {
    const ids = (await engine.docker("ps", "--all", "--quiet")).split("\n").filter(Boolean);
    if (ids.length === 0) return;
    try {
      await engine.docker("rm", "--force", "--volumes", ...ids);
      return;
    } catch (error) {
      // The engine stumbles over what is written while it removes ("directory not empty"); the next time it is gone.
      if (n === 3) throw error;
    }
  }
}

export async function state(engine: LabEngine, container: string): Promise<string> {
  return engine.docker("inspect", "--format", "{{.State.Status}}", container).catch(() => "gone");
}

/** Makes the package, for who runs this layer by itself. */
export async function packageExtension(): Promise<void> {
  if (process.env.BERTH_PACKAGED) return;
  await execa("npm", ["run", "package"], { cwd: repository, stdin: "ignore" });
}
