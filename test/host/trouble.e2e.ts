import { strict as assert } from "node:assert";
import { execa } from "execa";
import { existsSync } from "node:fs";
import { mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import { hostGpus, makeStale } from "../lab/gpu.ts";
import { clear, packageExtension, type Scene, scene } from "./support.ts";

/** The extension's id, then the item's. */
const gpuItem = "berth.berth.berth.gpu";

/** A folder for the PATH with what the VS Code server needs, and no Docker. */
async function withoutDocker(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "berth-path-"));
  const folders = ["/usr/local/bin", "/usr/bin", "/bin"];
  for (const program of ["sh", "cat", "env", "uname", "ps", "sed", "which", "dirname", "readlink", "bash", "git"]) {
    const from = folders.map((one) => join(one, program)).find((path) => existsSync(path));
    if (from) await symlink(from, join(folder, program));
  }
  return folder;
}

describe("when something is wrong with the engine, the views say so", () => {
  let engine: LabEngine;
  let lab: Scene | undefined;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    engine = await startEngine("trouble");
  });
  afterEach(async () => {
    await lab?.end();
    lab = undefined;
  });
  after(() => engine.dispose());

  it("stopped: a plain hint with one button; started again, the views recover by themselves", async () => {
    lab = await scene("trouble", { engine });
    await clear(engine);
    await engine.docker("create", "--name", "survivor", "berth-lab/busybox:1");
    const window = await lab.open();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("survivor"),
    );
    await engine.stop();
    const { welcome, buttons } = await window.until(
      () => window.viewTexts("Containers"),
      ({ welcome }) => welcome.includes("not running"),
    );
    assert.match(welcome, /The Docker engine is not running\. The views follow as soon as it does\./);
    assert.deepEqual(buttons, ["Start Docker"]);
    await window.screenshot("engine-stopped");
    await engine.start();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("survivor"),
    );
    await window.close();
  });

  it("engine gone between the questions and the answer: one sentence, and nothing half-made when it is back", async () => {
    lab = await scene("trouble", { engine });
    await clear(engine);
    const window = await lab.open();
    await window.runCommand("Berth: Deploy Container");
    await window.pick("berth-lab/busybox:1");
    await window.until(
      () => window.quickInput(),
      (input) => input?.value === "busybox",
    );
    await window.type("unlucky");
    await window.accept();
    await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("GPU 1")) ?? false,
    );
    await window.accept();
    await window.pick(/Nothing/);
    await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    await engine.stop();
    await window.answer("Yes, launch it");
    const { severity, text } = await window.notification("Docker engine");
    assert.equal(severity, "error");
    assert.match(text, /The Docker engine (is not running: nothing listens at .*|went away)\./);
    await engine.start();
    await window.until(
      () => window.viewTexts("Containers"),
      ({ welcome }) => welcome.includes("There are no containers"),
    );
    assert.equal(await engine.docker("ps", "--all", "--quiet"), "");
    await window.close();
  });

  it("the socket refuses: the docker group", async () => {
    lab = await scene("trouble", { engine, user: { uid: 65534, gid: 65534 } });
    const window = await lab.open();
    const { welcome, buttons } = await window.until(
      () => window.viewTexts("Containers"),
      ({ welcome }) => welcome.includes("docker group"),
    );
    assert.match(welcome, /Docker's socket refuses your user\. Add it to the docker group, then log out and in again\./);
    assert.deepEqual(buttons, ["Join the docker Group"]);
    await window.screenshot("engine-denied");
    await window.close();
  });

  it("not installed: where to get it", async () => {
    lab = await scene("trouble", { engine, env: { PATH: await withoutDocker(), DOCKER_HOST: "unix:///nowhere/docker.sock" } });
    const window = await lab.open();
    const { welcome, buttons } = await window.until(
      () => window.viewTexts("Containers"),
      ({ welcome }) => welcome.includes("not installed"),
    );
    assert.match(welcome, /Docker Engine is not installed on this machine\. The views follow as soon as it runs\./);
    assert.deepEqual(buttons, ["How to Install Docker"]);
    await window.screenshot("engine-missing");
    await window.close();
  });

  it("the current context names no engine; the views follow `docker context use`", async () => {
    const config = await mkdtemp(join(tmpdir(), "berth-docker-"));
    const docker = (...args: string[]) => execa("docker", args, { env: { DOCKER_CONFIG: config, DOCKER_HOST: undefined } });
    await docker("context", "create", "nowhere", "--docker", "host=unix:///nowhere/docker.sock");
    await docker("context", "create", "lab", "--docker", `host=${engine.host}`);
    await docker("context", "use", "nowhere");
    await clear(engine);
    await engine.docker("create", "--name", "found", "berth-lab/busybox:1");
    lab = await scene("trouble", { engine, env: { DOCKER_CONFIG: config, DOCKER_HOST: undefined } });
    const window = await lab.open();
    await window.until(
      () => window.viewTexts("Containers"),
      ({ welcome }) => /not (running|installed)/.test(welcome),
    );
    await docker("context", "use", "lab");
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("found"),
    );
    await window.close();
  });

  it("an untrusted workspace sees the views and can start nothing", async () => {
    lab = await scene("trouble", { engine, trust: false });
    await clear(engine);
    await engine.docker("create", "--name", "seen", "berth-lab/busybox:1");
    const window = await lab.open();
    await window.until(
      () => window.isRestricted(),
      (it) => it,
    );
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("seen"),
    );
    const { welcome, buttons } = await window.viewTexts("Projects");
    assert.match(welcome, /This workspace is not trusted: Berth shows what the engine holds, and starts nothing\./);
    assert.deepEqual(buttons, ["Manage Workspace Trust"]);
    // The list shows no more than fit in it.
    const all = (await window.commands("Berth: ")).filter((command) => !/^Berth: (Focus on|Show)/.test(command));
    assert.deepEqual(all, [
      "Berth: Check GPU Health",
      "Berth: Copy Diagnostics",
      "Berth: Copy docker run Command",
      "Berth: Copy Id",
      "Berth: Copy Name",
      "Berth: Filter Containers",
      "Berth: Inspect",
      "Berth: Open compose.yaml",
      "Berth: Open Port in Browser",
      "Berth: Reconnect to the Docker Engine",
      "Berth: Select Docker Context",
    ]);
    const shows = (await window.commands("Berth: Show")).filter((command) => command.startsWith("Berth: Show "));
    assert.deepEqual(shows.sort(), ["Berth: Show Deployment Logs", "Berth: Show Logs", "Berth: Show docker run Command"]);
    await window.screenshot("untrusted");
    await window.close();
  });
});

describe("GPU health in the status bar and on the rows", () => {
  let engine: LabEngine;
  let lab: Scene;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    engine = await startEngine("trouble");
    lab = await scene("trouble", { engine, settings: { "berth.gpu.poll": 1 } });
    await clear(engine);
  });
  afterEach(() => hostGpus(engine));
  after(async () => {
    await clear(engine);
    await lab.end();
    await engine.dispose();
  });

  it("tells number and load quietly, a fault with a warning, and nothing to see quietly again", async () => {
    hostGpus(engine, { count: 2, utilization: [80, 2] });
    const window = await lab.open();
    const text = () => window.statusItem(gpuItem).then((item) => item?.text ?? "");
    await window.until(text, (now) => now.includes("2 GPUs 41%"));
    await window.screenshot("gpus-busy");
    hostGpus(engine, { fault: "mismatch" });
    await window.until(text, (now) => now.includes("GPU driver mismatch"));
    await window.screenshot("gpus-mismatch");
    hostGpus(engine, { fault: "nodriver" });
    await window.until(text, (now) => now.includes("No GPU"));
    await window.close();
  });

  it("a container that lost its GPU says so on its row, on the GPU's and in the status bar", async () => {
    await engine.docker(
      "run",
      "-d",
      "--name",
      "train-7",
      "--gpus",
      '"device=1"',
      "--init",
      "berth-lab/busybox:1",
      "tail",
      "-f",
      "/dev/null",
    );
    const window = await lab.open();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("train-7"),
    );
    await makeStale(engine, await engine.docker("inspect", "--format", "{{.Id}}", "train-7"));
    await window.rowMenuAction("Containers", "train-7", "Check GPU Health");
    await window.notification("lost GPU access (stale NVML)");
    await window.until(
      () => window.tree("Containers"),
      (tree) => /train-7 {2}busybox:1 · GPU 1 · lost GPU access/.test(tree),
    );
    await window.until(
      () => window.tree("GPUs"),
      (tree) => /stale handle in train-7/.test(tree),
    );
    await window.screenshot("gpu-stale");
    // The old verdict goes with the restart; the hook runs again, so a new check finds the GPU.
    await engine.docker("restart", "train-7");
    await window.until(
      () => window.tree("Containers"),
      (tree) => /Running {2}1/.test(tree) && !tree.includes("lost GPU access"),
    );
    await window.rowMenuAction("Containers", "train-7", "Check GPU Health");
    await window.notification("The container holds 1 GPU, and it answers.");
    await window.close();
  });
});
