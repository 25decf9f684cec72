import assert from "node:assert/strict";
import { createStore } from "../../src/core/store.ts";

describe("the store", () => {
  const watched = () => {
    const store = createStore<{ a: number; b: string }>({ a: 1, b: "x" });
    const seen: { a: number; b: string }[] = [];
    const stop = store.onDidChange((value) => seen.push(value));
    return { store, seen, stop };
  };

  it("tells who listens what it holds now, and keeps the other fields", () => {
    const { store, seen } = watched();
    store.update({ a: 2 });
    assert.deepEqual(seen, [{ a: 2, b: "x" }]);
    assert.deepEqual(store.get(), { a: 2, b: "x" });
  });

  it("tells nobody when nothing changed", () => {
    const { store, seen } = watched();
    store.update({ a: 1, b: "x" });
    store.update({});
    assert.deepEqual(seen, []);
  });

  it("leaves a value that was handed out as it was", () => {
    const { store } = watched();
    const before = store.get();
    store.update({ a: 2 });
    assert.deepEqual(before, { a: 1, b: "x" });
  });

  it("tells nothing after the listening was stopped, even in the middle of telling", () => {
    const { store, seen, stop } = watched();
    const others: number[] = [];
    const stopOther = store.onDidChange(({ a }) => {
      others.push(a);
      stop();
      stopOther();
    });
    store.update({ a: 2 });
    store.update({ a: 3 });
    assert.deepEqual([seen.length, others], [1, [2]]);
  });

  it("never ends with an old value at a listener, though one changes it while told", () => {
    const { store } = watched();
    store.onDidChange(({ a, b }) => {
      if (b !== `for ${a}`) store.update({ b: `for ${a}` });
    });
    let last: object | undefined;
    store.onDidChange((value) => (last = value));
    store.update({ a: 2 });
    assert.deepEqual(last, { a: 2, b: "for 2" });
  });
});
