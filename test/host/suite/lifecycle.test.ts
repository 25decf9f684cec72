import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

interface Deployed {
  outcome: string;
  container: { id: string; name: string };
  command: string;
  log: string;
}

const busybox = "berth-lab/busybox:1";

describe("the life of a container, by commands with an object", () => {
  before(removeAll);
  afterEach(removeAll);

  for (let round = 1; round <= 5; round++) {
    it(`deploys, attaches, stops, starts and retires (round ${round} of 5)`, async () => {
      const name = fresh("life");
      const deployed = await berth<Deployed>("deploy", { image: busybox, name, mount: false, confirm: false });
      assert.equal(deployed.outcome, "created");
      assert.equal(deployed.container.name, name);
      assert.equal(await state(name), "running");
      assert.equal(await docker("inspect", "--format", "{{.Id}}", name), deployed.container.id);

      const attached = await berth<Deployed>("attach", { container: name, open: "terminal" });
      assert.equal(attached.outcome, "attached");
      const terminal = vscode.window.terminals.find((one) => one.name === name);
      assert.ok(terminal, "a terminal named like the container is open");
      const closed = new Promise<void>((resolve) => {
        const listener = vscode.window.onDidCloseTerminal((one) => {
          if (one !== terminal) return;
          listener.dispose();
          resolve();
        });
      });
      terminal.dispose();
      await closed;
      assert.equal(await state(name), "running", "the container survives its terminal");

      assert.deepEqual(await berth("stop", { container: name }), { outcome: "stopped" });
      assert.equal(await state(name), "exited");
      assert.equal(
        await docker("inspect", "--format", "{{.State.ExitCode}}", name),
        "143",
        "it ended by SIGTERM, not by the SIGKILL after ten seconds",
      );
      assert.equal((await berth("start", { container: name })).outcome, "started");
      assert.equal(await state(name), "running");
      assert.deepEqual(await berth("retire", { container: name, force: true }), { outcome: "retired" });
      assert.equal(await state(name), "gone");
    });
  }

  it("shows the command that it ran, and keeps a log of the deploy", async () => {
    const name = fresh("log");
    const { command, log } = await berth<Deployed>("deploy", { image: busybox, name, mount: false, gpus: [1], confirm: false });
    assert.match(
      command,
      new RegExp(`^docker run -d --name ${name} --gpus '"device=1"' .*--init berth-lab/busybox:1 tail -f /dev/null$`),
    );
    const text = await readFile(log, "utf8");
    assert.match(text, new RegExp(`# Deploy ${name}: succeeded`));
    assert.match(text, /docker run -d \\\n/);
    assert.match(text, /GPU: ok/);
  });

  it("creates without starting", async () => {
    const name = fresh("create");
    assert.equal((await berth("create", { image: busybox, name })).outcome, "created");
    assert.equal(await state(name), "created");
    assert.deepEqual(await berth("remove", { container: name, force: true }), { outcome: "removed" });
    assert.equal(await state(name), "gone");
  });

  it("runs: starts a stopped container and opens a terminal in it", async () => {
    const name = fresh("run");
    await berth("create", { image: busybox, name });
    assert.equal((await berth("run", { container: name })).outcome, "started");
    assert.equal(await state(name), "running");
    assert.ok(vscode.window.terminals.some((terminal) => terminal.name === name));
  });

  it("attaches straight from an image: a container that stays alive is started first", async () => {
    const { outcome, container } = await berth<Deployed>("attach", { image: "berth-lab/swallow:1", open: "terminal" });
    assert.equal(outcome, "attached");
    assert.equal(await state(container.id), "running");
    await docker("rm", "--force", container.id);
  });

  it("mounts the workspace folder at /workspace unless told otherwise", async () => {
    const name = fresh("mount");
    await berth("deploy", { image: busybox, name, confirm: false });
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    assert.equal(
      await docker("inspect", "--format", "{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}}", name),
      `${folder}:/workspace`,
    );
  });

  it("keeps a container as an image, with secrets blanked, before it goes", async () => {
    const name = fresh("keep");
    await docker("run", "-d", "--init", "--name", name, "-e", "HF_TOKEN=hf_very_secret", busybox, "tail", "-f", "/dev/null");
    await docker("exec", name, "sh", "-c", "echo weights > /root/model.bin");
    assert.deepEqual(await berth("retire", { container: name, force: true, keepImage: true }), {
      outcome: "retired",
      image: "kept",
    });
    const image = (await docker("images", "--format", "{{.Repository}}:{{.Tag}}", name)).split("\n")[0] ?? "";
    assert.equal(await docker("run", "--rm", image, "cat", "/root/model.bin"), "weights");
    assert.doesNotMatch(await docker("inspect", image), /hf_very_secret/);
    await docker("image", "rm", image);
  });
});

describe("two who ask for a free GPU at once", () => {
  afterEach(removeAll);
  for (let round = 1; round <= 5; round++) {
    it(`never get the same one (round ${round} of 5)`, async () => {
      const deploys = ["a", "b"].map((who) =>
        berth<Deployed>("deploy", { image: busybox, name: fresh(`gpu-${who}`), mount: false, gpus: 1, confirm: false }),
      );
      const held = await Promise.all(
        (await Promise.all(deploys)).map(({ container }) =>
          docker("inspect", "--format", "{{json .HostConfig.DeviceRequests}}", container.id),
        ),
      );
      assert.equal(new Set(held).size, 2, held.join(" and "));
      const third = await rejection(
        berth("deploy", { image: busybox, name: fresh("gpu-c"), mount: false, gpus: 1, confirm: false }),
      );
      assert.equal(third, "1 free GPU was asked for, and none of 2 is free: retire a container that holds one.");
    });
  }
});

describe("wrong inputs get one clear sentence and leave nothing half-made", () => {
  before(removeAll);
  afterEach(removeAll);
  const name = "suite-wrong";
  const cases: [string, string, object, string][] = [
    [
      "GPUs in a form that it does not know",
      "deploy",
      { image: busybox, name, gpus: "2", confirm: false },
      "berth.deploy: 'gpus' must be 'none', 'all', a list of indices or UUIDs, or a number of free ones.",
    ],
    [
      "an open that there is not",
      "attach",
      { container: name, open: "tab" },
      "berth.attach: 'open' must be 'window', 'terminal' or 'none'.",
    ],
    ["a name that is no text", "deploy", { image: busybox, name: 7, confirm: false }, "berth.deploy: 'name' must be a text."],
    [
      "a folder in the container that is not absolute",
      "attach",
      { container: name, folder: "src" },
      "'src' cannot be opened: give the folder's full path in the container.",
    ],
    ["both a container and an image", "start", { container: name, image: busybox }, "Give 'container' or 'image', not both."],

    [
      "an image that is not there",
      "deploy",
      { image: "nowhere/nothing:9", name, confirm: false },
      "There is no image 'nowhere/nothing:9' on this engine: pull it with 'docker pull nowhere/nothing:9', or choose one from the Images view.",
    ],
    [
      "a bad name",
      "deploy",
      { image: busybox, name: "my container", confirm: false },
      "'my container' cannot be a container's name: use at least two letters, digits, '_', '.' or '-', and start with a letter or digit.",
    ],
    ["no image", "deploy", { confirm: false }, "'image' is missing: the name of an image on the engine."],
    [
      "a key that it does not know",
      "deploy",
      { image: busybox, nmae: name, confirm: false },
      "berth.deploy does not know 'nmae'.",
    ],
    [
      "a folder that is not there",
      "deploy",
      { image: busybox, name, mount: "/no/such/folder", confirm: false },
      "The folder /no/such/folder does not exist: create it, or mount another one.",
    ],
    [
      "a folder that is not absolute",
      "deploy",
      { image: busybox, name, mount: "src", confirm: false },
      "'src' cannot be mounted: give the folder's full path.",
    ],
    [
      "an image that cannot be kept alive",
      "deploy",
      { image: "berth-lab/no-shell:1", name, mount: false, confirm: false },
      "The image 'berth-lab/no-shell:1' has no 'tail', so Berth cannot keep a container of it running: deploy it with a command of its own.",
    ],
    [
      "a program that is not in the image",
      "deploy",
      { image: busybox, name, mount: false, command: ["no-such-program"], confirm: false },
      "The container cannot start: its image has no program 'no-such-program'.",
    ],
    [
      "a GPU that is not there",
      "deploy",
      { image: busybox, name, mount: false, gpus: ["7"], confirm: false },
      "There is no GPU '7' on the engine's machine: choose another one.",
    ],
    [
      "a container that is not there",
      "attach",
      { container: "suite-nobody" },
      "There is no container 'suite-nobody' on this engine.",
    ],
    ["force without a target", "retire", { force: true }, "berth.retire with 'force' needs 'container': what to remove."],
  ];
  for (const [what, command, keys, sentence] of cases) {
    it(what, async () => {
      const before = await docker("ps", "--all", "--quiet");
      assert.equal(await rejection(berth(command, keys)), sentence);
      assert.equal(await docker("ps", "--all", "--quiet"), before);
    });
  }

  it("a name that is taken, and the other's container is left alone", async () => {
    await docker("run", "-d", "--name", name, busybox, "sleep", "1000");
    const sentence = await rejection(berth("deploy", { image: busybox, name, mount: false, confirm: false }));
    assert.equal(sentence, `There is a container named '${name}' already: choose another name, or retire that one first.`);
    assert.equal(await state(name), "running");
  });

  it("a container that exits at once is kept, and its end told", async () => {
    const sentence = await rejection(
      berth("deploy", { image: "berth-lab/exits:1", name, mount: false, keepAlive: false, confirm: false }),
    );
    assert.match(
      sentence,
      /^suite-wrong exited at once with exit code 3 \(not out of memory\)\. The container is kept\.\nIts last log lines:\n/,
    );
    assert.equal(await state(name), "exited");
  });
});

describe("GPU health, by command", () => {
  afterEach(removeAll);

  it("of this machine", async () => {
    const { outcome, verdict } = await berth("checkGpu", {});
    assert.deepEqual({ outcome, verdict }, { outcome: "checked", verdict: "ok" });
  });

  it("of a container with GPUs, and of one without", async () => {
    const [withGpu, without] = [fresh("gpu"), fresh("nogpu")];
    await berth("deploy", { image: busybox, name: withGpu, mount: false, gpus: "all", confirm: false });
    await berth("deploy", { image: busybox, name: without, mount: false, confirm: false });
    assert.equal((await berth("checkGpu", { container: withGpu })).verdict, "ok");
    assert.equal((await berth("checkGpu", { container: without })).verdict, "none");
  });

  it("of a container that does not run: a sentence", async () => {
    const name = fresh("stopped");
    await berth("create", { image: busybox, name });
    assert.equal(
      await rejection(berth("checkGpu", { container: name })),
      `${name} does not run, so its GPUs cannot be checked: start it first.`,
    );
  });
});
