import assert from "node:assert/strict";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";
import type { Workbench } from "../lab/workbench.ts";

const busybox = "berth-lab/busybox:1";

describe("everyday actions, clicked through in the workbench", () => {
  let lab: Scene;
  let window: Workbench;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("everyday");
    await lab.engine.docker("image", "prune", "--force"); // what older recipes of the images left
  });
  beforeEach(async () => {
    await clear(lab.engine);
    window = await lab.open();
  });
  afterEach(async () => {
    assert.deepEqual(window.errors, []);
    await window.close();
  });
  after(async () => {
    await clear(lab.engine);
    await lab.end();
  });

  const boxes = async (...names: string[]) => {
    for (const name of names) await lab.engine.docker("run", "-d", "--init", "--name", name, busybox, "sleep", "1000");
    // Until all are where they stay: a click on a row that is about to move from group to group hits its neighbour.
    for (const name of names) await window.treeWith("Containers", new RegExp(`${name} .* up `));
  };
  const states = (...names: string[]) => Promise.all(names.map((name) => state(lab.engine, name)));

  it("stops several that are selected, under one progress, with one summary; and starts them again", async () => {
    const names = ["box-1", "box-2", "box-3", "box-4", "box-5"];
    await boxes(...names, "other");
    await window.selectRows("Containers", ...names);
    await window.rowMenuAction("Containers", "box-3", "Stop Container");
    await window.until(
      () => window.statusText(),
      (texts) => texts.includes("Stopped 5 containers."),
    );
    assert.deepEqual(await states(...names, "other"), ["exited", "exited", "exited", "exited", "exited", "running"]);
    // Nothing is left to be closed.
    await window.until(
      () => window.notifications(),
      (shown) => shown.length === 0,
    );
    await window.treeWith("Containers", /Stopped {2}5/);
    await window.expand("Containers", "Stopped");
    await window.selectRows("Containers", ...names);
    await window.rowMenuAction("Containers", "box-3", "Start Container");
    await window.until(
      () => states(...names),
      (all) => all.every((one) => one === "running"),
    );
  });

  it("tells in one message which of several failed, and why", async () => {
    await boxes("good");
    await lab.engine.docker("run", "--name", "bad", busybox, "sh", "-c", "exit 3").catch(() => undefined);
    await window.expand("Containers", "Stopped");
    await window.treeWith("Containers", /bad .*exited \(3\)/);
    await window.selectRows("Containers", "good", "bad");
    await window.rowMenuAction("Containers", "bad", "Restart Container");
    const { text } = await window.notification("Restarted 1 of 2 containers.");
    assert.match(text, /Restarted 1 of 2 containers\. bad: exited at once with exit code 3 \(not out of memory\)\./);
    await window.screenshot("several-one-failed");
  });

  it("retires several with one question that says exactly what goes", async () => {
    await boxes("train-1", "train-2");
    await lab.engine.docker("exec", "train-1", "sh", "-c", "echo x > /root/model.bin; echo y > /root/notes.txt");
    await window.selectRows("Containers", "train-1", "train-2");
    await window.rowMenuAction("Containers", "train-2", "Retire Container");
    const question = await window.modal();
    assert.equal(question.message, "Retire 2 containers?");
    assert.match(question.detail, /train-1: running, not created by Berth; 2 changed files, 1 process would be lost\./);
    assert.match(question.detail, /train-2: running, not created by Berth; 1 process would be lost\./);
    assert.deepEqual(question.buttons.sort(), ["Cancel", "Keep as Images, Then Retire", "Retire", "Show the Full List"]);
    await window.screenshot("retire-several");
    await window.answer("Show the Full List");
    await window.until(
      () => window.editorText(),
      (text) => text.includes("/root/model.bin") && text.includes("/root/notes.txt"),
    );
    assert.deepEqual(await states("train-1", "train-2"), ["running", "running"]);
    await window.rowMenuAction("Containers", "train-2", "Retire Container");
    await window.modal();
    await window.answer("Keep as Images, Then Retire");
    await window.until(
      () => states("train-1", "train-2"),
      (all) => all.every((one) => one === "gone"),
    );
    const kept = await lab.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}", "train-1");
    assert.equal(await lab.engine.docker("run", "--rm", kept, "cat", "/root/notes.txt"), "y");
    assert.equal(await lab.engine.docker("images", "--quiet", "train-2"), "", "nothing changed in it, so nothing was kept");
    await lab.engine.docker("image", "rm", kept);
  });

  it("is done by keyboard on the rows that are selected: F2 renames, Delete retires", async () => {
    await boxes("old-name");
    await window.selectRows("Containers", "old-name");
    await window.page.keyboard.press("F2");
    await window.question("Rename old-name");
    await window.type("new-name");
    await window.accept();
    await window.treeWith("Containers", "new-name");
    await window.selectRows("Containers", "new-name");
    await window.page.keyboard.press("Delete");
    assert.equal((await window.modal()).message, "Retire 'new-name'?");
    await window.answer("Retire");
    await window.until(
      () => window.tree("Containers"),
      (tree) => !tree.includes("new-name"),
    );
  });

  it("is done by keyboard on the row that has the focus, whatever was clicked before", async () => {
    await boxes("aaa", "bbb");
    await window.selectRows("Containers", "bbb");
    await window.treeWith("Containers", /bbb.*\n +Created/); // a click unfolds
    await window.page.keyboard.press("ArrowUp");
    await window.page.keyboard.press("Control+c");
    await window.until(
      () => window.statusText(),
      (texts) => /Copied aaa/.test(texts),
    );
    assert.match(await window.tree("Containers"), /▸ aaa.*\n +▾ bbb/, "nothing was unfolded or folded");
    await window.page.keyboard.press("F2");
    await window.question("Rename aaa");
    await window.dismiss();
  });

  it("keys mean the view that they are pressed in, and nothing on a heading", async () => {
    await boxes("aaa", "bbb");
    await window.selectRows("Containers", "aaa", "bbb");
    await window.clickRow("Images", "busybox");
    await window.runCommand("Berth: Focus on Containers View");
    await window.until(
      () => window.focusedView(),
      (view) => view === "Containers",
    );
    await window.page.keyboard.press("Control+c");
    await window.until(
      () => window.statusText(),
      (texts) => texts.includes("Copied 2 lines"),
    );
    await window.clickRow("Containers", "Running"); // folds it too
    await window.page.keyboard.press("F2");
    await window.clickRow("Containers", "Running");
    await window.treeWith("Containers", "aaa");
    // A question about the heading would take the keys that follow.
    await window.page.keyboard.press("ArrowDown");
    await window.page.keyboard.press("F2");
    await window.question("Rename aaa");
    await window.dismiss();
  });

  it("a selection of running and stopped ones can be started, stopped and retired", async () => {
    await boxes("runs");
    await lab.engine.docker("run", "--name", "done", busybox, "true");
    await window.expand("Containers", "Stopped");
    await window.treeWith("Containers", /done .*stopped/);
    await window.selectRows("Containers", "runs", "done");
    const menu = await window.rowMenu("Containers", "done");
    for (const entry of ["Start Container", "Stop Container", "Retire Container"])
      assert.ok(
        menu.some((label) => label.startsWith(entry)),
        `${entry} in ${menu.join(", ")}`,
      );
    await window.rowMenuAction("Containers", "done", "Stop Container");
    await window.until(
      () => window.statusText(),
      (texts) => texts.includes("Stopped 1 of 2 containers. Nothing to do for done."),
    );
  });

  it("a batch that is cancelled takes back what is under way, and removes nothing", async () => {
    await boxes("big-1", "big-2");
    for (const name of ["big-1", "big-2"])
      await lab.engine.docker("exec", name, "sh", "-c", "dd if=/dev/zero of=/model.bin bs=1M count=300 2>/dev/null");
    await window.selectRows("Containers", "big-1", "big-2");
    await window.rowMenuAction("Containers", "big-2", "Retire Container");
    await window.modal();
    await window.answer("Keep as Images, Then Retire");
    await window.clickNotification("Retiring 2 containers", "Cancel");
    await window.until(
      () => window.statusText(),
      (texts) => texts.includes("taking back what was under way"),
    );
    await window.until(
      () => window.statusText(),
      (texts) => !texts.includes("taking back what was under way"),
      60_000,
    );
    assert.deepEqual(await states("big-1", "big-2"), ["running", "running"]);
    assert.equal(await lab.engine.docker("images", "--quiet", "big-1"), "");
  });

  it("is done from the palette: pause asks which, and takes several", async () => {
    await boxes("one", "two", "three");
    await window.runCommand("Berth: Pause Container");
    await window.question("Pause which container?");
    await window.pick(/Choose several/);
    await window.toggle("one", "two");
    await window.accept();
    await window.until(
      () => states("one", "two", "three"),
      (all) => all.join() === "paused,paused,running",
    );
    await window.treeWith("Containers", /one .*paused/);
    await window.screenshot("paused");
    await window.runCommand("Berth: Unpause Container");
    await window.question("Unpause which container?");
    await window.type("two");
    await window.accept();
    await window.until(
      () => states("one", "two"),
      (all) => all.join() === "paused,running",
    );
  });

  it("shows logs that follow, over a restart, and that can be searched", async () => {
    const script = "echo x >> /starts; echo start $(wc -l < /starts); exec sleep 1000";
    await lab.engine.docker("run", "-d", "--init", "--name", "talker", busybox, "sh", "-c", script);
    await window.rowMenuAction("Containers", "talker", "Show Logs");
    await window.until(
      () => window.panelText(),
      (text) => text.includes("start 1"),
    );
    await lab.engine.docker("restart", "talker");
    await window.until(
      () => window.panelText(),
      (text) => text.includes("talker was started again") && text.includes("start 2"),
    );
    await window.screenshot("logs");
  });

  it("prunes what was ticked, after it said exactly what goes, and nothing else", async () => {
    await boxes("runs");
    for (const name of ["done-1", "done-2"]) await lab.engine.docker("run", "--name", name, busybox, "true");
    await lab.engine.docker("tag", busybox, "spare:1");
    await window.runCommand("Berth: Prune Containers and Images");
    await window.question("What should go? Nothing else will.");
    await window.screenshot("prune-choice");
    await window.toggle("done-1");
    await window.accept();
    const question = await window.modal();
    assert.equal(question.message, "Remove 1 container?");
    assert.match(question.detail, /^done-1: stopped, not created by Berth; nothing in it would be lost\./);
    await window.screenshot("prune-question");
    await window.answer("Remove");
    await window.until(
      () => states("done-1", "done-2", "runs"),
      (all) => all.join() === "gone,exited,running",
    );
    assert.notEqual(await lab.engine.docker("images", "--quiet", "spare:1"), "");
  });

  it("removes an image from its row, and says why one in use stays", async () => {
    await lab.engine.docker("tag", busybox, "extra:2");
    await boxes("user");
    await window.rowMenuAction("Images", "extra", "Remove Image");
    const question = await window.modal();
    assert.equal(question.message, "Remove the image 'extra:2'?");
    assert.match(question.detail, /^extra:2: only this name goes; the image stays as /);
    await window.answer("Remove");
    await window.until(
      () => window.tree("Images"),
      (tree) => !/^extra {2}2/m.test(tree),
    );
  });

  it("has a context menu for everything that can be done to a container", async () => {
    await boxes("box");
    const menu = await window.rowMenu("Containers", "box");
    for (const entry of ["Attach", "Open Terminal", "Show Logs", "Open Port in Browser", "Inspect", "Stop Container"])
      assert.ok(menu.includes(entry), `${entry} in ${menu.join(", ")}`);
    for (const entry of ["Restart Container", "Pause Container", "Rename Container", "Copy Name", "Copy Id", "Retire Container"])
      assert.ok(
        menu.some((label) => label.startsWith(entry)),
        `${entry} in ${menu.join(", ")}`,
      );
  });
});
