import assert from "node:assert/strict";
import { mock } from "node:test";
import { throttle } from "../../src/engine/throttle.ts";

describe("work that is throttled", () => {
  /** When each run began, in milliseconds since the test did. */
  let runs: number[];
  beforeEach(() => {
    runs = [];
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    mock.method(performance, "now", () => Date.now());
  });
  afterEach(() => mock.reset());

  const settle = async () => {
    for (let n = 0; n < 10; n++) await Promise.resolve();
  };
  /** Lets time pass a millisecond at a time, doing something in each. */
  async function pass(ms: number, each: (now: number) => void = () => undefined): Promise<void> {
    for (let n = 0; n < ms; n++) {
      each(Date.now());
      mock.timers.tick(1);
      await settle();
    }
  }
  const work = () => {
    runs.push(Date.now());
    return Promise.resolve();
  };

  it("begins at once", async () => {
    const { trigger } = throttle(work, 250);
    trigger();
    await pass(1000);
    assert.deepEqual(runs, [1]); // the timer's own millisecond
  });

  it("is never kept waiting by a storm: it runs every interval for as long as the storm lasts, and once after its last call", async () => {
    const { trigger } = throttle(work, 250);
    await pass(1000, trigger);
    const last = Date.now();
    await pass(1000);
    assert.deepEqual(runs, [1, 251, 501, 751, 1001]);
    assert(runs.at(-1)! >= last);
  });

  it("does not overlap, and runs again when it was called in the middle", async () => {
    let ended: (() => void) | undefined;
    const { trigger } = throttle(() => {
      void work();
      return new Promise<void>((resolve) => (ended = resolve));
    }, 250);
    trigger();
    await pass(400);
    trigger();
    trigger();
    await pass(400);
    assert.deepEqual(runs, [1]);
    ended!();
    await pass(10);
    assert.deepEqual(runs, [1, 802]);
    ended!();
    await pass(1000);
    assert.deepEqual(runs, [1, 802]);
  });

  it("does not run any more once it is cancelled", async () => {
    const { trigger, cancel } = throttle(work, 250);
    trigger();
    cancel();
    await pass(1000);
    assert.deepEqual(runs, []);
  });
});
