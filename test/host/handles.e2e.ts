import { strict as assert } from "node:assert";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { witness } from "../engine/support.ts";
import { containerFault, makeStale } from "../lab/gpu.ts";
import { clear, packageExtension, type Scene, scene } from "./support.ts";

const gpuItem = "berth.berth.berth.gpu";

describe("GPU handles are watched, and revived", () => {
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

  const run = (name: string, gpu: number) =>
    lab.engine.docker(
      ...["run", "-d", "--init", "--name", name, "--gpus", `"device=${gpu}"`],
      ...["berth-lab/busybox:1", "tail", "-f", "/dev/null"],
    );
  const startedAt = (name: string) => lab.engine.docker("inspect", "--format", "{{.State.StartedAt}}", name);

  it("when one turns stale the others are looked at; one that turned is told once, with the way out", async () => {
    const [a, b] = [await run("train-a", 0), await run("train-b", 1)];
    await lab.engine.docker("exec", "--detach", "train-b", "sleep", "4321");
    const window = await lab.open();
    for (const view of ["Projects", "Images"]) await window.foldView(view, false);
    // Nobody asked for it.
    for (const [name, gpu] of [
      ["train-a", 0],
      ["train-b", 1],
    ] as const) {
      await window.expand("Containers", name);
      await window.treeWith("Containers", `GPU ${gpu}  ok`);
      await window.expand("Containers", name, false);
    }
    await makeStale(lab.engine, a);
    await makeStale(lab.engine, b);
    await window.rowMenuAction("Containers", "train-a", "Check GPU Health");
    // Who asks is answered, with the same way out.
    assert.deepEqual((await window.notification(/train-a: .*stale NVML/)).buttons, ["Revive"]);
    const told = /train-b: The container has lost GPU access \(stale NVML\)/;
    const { severity, buttons } = await window.notification(told);
    assert.deepEqual([severity, buttons], ["warning", ["Revive"]]);
    await window.treeWith("Containers", /train-a {2}busybox:1 · GPU 0 · lost GPU access/);
    await window.treeWith("Containers", /train-b {2}busybox:1 · GPU 1 · lost GPU access/);
    const item = await window.until(
      () => window.statusItem(gpuItem),
      (it) => it?.background === "warning",
    );
    for (const name of ["train-a", "train-b"]) assert.match(item?.ariaLabel ?? "", new RegExp(`${name}: lost GPU access`));
    await window.screenshot("handles-stale");
    // From the notification.
    const before = await startedAt("train-b");
    await window.clickNotification(told, "Revive");
    const question = await window.modal();
    assert.equal(question.message, "Revive 'train-b'?");
    assert.equal(
      question.detail,
      [
        "It was not created by Berth.",
        "docker restart this container: its files stay, its processes end.",
        "1 process running:\n  sleep 4321",
      ].join("\n\n"),
    );
    await window.screenshot("handles-revive");
    await window.answer("Revive");
    await window.treeWith("Containers", /train-b {2}busybox:1 · GPU 1 · up/);
    assert.notEqual(await startedAt("train-b"), before);

    const menu = await window.rowMenu("Containers", "train-a");
    for (const entry of [
      "Revive Container",
      "Attach",
      "Stop Container",
      "Restart Container",
      "Open Terminal",
      "Check GPU Health",
    ])
      assert.ok(
        menu.some((label) => label.startsWith(entry)),
        `${entry} in ${menu.join(", ")}`,
      );

    // From the GPU's row, where the other one still stands.
    await window.treeWith("GPUs", /stale handle in train-a/);
    await window.expand("GPUs", /^0 /);
    await window.rowAction("GPUs", "train-a", "Revive Container");
    await window.answer("Revive");
    await window.treeWith("Containers", /train-a {2}busybox:1 · GPU 0 · up/);
    await window.until(
      () => window.statusItem(gpuItem),
      (it) => it?.background === "none",
    );
    assert.deepEqual(window.errors, []);
    await window.close();
  });

  it("what a restart does not heal is said, with what to do; a deployment's container can be replaced", async () => {
    const id = await run("train-c", 0);
    const file = join(lab.folder, "compose.yaml");
    await writeFile(file, "services:\n  train:\n    image: berth-lab/busybox:1\n    container_name: train-c\n    gpus: all\n");
    const window = await lab.open();
    await window.treeWith("Projects", /train-c/);
    await window.treeWith("Containers", "train-c");
    await containerFault(lab.engine, id, "mismatch");
    await window.rowMenuAction("Containers", "train-c", "Check GPU Health");
    await window.treeWith("Containers", /train-c .*GPU driver mismatch/);
    await window.rowAction("Containers", "train-c", "Revive Container");
    await window.answer("Revive");
    const told =
      "train-c was restarted, and its NVIDIA library does not fit the host's driver all the same: check the host's GPUs, and if they have the same fault, reboot it.";
    const { severity, buttons } = await window.notification(told);
    assert.deepEqual([severity, buttons], ["warning", ["Restart"]]);
    await window.clickNotification("train-c was restarted", "Restart");
    const question = await window.modal();
    assert.equal(question.message, "Ready to launch the container with this command?");
    assert.match(question.detail, /--name train-c /);
    await window.answer("Cancel");
    await rm(file);
    await window.close();
  });

  it("nothing is looked at while the window has no focus", async () => {
    await run("train-d", 0);
    await lab.engine.docker("pause", "train-d");
    const window = await lab.open();
    await window.treeWith("Containers", /train-d .*paused/);
    // VS Code asks the document whenever its visibility changes; its own events of focus come only when it thinks that there is a change.
    const focus = async (has: boolean) => {
      await window.page.evaluate(
        `Object.defineProperty(document, "hasFocus", { value: () => ${has}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
      );
      await window.page.locator(`.part.titlebar${has ? ":not(.inactive)" : ".inactive"}`).waitFor();
    };
    const engine = await witness(lab.engine);
    const looks = () => engine.actions.filter((action) => /^exec_create: nvidia-smi/.test(action)).length;
    await focus(false);
    await lab.engine.docker("unpause", "train-d");
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("train-d") && !tree.includes("paused"),
    );
    // What comes later is seen, so this would have been too.
    await lab.engine.docker("run", "-d", "--init", "--name", "later", "berth-lab/busybox:1", "tail", "-f", "/dev/null");
    await window.treeWith("Containers", /later .* up/);
    assert.equal(looks(), 0);
    await focus(true);
    await window.until(looks, (n) => n > 0);
    engine.end();
    await window.close();
  });

  it("of what is started while the sidebar shows something else, too", async function () {
    this.timeout(120_000);
    const window = await lab.open();
    await window.treeWith("Images", "busybox");
    await window.openContainer("Explorer");
    const engine = await witness(lab.engine);
    await run("train-e", 0);
    // Ten seconds after its start.
    await window.until(
      () => engine.actions.filter((action) => /^exec_create: nvidia-smi/.test(action)).length,
      (looks) => looks > 0,
      60_000,
    );
    engine.end();
    await window.close();
  });
});
