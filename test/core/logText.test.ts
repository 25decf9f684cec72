import assert from "node:assert/strict";
import { createDeframer, justAfter, plainLine, splitTime } from "../../src/core/logText.ts";

describe("a line of a container's log", () => {
  const cases: [string, string, string][] = [
    ["colours go", "\x1b[1;31merror\x1b[0m: no GPU", "error: no GPU"],
    ["a window title and a clipboard text are not carried out", "\x1b]0;evil\x07a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"],
    ["cursor movement goes", "\x1b[2K\x1b[1Gready\x1b7\x1b8\x1b(B", "ready"],
    ["of a progress bar the last that stood there", " 10%|#   |\r 50%|##  |\r100%|####|", "100%|####|"],
    ["a Windows line end goes", "ready\r", "ready"],
    ["tabs stay, other control characters go", "a\tb\x00\x08\x07c", "a\tbc"],
    ["unicode stays", "模型 geladen ✓", "模型 geladen ✓"],
    ["an escape that was cut off goes", "loss 0.1\x1b[3", "loss 0.1"],
  ];
  for (const [name, line, text] of cases) it(name, () => assert.equal(plainLine(line), text));

  it("has the engine's time in front", () => {
    assert.deepEqual(splitTime("2026-11-21T04:35:04.123456789Z step 1"), {
      time: "2026-11-21T04:35:04.123456789Z",
      text: "step 1",
    });
    assert.deepEqual(splitTime("2026-11-21T04:35:04.123456789Z "), { time: "2026-11-21T04:35:04.123456789Z", text: "" });
  });

  it("without a time is all text", () => assert.deepEqual(splitTime("2026 was a year"), { text: "2026 was a year" }));

  it("goes on one nanosecond after the last", () => {
    assert.equal(justAfter("2026-11-21T04:35:04.123456789Z"), "1795235704.123456790");
    assert.equal(justAfter("2026-11-21T04:35:04Z"), "1795235704.000000001");
    assert.equal(justAfter("2026-11-21T04:35:04.999999999Z"), "1795235705.000000000");
    assert.equal(justAfter("2026-11-21T05:35:04.1+01:00"), "1795235704.100000001");
  });
});

describe("the engine's framing", () => {
  const frame = (stream: number, text: string) => {
    const bytes = Buffer.from(text);
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(bytes.length, 4);
    return Buffer.concat([head, bytes]);
  };

  it("comes off, wherever the chunks are cut", () => {
    const whole = Buffer.concat([frame(1, "out\n"), frame(2, "err ✓\n"), frame(1, "")]);
    for (let size = 1; size <= whole.length; size++) {
      const deframe = createDeframer();
      const parts: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) parts.push(deframe(whole.subarray(at, at + size)));
      assert.equal(Buffer.concat(parts).toString(), "out\nerr ✓\n", `in chunks of ${size}`);
    }
  });

  it("is not looked for in what a terminal wrote", () => {
    const deframe = createDeframer();
    assert.equal(deframe(Buffer.from("2026-11-21T04:35:04Z plain\r\n")).toString(), "2026-11-21T04:35:04Z plain\r\n");
    assert.equal(deframe(Buffer.from("\x01\x00\x00\x00more")).toString(), "\x01\x00\x00\x00more");
  });
});
