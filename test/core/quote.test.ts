import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { commandLine, quote } from "../../src/core/quote.ts";

/** The arguments that a POSIX shell makes of a command line. */
function split(shell: string, line: string): string[] {
  return execFileSync(shell, ["-c", `print() { printf '%s\\0' "$@"; }; print ${line}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

/** Nothing that a shell could read into a value may be lost or run. */
const nasty = [
  "",
  " ",
  "two words",
  "it's",
  "'",
  "''",
  `"double"`,
  "$HOME",
  "${PATH}",
  "$(echo run)",
  "`echo run`",
  "back\\slash",
  "\\",
  "ends in \\",
  "a\nline",
  "\n",
  "tab\there",
  "größe 漢字 🚢",
  "!history!",
  "*",
  "?[a-z]",
  "{a,b}",
  "~",
  "~/data",
  "#comment",
  "a#b",
  "a;b",
  "a&b",
  "a|b",
  "a>b",
  "-dash",
  "--",
  "%s",
  "a=b",
  `"device=0,1"`,
];

describe("quoting for a POSIX shell", () => {
  for (const shell of ["sh", "bash"]) {
    for (const value of nasty) {
      it(`${shell} gives ${JSON.stringify(value)} back`, () => assert.deepEqual(split(shell, quote(value)), [value]));
    }
    it(`${shell} gives a whole line back`, () => assert.deepEqual(split(shell, commandLine(nasty)), nasty));
  }

  it("leaves alone what needs no quotes, so that a line stays readable", () => {
    const argv = [
      "docker",
      "run",
      "-d",
      "--name",
      "train-7",
      "-v",
      "/home/ann/x:/workspace:ro",
      "nvcr.io/nvidia/pytorch:25.01-py3",
    ];
    assert.equal(commandLine(argv), "docker run -d --name train-7 -v /home/ann/x:/workspace:ro nvcr.io/nvidia/pytorch:25.01-py3");
  });
});
