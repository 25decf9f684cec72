import assert from "node:assert/strict";
import { Cancelled, UserError } from "../../src/core/errors.ts";
import { eachOf, fullSummary, isCut, summary, type Result } from "../../src/core/several.ts";

const never = new AbortController().signal;
const self = (name: string) => name;

describe("several at once", () => {
  it("works on no more of them than allowed at a time, and on all of them", async () => {
    let now = 0;
    let most = 0;
    const work = async (name: string) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return { name };
    };
    const results = await eachOf(["a", "b", "c", "d", "e", "f", "g"], 3, work, self, { signal: never });
    assert.equal(most, 3);
    assert.deepEqual(
      results.map(({ name, outcome }) => `${name} ${outcome}`),
      ["a done", "b done", "c done", "d done", "e done", "f done", "g done"],
    );
  });

  it("goes on after one that fails, and keeps the order they were given in", async () => {
    const work = (name: string) =>
      name === "b" ? Promise.reject(new UserError("It is stuck.")) : Promise.resolve({ name, left: name === "c" });
    assert.deepEqual(await eachOf(["a", "b", "c"], 2, work, self, { signal: never }), [
      { name: "a", outcome: "done" },
      { name: "b", outcome: "failed", message: "It is stuck." },
      { name: "c", outcome: "left" },
    ]);
  });

  it("begins no more once it is cancelled, and says which", async () => {
    const cancel = new AbortController();
    const begun: string[] = [];
    const work = (name: string, signal: AbortSignal) => {
      begun.push(name);
      assert.equal(signal, cancel.signal, "who works can take back what is under way");
      cancel.abort();
      return name === "a" ? Promise.reject(new Cancelled()) : Promise.resolve({ name });
    };
    const results = await eachOf(["a", "b"], 1, work, self, { signal: cancel.signal });
    assert.deepEqual(begun, ["a"]);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ["cancelled", "cancelled"],
    );
  });

  it("tells each result as it comes", async () => {
    const told: string[] = [];
    await eachOf(["a", "b"], 2, (name) => Promise.resolve({ name }), self, {
      signal: never,
      onResult: ({ name }) => told.push(name),
    });
    assert.deepEqual(told.sort(), ["a", "b"]);
  });
});

describe("the one summary", () => {
  const done = (name: string): Result => ({ name, outcome: "done" });
  const cases: [string, Result[], string][] = [
    ["all went well", [done("a"), done("b")], "Stopped 2 containers."],
    ["one alone", [done("a")], "Stopped 1 container."],
    ["some had nothing to do", [done("a"), { name: "b", outcome: "left" }], "Stopped 1 of 2 containers. Nothing to do for b."],
    [
      "one failed: its first line, after its name",
      [done("a"), { name: "b", outcome: "failed", message: "It is stuck.\nlog line" }],
      "Stopped 1 of 2 containers. b: It is stuck.",
    ],
    [
      "a reason that begins with the name does not repeat it",
      [done("a"), { name: "b", outcome: "failed", message: "b exited at once with exit code 3." }],
      "Stopped 1 of 2 containers. b: exited at once with exit code 3.",
    ],
    [
      "many: some are named, the others counted",
      ["a", "b", "c", "d", "e"].map((name) => ({ name, outcome: "cancelled" })),
      "Stopped 0 of 5 containers. Cancelled before a, b, c and 2 more.",
    ],
    [
      "many reasons: some are told",
      ["a", "b", "c", "d", "e"].map((name, n) => ({ name, outcome: "failed", message: `Reason ${n}.` })),
      "Stopped 0 of 5 containers. a: Reason 0. b: Reason 1. c: Reason 2. 2 more failed for other reasons.",
    ],
    [
      "several failed for one reason: it is told once",
      ["a", "b", "c"].map((name) => ({ name, outcome: "failed", message: "The Docker engine went away." })),
      "Stopped 0 of 3 containers. a, b, c: The Docker engine went away.",
    ],
    [
      "cancelled on the way",
      [done("a"), { name: "b", outcome: "cancelled" }, { name: "c", outcome: "cancelled" }],
      "Stopped 1 of 3 containers. Cancelled before b, c.",
    ],
  ];
  for (const [name, results, text] of cases) it(name, () => assert.equal(summary("Stopped", results), text));

  it("in full is a line for each that is not simply done", () => {
    const results: Result[] = [
      done("a"),
      { name: "b", outcome: "failed", message: "b exited at once.\nlog" },
      { name: "c", outcome: "left" },
      { name: "d", outcome: "cancelled" },
    ];
    assert.equal(fullSummary(results), "b: exited at once.\nc: nothing to do\nd: cancelled before it was begun");
    assert.equal(isCut(results), false);
    assert.equal(isCut([...results, { name: "e", outcome: "left" }]), true);
  });

  it("speaks of images too", () => assert.equal(summary("Removed", [done("a")], "image"), "Removed 1 image."));
});
