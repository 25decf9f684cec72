import { strict as assert } from "node:assert";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

describe("attach, with a stand-in for Dev Containers", () => {
  let lab: Scene;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("host");
  });
  beforeEach(() => clear(lab.engine));
  after(async () => {
    await clear(lab.engine);
    await lab.end();
  });

  it("starts a stopped container, then opens a window in it", async () => {
    await lab.engine.docker("create", "--name", "sleeper", "--init", "berth-lab/python:1", "tail", "-f", "/dev/null");
    const window = await lab.open();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("sleeper"),
    );
    await window.rowAction("Containers", "sleeper", "Attach");
    const attached = await window.until(lab.attached, (lines) => lines.length === 1);
    assert.match(attached[0] ?? "", /"sleeper"/);
    assert.equal(await state(lab.engine, "sleeper"), "running");
    await window.close();
    assert.equal(await state(lab.engine, "sleeper"), "running", "closing the window that opened it stops nothing");
  });

  it("opens a window straight from an image", async () => {
    const before = (await lab.attached()).length;
    const window = await lab.open();
    for (const view of ["Projects", "Containers", "GPUs"]) await window.foldView(view, false);
    await window.until(
      () => window.tree("Images"),
      (tree) => tree.includes("python"),
    );
    await window.rowMenuAction("Images", "python", "Attach");
    await window.until(lab.attached, (lines) => lines.length === before + 1);
    const name = await lab.engine.docker("ps", "--format", "{{.Names}}");
    assert.equal(name, "python");
    assert.equal(await lab.engine.docker("exec", "python", "ls", "/workspace"), "train.py");
    await window.close();
  });

  it("says what VS Code lacks in an image, and opens it all the same if told to", async () => {
    await lab.engine.docker("run", "-d", "--name", "tiny", "--init", "berth-lab/busybox:1", "tail", "-f", "/dev/null");
    const before = (await lab.attached()).length;
    const window = await lab.open();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("tiny"),
    );
    await window.rowAction("Containers", "tiny", "Attach");
    const dialog = await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    assert.equal(
      dialog?.message,
      "VS Code needs glibc 2.28, libstdc++ in a container, and 'berth-lab/busybox:1' does not have them.",
    );
    await window.screenshot("attach-missing");
    assert.equal((await lab.attached()).length, before, "nothing is opened before the answer");
    await window.answer("Open Anyway");
    await window.until(lab.attached, (lines) => lines.length === before + 1);
    await window.close();
  });
});

describe("attach, without Dev Containers", () => {
  let lab: Scene;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("host", { devContainers: false });
  });
  after(async () => {
    await clear(lab.engine);
    await lab.end();
  });

  it("after a deploy too, which is done all the same", async () => {
    await clear(lab.engine);
    const window = await lab.open();
    await window.runCommand("Berth: Deploy Container");
    await window.pick("berth-lab/python:1");
    await window.until(
      () => window.quickInput(),
      (input) => input?.value === "python",
    );
    await window.accept();
    await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("GPU 1")) ?? false,
    );
    await window.accept();
    await window.pick(/Nothing/);
    await window.answer("Yes, launch it");
    const dialog = await window.modal();
    assert.equal(dialog.message, "A window in python needs the Dev Containers extension.");
    await window.answer("Cancel");
    assert.equal(await state(lab.engine, "python"), "running");
    await window.close();
  });

  it("offers a terminal instead, and the command line that opens the window", async () => {
    await clear(lab.engine);
    await lab.engine.docker("run", "-d", "--name", "work", "--init", "berth-lab/python:1", "tail", "-f", "/dev/null");
    const window = await lab.open();
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("work"),
    );
    await window.rowAction("Containers", "work", "Attach");
    const dialog = await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    assert.equal(dialog?.message, "A window in work needs the Dev Containers extension.");
    assert.match(dialog?.detail ?? "", /code --folder-uri vscode-remote:\/\/attached-container\+[0-9a-f]+\//);
    assert.deepEqual([...(dialog?.buttons ?? [])].sort(), ["Cancel", "Copy Command", "Install Dev Containers", "Open Terminal"]);
    await window.screenshot("attach-without-dev-containers");
    await window.answer("Open Terminal");
    await window.until(
      () => window.terminalText(),
      (text) => /#/.test(text),
    );
    await window.close();
    assert.equal(await state(lab.engine, "work"), "running");
  });

  it("each of two containers of one image has its own deployment's folder and user", async () => {
    await clear(lab.engine);
    const file = join(lab.folder, "compose.yaml");
    const service = (name: string, user: string) =>
      `  ${name}:\n    image: berth-lab/python:1\n    container_name: ${name}\n    x-berth: { attach: { folder: /opt/${name}, user: "${user}" } }\n`;
    await writeFile(file, `services:\n${service("front", "1001")}${service("back", "1002")}`);
    for (const name of ["front", "back"]) {
      await lab.engine.docker("run", "-d", "--name", name, "--init", "berth-lab/python:1", "tail", "-f", "/dev/null");
      await lab.engine.docker("exec", name, "mkdir", "-p", `/opt/${name}`);
    }
    const window = await lab.open();
    try {
      await window.treeWith("Projects", "back");
      for (const [name, user] of [
        ["front", "1001"],
        ["back", "1002"],
      ] as const) {
        await window.rowAction("Containers", name, "Attach");
        const { message, detail } = await window.modal();
        assert.equal(message, `A window in ${name} needs the Dev Containers extension.`);
        assert.match(detail, new RegExp(`code --folder-uri vscode-remote://attached-container\\+[0-9a-f]+/opt/${name}$`));
        await window.answer("Open Terminal");
        await window.until(
          () => window.terminalText(),
          (text) => text.trimEnd().endsWith(`/opt/${name}$`),
        );
        await window.typeInTerminal("echo I am $(id -u) in $PWD");
        await window.page.keyboard.press("Enter");
        await window.until(
          () => window.terminalText(),
          (text) => text.includes(`I am ${user} in /opt/${name}`),
        );
      }
    } finally {
      await rm(file);
      await window.close();
    }
  });
});
