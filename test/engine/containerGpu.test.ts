import assert from "node:assert/strict";
import { chooseFree } from "../../src/core/freeGpus.ts";
import { planRetire, planStart } from "../../src/core/plan.ts";
import type { GpuRequest } from "../../src/core/runSpec.ts";
import { GpuTakenError, inspectAll, type Executed, type Tools } from "../../src/engine/execute.ts";
import { checkContainerGpu } from "../../src/engine/probe.ts";
import type { LabEngine } from "../lab/engine.ts";
import { containerFault, gpuUuid, hostGpus, makeStale } from "../lab/gpu.ts";
import {
  api,
  carryOut,
  deploy,
  freshName,
  planFor,
  removeContainers,
  runBox,
  sentenceOf,
  stateOf,
  toolsFor,
  useEngine,
} from "./support.ts";

const busybox = "berth-lab/busybox:1";

describe("GPUs in containers", function () {
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

  describe("the handle of a container", () => {
    const withGpus = (gpus: Exclude<GpuRequest, string> | "all" = "all") => {
      const which = gpus === "all" ? { Count: -1 } : "count" in gpus ? { Count: gpus.count } : { DeviceIDs: gpus.ids };
      return runBox(lab, freshName(), { HostConfig: { Init: true, DeviceRequests: [{ ...which, Capabilities: [["gpu"]] }] } });
    };
    const check = (id: string, gpus: GpuRequest = "all", more: Partial<Tools> = {}) =>
      checkContainerGpu({ id, gpus }, { ...tools, ...more });

    it("is looked at as part of a deploy, and is ok", async () => {
      const { health, events } = await deploy(tools, { image: busybox, gpus: "all" });
      assert.deepEqual(health, { verdict: "ok", detail: "The container holds 2 GPUs, and they answer." });
      assert.equal(events.at(-1), "probe done");
    });

    it("is ok for one GPU, by index and by UUID", async () => {
      const wishes: Exclude<GpuRequest, string>[] = [{ ids: ["1"] }, { ids: [gpuUuid(1)] }, { ids: [gpuUuid(0)] }, { count: 1 }];
      const healths = await Promise.all(wishes.map(async (wish) => check(await withGpus(wish), wish)));
      for (const health of healths)
        assert.deepEqual(health, { verdict: "ok", detail: "The container holds 1 GPU, and it answers." });
    });

    it("goes stale, which a restart of the container heals", async () => {
      const id = await withGpus();
      await lab.docker("exec", id, "sh", "-c", "echo work >/work");
      await makeStale(lab, id);
      assert.deepEqual(await check(id), {
        verdict: "stale",
        detail:
          "The container has lost GPU access (stale NVML); restart it to get the GPU back: its files stay, its processes end.",
      });
      await lab.docker("restart", id);
      assert.equal((await check(id)).verdict, "ok");
      assert.equal(await lab.docker("exec", id, "cat", "/work"), "work");
    });

    it("is looked at as part of a start", async () => {
      const id = await withGpus();
      await lab.docker("stop", id);
      await containerFault(lab, id, "mismatch");
      const { health } = await carryOut(planStart((await tools.engine.inspect(id))!), tools);
      assert.equal(health?.verdict, "mismatch");
      assert.equal(await stateOf(tools, id), "running"); // told, not undone
    });

    it("is absent where none was given", async () => {
      const { id, health } = await deploy(tools, { image: busybox });
      assert.equal(health, undefined);
      assert.equal((await check(id)).verdict, "absent");
      assert.deepEqual(await check(id, "none"), { verdict: "none", detail: "No GPU was asked for." });
    });

    it("is absent where the driver is not, or not for this user", async () => {
      const id = await withGpus();
      for (const fault of ["nodriver", "nolib", "denied"] as const) {
        await containerFault(lab, id, fault);
        assert.equal((await check(id)).verdict, "absent", fault);
      }
    });

    it("is lost with its GPU", async () => {
      const id = await withGpus();
      hostGpus(lab, { count: 2, fault: "lost" });
      assert.equal((await check(id, "all", { hostGpus: [] })).verdict, "lost");
    });

    it("is lost when the container does not hold what it was to hold", async () => {
      const id = await withGpus({ ids: ["0"] });
      const { verdict, detail } = await check(id, { ids: ["0", "1"] });
      assert.equal(verdict, "lost");
      assert.match(detail, new RegExp(`GPU 1 \\(${gpuUuid(1)}\\)`));
    });

    it("is a mismatch after an update of the driver", async () => {
      const id = await withGpus();
      await containerFault(lab, id, "mismatch");
      assert.equal((await check(id)).verdict, "mismatch");
    });

    it("is unresponsive when the driver hangs, and nobody waits for it", async () => {
      const id = await withGpus();
      await containerFault(lab, id, "hang");
      assert.equal((await check(id, "all", { probeTimeout: 1500 })).verdict, "unresponsive");
    });

    it("is unresponsive while the container is paused", async () => {
      const id = await withGpus();
      await api(lab, "POST", `/containers/${id}/pause`);
      const { verdict, detail } = await check(id);
      assert.equal(verdict, "unresponsive");
      assert.match(detail, /paused/);
    });
  });

  describe("an engine that cannot give GPUs", () => {
    let without: LabEngine;
    before(async function () {
      this.timeout(300_000);
      const { startEngine } = await import("../lab/engine.ts");
      const { loadImages } = await import("../lab/images.ts");
      without = await startEngine("no-gpu", { gpu: false });
      await loadImages(without, ["busybox"]);
    });
    after(() => without.dispose());

    it("says so, and leaves no container", async () => {
      const there = await toolsFor(without.env);
      assert.deepEqual(there.hostGpus, []);
      assert.equal(
        await sentenceOf(deploy(there, { image: busybox, name: "wishful", gpus: "all" })),
        "This engine cannot give GPUs to containers: set up the NVIDIA Container Toolkit for it, or deploy without GPUs.",
      );
      assert.equal(await stateOf(there, "wishful"), undefined);
    });
  });

  it("that do not exist are told", async () => {
    assert.equal(
      await sentenceOf(deploy(tools, { image: busybox, name: "far", gpus: { ids: ["7"] } })),
      "There is no GPU '7' on the engine's machine: choose another one.",
    );
    assert.equal(await stateOf(tools, "far"), undefined);
  });

  describe("free ones are reserved", () => {
    /** As the command does it: choose, deploy, and choose again when another was first. */
    async function deployFree(count: number): Promise<Executed & { gpus: string[] }> {
      for (let attempt = 1; ; attempt++) {
        const ids = chooseFree(count, tools.hostGpus, await inspectAll(tools.engine), Date.now());
        const answers = { image: busybox, name: freshName("claim"), gpus: { ids } };
        const { plan } = await planFor(tools, answers, { start: true, reserved: ids });
        try {
          return { ...(await carryOut(plan, tools)), gpus: ids };
        } catch (error) {
          if (!(error instanceof GpuTakenError) || attempt === 5) throw error;
        }
      }
    }
    const none = "1 free GPU was asked for, and none of 2 is free: retire a container that holds one.";

    it("never twice, however many ask at once", async () => {
      for (let round = 0; round < 3; round++) {
        const results = await Promise.allSettled(Array.from({ length: 4 }, () => deployFree(1)));
        const won = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
        const lost = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
        assert.equal(new Set(won.flatMap(({ gpus }) => gpus)).size, won.length, "two containers share a GPU");
        assert(won.length >= 1 && won.length <= 2, `${won.length} got one`);
        for (const { message } of lost)
          assert(message === none || /^claim-\S+ took a GPU that claim-\S+ had chosen: try again\.$/.test(message), message);
        // What is on the engine is what won, and nothing of those that gave way is left.
        const there = await inspectAll(tools.engine);
        assert.deepEqual(there.map(({ id }) => id).sort(), won.map(({ id }) => id).sort());
        assert(there.every(({ state }) => state === "running"));
        await removeContainers(lab);
      }
    });

    it("one after the other until there is none, and a retired one's is free again", async () => {
      const first = await deployFree(1);
      const second = await deployFree(1);
      assert.deepEqual([first.gpus, second.gpus], [["0"], ["1"]]);
      assert.equal(await sentenceOf(deployFree(1)), none);
      await carryOut(planRetire((await tools.engine.inspect(first.id))!, { volumes: false }), tools);
      assert.deepEqual((await deployFree(1)).gpus, ["0"]);
    });

    it("not those that any other container holds, however it came by them", async () => {
      await lab.docker("run", "--detach", "--gpus", '"device=0"', busybox, "tail", "-f", "/dev/null");
      assert.deepEqual((await deployFree(1)).gpus, ["1"]);
      assert.equal(await sentenceOf(deployFree(1)), none);
    });
  });
});
