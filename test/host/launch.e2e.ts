import { strict as assert } from "node:assert";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeStale } from "../lab/gpu.ts";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

const example = new URL("../../examples/perception/compose.yaml", import.meta.url).pathname;
const name = "rtvicv-perception-docker";

describe("a project is launched, reused, restarted and run in parallel, clicked through in the workbench", () => {
  let lab: Scene;
  let window: Workbench;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("launch-clicks", { settings: { "berth.open": "none" } });
    // On a port that the tests beside it do not take.
    await writeFile(
      join(lab.folder, "compose.yaml"),
      (await readFile(example, "utf8")).replace("${HOME}", lab.folder).replace("port: 9000", "port: 19000"),
    );
  });
  beforeEach(() => clear(lab.engine));
  afterEach(async () => {
    await window.close();
    await clear(lab.engine);
  });
  after(() => lab.end());

  const projects = async (text: RegExp) => window.treeWith("Projects", text);
  const inside = async (container: string, ...command: string[]) => lab.engine.docker("exec", container, ...command);

  /** The three questions of the example, answered by keyboard alone. */
  async function answerInputs(batch: string): Promise<void> {
    await window.question("Output sink");
    await window.accept();
    await window.question("Batch size");
    await window.type(batch);
    await window.accept();
    await window.question("Engine label");
    await window.accept();
  }

  it("by keyboard: inputs with a way back, the command, the steps as they happen; then reuse, parallel and restart", async function () {
    this.timeout(240_000);
    window = await lab.open();
    await projects(/image ready/);
    await window.screenshot("launch-project");

    // Launched.
    await window.runCommand("Berth: Launch Project");
    const sink = await window.question("Output sink");
    assert.deepEqual(
      sink.items.map(({ label }) => label),
      ["fakesink", "eglsink"],
    );
    await window.screenshot("launch-input");
    await window.accept();
    await window.question("Batch size");
    await window.type("100");
    const refused = await window.until(
      () => window.quickInput(),
      (input) => input?.severity === "error",
    );
    assert.equal(refused?.message, "It is at most 64.");
    await window.page.keyboard.press("Control+Alt+Minus"); // the way back, by keyboard
    await window.question("Output sink");
    await window.accept();
    await window.question("Batch size");
    await window.type("8");
    await window.accept();
    await window.question("Engine label");
    await window.accept();
    const ready = await window.modal();
    assert.equal(ready.message, "Ready to launch the container with this command?");
    assert.match(ready.detail, /^docker run -d \\\n {2}--name rtvicv-perception-docker \\\n {2}--gpus all/);
    assert.match(ready.detail, /build-engine --batch 8/);
    assert.deepEqual(
      ready.buttons.slice().sort(),
      ["Cancel", "Just show the command, don't run", "No, let me change something", "Yes, launch it"].sort(),
    );
    await window.screenshot("launch-confirm");
    await window.answer("Yes, launch it");
    await projects(/waiting until it is ready|starting the app/);
    await window.screenshot("launch-steps");
    await window.notification(/is ready at http:\/\/localhost:19000\//);
    await projects(/running · GPU 0–?.*:19000|running.*:19000/);
    await window.screenshot("launch-running");
    assert.match(await inside(name, "cat", "/opt/app/main.txt"), /batch-size=8/);
    const [first] = (await lab.engine.docker("ps", "--no-trunc", "--quiet")).split("\n");

    // Reused: the last answers are proposed.
    await window.clearNotifications();
    await window.runCommand("Berth: Launch Project");
    await window.question("Output sink");
    await window.accept();
    const proposed = await window.question("Batch size");
    assert.equal(proposed.value, "8");
    await window.type("16");
    await window.accept();
    await window.question("Engine label");
    await window.accept();
    const existing = await window.modal();
    assert.equal(
      existing.message,
      `Found existing container '${name}' running berth-lab/perception:1 with all required mounts. What should I do?`,
    );
    assert.match(existing.detail, /Reuse: skip docker run, apply configs and start the app inside this container; fastest/);
    assert.match(existing.detail, /^Created by Berth for \S+, \d+ (s|min) ago$/m);
    await window.screenshot("launch-existing");
    await window.answer("Reuse");
    const steps = await window.modal();
    assert.match(steps.detail, /Skipped: docker run \(rtvicv-perception-docker is there\)/);
    await window.screenshot("launch-reuse");
    await window.answer("Yes, launch it");
    await window.notification(/is ready at http:\/\/localhost:19000\//);
    assert.match(await inside(name, "cat", "/opt/app/main.txt"), /batch-size=16/);
    assert.equal((await lab.engine.docker("ps", "--no-trunc", "--quiet")).split("\n")[0], first);

    // In parallel, on another port.
    await window.clearNotifications();
    await window.runCommand("Berth: Launch Project");
    await answerInputs("2");
    await window.modal();
    await window.answer("Parallel");
    const beside = await window.modal();
    assert.match(beside.detail, /--name rtvicv-perception-docker-\d{8}_\d{6} /);
    await window.answer("Yes, launch it");
    const told = await window.notification(/is ready at http:\/\/localhost:19001\//);
    await window.screenshot("launch-parallel");
    assert.match(
      told.text,
      /rtvicv-perception-docker-\d{8}_\d{6} is ready at http:\/\/localhost:19001\/; rtvicv-perception-docker stays at http:\/\/localhost:19000\//,
    );
    await projects(/:19001/);

    // Restarted: a fresh one.
    await window.clearNotifications();
    await window.runCommand("Berth: Launch Project");
    await answerInputs("4");
    await window.question(/Which one is meant/);
    await window.screenshot("launch-which");
    await window.pick(name);
    await window.modal();
    await window.answer("Restart");
    const fresh = await window.modal();
    assert.match(
      fresh.detail,
      /^rtvicv-perception-docker\nCreated by Berth for .*\n\nOnce the new one is up, the old container rtvicv-perception-docker is removed\.[^]*\n\ndocker run -d \\\n/,
      "what goes is told before the command",
    );
    await window.screenshot("launch-restart");
    await window.answer("Yes, launch it");
    await window.notification(/is ready at http:\/\/localhost:19000\//);
    assert.equal(await state(lab.engine, name), "running");
    assert.equal(await state(lab.engine, `${name}-berth-aside`), "gone");
    assert.match(await inside(name, "cat", "/opt/app/main.txt"), /batch-size=4/);
    assert.deepEqual(window.errors, []);
  });

  it("when its GPU handle went stale between two launches: no Reuse, but Revive", async function () {
    this.timeout(180_000);
    window = await lab.open({ colorTheme: "light" });
    await projects(/image ready/);
    await window.runCommand("Berth: Launch Project");
    await answerInputs("4");
    await window.modal();
    await window.answer("Yes, launch it");
    await window.notification(/is ready at/);
    await window.clearNotifications();
    const [id = ""] = (await lab.engine.docker("ps", "--no-trunc", "--quiet")).split("\n");
    await makeStale(lab.engine, id);

    await window.runCommand("Berth: Launch Project");
    await answerInputs("4");
    const stale = await window.modal();
    assert.equal(
      stale.message,
      `Found existing container '${name}' running berth-lab/perception:1 with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable. What should I do?`,
    );
    assert(!stale.buttons.includes("Reuse"));
    await window.screenshot("launch-stale");
    await window.answer("Revive");
    await window.modal();
    await window.answer("Yes, launch it");
    await window.notification(/is ready at/);
    await projects(/running/);
    assert.match(await inside(name, "nvidia-smi", "-L"), /^GPU 0/);
    await window.screenshot("launch-revived");
  });

  it("when the container of that name is another user's: it is told before anything is done to it", async () => {
    const file = join(lab.folder, "compose.yaml");
    const before = await readFile(file, "utf8");
    await writeFile(file, "services:\n  shared:\n    image: berth-lab/busybox:1\n    container_name: shared\n");
    const labels = ["v=1", "user=anna", "project=other"].flatMap((it) => ["--label", `dev.berth.${it}`]);
    await lab.engine.docker("run", "-d", "--name", "shared", ...labels, "berth-lab/busybox:1", "tail", "-f", "/dev/null");
    const whose = /^Created by Berth for anna, \d+ (s|min) ago\nIt is not yours: ask anna before you change it\.$/m;
    try {
      window = await lab.open();
      await projects(/shared/);
      await window.runCommand("Berth: Launch Project");
      const existing = await window.modal();
      assert.match(existing.detail, whose);
      assert.doesNotMatch(existing.detail, /^App:/m, "the deployment has none");
      await window.screenshot("launch-not-yours");
      await window.answer("Restart");
      assert.match((await window.modal()).detail, whose);
      await window.answer("Cancel");
      assert.equal(await state(lab.engine, "shared"), "running");
    } finally {
      await writeFile(file, before);
    }
  });
});
