import assert from "node:assert/strict";
import { planRestart } from "../../src/core/plan.ts";
import type { Executed, Tools } from "../../src/engine/execute.ts";
import { checkContainerGpu } from "../../src/engine/probe.ts";
import type { LabEngine } from "../lab/engine.ts";
import { containerFault, hostGpus, makeStale } from "../lab/gpu.ts";
import { carryOut, deploy, removeContainers, toolsFor, useEngine } from "./support.ts";

describe("a container whose GPU handle went stale is revived", function () {
  let lab: LabEngine;
  let tools: Tools;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
  });
  beforeEach(async () => {
    hostGpus(lab, { count: 2 });
    tools = await toolsFor(lab.env);
  });
  afterEach(() => removeContainers(lab));

  const verdict = async (id: string) => (await checkContainerGpu({ id, gpus: "all" }, tools)).verdict;
  const restart = async (id: string): Promise<Executed & { events: string[] }> =>
    carryOut(planRestart((await tools.engine.inspect(id))!), tools);

  for (let round = 1; round <= 5; round++)
    it(`the same container, its files kept, its processes ended (round ${round} of 5)`, async () => {
      const { id } = await deploy(tools, { image: "berth-lab/busybox:1", gpus: "all" });
      await lab.docker("exec", id, "sh", "-c", "echo work >/work");
      await lab.docker("exec", "--detach", id, "sleep", "1234");
      await makeStale(lab, id);
      assert.equal(await verdict(id), "stale");

      const revived = await restart(id);
      assert.equal(revived.id, id);
      assert.deepEqual(revived.health, { verdict: "ok", detail: "The container holds 2 GPUs, and they answer." });
      assert.deepEqual(revived.events, [
        ...["restart started", "restart done", "running started", "running done", "probe started", "probe done"],
      ]);
      assert.equal(await lab.docker("exec", id, "cat", "/work"), "work");
      assert.equal((await tools.engine.processes(id)).join().includes("sleep 1234"), false);
    });

  it("or not: that is told by the new look, and the container runs", async () => {
    const { id } = await deploy(tools, { image: "berth-lab/busybox:1", gpus: "all" });
    await containerFault(lab, id, "mismatch");
    const { health } = await restart(id);
    assert.equal(health?.verdict, "mismatch");
    assert.equal((await tools.engine.inspect(id))?.state, "running");
  });
});
