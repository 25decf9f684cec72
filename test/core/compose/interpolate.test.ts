// What docker compose config makes of these is tested beside it, in test/engine/composeOracle.test.ts; here what it refuses.
import assert from "node:assert/strict";
import { parseDotenv } from "../../../src/core/compose/dotenv.ts";
import { interpolate } from "../../../src/core/compose/interpolate.ts";

const lookup = (name: string) => ({ SET: "1", EMPTY: "" })[name];

describe("what stands behind a $", () => {
  const kept = ["${1}", "${", "${SET", "${SET!x}", "${SET:x}", "${ SET }", "${NO:-a\nb}", "${}", "a $ b"];
  for (const text of kept)
    it(`stays as it is where Compose refuses it: ${JSON.stringify(text)}`, () =>
      assert.equal(interpolate(text, lookup).text, text));

  it("is told when it is missing, required or used", () => {
    assert.deepEqual(interpolate("$SET ${NO} ${EMPTY:?fill it ${SET}} ${NO?} ${NO:-x}", lookup), {
      text: "1    x",
      used: ["SET", "SET"], // once in the message
      missing: ["NO"],
      required: [
        { name: "EMPTY", message: "fill it 1" },
        { name: "NO", message: "" },
      ],
    });
  });

  it("is filled in once only", () => {
    assert.equal(interpolate("$A", () => "$B ${C}").text, "$B ${C}");
  });
});

describe("a .env file with mistakes", () => {
  const mistakes: [string, number, string][] = [
    ["A=1\nno name=2\n", 2, "'no name=2' is not of the form NAME=value."],
    ["\n=x\n", 2, "'=x' is not of the form NAME=value."],
    ['A="open\nB=2\n', 1, "The value of A has a quotation mark without end: add it."],
    ["A B\n", 1, "'A B' is not of the form NAME=value."],
  ];
  for (const [text, line, message] of mistakes)
    it(JSON.stringify(text), () => assert.deepEqual(parseDotenv(text, () => undefined).problems, [{ line, message }]));

  it("is read on behind them", () => {
    const { values } = parseDotenv("A=1\nno name=2\nB=3\n", () => undefined);
    assert.deepEqual(
      [...values],
      [
        ["A", "1"],
        ["B", "3"],
      ],
    );
  });

  it("in the raw form has neither quotes nor variables", () => {
    const { values } = parseDotenv('A="x" # y\nB=$A\n', () => undefined, { raw: true });
    assert.deepEqual(
      [...values],
      [
        ["A", '"x" # y'],
        ["B", "$A"],
      ],
    );
  });
});
