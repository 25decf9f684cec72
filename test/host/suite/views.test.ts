import { strict as assert } from "node:assert";
import * as vscode from "vscode";

interface Manifest {
  contributes: { commands: { command: string }[]; views: { berth: { id: string }[] } };
}

describe("the extension in VS Code", () => {
  const extension = () => vscode.extensions.getExtension<undefined>("berth.berth");

  it("activates, and registers every command that it promises", async () => {
    await extension()?.activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const { contributes } = extension()?.packageJSON as Manifest;
    const missing = contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it("has the four views, each of which can be focused", async () => {
    for (const view of ["berth.projects", "berth.containers", "berth.images", "berth.gpus"]) {
      await vscode.commands.executeCommand(`${view}.focus`);
    }
  });
});
