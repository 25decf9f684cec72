import assert from "node:assert/strict";
import type { Container, Details } from "../../src/core/engineJson.ts";
import type { Verdict } from "../../src/core/gpuHealth.ts";
import {
  askedForList,
  forgotten,
  gotList,
  looked,
  nextList,
  nextLook,
  startWatch,
  turnsBad,
  type HandleWatch,
} from "../../src/core/handleWatch.ts";
import { initialState, type State } from "../../src/core/state.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const now = Date.UTC(2026, 10, 21, 12);

function container(id: string, more: Partial<Details> = {}, state = "running"): Container {
  const details: Details = {
    ...{ startedAt: now - hour, exitCode: 0, oomKilled: false, running: true, restarting: false, error: "", gpus: "all" },
    ...{ mounts: [], env: [], user: "", workingDir: "", entrypoint: [], command: [] },
    ...more,
  };
  return {
    ...{ id, name: id, image: "pytorch:2.8", imageId: "", state, status: "", created: 0, ports: [], labels: {} },
    details,
  };
}
const state = (containers: readonly Container[], more: Partial<State> = {}): State => ({
  ...initialState,
  engine: { status: "ready", context: "default", local: true },
  containers,
  ...more,
});

/** A watch that saw these verdicts of a container, each as soon as it was due, and how long after each the next one is, in seconds. */
function paces(verdicts: readonly (Verdict | undefined)[]): number[] {
  const one = container("a");
  let watch = startWatch;
  let at = now;
  return verdicts.map((verdict) => {
    watch = looked(watch, one, verdict, at);
    const next = nextLook(watch, state([one]), at)!.at;
    const pause = (next - at) / second;
    at = next;
    return pause;
  });
}
const seen = (...looks: [of: Container, verdict: Verdict | undefined, at: number][]): HandleWatch =>
  looks.reduce((watch, [of, verdict, at]) => looked(watch, of, verdict, at), startWatch);
const due = (watch: HandleWatch, it: State, at = now) => {
  const next = nextLook(watch, it, at);
  return next && [next.container.id, (next.at - at) / second];
};

describe("which GPU handle is looked at next, and when", () => {
  const table: [string, (Verdict | undefined)[], number[]][] = [
    ["one that stays well, ever less often", ["ok", "ok", "ok", "ok", "ok", "ok"], [60, 120, 240, 480, 600, 600]],
    ["one that has no nvidia-smi to ask, like a well one", ["absent", "absent", "absent"], [60, 120, 240]],
    ["a stale one, so that it turns green soon after it is healed", ["stale", "stale", "stale"], [30, 60, 60]],
    ["a mismatch", ["mismatch", "mismatch"], [30, 60]],
    ["a lost one", ["lost", "lost"], [30, 60]],
    [
      "one that does not answer, ever less often, since each look hangs",
      ["unresponsive", "unresponsive", "unresponsive", "unresponsive", "unresponsive", "unresponsive"],
      [30, 60, 120, 240, 480, 600],
    ],
    ["one of which nothing could be told, ever less often", [undefined, undefined, undefined], [10, 20, 40]],
    ["one that turns, from the start again", ["ok", "ok", "ok", "stale", "stale", "ok", "ok"], [60, 120, 240, 30, 60, 60, 120]],
    ["one that turns from bad to worse", ["stale", "stale", "unresponsive", "unresponsive"], [30, 60, 30, 60]],
  ];
  for (const [title, verdicts, wanted] of table) it(title, () => assert.deepEqual(paces(verdicts), wanted));

  it("is one that was never looked at: at once, or ten seconds after its start", () => {
    assert.deepEqual(due(startWatch, state([container("a")])), ["a", 0]);
    assert.deepEqual(due(startWatch, state([container("a", { startedAt: now - 4 * second })])), ["a", 6]);
    const { startedAt: _, ...unknown } = container("a").details!;
    assert.deepEqual(due(startWatch, state([{ ...container("a"), details: unknown }])), ["a", 0]);
  });

  it("is not put off by an engine whose clock is ahead", () => {
    assert.deepEqual(due(startWatch, state([container("a", { startedAt: now + hour })])), ["a", 0]);
  });

  it("is one that was started again, ten seconds after that, whatever it was before", () => {
    const watch = seen([container("a"), "ok", now - 2 * second]);
    assert.deepEqual(due(watch, state([container("a", { startedAt: now - second })])), ["a", 9]);
  });

  it("is the one that waits longest", () => {
    const [a, b, c] = [container("a"), container("b"), container("c")];
    const watch = seen([a, "ok", now - 70 * second], [b, "ok", now - 90 * second], [c, "ok", now - 50 * second]);
    assert.deepEqual(due(watch, state([a, b, c])), ["b", -30]);
    assert.deepEqual(due(looked(watch, b, "ok", now), state([a, b, c]), now + 2 * second), ["a", -1]);
  });

  it("is at least a second after the one before", () => {
    const [a, b] = [container("a"), container("b")];
    assert.deepEqual(due(seen([a, "ok", now]), state([a, b])), ["b", 1]);
  });

  it("is none that holds no GPU, does not run, or is not known in detail yet", () => {
    const { details: _, ...bare } = container("bare");
    const others = [
      container("no-gpu", { gpus: "none" }),
      container("paused", {}, "paused"),
      container("exited", {}, "exited"),
      container("restarting", { restarting: true }, "restarting"),
      bare,
    ];
    assert.equal(due(startWatch, state(others)), undefined);
    assert.deepEqual(due(startWatch, state([...others, container("a")])), ["a", 0]);
  });

  it("is none while Berth does something with that container, which looks by itself", () => {
    const containers = [container("a"), container("b", { startedAt: now - 3 * second })];
    assert.deepEqual(due(startWatch, state(containers, { busy: { a: "restarting" } })), ["b", 7]);
  });

  it("is none while the engine is out of reach", () => {
    for (const engine of [{ status: "connecting" }, { status: "out", reason: "stopped", message: "" }] as const)
      assert.equal(due(startWatch, state([container("a")], { engine })), undefined);
  });

  describe("when one turns stale", () => {
    const [a, b, c, d] = [container("a"), container("b"), container("c"), container("d")];
    const all = state([a, b, c, d]);
    const before = seen(
      [a, "ok", now - 4 * minute],
      [c, "stale", now - 3 * minute],
      [a, "ok", now - minute],
      [c, "stale", now - 50 * second],
      [b, "ok", now - 40 * second],
      [d, "ok", now - 10 * second],
    );

    it("are the others that were well, at once, one after the other", () => {
      assert.deepEqual(due(before, all), ["c", 10]);
      let watch = looked(before, a, "stale", now);
      const order: string[] = [];
      for (let at = now + second; order.length < 2; at += second) {
        const next = nextLook(watch, all, at)!;
        assert.equal(next.at <= at, true);
        order.push(next.container.id);
        watch = looked(watch, next.container, "ok", at);
      }
      assert.deepEqual(order, ["b", "d"]);
      assert.deepEqual(due(watch, all, now + 2 * second), ["c", 8]);
    });

    it("they are looked at once more each, however many of them turn too", () => {
      let watch = looked(before, a, "stale", now);
      watch = looked(watch, b, "stale", now + second);
      watch = looked(watch, d, "stale", now + 2 * second);
      assert.deepEqual(due(watch, all, now + 2 * second), ["c", 8]);
    });

    it("and one that is not stale says nothing of the others", () => {
      assert.deepEqual(due(looked(before, a, "unresponsive", now), all), ["c", 10]);
    });

    it("and they are again when another one turns later", () => {
      let watch = looked(before, a, "stale", now);
      for (const [n, one] of [b, d].entries()) watch = looked(watch, one, "ok", now + (n + 1) * second);
      assert.deepEqual(due(watch, state([d]), now + minute), ["d", 62]);
      watch = looked(watch, b, "stale", now + minute);
      assert.deepEqual(due(watch, state([d]), now + minute), ["d", 1]);
    });
  });

  it("is soon one whose verdict the store has forgotten, as when the engine was away", () => {
    const a = container("a");
    const watch = forgotten(seen([a, "ok", now - minute]), ["a", "never-seen"], now);
    assert.deepEqual(due(watch, state([a])), ["a", 10]);
    assert.deepEqual(due(watch, state([container("never-seen")])), ["never-seen", 0]);
  });
});

describe("a GPU handle turns bad", () => {
  const a = container("a");
  const cases: [string, HandleWatch, Verdict, boolean][] = [
    ["from ok to stale", seen([a, "ok", now - minute]), "stale", true],
    ["from ok to no answer", seen([a, "ok", now - minute]), "unresponsive", true],
    ["from ok to ok", seen([a, "ok", now - minute]), "ok", false],
    ["from stale to stale", seen([a, "ok", now - hour], [a, "stale", now - minute]), "stale", false],
    ["from one trouble to another", seen([a, "stale", now - minute]), "unresponsive", false],
    ["from stale to ok", seen([a, "stale", now - minute]), "ok", false],
    ["from stale to ok and back", seen([a, "stale", now - hour], [a, "ok", now - minute]), "stale", true],
    ["from ok to where no nvidia-smi answers", seen([a, "ok", now - minute]), "absent", false],
    ["when it was never seen well", startWatch, "stale", false],
    ["with a failed look in between", seen([a, "ok", now - hour], [a, undefined, now - minute]), "stale", true],
    ["with a failed look in between, bad before", seen([a, "stale", now - hour], [a, undefined, now - minute]), "stale", false],
    ["after the engine was away", forgotten(seen([a, "ok", now - hour]), ["a"], now - minute), "stale", true],
    ["after a start of its own", seen([container("a", { startedAt: now - 2 * hour }), "ok", now - hour]), "stale", false],
  ];
  for (const [title, watch, verdict, wanted] of cases)
    it(`${title}: ${wanted ? "told" : "not told"}`, () => assert.equal(turnsBad(watch, a, verdict), wanted));
});

describe("a list of the containers is asked for", () => {
  const inSeconds = (watch: HandleWatch, more: Partial<State>, at = now) => {
    const time = nextList(watch, state([], more));
    return time && (time - at) / second;
  };

  it("not while all that runs is known", () => assert.equal(inSeconds(startWatch, {}), undefined));

  it("when the first of those that were started unseen is due to be looked at", () =>
    assert.equal(inSeconds(startWatch, { unlisted: now - 3 * second }), 7));

  it("at most once a minute, however many are started", () => {
    const watch = gotList(askedForList(startWatch, now));
    assert.equal(inSeconds(watch, { unlisted: now + 2 * second }), 60);
    assert.equal(inSeconds(watch, { unlisted: now + 55 * second }), 65);
  });

  it("ever less often when none comes, as of an engine that is out", () => {
    const out = { engine: { status: "out", reason: "stopped", message: "" } as const, unlisted: now - minute };
    let watch = startWatch;
    const pauses = [1, 2, 3, 4, 5, 6].map(() => {
      watch = askedForList(watch, now);
      return inSeconds(watch, out);
    });
    assert.deepEqual(pauses, [60, 120, 240, 480, 600, 600]);
    assert.equal(inSeconds(gotList(watch), { unlisted: now }), 60);
  });

  it("not of an engine that was never seen", () =>
    assert.equal(inSeconds(startWatch, { engine: { status: "connecting" }, unlisted: now }), undefined));
});
