import { strict as assert } from "node:assert";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene } from "./support.ts";

/** Its setup goes on once there is a file `go` in its folder. */
const held = `services:
  box:
    image: berth-lab/busybox:1
    volumes: ["./data:/data"]
    x-berth:
      setup: ["while [ ! -e /data/go ]; do sleep 0.1; done"]
`;
/** Its app writes down what it was started with. */
const asking = `services:
  box:
    image: berth-lab/busybox:1
    x-berth:
      inputs: [{ id: batch, prompt: Batch size, type: number, default: 4 }]
      app: { start: "echo {{batch}} >>/batches; trap 'exit 0' TERM; while :; do sleep 0.1; done" }
`;

describe("a launch that was backed out of, is under way or was broken off, clicked through in the workbench", () => {
  let lab: Scene;
  let window: Workbench;
  const compose = async (text: string) => writeFile(join(lab.folder, "compose.yaml"), text);
  const go = () => join(lab.folder, "data/go");
  const projects = async (text: RegExp) => window.treeWith("Projects", text);
  const names = async () => (await lab.engine.docker("ps", "--all", "--format", "{{.Names}}")).split("\n").filter(Boolean);

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("launch-again", { settings: { "berth.open": "none", "berth.naming.container": "{{service}}" } });
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
    await launchNow();
  }

  async function launchNow(): Promise<void> {
    await window.modal();
    await window.answer("Yes, launch it");
  }

  /** A command that asks for the container. */
  async function chosen(command: string, question: RegExp): Promise<void> {
    await window.runCommand(command);
    await window.question(question);
    await window.pick("box");
  }

  /** What the extension keeps for all windows of containers that are to be set up, as VS Code keeps it in a browser. A text, since the page's types are not ours. */
  const remembered = () =>
    window.page.evaluate<string>(`new Promise((resolve, reject) => {
      const opened = indexedDB.open("vscode-web-state-db-global");
      opened.onerror = () => reject(new Error("There is no such database."));
      opened.onsuccess = () => {
        const all = opened.result.transaction("ItemTable").objectStore("ItemTable").getAll();
        all.onsuccess = () => {
          opened.result.close();
          resolve(all.result.map(String).filter((value) => value.includes("setupDue")).join("\\n"));
        };
      };
    })`);

  it("Start App goes by what was launched, not by what was typed for a launch that was backed out of", async () => {
    await compose(asking);
    window = await lab.open();
    await projects(/image ready/);
    await window.runCommand("Berth: Launch Project");
    await window.question("Batch size");
    await window.accept();
    await launchNow();
    await projects(/running/);

    await window.runCommand("Berth: Launch Project");
    await window.question("Batch size");
    await window.type("64");
    await window.accept();
    assert.match((await window.modal()).message, /^Found existing container 'box'/);
    await window.answer("Cancel");

    await chosen("Berth: Stop App", /Stop the app in which container/);
    await window.until(
      () => lab.engine.docker("exec", "box", "sh", "-c", "grep -l BERTH_APP=1 /proc/[0-9]*/environ | grep -v self || true"),
      (found) => found === "",
    );
    await chosen("Berth: Start App", /Start the app in which container/);
    const batches = await window.until(
      () => lab.engine.docker("exec", "box", "cat", "/batches"),
      (text) => text.split("\n").length === 2,
    );
    assert.equal(batches, "4\n4");

    // What was typed is what is proposed.
    await window.runCommand("Berth: Launch Project");
    assert.equal((await window.question("Batch size")).value, "64");
    await window.dismiss();
  });

  it("what is being launched is not launched again, keeps its steps, and leaves nothing when it is cancelled", async () => {
    await compose(held);
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await projects(/setting up/);
    await window.until(remembered, (text) => text.includes("setupDue"));

    await window.runCommand("Berth: Launch Project");
    const refused = await window.notification("box is being launched right now: wait until it is done, or cancel it.");
    assert.deepEqual(refused.buttons, ["Launch in Parallel"]);
    assert.match(await window.tree("Projects"), /starting[^]*setting up/);
    await window.screenshot("launch-again");

    await window.clickNotification(/is being launched right now/, "Launch in Parallel");
    await launchNow();
    await projects(/setting up {2}box-\d{8}_\d{6} [^]*setting up {2}box /);
    await window.screenshot("launch-two");

    await window.clickNotification(/Launch box-\d/, "Cancel");
    await window.until(names, (all) => all.join() === "box", 30_000);
    // Its own steps stay, and are not told apart by names any more.
    await projects(/starting\n +setting up {2}while/);
    await window.clickNotification(/Launch box/, "Cancel");
    await window.until(names, (all) => all.length === 0, 30_000);
    await projects(/image ready/);
    await window.until(remembered, (text) => text === "");
  });

  it("a window that ends in the middle of a setup: reusing the container sets it up", async function () {
    this.timeout(120_000);
    await compose(held);
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await projects(/setting up/);
    await window.until(remembered, (text) => text.includes("setupDue"));
    await window.reload();
    await projects(/running/);

    const reuse = async () => {
      await window.runCommand("Berth: Launch Project");
      await window.modal();
      await window.answer("Reuse");
      return (await window.modal()).detail;
    };
    const detail = await reuse();
    assert.match(detail, /^1\. docker exec \w+ sh -c 'while \[ ! -e \/data\/go \]; do sleep 0\.1; done'$/m);
    assert.match(
      detail,
      /^Note: box was not set up to the end when it was created: its setup is done now, from the beginning\.$/m,
    );
    assert.doesNotMatch(detail, /Skipped: setup/);
    await window.screenshot("launch-setup-due");
    await window.answer("Yes, launch it");
    await projects(/setting up/);
    await writeFile(go(), "");
    await window.until(remembered, (text) => text === "");
    await window.until(
      () => window.notifications(),
      (all) => !all.some(({ progress }) => progress),
    );

    assert.match(await reuse(), /Skipped: setup \(it was done when box was created\)/);
    await window.answer("Cancel");
  });

  it("a container that exited before its setup, and was removed by hand, is forgotten by the next launch", async () => {
    await compose(held.replace("    x-berth:", '    command: ["sh", "-c", "exit 3"]\n    x-berth:'));
    window = await lab.open();
    await projects(/image ready/);
    await launch();
    await window.until(
      () => window.dialog(),
      (dialog) => /box exited at once with exit code 3/.test(dialog?.message ?? ""),
    );
    await window.answer("Cancel");
    const [first = ""] = (await lab.engine.docker("ps", "--all", "--no-trunc", "--quiet")).split("\n");
    await window.until(remembered, (text) => text.includes(first));
    await lab.engine.docker("rm", first);

    await compose(held);
    await projects(/image ready/);
    await launch();
    await projects(/setting up/);
    await window.until(remembered, (text) => text.includes("setupDue") && !text.includes(first));
    await writeFile(go(), "");
    await projects(/running/);
    await window.until(remembered, (text) => text === "");
  });

  it("what a build says is no link", async () => {
    const link = "[Mend it](command:workbench.action.closeWindow)";
    await compose("services:\n  box:\n    build: .\n");
    await writeFile(join(lab.folder, "Dockerfile"), `FROM berth-lab/busybox:1\nRUN echo '${link}'; sleep 600\n`);
    window = await lab.open();
    await projects(/no image/);
    await window.runCommand("Berth: Launch Project");
    await window.modal();
    await window.answer("Build Image");
    await window.notification(/Mend it/);
    await window.screenshot("launch-build");
    const links = window.page.locator(".notifications-toasts .notification-list-item-message a");
    assert.deepEqual(await links.allTextContents(), []);
    await window.clickNotification(/Building/, "Cancel");
    await window.until(names, (all) => all.length === 0, 30_000);
  });
});
