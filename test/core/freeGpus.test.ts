import assert from "node:assert/strict";
import type { Container, Details } from "../../src/core/engineJson.ts";
import { chooseFree, olderClaim } from "../../src/core/freeGpus.ts";
import type { Gpu, GpuProblem } from "../../src/core/gpu.ts";
import type { GpuRequest } from "../../src/core/runSpec.ts";

const now = Date.UTC(2026, 10, 21);
const card = (index: number, ...problems: GpuProblem[]): Gpu => ({
  ...{ index, uuid: `GPU-${index}000`, name: "NVIDIA H100", mig: [], migEnabled: false, problems },
});
const container = (id: string, gpus: GpuRequest, more: Partial<Container> = {}): Container => ({
  ...{ id, name: id, image: "", imageId: "", state: "running", status: "", created: now - 3_600_000, ports: [], labels: {} },
  details: { gpus } as Details,
  ...more,
});
const four = [card(0), card(1), card(2), card(3)];

describe("choosing free GPUs", () => {
  it("takes the first that nobody holds", () => {
    assert.deepEqual(chooseFree(2, four, [container("a", { ids: ["0"] }), container("b", { ids: ["GPU-2000"] })], now), [
      "1",
      "3",
    ]);
  });

  it("passes over a broken card, and not over a hot one", () => {
    const cards = [
      card(0, { severity: "error", text: "is lost" }),
      card(1, { severity: "warning", text: "slowed down by heat" }),
    ];
    assert.deepEqual(chooseFree(1, cards, [], now), ["1"]);
  });

  it("counts a container that is about to start, and not one that was created long ago or has stopped", () => {
    const about = container("about", { ids: ["0"] }, { state: "created", created: now - 5_000 });
    const left = container("left", { ids: ["1"] }, { state: "created", created: now - 3_600_000 });
    const stopped = container("stopped", { ids: ["1"] }, { state: "exited" });
    assert.deepEqual(chooseFree(1, four, [about, left, stopped], now), ["1"]);
  });

  const errors: [string, number, Gpu[], GpuRequest, string][] = [
    [
      "every one is held",
      1,
      [card(0), card(1)],
      "all",
      "1 free GPU was asked for, and none of 2 is free: retire a container that holds one.",
    ],
    [
      "too few are left",
      3,
      four,
      { ids: ["1", "2"] },
      "3 free GPUs were asked for, and 2 of 4 are free: retire a container that holds one, or ask for fewer.",
    ],
    [
      "one is left",
      2,
      [card(0), card(1)],
      { ids: ["1"] },
      "2 free GPUs were asked for, and 1 of 2 is free: retire a container that holds one, or ask for fewer.",
    ],
    ["there is none", 1, [], "none", "1 free GPU was asked for, and there is none on this machine: deploy without GPUs."],
  ];
  for (const [title, count, cards, request, message] of errors) {
    it(`says it when ${title}`, () => {
      assert.throws(() => chooseFree(count, cards, [container("a", request)], now), { name: "UserError", message });
    });
  }
});

describe("two containers that reserved the same GPU", () => {
  const claim = (id: string, created: number, gpus: GpuRequest = { ids: ["0"] }, state = "created") =>
    container(id, gpus, { state, created: now - created });
  const meets = (own: Container, ...others: Container[]) => olderClaim(own, [card(0)], [own, ...others], now)?.id;

  it("the younger gives way to the older", () => {
    const [older, younger] = [claim("a", 2000), claim("b", 1000)];
    assert.equal(meets(younger, older), "a");
    assert.equal(meets(older, younger), undefined);
  });

  it("of the same moment, the smaller id stays: one of them always does", () => {
    const [a, b] = [claim("a", 1000), claim("b", 1000)];
    assert.equal(meets(b, a), "a");
    assert.equal(meets(a, b), undefined);
  });

  it("another GPU, a stopped container, and one that was never started are no claim", () => {
    const own = claim("z", 0);
    assert.equal(meets(own, claim("a", 1000, { ids: ["1"] }), claim("b", 1000, "all", "exited"), claim("c", 600_000)), undefined);
  });

  it("a container that has run for long and holds all is one", () => {
    assert.equal(meets(claim("z", 0), claim("a", 600_000, "all", "running")), "a");
  });
});
