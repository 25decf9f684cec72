import { strict as assert } from "node:assert";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as vscode from "vscode";
import { berth, rejection } from "./support.ts";

/** Where the editor stands after Open compose.yaml: `compose.yaml:2`, or the sentence that it rejects with. */
async function place(keys: { project: string; service?: string }): Promise<string> {
  const problem = await rejection(berth("openComposeFile", keys));
  if (!problem.startsWith("resolved")) return problem;
  const editor = vscode.window.activeTextEditor;
  return `${basename(editor?.document.fileName ?? "")}:${(editor?.selection.active.line ?? -1) + 1}`;
}

/** Files are watched, so what is listed follows them: looks until it does. */
async function becomes(wanted: string, keys: { project: string; service?: string }): Promise<void> {
  for (let seen = ""; (seen = await place(keys)) !== wanted;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (Date.now() > deadline) assert.equal(seen, wanted);
  }
}
let deadline = 0;

describe("projects", () => {
  const folder = () => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
  const name = () => basename(folder());
  const unknown = (project: string) => `There is no project '${project}': give a folder that holds a compose.yaml.`;
  const web = "services:\n  web:\n    image: berth-lab/busybox:1\n";
  let others = "";

  before(async () => {
    others = await mkdtemp(join(tmpdir(), "berth-projects-"));
  });
  beforeEach(() => {
    deadline = Date.now() + 20_000;
  });
  afterEach(async () => {
    await vscode.workspace.getConfiguration("berth").update("projectFolders", undefined, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const file of ["compose.yaml", "compose.override.yaml", ".env"]) await rm(join(folder(), file), { force: true });
    await becomes(unknown(name()), { project: name() });
  });
  after(() => rm(others, { recursive: true, force: true }));

  it("of the folder that is open are listed as soon as there is a compose file, and follow it", async () => {
    const file = join(folder(), "compose.yaml");
    await writeFile(file, web);
    await becomes("compose.yaml:2", { project: name(), service: "web" });
    await writeFile(file, `# A word first.\n\n${web}  db:\n    image: postgres:16\n`);
    await becomes("compose.yaml:6", { project: name(), service: "db" });
    assert.equal(await place({ project: name() }), "compose.yaml:1");
  });

  it("follow the override and .env beside the compose file", async () => {
    await writeFile(join(folder(), "compose.yaml"), "services:\n  web:\n    image: ${WEB_IMAGE:?give it}\n");
    await becomes("compose.yaml:3", { project: name(), service: "web" }); // the mistake
    await writeFile(join(folder(), ".env"), "WEB_IMAGE=berth-lab/busybox:1\n");
    await becomes("compose.yaml:2", { project: name(), service: "web" });
    await writeFile(join(folder(), "compose.override.yaml"), "services:\n  extra:\n    image: x:1\n");
    await becomes("compose.override.yaml:2", { project: name(), service: "extra" });
  });

  it("are what is saved: an edit does not count before", async () => {
    const file = join(folder(), "compose.yaml");
    await writeFile(file, web);
    await becomes("compose.yaml:2", { project: name(), service: "web" });
    const document = await vscode.workspace.openTextDocument(file);
    // What another test had in this file may still be shown, and could not be saved over what is newer on disk.
    while (document.getText() !== web && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(document.getText(), web);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "# One line more.\n");
    await vscode.workspace.applyEdit(edit);
    assert.equal(await place({ project: name(), service: "web" }), "compose.yaml:2");
    assert(await document.save(), "it was not saved");
    await becomes("compose.yaml:3", { project: name(), service: "web" });
  });

  it("below the folders of the setting are listed too, and those that come and go", async () => {
    const add = async (project: string) => {
      await mkdir(join(others, project));
      await writeFile(join(others, project, "docker-compose.yml"), web);
    };
    await add("first");
    assert.equal(await place({ project: "first" }), unknown("first"));
    await vscode.workspace.getConfiguration("berth").update("projectFolders", [others], vscode.ConfigurationTarget.Global);
    await becomes("docker-compose.yml:1", { project: "first" });
    await add("second");
    await becomes("docker-compose.yml:1", { project: "second" });
    await rm(join(others, "first"), { recursive: true });
    await becomes(unknown("first").replace(/\.$/, ", or one of second."), { project: "first" });
    await writeFile(join(others, "second", "docker-compose.yml"), `\n${web}`);
    await becomes("docker-compose.yml:3", { project: "second", service: "web" });
    await vscode.workspace.getConfiguration("berth").update("projectFolders", undefined, vscode.ConfigurationTarget.Global);
    await becomes(unknown("second"), { project: "second" });
  });

  it("of any other folder are read by its path", async () => {
    const elsewhere = join(others, "elsewhere");
    await mkdir(elsewhere);
    assert.equal(await place({ project: elsewhere }), unknown(elsewhere));
    await writeFile(join(elsewhere, "compose.yml"), web);
    assert.equal(await place({ project: elsewhere, service: "web" }), "compose.yml:2");
  });

  it("whose files cannot be read stay, and a launch says why", async () => {
    const file = (name: string) => join(folder(), name);
    const refused = () => rejection(berth("launch", { confirm: false }));
    const becomesRefused = async (wanted: string) => {
      for (let told = ""; (told = await refused()) !== wanted;) {
        if (Date.now() > deadline) assert.equal(told, wanted);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    // These tests run as root, who may read everything.
    const unreadable = "cannot be read: ELOOP: too many symbolic links encountered";
    await writeFile(file("compose.yaml"), web);
    await symlink(".env", file(".env"));
    await becomesRefused(`${file(".env")} ${unreadable}`);
    assert.equal(await rejection(berth("launch", { project: ".", confirm: false })), `${file(".env")} ${unreadable}`);
    assert.equal(await place({ project: name() }), "compose.yaml:1");
    await rm(file(".env"));
    await becomes("compose.yaml:2", { project: name(), service: "web" });
    await rm(file("compose.yaml"));
    await symlink("compose.yaml", file("compose.yaml"));
    await becomesRefused(`${file("compose.yaml")} ${unreadable}`);
  });
});
