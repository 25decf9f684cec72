/**
 * `npm start`: Berth in a VS Code, with a sample project and a Docker engine. Takes what the machine has; what it lacks, the
 * laboratory brings. The system's own engine is used as it is: never started, stopped or configured.
 */
import { execa } from "execa";
import { join } from "node:path";
import { cacheDir } from "./cache.ts";
import { type LabEngine, startEngine } from "./engine.ts";
import { hostGpus } from "./gpu.ts";
import { loadImages } from "./images.ts";
import { interrupted } from "./interrupted.ts";
import { agreed, hasProgram } from "./packages.ts";
import { standIns } from "./standIns.ts";
import { address, startServer } from "./vscode.ts";

const repository = join(import.meta.dirname, "../..");
const sample = join(repository, "examples/hello");

let own: LabEngine | undefined;
try {
  await execa("npm", ["run", "--silent", "build"], { cwd: repository, stdio: "inherit" });
  if (!(await useEngineOfMachine())) own = await ownEngine();
  const env = own ? { ...own.env, ...standIns } : process.env;
  if (hasDesktop()) await openDesktop(env);
  else await openServer(env);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await own?.dispose();
}

/** Whether an engine answers, where DOCKER_HOST or the current context say. Tells what there is. */
async function useEngineOfMachine(): Promise<boolean> {
  if (!hasProgram("docker")) {
    console.log("There is no Docker on this machine.");
    return false;
  }
  const docker = (...args: string[]) => execa("docker", args, { stdin: "ignore", timeout: 10_000, reject: false });
  const version = await docker("version", "--format", "{{.Server.Version}}");
  if (version.failed) {
    const reason = version.stderr.split("\n").find(Boolean) ?? "it gave no answer in ten seconds";
    console.log(`Your Docker engine cannot be used: ${reason}`);
    return false;
  }
  console.log(`Berth uses your Docker engine, version ${version.stdout}.`);
  const images = await docker("image", "ls", "--quiet");
  if (!images.failed && images.stdout === "")
    console.log("It holds no image yet: Launch Project offers to pull the sample project's, which is debian:12.");
  return true;
}

async function ownEngine(): Promise<LabEngine> {
  console.log(
    "Berth runs a Docker engine of its own until you are done, beside whatever the machine has. Its GPUs are simulated: two H100 that compute nothing. It needs root.",
  );
  if (process.getuid?.() !== 0 && !hasProgram("sudo"))
    throw new Error("You are not root, and there is no sudo: start a Docker engine that you may use, and try again.");
  if (!(await agreed())) throw new Error("Berth needs a Docker engine: start yours, or say yes here.");
  const engine = await startEngine("start");
  hostGpus(engine);
  await loadImages(engine, ["busybox", "python"]);
  return engine;
}

/** Whether the `code` on the PATH opens windows here; in a terminal of VS Code's remote it would only speak to the other side. */
function hasDesktop(): boolean {
  const display = process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  return display && hasProgram("code") && !process.env.VSCODE_IPC_HOOK_CLI;
}

async function openDesktop(env: NodeJS.ProcessEnv): Promise<void> {
  const args = ["--new-window", ...(own ? ["--wait"] : []), `--extensionDevelopmentPath=${repository}`, sample];
  console.log(`Your VS Code opens ${sample} with Berth in it.`);
  if (own)
    console.log(
      "The engine ends when you close that window, or with Ctrl-C here; its containers and images stay for the next time.",
    );
  const code = execa("code", args, { env, stdio: "inherit", reject: false });
  await (own ? Promise.race([code, interrupted()]) : code);
}

async function openServer(env: NodeJS.ProcessEnv): Promise<void> {
  console.log("There is no desktop VS Code to open here, so its server runs in the background, and your browser is the window.");
  const server = await startServer({ dataDir: join(cacheDir, "start-vscode"), env, installedExtensions: [repository] });
  try {
    const { port } = new URL(server.url);
    console.log(`\nOpen  ${address(server, { folder: sample })}\nand there the Berth icon on the left.\n`);
    if (process.env.SSH_CONNECTION) console.log(`From another machine, first:  ssh -L ${port}:127.0.0.1:${port} <this one>\n`);
    console.log(
      "What it cannot do: Dev Containers is not to be had for this server, so Attach offers a terminal instead of a window.",
    );
    console.log(`Ctrl-C ends it${own ? ", and the engine; its containers and images stay for the next time" : ""}.`);
    await interrupted();
  } finally {
    await server.stop();
  }
}
