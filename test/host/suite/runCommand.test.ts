import { strict as assert } from "node:assert";
import * as vscode from "vscode";
import { berth, docker, fresh, rejection, removeAll } from "./support.ts";

interface Told {
  outcome: string;
  command: string;
}

describe("a container's docker run command", () => {
  before(removeAll);
  afterEach(removeAll);

  async function box(): Promise<{ name: string; command: string }> {
    const name = fresh("told");
    const options = ["--gpus", '"device=0,1"', "-m", "64m", "-e", "HF_TOKEN=hf_very_secret", "-e", "NOTE=it's $HOME", "--init"];
    await docker("run", "-d", "--name", name, ...options, "berth-lab/busybox:1", "sleep", "1000");
    return {
      name,
      command: `docker run -d --name ${name} --gpus '"device=0,1"' -e HF_TOKEN -e 'NOTE=it'\\''s $HOME' --memory 64m --init berth-lab/busybox:1 sleep 1000`,
    };
  }

  /** The command line keeps no order among variables. */
  const inOrder = (command: string) => command.replace(/(-e 'NOTE=.*?\$HOME') (-e HF_TOKEN)/, "$2 $1");

  it("is shown with one option a line, without secrets, in a tab that cannot be edited", async () => {
    const { name, command } = await box();
    const told = await berth<Told>("showRunCommand", { container: name });
    assert.deepEqual({ ...told, command: inOrder(told.command) }, { outcome: "shown", command });
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.scheme, "berth-text");
    assert.equal(document.languageId, "shellscript");
    const lines = document.getText().split("\n");
    assert.deepEqual(lines.slice(0, 4), [
      "# Docker context: default",
      "# Secret, so taken from the environment that this is run in: HF_TOKEN.",
      "docker run -d \\",
      `  --name ${name} \\`,
    ]);
    assert.ok(!document.getText().includes("hf_very_secret"));
  });

  it("is shown anew under the same name", async () => {
    const { name } = await box();
    await berth("showRunCommand", { container: name });
    const document = vscode.window.activeTextEditor?.document;
    await docker("rm", "--force", name);
    await docker("create", "--name", name, "berth-lab/busybox:1");
    const changed = new Promise<void>((resolve) => {
      const listener = vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document !== document) return;
        listener.dispose();
        resolve();
      });
    });
    await berth("showRunCommand", { container: name });
    await changed;
    assert.equal(
      document?.getText(),
      `# Docker context: default\ndocker run -d \\\n  --name ${name} \\\n  berth-lab/busybox:1\n`,
    );
  });

  it("is copied on one line", async () => {
    const { name, command } = await box();
    const told = await berth<Told>("copyRunCommand", { container: name });
    assert.deepEqual({ ...told, command: inOrder(told.command) }, { outcome: "copied", command });
    assert.equal(await vscode.env.clipboard.readText(), told.command);
  });

  it("is what start and attach tell of a container that is there", async () => {
    const { name, command } = await box();
    await docker("stop", "--time", "0", name);
    assert.equal(inOrder((await berth<Told>("start", { container: name })).command), command);
    assert.equal(inOrder((await berth<Told>("attach", { container: name, open: "none" })).command), command);
  });

  it("of a container that is not there: a sentence", async () => {
    const sentence = "There is no container 'suite-nobody' on this engine.";
    assert.equal(await rejection(berth("showRunCommand", { container: "suite-nobody" })), sentence);
    assert.equal(await rejection(berth("copyRunCommand", { container: "suite-nobody" })), sentence);
  });
});
