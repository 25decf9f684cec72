import { strict as assert } from "node:assert";
import * as vscode from "vscode";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

const busybox = "berth-lab/busybox:1";

async function box(...options: string[]): Promise<string> {
  const name = fresh("box");
  await docker("run", "-d", "--init", "--name", name, ...options, busybox, "sleep", "1000");
  return name;
}

/** Waits for a document that is good; looks again whenever one changes or comes. */
async function document(isGood: (document: vscode.TextDocument) => boolean): Promise<vscode.TextDocument> {
  return new Promise((resolve) => {
    const look = () => {
      const found = vscode.workspace.textDocuments.find(isGood);
      if (!found) return;
      for (const listener of listeners) listener.dispose();
      resolve(found);
    };
    const listeners = [vscode.workspace.onDidOpenTextDocument(look), vscode.workspace.onDidChangeTextDocument(look)];
    look();
  });
}

describe("everyday actions, by commands with an object", () => {
  before(removeAll);
  afterEach(removeAll);

  it("pauses and unpauses", async () => {
    const name = await box();
    assert.deepEqual(await berth("pause", { container: name }), { outcome: "paused" });
    assert.equal(await state(name), "paused");
    assert.equal(
      await rejection(berth("pause", { container: name })),
      `${name} is paused: only a running container can be paused.`,
    );
    assert.deepEqual(await berth("unpause", { container: name }), { outcome: "unpaused" });
    assert.equal(await state(name), "running");
    assert.equal(await rejection(berth("unpause", { container: name })), `${name} is running, not paused.`);
  });

  it("restarts: the same container, its files kept, its processes new", async () => {
    const name = await box();
    await docker("exec", name, "sh", "-c", "echo weights > /model.bin");
    const before = await docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name);
    assert.deepEqual(await berth("restart", { container: name }), { outcome: "restarted" });
    const after = await docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name);
    assert.equal(after.split(" ")[0], before.split(" ")[0]);
    assert.notEqual(after, before);
    assert.equal(await docker("exec", name, "cat", "/model.bin"), "weights");
  });

  it("restarts a stopped one, and one that fails is kept and told", async () => {
    const name = fresh("fails");
    await docker("run", "--name", name, busybox, "sh", "-c", "echo no licence; exit 4").catch(() => undefined);
    assert.match(
      await rejection(berth("restart", { container: name })),
      new RegExp(
        `^${name} exited at once with exit code 4 \\(not out of memory\\)\\. The container is kept\\.\nIts last log lines:\nno licence`,
      ),
    );
    assert.equal(await state(name), "exited");
  });

  it("renames, and refuses a name that is taken or none", async () => {
    const [name, other] = [await box(), await box()];
    const id = await docker("inspect", "--format", "{{.Id}}", name);
    assert.equal(
      await rejection(berth("rename", { container: name, name: other })),
      `There is a container named '${other}' already: choose another name, or retire that one first.`,
    );
    assert.match(await rejection(berth("rename", { container: name, name: "my box" })), /^'my box' cannot be a container's name/);
    const better = fresh("renamed");
    assert.deepEqual(await berth("rename", { container: name, name: better }), { outcome: "renamed" });
    assert.equal(await docker("inspect", "--format", "{{.Id}}", better), id);
  });

  it("copies name and id", async () => {
    const name = await box();
    await berth("copyName", { container: name });
    assert.equal(await vscode.env.clipboard.readText(), name);
    await berth("copyId", { container: name });
    assert.equal(await vscode.env.clipboard.readText(), await docker("inspect", "--format", "{{.Id}}", name));
    await berth("copyName", { image: busybox });
    assert.equal(await vscode.env.clipboard.readText(), busybox);
  });

  it("inspects, without the secrets, in a tab that cannot be edited", async () => {
    const name = await box("-e", "HF_TOKEN=hf_very_secret");
    assert.deepEqual(await berth("inspect", { container: name }), { outcome: "shown" });
    const shown = await document(({ uri }) => uri.path.endsWith(`${name}.json`));
    const text = shown.getText();
    assert.equal((JSON.parse(text) as { Name: string }).Name, `/${name}`);
    assert.ok(text.includes("HF_TOKEN=[redacted]"));
    assert.ok(!text.includes("hf_very_secret"));
    assert.equal(shown.languageId, "json");
    assert.equal(
      await rejection(berth("inspect", { container: "suite-nobody" })),
      "There is no container 'suite-nobody' on this engine.",
    );
  });

  it("shows logs that follow the container over a restart", async () => {
    const name = fresh("logs");
    const script = "echo x >> /starts; echo start $(wc -l < /starts); exec sleep 1000";
    await docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", script);
    assert.deepEqual(await berth("showLogs", { container: name }), { outcome: "shown" });
    const log = await document((one) => one.uri.scheme === "output" && one.getText().includes("start 1\n"));
    await docker("restart", name);
    await document((one) => one === log && one.getText().includes("start 2\n"));
    await docker("rm", "--force", name);
    await document((one) => one === log && one.getText().includes(`${name} was removed ---`));
    assert.equal(log.getText().match(/start 1\n/g)?.length, 1, "no line twice");
  });

  it("opens a terminal in a running container, and says why not in a stopped one", async () => {
    const name = await box();
    assert.deepEqual(await berth("openTerminal", { container: name }), { outcome: "shown" });
    assert.ok(vscode.window.terminals.some((terminal) => terminal.name === name));
    await docker("stop", "--time", "0", name);
    assert.equal(await rejection(berth("openTerminal", { container: name })), `${name} is exited: start it first.`);
  });

  it("says why there is no port to open", async () => {
    const name = await box();
    assert.equal(
      await rejection(berth("openPort", { container: name })),
      `${name} publishes no TCP port: deploy it with one, as in 'docker run -p 8080:80'.`,
    );
  });

  it("opens the port that Berth started the app on, on the host's network", async () => {
    const labels = ["--label", "dev.berth.v=1", "--label", "dev.berth.port=9000"];
    const name = await box("--network", "host", ...labels);
    assert.deepEqual(await berth("openPort", { container: name }), { outcome: "shown", url: "http://localhost:9000/" });
    const unknown = await box("--network", "host");
    assert.equal(
      await rejection(berth("openPort", { container: unknown })),
      `${unknown} uses the network of its host, where no port is published: give 'port', the one that it listens on.`,
    );
  });

  it("removes an image by its name, and not one that is in use", async () => {
    await docker("tag", busybox, "suite/extra:1");
    assert.deepEqual(await berth("removeImage", { image: "suite/extra:1", force: true }), { outcome: "removed" });
    assert.equal(await docker("images", "--quiet", "suite/extra:1"), "");
    const name = fresh("user");
    await docker("run", "-d", "--init", "--name", name, "berth-lab/exits:1", "sleep", "1000");
    assert.equal(
      await rejection(berth("removeImage", { image: "berth-lab/exits:1", force: true })),
      `The image berth-lab/exits:1 is in use by ${name}: retire that first.`,
    );
  });
});
