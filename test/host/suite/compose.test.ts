import { strict as assert } from "node:assert";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";

/** What Berth says of a document, once it is this many: `line: severity: message`, lines from 1. */
async function told(uri: vscode.Uri, count: number): Promise<string[]> {
  const now = () =>
    vscode.languages
      .getDiagnostics(uri)
      .filter(({ source }) => source === "Berth")
      .map(({ range, severity, message }) => `${range.start.line + 1}: ${vscode.DiagnosticSeverity[severity]}: ${message}`);
  if (now().length !== count)
    await new Promise<void>((resolve) => {
      const listener = vscode.languages.onDidChangeDiagnostics(() => {
        if (now().length !== count) return;
        listener.dispose();
        resolve();
      });
    });
  return now();
}

describe("compose files in the editor", () => {
  const folder = () => vscode.workspace.workspaceFolders![0]!.uri;
  const file = (name: string) => vscode.Uri.joinPath(folder(), name);
  const write = (name: string, text: string) => vscode.workspace.fs.writeFile(file(name), new TextEncoder().encode(text));
  const names = ["compose.yaml", "compose.override.yaml", ".env"];

  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const name of names) await vscode.workspace.fs.delete(file(name)).then(undefined, () => undefined);
  });

  it("have their mistakes told on their lines, and no more once they are mended", async () => {
    await write(".env", "TAG=1\n");
    await write(
      "compose.yaml",
      [
        "services:",
        "  web:",
        "    image: berth-lab/busybox:${TAG}",
        "    imagee: x",
        '    ports: ["99999:80"]',
        "    profiles: [gpu]",
        "    hostname: ${NOT_SET_ANYWHERE}",
        "    x-berth:",
        "      inputs:",
        "        - { id: size, default: huge, options: { small: {}, large: {} } }",
        '      app: { start: "serve {{sise}}", process: serve }',
        "",
      ].join("\n"),
    );
    const document = await vscode.workspace.openTextDocument(file("compose.yaml"));
    const editor = await vscode.window.showTextDocument(document);
    assert.deepEqual(await told(document.uri, 6), [
      "4: Error: Compose has no field 'imagee' here: did you mean 'image'?",
      "5: Error: An entry of 'ports': There is no port 99999: the last one is 65535.",
      "6: Warning: Berth does not act on 'profiles': the service can be launched whatever the profile.",
      "7: Warning: The variable NOT_SET_ANYWHERE is not set, and becomes empty here: set it in .env, or give it a default as in ${NOT_SET_ANYWHERE:-…}.",
      "10: Error: 'huge' is none of the options: take one of small, large.",
      "11: Error: There is no input or value {{sise}}: did you mean {{size}}?",
    ]);

    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    await editor.edit((edit) => edit.replace(whole, "services:\n  web:\n    image: berth-lab/busybox:1\n"));
    assert.deepEqual(await told(document.uri, 0), []);
    await editor.edit((edit) => edit.insert(new vscode.Position(3, 0), "    user: 1000\n"));
    assert.deepEqual(await told(document.uri, 1), ["4: Error: 'user' is text: put 1000 in quotes."]);
  });

  it("are read together with their override, which is told of its own mistakes", async () => {
    await write("compose.yaml", "services:\n  web:\n    image: berth-lab/busybox:1\n    cap_add: [NET_ADMIN]\n");
    await write("compose.override.yaml", "services:\n  web:\n    cap_add: { NET_RAW: 1 }\n");
    const document = await vscode.workspace.openTextDocument(file("compose.override.yaml"));
    await vscode.window.showTextDocument(document);
    const [first] = await told(document.uri, 2);
    assert.equal(
      first,
      "3: Error: 'cap_add' is a list on line 4 of compose.yaml and a mapping here: write both alike, or '!override' in front of this one.",
    );
  });

  it("are told of below the folders of the setting too, as soon as these are projects, and no more once they are none", async () => {
    const parent = await mkdtemp(join(tmpdir(), "suite-"));
    const set = (value: string[] | undefined) =>
      vscode.workspace.getConfiguration("berth").update("projectFolders", value, vscode.ConfigurationTarget.Global);
    try {
      await mkdir(join(parent, "aside"));
      const compose = join(parent, "aside", "compose.yaml");
      await writeFile(compose, "services:\n  web:\n    image: berth-lab/busybox:1\n    hostnam: web\n");
      const document = await vscode.workspace.openTextDocument(compose);
      const editor = await vscode.window.showTextDocument(document);
      await set([parent]);
      const mistake = "4: Error: Compose has no field 'hostnam' here: did you mean 'hostname'?";
      assert.deepEqual(await told(document.uri, 1), [mistake]);
      const end = new vscode.Position(3, 11);
      await editor.edit((edit) => edit.insert(end, "e"));
      assert.deepEqual(await told(document.uri, 0), []);
      await editor.edit((edit) => edit.delete(new vscode.Range(end, end.translate(0, 1))));
      assert.deepEqual(await told(document.uri, 1), [mistake]);
      await set(undefined);
      assert.deepEqual(await told(document.uri, 0), []);
    } finally {
      await set(undefined);
      await rm(parent, { recursive: true });
    }
  });
});
