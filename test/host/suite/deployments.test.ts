import { strict as assert } from "node:assert";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { containerFault, makeStale } from "../../lab/gpu.ts";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

const busybox = "berth-lab/busybox:1";
const lab = { env: process.env, docker } as never;

async function box(name: string, ...options: string[]): Promise<string> {
  return docker("run", "-d", "--init", "--name", name, ...options, busybox, "tail", "-f", "/dev/null");
}

describe("berth.revive, by command with an object", () => {
  before(removeAll);
  afterEach(removeAll);

  it("restarts the container and looks again; its files stay", async () => {
    const name = fresh("stale");
    const id = await box(name, "--gpus", "all");
    await docker("exec", name, "sh", "-c", "echo weights > /model.bin");
    await makeStale(lab, id);
    assert.equal((await berth("checkGpu", { container: name })).verdict, "stale");
    assert.deepEqual(await berth("revive", { container: name, confirm: false }), {
      ...{ outcome: "revived", container: { id, name }, verdict: "ok" },
    });
    assert.equal((await berth("checkGpu", { container: name })).verdict, "ok");
    assert.equal(await docker("exec", name, "cat", "/model.bin"), "weights");
  });

  it("tells the verdict where the restart healed nothing", async () => {
    const name = fresh("broken");
    await containerFault(lab, await box(name, "--gpus", "all"), "mismatch");
    assert.equal((await berth("revive", { container: name, confirm: false })).verdict, "mismatch");
  });

  it("refuses what there is nothing to revive in", async () => {
    const [plain, stopped] = [fresh("plain"), fresh("stopped")];
    await box(plain);
    await docker("create", "--name", stopped, "--gpus", "all", busybox, "sleep", "1");
    const refused = (keys: object) => rejection(berth("revive", keys));
    assert.equal(
      await refused({ container: plain, confirm: false }),
      `${plain} was given no GPU, so there is nothing to revive: restart it instead.`,
    );
    assert.equal(
      await refused({ container: stopped, confirm: false }),
      `${stopped} does not run: start it, and it gets its GPUs anew.`,
    );
    assert.equal(await refused({ confirm: false }), "berth.revive with 'confirm: false' needs 'container': what to restart.");
  });
});

describe("attach, in containers of deployments", () => {
  const folder = () => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
  const [one, two, three] = [fresh("one"), fresh("two"), fresh("three")];
  const service = (name: string, attach: string) =>
    `  ${name}:\n    image: ${busybox}\n    container_name: ${name}\n    x-berth: { attach: ${attach} }\n`;

  before(async () => {
    await removeAll();
    const services = [
      service(one, '{ folder: /opt/one, user: "1234" }'),
      service(two, "{ folder: /opt/two }"),
      service(three, "{ folder: /opt/nowhere }"),
    ];
    await writeFile(join(folder(), "compose.yaml"), `services:\n${services.join("")}`);
    for (const name of [one, two, three]) await box(name);
    await docker("exec", one, "mkdir", "-p", "/opt/one", "/opt/other");
    await docker("exec", two, "mkdir", "-p", "/opt/two");
    // The file is read as soon as it is noticed.
    const deadline = Date.now() + 20_000;
    const isListed = async () =>
      (await rejection(berth("openComposeFile", { project: folder(), service: three }))).startsWith("resolved");
    while (!(await isListed())) assert.ok(Date.now() < deadline, "the projects are listed");
  });
  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await rm(join(folder(), "compose.yaml"), { force: true });
    await removeAll();
  });

  /** What the terminal of a container runs: its folder and user. */
  async function opened(name: string, keys: object = {}): Promise<string> {
    for (const old of vscode.window.terminals) old.dispose();
    assert.equal((await berth("attach", { container: name, open: "terminal", ...keys })).outcome, "attached");
    const terminal = vscode.window.terminals.findLast((it) => it.name === name && it.exitStatus === undefined);
    const { shellArgs } = terminal?.creationOptions as vscode.TerminalOptions;
    const args = shellArgs as string[];
    return args.slice(args.indexOf("--workdir"), -2).join(" ");
  }

  it("each of two containers of one image opens its own folder, as its own user", async () => {
    assert.equal(await opened(one), "--workdir /opt/one --user 1234");
    assert.equal(await opened(two), "--workdir /opt/two");
  });

  it("a folder that is given comes first; one that is not there is an error", async () => {
    assert.equal(await opened(one, { folder: "/opt/other" }), "--workdir /opt/other --user 1234");
    assert.equal(
      await rejection(berth("attach", { container: one, open: "terminal", folder: "/opt/two" })),
      `There is no folder /opt/two in ${one}.`,
    );
  });

  it("a deployment's folder that is not there gives way to the usual one", async () => {
    assert.equal(await opened(three), "--workdir /");
  });

  it("goes by project and service: a stopped container is started, one that is not there is launched", async () => {
    const attached = (keys: object) =>
      berth<{ outcome: string; container: { id: string; name: string } }>("attach", { project: folder(), open: "none", ...keys });
    await docker("stop", "--time", "0", two);
    const again = await attached({ service: two });
    assert.deepEqual([again.outcome, again.container.name], ["attached", two]);
    assert.equal(await state(two), "running");

    await docker("rm", "--force", three);
    const fresh = await attached({ service: three });
    assert.deepEqual([fresh.outcome, fresh.container.name], ["attached", three]);
    assert.equal(await state(three), "running");
  });

  it("refuses a service that there is not, several that can be meant, and two kinds of target", async () => {
    const refused = (keys: object) => rejection(berth("attach", { open: "none", ...keys }));
    assert.match(await refused({ project: folder(), service: "nobody" }), /^There is no service 'nobody'/);
    assert.match(await refused({ project: folder() }), /^Which service is meant\?/);
    assert.equal(
      await refused({ project: folder(), container: one }),
      "Give 'project' and 'service', or a container or an image: not both.",
    );
  });
});
