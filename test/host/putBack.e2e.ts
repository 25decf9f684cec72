import { strict as assert } from "node:assert";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runBox, startProxy, type Proxy } from "../engine/support.ts";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import { openWorkbench } from "../lab/vscode.ts";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

describe("what a window left aside in the middle of a restart, and no view shows", function () {
  let engine: LabEngine;
  let proxy: Proxy;
  let lab: Scene;
  let window: Workbench;
  const offer = /The restart of box was broken off; the container from before is box-berth-aside\./;

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    engine = await startEngine("put-back");
    proxy = await startProxy(engine);
  });
  beforeEach(() => clear(engine));
  afterEach(async () => {
    proxy.onRequest = undefined;
    await lab?.end();
    await clear(engine);
  });
  after(async () => {
    proxy.close();
    await engine.dispose();
  });

  /** A container as a window leaves it that ends, and the lock of that window. */
  async function leaveAside(): Promise<() => Promise<string[]>> {
    await runBox(engine, "box-berth-aside");
    const folder = join(lab.server.dataDir, "data/User/globalStorage/berth.berth/restarts");
    await mkdir(folder, { recursive: true });
    const lock = { pid: 1, began: "no such process", host: proxy.env.DOCKER_HOST, name: "box" };
    await writeFile(join(folder, "lock.json"), JSON.stringify(lock));
    return () => readdir(folder);
  }
  const start = (trust: boolean) => scene("put-back", { engine, trust, env: { DOCKER_HOST: proxy.env.DOCKER_HOST! } });

  it("is offered once the engine answers, by each window until somebody has answered", async function () {
    this.timeout(120_000);
    lab = await start(true);
    const locks = await leaveAside();
    proxy.requests.length = 0;
    proxy.onRequest = () => false;
    window = await openWorkbench(lab.server, { folder: lab.folder });
    await window.until(
      () => proxy.requests.length,
      (asked) => asked > 0,
      60_000,
    );
    proxy.onRequest = undefined;
    assert.deepEqual((await window.notification(offer)).buttons, ["Put Back and Start", "Put Back"]);
    await window.reload();
    await window.notification(offer);
    assert.deepEqual(await locks(), ["lock.json"]);
    await window.clickNotification(offer, "Put Back");
    await window.until(
      () => state(engine, "box"),
      (it) => it === "running",
    );
    await window.until(locks, (left) => left.length === 0);
  });

  it("is not offered in an untrusted workspace, and is as soon as it is trusted", async function () {
    this.timeout(120_000);
    lab = await start(false);
    const locks = await leaveAside();
    window = await openWorkbench(lab.server, { folder: lab.folder });
    // What is looked at is all there.
    await window.openContainer("Berth");
    await window.treeWith("Containers", "box-berth-aside");
    assert.deepEqual(
      (await window.notifications()).filter(({ text }) => offer.test(text)),
      [],
    );
    assert.deepEqual(await locks(), ["lock.json"]);
    await window.openContainer("Explorer");
    await window.reload();
    await window.runCommand("Workspaces: Manage Workspace Trust");
    await window.page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).click();
    await window.notification(offer);
  });

  it("and was put back by other means, is forgotten", async function () {
    this.timeout(120_000);
    lab = await start(true);
    const locks = await leaveAside();
    await engine.docker("rename", "box-berth-aside", "box");
    window = await openWorkbench(lab.server, { folder: lab.folder });
    await window.until(locks, (left) => left.length === 0, 60_000);
    assert.deepEqual(
      (await window.notifications()).filter(({ text }) => offer.test(text)),
      [],
    );
  });
});
