import { strict as assert } from "node:assert";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

describe("deploy, attach and retire, clicked through in the workbench", () => {
  let lab: Scene;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("host", { settings: { "berth.open": "terminal" } });
  });
  beforeEach(() => clear(lab.engine));
  after(async () => {
    await clear(lab.engine);
    await lab.end();
  });

  it("shows what the engine holds, light and dark, and follows it by itself", async () => {
    await lab.engine.docker(
      "run",
      "-d",
      "--name",
      "train-7",
      "--gpus",
      '"device=1"',
      "--init",
      "-p",
      "9123:9000",
      "-v",
      `${lab.folder}:/data:ro`,
      "berth-lab/busybox:1",
      "tail",
      "-f",
      "/dev/null",
    );
    for (const colorTheme of ["light", "dark"] as const) {
      const window = await lab.open({ colorTheme });
      await window.until(
        () => window.tree("Containers"),
        (tree) => /train-7 {2}busybox:1 · GPU 1 · :9123 · up/.test(tree),
      );
      await window.expand("Containers", "train-7");
      const facts = await window.until(
        () => window.tree("Containers"),
        (tree) => tree.includes("/data"),
      );
      assert.match(facts, new RegExp(`/data {2}${lab.folder} \\(read-only\\)`));
      assert.match(facts, /9000\/tcp {2}on 0\.0\.0\.0:9123/);
      assert.match(facts, /GPU 1 {2}(held|ok)/); // it is looked at soon after its start
      assert.match(facts, /Created \d+ s ago, not by Berth/);
      await window.until(
        () => window.tree("GPUs"),
        (tree) => /1 {2}H100 80GB HBM3/.test(tree) && /train-7/.test(tree),
      );
      await window.until(
        () => window.tree("Images"),
        (tree) => /busybox {2}1 · 2 MB · in use · amd64/.test(tree),
      );
      await window.screenshot(`views-${colorTheme}`);
      // The row that was clicked has nothing to do with the button in the view's title.
      await window.clickRow("Containers", "train-7");
      await window.viewAction("Containers", "Deploy Container");
      await window.until(
        () => window.quickInput(),
        (input) => input?.placeholder === "Which image?",
      );
      await window.dismiss();

      await lab.engine.docker("run", "-d", "--name", "newcomer", "berth-lab/busybox:1", "sleep", "1000");
      await window.until(
        () => window.tree("Containers"),
        (tree) => tree.includes("newcomer"),
      );
      await lab.engine.docker("rm", "--force", "newcomer");
      await window.until(
        () => window.tree("Containers"),
        (tree) => !tree.includes("newcomer"),
      );
      assert.deepEqual(window.errors, []);
      await window.close();
    }
  });

  it("deploys: four questions, the exact command, then a terminal; the container outlives terminal and window", async () => {
    const window = await lab.open();
    await window.runCommand("Berth: Deploy Container");
    await window.pick("berth-lab/python:1");
    await window.until(
      () => window.quickInput(),
      (input) => input?.value === "python",
    );
    await window.type("bad name");
    const refused = await window.until(
      () => window.quickInput(),
      (input) => /cannot be a container's name/.test(input?.message ?? ""),
    );
    assert.match(refused?.message ?? "", /'bad name' cannot be a container's name/);
    await window.screenshot("deploy-bad-name");
    await window.type("my-python");
    await window.accept();
    const gpus = await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("GPU 1")) ?? false,
    );
    assert.deepEqual(
      gpus?.items?.map(({ checked }) => checked),
      [true, false],
      "the first free GPU is ticked",
    );
    await window.accept();
    await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("Workspace folder at /workspace")) ?? false,
    );
    await window.accept();

    const dialog = await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    assert.equal(dialog?.message, "Ready to launch the container with this command?");
    assert.deepEqual([...(dialog?.buttons ?? [])].sort(), [
      "Cancel",
      "Just show the command, don't run",
      "No, let me change something",
      "Yes, launch it",
    ]);
    assert.match(
      dialog?.detail ?? "",
      new RegExp(
        `^docker run -d \\\\\\n  --name my-python \\\\\\n  --gpus '"device=0"' \\\\\\n  -v ${lab.folder}:/workspace \\\\`,
      ),
    );
    await window.screenshot("deploy-confirm");
    await window.answer("Yes, launch it");

    await window.until(
      () => window.tree("Containers"),
      (tree) => /my-python {2}python:1 · GPU 0 · up/.test(tree),
    );
    await window.until(
      () => window.terminalText(),
      (text) => /\/workspace#/.test(text),
    );
    await window.typeInTerminal("ls; nvidia-smi -L\n");
    await window.until(
      () => window.terminalText(),
      (text) => /train\.py/.test(text) && /GPU 0: /.test(text),
    );
    await window.screenshot("deploy-terminal");
    await window.typeInTerminal("exit\n");
    await window.close();
    assert.equal(await state(lab.engine, "my-python"), "running", "closing terminal and window stops nothing");
  });

  it("changes something, and just shows the command", async () => {
    const window = await lab.open();
    await window.runCommand("Berth: Deploy Container");
    await window.pick("berth-lab/busybox:1");
    await window.until(
      () => window.quickInput(),
      (input) => input?.value === "busybox",
    );
    await window.accept();
    await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("GPU 1")) ?? false,
    );
    await window.toggle(/GPU 0/);
    await window.accept();
    await window.pick(/Nothing/);
    await window.answer("No, let me change something");
    await window.pick("berth-lab/busybox:1");
    await window.until(
      () => window.quickInput(),
      (input) => input?.value === "busybox",
    );
    await window.type("second-thought");
    await window.accept();
    await window.until(
      () => window.quickInput(),
      (input) => input?.items?.some(({ label }) => label.includes("GPU 1")) ?? false,
    );
    await window.toggle(/GPU 0/);
    await window.accept();
    await window.pick(/Nothing/);
    await window.answer("Just show the command, don't run");
    const text = await window.until(
      () => window.editorText(),
      (shown) => shown.includes("docker run"),
    );
    assert.match(text.replaceAll("\u00a0", " "), /--name second-thought/);
    assert.equal(await lab.engine.docker("ps", "--all", "--quiet"), "");
    await window.close();
  });

  it("tells how a container ended that exits at once, with its log", async () => {
    const window = await lab.open();
    await lab.engine.docker("create", "--name", "fails", "berth-lab/exits:1");
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("Stopped"),
    );
    await window.expand("Containers", "Stopped");
    await window.rowAction("Containers", "fails", "Start Container");
    const dialog = await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    assert.equal(dialog?.message, "fails exited at once with exit code 3 (not out of memory). The container is kept.");
    assert.match(dialog?.detail ?? "", /Its last log lines:/);
    await window.screenshot("exited-early");
    await window.answer("Show Logs");
    await window.until(
      () => window.panelText(),
      (text) => text.includes("fails exited with code 3"),
    );
    assert.equal(await state(lab.engine, "fails"), "exited");
    await window.close();
  });

  it("retires: the question lists what would be lost, and keeps it as an image first", async () => {
    await lab.engine.docker(
      "run",
      "-d",
      "--name",
      "work",
      "--init",
      "-v",
      "/scratch",
      "berth-lab/python:1",
      "tail",
      "-f",
      "/dev/null",
    );
    await lab.engine.docker("exec", "work", "sh", "-c", "echo 1 > /root/results.csv; echo 2 > /tmp/noise");
    await lab.engine.docker("exec", "-d", "work", "python3", "-c", "import time; time.sleep(1000)");
    const window = await lab.open({ colorTheme: "light" });
    await window.until(
      () => window.tree("Containers"),
      (tree) => tree.includes("work"),
    );
    await window.rowAction("Containers", "work", "Retire Container");
    const dialog = await window.until(
      () => window.dialog(),
      (it) => it !== undefined,
    );
    assert.equal(dialog?.message, "Retire 'work'?");
    assert.match(dialog?.detail ?? "", /was not created by Berth/i);
    assert.match(dialog?.detail ?? "", /1 file changed in the container:\s+\/root\/results\.csv/);
    assert.match(dialog?.detail ?? "", /1 process running:\s+python3 -c import time/);
    assert.match(dialog?.detail ?? "", /1 anonymous volume:\s+\/scratch/);
    await window.screenshot("retire-question");
    await window.answer("Cancel");
    assert.equal(await state(lab.engine, "work"), "running", "a cancel leaves things as they were");

    await window.rowAction("Containers", "work", "Retire Container");
    await window.answer("Keep as Image, Then Retire");
    await window.type("work-kept:1");
    await window.accept();
    await window.until(
      () => window.tree("Containers"),
      (tree) => !tree.includes("work"),
    );
    assert.equal(await lab.engine.docker("run", "--rm", "work-kept:1", "cat", "/root/results.csv"), "1");
    await lab.engine.docker("image", "rm", "work-kept:1");
    await window.close();
  });
});
