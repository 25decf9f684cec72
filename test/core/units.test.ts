import assert from "node:assert/strict";
import { bytes, count, span } from "../../src/core/units.ts";

const table = <T>(title: string, render: (value: T) => string, cases: [T, string][]) =>
  describe(title, () => {
    for (const [value, wanted] of cases) it(`${String(value)}: ${wanted}`, () => assert.equal(render(value), wanted));
  });

table("sizes, decimal as docker images has them", bytes, [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [1_985_933, "2 MB"],
  [77_800_000, "77.8 MB"],
  [117_000_000, "117 MB"],
  [999_400_000, "999 MB"],
  [999_600_000, "1 GB"],
  [18_400_000_000, "18.4 GB"],
  [2_000_000_000_000, "2 TB"],
  [5_000_000_000_000_000, "5000 TB"],
]);

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
table("spans of time", span, [
  [0, "0 s"],
  [-5 * second, "0 s"], // the engine's clock is a little ahead
  [59.9 * second, "59 s"],
  [minute, "1 min"],
  [59.9 * minute, "59 min"],
  [3 * hour, "3 h"],
  [23.9 * hour, "23 h"],
  [day, "1 day"],
  [400 * day, "400 days"],
]);

table("counts of files", (n: number) => count(n, "file"), [
  [0, "0 files"],
  [1, "1 file"],
  [2, "2 files"],
]);
table("counts of processes", (n: number) => count(n, "process"), [
  [1, "1 process"],
  [3, "3 processes"],
]);
