import assert from "node:assert/strict";
import { mock } from "node:test";
import { createInspects } from "../../src/engine/inspects.ts";

describe("inspects", () => {
  /** Inspects that are answered by hand. */
  function byHand() {
    const asked: string[] = [];
    const open = new Map<string, { resolve: (answer: string | undefined) => void; reject: (error: Error) => void }>();
    let answers = 0;
    let overdue = 0;
    const inspects = createInspects(
      (id) => {
        asked.push(id);
        return new Promise<string | undefined>((resolve, reject) => open.set(id, { resolve, reject }));
      },
      () => answers++,
      () => overdue++,
    );
    const tick = () => new Promise((resolve) => setImmediate(resolve));
    return {
      inspects,
      asked,
      answers: () => answers,
      overdue: () => overdue,
      answer: async (id: string, answer: string | undefined) => {
        open.get(id)!.resolve(answer);
        await tick();
      },
      refuse: async (id: string) => {
        open.get(id)!.reject(new Error("odd"));
        await tick();
      },
    };
  }

  it("are asked for once, until something happens", async () => {
    const { inspects, asked, answer, answers } = byHand();
    void inspects.load(["a"]);
    await answer("a", "one");
    await inspects.load(["a"]);
    assert.deepEqual([asked, inspects.get("a"), answers()], [["a"], { known: "one", fresh: true }, 1]);
    inspects.forget("a");
    assert.deepEqual(inspects.get("a"), { known: "one", fresh: false });
    void inspects.load(["a"]);
    await answer("a", "two");
    assert.deepEqual([asked, inspects.get("a")], [["a", "a"], { known: "two", fresh: true }]);
  });

  it("are not taken for new when something happened while they were on their way, and asked for again", async () => {
    const { inspects, asked, answer } = byHand();
    void inspects.load(["a"]);
    inspects.forget("a");
    const loaded = inspects.load(["a"]);
    assert.deepEqual(asked, ["a"]); // an engine that does not answer is asked once at a time
    await answer("a", "before");
    assert.deepEqual(inspects.get("a"), { known: "before", fresh: false });
    assert.deepEqual(asked, ["a", "a"]); // nobody may come again to ask
    await answer("a", "after");
    await loaded;
    assert.deepEqual(inspects.get("a"), { known: "after", fresh: true });
  });

  it("that are odd hide no others, and are tried again", async () => {
    const { inspects, asked, answer, refuse } = byHand();
    const loaded = inspects.load(["odd", "b"]);
    await refuse("odd");
    await answer("b", "b");
    await loaded;
    assert.deepEqual([inspects.get("odd"), inspects.get("b")?.known], [undefined, "b"]);
    void inspects.load(["odd", "b"]);
    assert.deepEqual(asked, ["odd", "b", "odd"]);
  });

  describe("in vain", () => {
    beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
    afterEach(() => mock.timers.reset());

    it("are overdue after a while, ever later while they stay so, and soon again after an answer", async () => {
      const { inspects, answer, refuse, overdue } = byHand();
      const inVain = async (refused: boolean) => {
        void inspects.load(["a"]);
        await (refused ? refuse("a") : answer("a", undefined));
      };
      for (const [n, seconds] of [2, 5, 15, 60, 60, 60].entries()) {
        await inVain(n % 2 === 0);
        mock.timers.tick(seconds * 1000 - 1);
        assert.equal(overdue(), n, `before ${seconds} s`);
        mock.timers.tick(1);
        assert.equal(overdue(), n + 1, `after ${seconds} s`);
        mock.timers.tick(600_000);
        assert.equal(overdue(), n + 1, "told once");
      }
      void inspects.load(["a"]);
      await answer("a", "one");
      mock.timers.tick(600_000);
      assert.equal(overdue(), 6);
      inspects.forget("a");
      await inVain(true);
      mock.timers.tick(2000);
      assert.equal(overdue(), 7);
    });

    it("are not overdue once they were asked for again, or are not listed any more", async () => {
      const { inspects, answer, refuse, overdue } = byHand();
      void inspects.load(["a", "b"]);
      await refuse("a");
      await refuse("b");
      void inspects.load(["a"]);
      mock.timers.tick(600_000);
      assert.equal(overdue(), 0);
      void inspects.load([]);
      await answer("a", undefined);
      mock.timers.tick(600_000);
      assert.equal(overdue(), 0);
    });
  });

  it("are eight at a time", async () => {
    const { inspects, asked, answer } = byHand();
    void inspects.load(Array.from({ length: 20 }, (_, n) => `c${n}`));
    assert.equal(asked.length, 8);
    await answer("c3", "three");
    assert.equal(asked.length, 9);
  });

  it("of what is not listed any more are let go", async () => {
    const { inspects, answer } = byHand();
    void inspects.load(["a"]);
    await answer("a", "one");
    await inspects.load([]);
    assert.equal(inspects.get("a"), undefined);
  });
});
