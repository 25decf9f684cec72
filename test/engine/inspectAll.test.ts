import assert from "node:assert/strict";
import { chooseFree } from "../../src/core/freeGpus.ts";
import { inspectAll } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import { removeContainers, runBox, sentenceOf, startProxy, toolsFor, useEngine, type Proxy } from "./support.ts";

describe("what all containers hold", function () {
  let lab: LabEngine;
  let proxy: Proxy;

  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
  });
  beforeEach(async () => {
    proxy = await startProxy(lab);
  });
  afterEach(async () => {
    proxy.close();
    await removeContainers(lab);
  });

  it("is found out though one inspect is odd, one is refused and one never answered: those are taken to hold nothing", async () => {
    const tools = await toolsFor(proxy.env);
    assert(tools.hostGpus.length >= 2);
    const [odd, refused, stuck] = await Promise.all([runBox(lab), runBox(lab), runBox(lab)]);
    const holder = await runBox(lab, undefined, {
      HostConfig: { Init: true, DeviceRequests: [{ DeviceIDs: ["0"], Capabilities: [["gpu"]] }] },
    });
    const path = (id: string) => `GET /containers/${id}/json`;
    proxy.rewrite = (line, body) =>
      line === path(odd) ? '{"Id": 7}' : line === path(refused) ? "<html>Bad Gateway</html>" : body;
    proxy.onRequest = (line) => (line === path(stuck) ? new Promise<boolean>(() => undefined) : true);
    const all = await inspectAll(tools.engine);
    assert.deepEqual(
      [odd, refused, stuck, holder].map((id) => {
        const found = all.find((it) => it.id === id);
        return [found?.state, found?.details !== undefined];
      }),
      [
        ["running", false],
        ["running", false],
        ["running", false],
        ["running", true],
      ],
    );
    assert.deepEqual(chooseFree(1, tools.hostGpus, all, Date.now()), ["1"]);
  });

  it("is not made up when the engine goes away", async () => {
    const { engine } = await toolsFor(proxy.env);
    await runBox(lab);
    proxy.onRequest = (line) => line.endsWith("/containers/json");
    const socket = proxy.env.DOCKER_HOST?.replace("unix://", "") ?? "";
    assert.equal(await sentenceOf(inspectAll(engine)), `The Docker engine is not running: nothing listens at ${socket}.`);
  });
});
