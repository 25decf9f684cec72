import { strict as assert } from "node:assert";
import { execa } from "execa";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

/** Its setup goes on once there is a file `go` in its folder. */
const held = `services:
  box:
    image: berth-lab/busybox:1
    volumes: ["./data:/data"]
    x-berth:
      setup: ["while [ ! -e /data/go ]; do sleep 0.1; done"]
`;

describe("what can go wrong with a launch, clicked through in the workbench", () => {
  let lab: Scene;
  let window: Workbench;
  const compose = async (text: string) => writeFile(join(lab.folder, "compose.yaml"), text);
  const go = () => join(lab.folder, "data/go");
  const projects = async (text: RegExp) => window.treeWith("Projects", text);
  const names = async () => (await lab.engine.docker("ps", "--all", "--format", "{{.Names}}")).split("\n").filter(Boolean).sort();
  const gone = async () =>
    window.until(
      () => names(),
      (all) => all.length === 0,
      30_000,
    );

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("launch-clicks", { settings: { "berth.open": "none", "berth.naming.container": "{{service}}" } });
    await mkdir(join(lab.folder, "data"));
  });
  beforeEach(async () => {
    await clear(lab.engine);
    await rm(go(), { force: true });
  });
  afterEach(async () => {
    await window.close();
    await clear(lab.engine);
  });
  after(() => lab.end());

  async function launch(): Promise<void> {
    await window.runCommand("Berth: Launch Project");
    await window.modal();
    await window.answer("Yes, launch it");
  }

  it("cancelled while it is set up, it leaves nothing", async () => {
    await compose(held);
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await projects(/setting up/);
    await window.clickNotification(/Launch box/, "Cancel");
    await gone();
    await projects(/image ready/);
  });

  it("the engine stopped in the middle: one sentence, and nothing is left when it is back", async function () {
    this.timeout(120_000);
    await compose(held);
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await projects(/setting up/);
    await lab.engine.stop();
    await window.notification(/The Docker engine went away|engine/);
    await window.screenshot("launch-engine-gone");
    await lab.engine.start();
    await gone();
    await projects(/image ready/);
  });

  it("an app that ends at once is told with what is known of its words; its container is kept", async () => {
    await compose(
      `services:\n  box:\n    image: berth-lab/busybox:1\n    x-berth:\n      app: { start: "echo 'Failed to initialize NVML: Unknown Error'; exit 1" }\n`,
    );
    window = await lab.open({ colorTheme: "light" });
    await projects(/image ready/);
    await launch();
    const failed = await window.until(
      () => window.dialog(),
      (dialog) => /ended with exit code 1/.test(dialog?.message ?? ""),
    );
    assert.match(failed?.detail ?? "", /Failed to initialize NVML/);
    await window.screenshot("launch-app-failed");
    await window.answer("Cancel");
    assert.deepEqual(await names(), ["box"]);
    assert.equal(await state(lab.engine, "box"), "running");
  });

  it("a mistake in the file keeps it from being launched, and leads there", async () => {
    await compose("services:\n  box:\n    image: berth-lab/busybox:1\n    volumse: []\n    ports: [99999]\n");
    window = await lab.open();
    await projects(/mistakes in compose\.yaml/);
    await window.runCommand("Berth: Launch Project");
    const told = await window.notification(/compose\.yaml/);
    assert(told.buttons.includes("Open File"), told.buttons.join());
    await window.screenshot("launch-mistake");
    await window.clickNotification(/compose\.yaml/, "Open File");
    await window.until(
      () => window.editors(),
      (editors) => editors.some((editor) => editor.startsWith("compose")),
    );
    assert.deepEqual(await names(), []);
  });

  it("asked for before the projects were read, it waits for them", async () => {
    await compose("services:\n  box:\n    image: berth-lab/busybox:1\n");
    // Reading it waits for somebody who writes.
    const dotenv = join(lab.folder, ".env");
    await execa("mkfifo", [dotenv]);
    try {
      window = await lab.open();
      await window.runCommand("Berth: Launch Project");
      // By the time that a later command has asked, it has looked.
      await window.runCommand("Berth: Filter Containers");
      await window.question("Filter Containers");
      await window.dismiss();
      await writeFile(dotenv, "");
      assert.equal((await window.modal()).message, "Ready to launch the container with this command?");
      await window.answer("Cancel");
    } finally {
      await rm(dotenv);
    }
  });

  it("a window that ends in the middle of a restart leaves the old one aside; the next one puts it back", async function () {
    this.timeout(120_000);
    await compose(held);
    await writeFile(go(), "");
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await projects(/running/);
    const id = await lab.engine.docker("inspect", "--format", "{{.Id}}", "box");
    await lab.engine.docker("exec", "box", "sh", "-c", "echo mine >/work");
    await rm(go());

    await window.runCommand("Berth: Launch Project");
    await window.modal();
    await window.answer("Restart");
    const asked = await window.modal();
    assert.match(asked.detail, /\/work/, "what would be lost is told");
    await window.answer("Yes, launch it");
    await projects(/setting up/);
    assert.deepEqual(await names(), ["box", "box-berth-aside"]);

    await window.reload();
    const offered = await window.notification(
      /The restart of box was broken off; the container from before is box-berth-aside\./,
    );
    assert.deepEqual(offered.buttons, ["Put Back and Start", "Put Back"]);
    await window.screenshot("launch-put-back");
    await window.clickNotification(/was broken off/, "Put Back and Start");
    // The new one still runs in its setup.
    assert.equal((await window.modal()).message, "box runs. Stop it, and put box-berth-aside back in its place?");
    await window.answer("Stop and Put Back");
    await window.until(
      () => names(),
      (all) => all[0] === "box" && /^box-failed-\d{8}_\d{6}$/.test(all[1] ?? ""),
      40_000,
    );
    await window.until(
      () => state(lab.engine, "box"),
      (it) => it === "running",
    );
    assert.equal(await lab.engine.docker("inspect", "--format", "{{.Id}}", "box"), id);
    assert.equal(await lab.engine.docker("exec", "box", "cat", "/work"), "mine");
    await window.until(
      () => window.notifications(),
      (all) => !all.some(({ progress }) => progress),
    );
  });
});
