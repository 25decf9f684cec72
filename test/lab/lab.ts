/** `npm run lab`: everything that the tests use, to work in by hand: an engine, its images, simulated GPUs, VS Code with Berth. */
import { execa } from "execa";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cacheDir } from "./cache.ts";
import { startEngine } from "./engine.ts";
import { containerFault, type GpuFault, hostGpus, makeStale } from "./gpu.ts";
import { loadImages } from "./images.ts";
import { interrupted } from "./interrupted.ts";
import { standIns } from "./standIns.ts";
import { address, startServer } from "./vscode.ts";

const repository = join(import.meta.dirname, "../..");
const sample = join(repository, "examples/hello");

await execa("npm", ["run", "--silent", "build"], { cwd: repository, stdio: "inherit" });
const engine = await startEngine("lab");
try {
  hostGpus(engine);
  await loadImages(engine);
  const server = await startServer({
    dataDir: join(cacheDir, "lab-vscode"),
    env: { ...engine.env, ...standIns },
    installedExtensions: [repository],
  });
  try {
    console.log(`
VS Code      ${address(server, { folder: sample })}
Engine       export DOCKER_HOST=${engine.host}
Your changes npm run watch, then "Developer: Reload Window" in VS Code

Type here:
  stale CONTAINER          take its GPUs away, as a systemctl daemon-reload does
  fault CONTAINER FAULT    make its nvidia-smi fail: mismatch, lost, hang … (gpu.ts has them all), none
  fault host FAULT         the same for the machine's
  gpus COUNT               how many GPUs the machine has, 1 to 8
Ctrl-C ends it all; the engine's containers and images stay for the next time.
`);
    createInterface({ input: process.stdin }).on("line", (line) => {
      obey(line.trim().split(/\s+/)).then(
        (answer) => console.log(answer),
        (error: unknown) => console.log(error instanceof Error ? error.message.split("\n").at(-1) : error),
      );
    });
    await interrupted();
  } finally {
    await server.stop();
  }
} finally {
  await engine.dispose();
}
process.exit(); // standard input may still be open

async function obey([command, target = "", fault = "none"]: string[]): Promise<string> {
  const id = () => engine.docker("inspect", "--type", "container", "--format", "{{.Id}}", target);
  if (command === "stale") await makeStale(engine, await id());
  else if (command === "fault" && target === "host") hostGpus(engine, { fault: fault as GpuFault });
  else if (command === "fault") await containerFault(engine, await id(), fault as GpuFault);
  else if (command === "gpus") hostGpus(engine, { count: Number(target) });
  else return "stale CONTAINER, fault CONTAINER|host FAULT, gpus COUNT";
  return "done";
}
