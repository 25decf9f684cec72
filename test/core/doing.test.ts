import assert from "node:assert/strict";
import { isLaunched, withDoing, type Doing } from "../../src/core/doing.ts";
import { initialState } from "../../src/core/state.ts";

describe("what Berth does now", () => {
  const launch = { key: "/work/cv#cv", steps: [] };
  const launched: Doing = { name: "box", what: "setting up", launch };
  const stopped: Doing = { name: "box", what: "stopping" };
  const begun = withDoing(initialState, undefined, launched);

  it("begins, goes on and is over", () => {
    assert.deepEqual(begun, { doing: [launched], busy: { box: "setting up" } });
    const next = { ...launched, what: "preparing" };
    assert.deepEqual(withDoing(begun, launched, next), { doing: [next], busy: { box: "preparing" } });
    assert.deepEqual(withDoing(begun, launched, undefined), { doing: [], busy: {} });
  });

  it("is not told of before its first step, and takes nothing away when that never came", () => {
    const refused: Doing = { name: "box", launch };
    const both = withDoing(begun, undefined, refused);
    assert.deepEqual(both.busy, { box: "setting up" });
    assert.deepEqual(withDoing(both, refused, undefined), begun);
  });

  it("twice on one container ends by itself, in whatever order: the other is still told of", () => {
    const both = withDoing(begun, undefined, stopped);
    assert.deepEqual(both.busy, { box: "stopping" });
    assert.deepEqual(withDoing(both, stopped, undefined), begun);
    assert.deepEqual(withDoing(both, launched, undefined), { doing: [stopped], busy: { box: "stopping" } });
  });

  it("is a launch only where a deployment is launched as that container", () => {
    assert.equal(isLaunched(begun, "box"), true);
    assert.equal(isLaunched(begun, "box-2"), false);
    assert.equal(isLaunched(withDoing(initialState, undefined, stopped), "box"), false);
  });
});
