import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import * as vscode from "vscode";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

const setting = () => vscode.workspace.getConfiguration("berth").inspect<string>("context");

describe("Docker contexts, by command with an object", () => {
  const context = "suite-context";
  before(async () => {
    const host = await docker("context", "inspect", "default", "--format", "{{.Endpoints.docker.Host}}");
    await docker("context", "create", context, "--docker", `host=${host}`);
    await docker("context", "create", "suite-nowhere", "--docker", "host=unix:///nowhere/docker.sock");
  });
  afterEach(async () => {
    await berth("selectContext", { context: "" });
    await removeAll();
  });
  after(() => docker("context", "rm", context, "suite-nowhere"));

  it("is used for what follows, and told beside the command; then the current one is again", async () => {
    assert.deepEqual(await berth("selectContext", { context }), { outcome: "selected" });
    assert.equal(setting()?.globalValue, context, "the setting is this machine's");
    const name = fresh("context");
    await berth("deploy", { image: "berth-lab/busybox:1", name, mount: false, confirm: false });
    assert.equal(await state(name), "running");

    await berth("selectContext", { context: "suite-nowhere" });
    assert.match(await rejection(berth("stop", { container: name })), /nothing listens at \/nowhere\/docker\.sock/);
    assert.equal(await state(name), "running");

    assert.deepEqual(await berth("selectContext", { context: "" }), { outcome: "selected" });
    assert.equal(setting()?.globalValue, undefined);
    assert.deepEqual(await berth("stop", { container: name }), { outcome: "stopped" });
  });

  it("reaches an engine over TCP, where nothing of this machine is taken for the engine's", async () => {
    const host = await docker("context", "inspect", context, "--format", "{{.Endpoints.docker.Host}}");
    const sockets = new Set<Socket>();
    const forwarder = createServer((client) => {
      const engine = connect(host.replace("unix://", ""));
      client.pipe(engine).pipe(client);
      for (const socket of [client, engine]) sockets.add(socket.on("error", () => undefined));
    }).listen(0, "127.0.0.1");
    await once(forwarder, "listening");
    const { port } = forwarder.address() as AddressInfo;
    await docker("context", "create", "suite-tcp", "--docker", `host=tcp://127.0.0.1:${port}`);
    try {
      await berth("selectContext", { context: "suite-tcp" });
      const name = fresh("tcp");
      const image = "berth-lab/busybox:1";
      await berth("deploy", { image, name, confirm: false });
      assert.equal(await docker("inspect", "--format", "{{.State.Status}} {{len .Mounts}}", name), "running 0");
      assert.equal((await berth("checkGpu", { container: name })).verdict, "none");

      assert.equal(
        await rejection(berth("deploy", { image, name: `${name}-2`, gpus: 1, confirm: false })),
        "Which GPUs are free is unknown on an engine that is not this machine's: name them instead.",
      );
      assert.equal(
        await rejection(berth("deploy", { image, name: `${name}-2`, mount: true, confirm: false })),
        "The workspace folder is on this machine, and the engine of context suite-tcp is not: name a folder of the engine's machine, or mount nothing.",
      );
      const { verdict, detail } = await berth("checkGpu", {});
      assert.equal(verdict, "absent");
      assert.match(String(detail), /unknown from here \(context suite-tcp\)/);
    } finally {
      await berth("selectContext", { context: "" });
      await docker("context", "rm", "suite-tcp");
      forwarder.close();
      for (const socket of sockets) socket.destroy();
    }
  });

  it("stays in the workspace's settings where it is set there", async () => {
    const { Workspace } = vscode.ConfigurationTarget;
    await vscode.workspace.getConfiguration("berth").update("context", "suite-nowhere", Workspace);
    try {
      await berth("selectContext", { context });
      assert.deepEqual([setting()?.workspaceValue, setting()?.globalValue], [context, undefined]);
      await berth("selectContext", { context: "" });
      assert.deepEqual([setting()?.workspaceValue, setting()?.globalValue], ["", undefined]);
    } finally {
      await vscode.workspace.getConfiguration("berth").update("context", undefined, Workspace);
    }
  });

  it("that does not exist: a sentence, and nothing is chosen", async () => {
    assert.equal(
      await rejection(berth("selectContext", { context: "suite-gone" })),
      "There is no Docker context named 'suite-gone': choose another one, or create it with 'docker context create'.",
    );
    assert.equal(setting()?.globalValue, undefined);
  });
});

describe("Copy Diagnostics", () => {
  afterEach(() => berth("selectContext", { context: "" }));

  it("puts a report on the clipboard, with what went wrong lately", async () => {
    await rejection(berth("stop", { container: "suite-nobody" }));
    assert.deepEqual(await berth("copyDiagnostics", {}), { outcome: "copied" });
    const text = await vscode.env.clipboard.readText();
    const version = await docker("version", "--format", "{{.Server.Version}}");
    assert.match(text, /^Berth diagnostics, \d{4}-/);
    assert.ok(text.includes(`\nVS Code: ${vscode.version} (`), text);
    assert.ok(text.includes(`\nEngine: ${version}, API `), text);
    assert.match(
      text,
      /\nDocker context: default \(DOCKER_HOST\)\nAddress: unix:\/\/\/.*docker\.sock\nDocker CLI: Docker version /,
    );
    assert.match(text, /\nThis machine's GPUs: 2, driver [\d.]+\n {2}0: NVIDIA H100/);
    assert.match(text, /Z error: berth\.stop: There is no container 'suite-nobody' on this engine\.\n/);
  });

  it("is a report all the same when the context cannot be used", async () => {
    const { Global } = vscode.ConfigurationTarget;
    await vscode.workspace.getConfiguration("berth").update("context", "suite-gone", Global);
    assert.deepEqual(await berth("copyDiagnostics", {}), { outcome: "copied" });
    const text = await vscode.env.clipboard.readText();
    assert.match(text, /\nSettings: berth\.context = "suite-gone" \(user\)\n/);
    assert.match(text, /\nDocker context: suite-gone \(chosen in Berth\)\nAddress: there is no such context\n/);
    assert.match(text, /\nEngine: There is no Docker context named 'suite-gone': /);
  });
});
