import assert from "node:assert/strict";
import type { Container, Details } from "../../src/core/engineJson.ts";
import type { Gpu } from "../../src/core/gpu.ts";
import { gpuText, holders, holds } from "../../src/core/holds.ts";
import type { GpuRequest } from "../../src/core/runSpec.ts";

const card = (index: number, uuid: string, mig: Gpu["mig"] = []): Gpu => ({
  ...{ index, uuid, name: "NVIDIA H100", mig, migEnabled: mig.length > 0, problems: [] },
});
const zero = card(0, "GPU-5d1a0000-1111");
const one = card(1, "GPU-77ff0000-2222", [{ uuid: "MIG-0a0b-3333", profile: "1g.10gb", index: 2 }]);

describe("which GPUs a container holds", () => {
  const cases: [string, GpuRequest, boolean, boolean][] = [
    ["none", "none", false, false],
    ["all", "all", true, true],
    ["the first by count", { count: 1 }, true, false],
    ["both by count", { count: 2 }, true, true],
    ["by index", { ids: ["1"] }, false, true],
    ["by UUID", { ids: [zero.uuid] }, true, false],
    ["by a UUID cut short", { ids: ["GPU-77ff"] }, false, true],
    ["an index is no beginning of another", { ids: ["10"] }, false, false],
    ["a part by index (MIG)", { ids: ["1:2"] }, false, true],
    ["a part by UUID (MIG)", { ids: ["MIG-0a0b-3333"] }, false, true],
  ];
  for (const [title, request, first, second] of cases) {
    it(title, () => assert.deepEqual([holds(request, zero), holds(request, one)], [first, second]));
  }

  it("only while it has processes", () => {
    const container = (name: string, state: string): Container => ({
      ...{ id: name, name, image: "", imageId: "", state, status: "", created: 0, ports: [], labels: {} },
      details: { gpus: "all" } as Details,
    });
    const states = ["running", "paused", "restarting", "exited", "created", "dead"];
    const held = holders(
      states.map((state) => container(state, state)),
      zero,
    );
    assert.deepEqual(
      held.map(({ name }) => name),
      ["running", "paused", "restarting"],
    );
  });
});

describe("the words for a container's GPUs", () => {
  const cases: [GpuRequest, string][] = [
    ["none", ""],
    ["all", "all GPUs"],
    [{ ids: ["0"] }, "GPU 0"],
    [{ ids: ["0", "1"] }, "GPUs 0, 1"],
    [{ count: 1 }, "GPU 0"],
    [{ count: 2 }, "GPUs 0, 1"],
    [{ ids: [one.uuid] }, "GPU 1"],
    [{ ids: ["GPU-5d1a"] }, "GPU 0"],
    [{ ids: ["MIG-0a0b-3333"] }, "GPU 1:2"],
    [{ ids: ["1:2"] }, "GPU 1:2"],
    [{ ids: ["GPU-99990000-4444-5555"] }, "GPU GPU-99990000"],
  ];
  for (const [request, wanted] of cases) {
    it(`${JSON.stringify(request)}: ${wanted || "nothing"}`, () => assert.equal(gpuText(request, [zero, one]), wanted));
  }
  it("all of one GPU is that GPU", () => assert.equal(gpuText("all", [zero]), "GPU 0"));
  it("all of a machine whose GPUs are unknown", () => assert.equal(gpuText("all", []), "all GPUs"));
});
