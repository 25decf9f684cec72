import assert from "node:assert/strict";
import { createLines } from "../../src/core/logLines.ts";
import { createCursor, createPieces, unixTime, type Piece } from "../../src/core/logPieces.ts";
import { createDeframer, plainLine, splitTime } from "../../src/core/logText.ts";

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

  it("is asked for in seconds since 1970, with nine digits after the point", () => {
    assert.equal(unixTime("2026-11-21T04:35:04.123456789Z"), "1795235704.123456789");
    assert.equal(unixTime("2026-11-21T04:35:04Z"), "1795235704.000000000");
    assert.equal(unixTime("2026-11-21T04:35:04.5Z", -1), "1795235703.500000000");
    assert.equal(unixTime("2026-11-21T05:35:04.1+01:00"), "1795235704.100000000");
  });
});

const frame = (stream: number, text: string) => {
  const bytes = Buffer.from(text);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};

describe("the engine's framing", () => {
  it("comes off, wherever the chunks are cut", () => {
    const whole = Buffer.concat([frame(1, "out\n"), frame(2, "err ✓\n"), frame(1, "")]);
    for (let size = 1; size <= whole.length; size++) {
      const deframe = createDeframer();
      const parts: [number, string][] = [];
      for (let at = 0; at < whole.length; at += size)
        for (const { stream, bytes } of deframe(whole.subarray(at, at + size))) parts.push([stream, bytes.toString()]);
      const expected = [
        [1, "out\n"],
        [2, "err ✓\n"],
        [1, ""],
      ];
      assert.deepEqual(parts, expected, `in chunks of ${size}`);
    }
  });

  it("is not looked for in what a terminal wrote", () => {
    const deframe = createDeframer();
    for (const text of ["2026-11-21T04:35:04Z plain\r\n", "\x01\x00\x00\x00more"])
      assert.deepEqual(deframe(Buffer.from(text)), [{ stream: 0, bytes: Buffer.from(text) }]);
  });
});

const early = "2026-11-21T04:35:04.100000000Z";
const late = "2026-11-21T04:35:05.200000000Z";
const full = "a".repeat(16_384);

describe("a line that the engine sends in pieces", () => {
  const told = (pieces: Piece[], secrets: string[] = []) => {
    const lines = createLines(secrets);
    return [...pieces.flatMap((piece) => lines.take(piece, 0)), ...lines.end()];
  };
  const inChunks = (whole: Buffer, size: number) => {
    const pieces = createPieces();
    const all: Piece[] = [];
    for (let at = 0; at < whole.length; at += size) all.push(...pieces.take(whole.subarray(at, at + size)));
    return [...all, ...pieces.end()];
  };
  const cases: [string, Buffer, string[]][] = [
    [
      "is one, without the times in its middle, and each stream's apart",
      Buffer.concat([
        frame(1, `${early} ${full}`),
        frame(2, `${late} error\n`),
        frame(1, `${early} end\n`),
        frame(1, `${late} next\n`),
      ]),
      ["error", `${full}end`, "next"],
    ],
    [
      "ends without a newline when it is not full, as the driver 'local' leaves it",
      Buffer.concat([frame(1, `${early} ${full}`), frame(1, `${early} end`), frame(1, `${late} next\n`)]),
      [`${full}end`, "next"],
    ],
    [
      "is one of a terminal too, which has no frames",
      Buffer.from(`${early} first\r\n${early} ${full}${early} ${full}${early} end\r\n${late} next\r\n${late} last`),
      ["first", `${full}${full}end`, "next", "last"],
    ],
    [
      "of a terminal ends where the next time stands, as the driver 'local' leaves it",
      Buffer.from(`${early} ${full}${early} end\r${late} next\r\n`),
      [`${full}end`, "next"],
    ],
    ["may be exactly full", Buffer.from(`${early} ${full}${early} \r\n${late} next\r\n`), [full, "next"]],
  ];
  for (const [name, whole, expected] of cases)
    it(name, () => {
      for (const size of [whole.length, 16_384, 1009, 7])
        assert.deepEqual(told(inChunks(whole, size)), expected, `in chunks of ${size}`);
    });

  const piece = (text: string, isEnd = text.endsWith("\n")): Piece => ({
    stream: 1,
    time: early,
    bytes: Buffer.from(text),
    isEnd,
  });

  it("shows no secret that lies across the border", () => {
    assert.deepEqual(told([piece("token=hf_ve"), piece("ry_secret ok\n")], ["hf_very_secret"]), ["token=[redacted] ok"]);
  });
  it("keeps a character whole", () => {
    const bytes = Buffer.from("模型\n");
    assert.deepEqual(
      told([
        { ...piece(""), bytes: bytes.subarray(0, 4) },
        { ...piece("\n"), bytes: bytes.subarray(4) },
      ]),
      ["模型"],
    );
  });
  it("of a progress bar keeps what stood there last, also when a piece ends with the return", () => {
    assert.deepEqual(told([piece("10%\r20%"), piece("5\r3"), piece("0%\r"), piece("40%\r\n")]), ["40%"]);
    assert.deepEqual(told([piece("10%\r20%\r"), piece("\r\n")]), ["20%"]);
  });
  it("is told after a second of silence; what comes then is a line of its own, and a secret is in neither", () => {
    const lines = createLines(["hf_very_secret", "hf_ve"]);
    lines.take(piece("Continue? hf_very_s"), 5000);
    assert.equal(lines.due(), 6000);
    assert.deepEqual(lines.overdue(5999), []);
    assert.deepEqual(lines.overdue(6000), ["Continue? "]);
    assert.equal(lines.due(), undefined);
    assert.deepEqual(lines.take(piece("ecret yes\n"), 7000), ["[redacted] yes"]);
  });
  it("that was told to its end is not told again", () => {
    const lines = createLines([]);
    lines.take(piece("50%"), 0);
    assert.deepEqual([...lines.overdue(1000), ...lines.take(piece("\n"), 2000), ...lines.take(piece("\n"), 2000)], ["50%", ""]);
  });
  it("of more than 1 MB is cut once, and says so; the next one is whole", () => {
    const some = "x".repeat(400_000);
    const [cut = "", ...rest] = told([piece(some), piece(some), piece(some), piece(some), piece("end\n"), piece("next\n")]);
    assert.equal(cut, `${"x".repeat(1_000_000)} [cut: the line is longer than 1 MB]`);
    assert.deepEqual(rest, ["next"]);
  });
});

describe("where a log was left", () => {
  const at = (stream: number, time: string, isEnd = true): Piece => ({ stream, time, bytes: Buffer.alloc(0), isEnd });

  it("is nowhere before the first line", () => assert.equal(createCursor().since(), undefined));

  it("tells what comes again from what is new: by stream, and by how many pieces had one time", () => {
    const cursor = createCursor();
    const before = [at(1, early), at(1, late, false), at(2, late), at(1, late, false)];
    const after = [at(1, late), at(2, "2026-11-21T04:35:06.000000000Z")];
    assert.ok(before.every((piece) => cursor.isNew(piece)));
    for (let round = 1; round <= 2; round++) {
      assert.equal(cursor.since(), "1795235704.200000000");
      assert.deepEqual(
        before.filter((piece) => cursor.isNew(piece)),
        [],
      );
    }
    assert.ok(after.every((piece) => cursor.isNew(piece)));
  });

  it("is at an open line's beginning, however old, and never before the first line that was wanted", () => {
    const cursor = createCursor();
    cursor.isNew(at(1, early, false));
    cursor.isNew(at(2, "2026-11-21T04:45:00.000000000Z"));
    assert.equal(cursor.since(), "1795235704.100000000");
    const short = createCursor();
    short.isNew(at(1, early));
    assert.equal(short.since(), "1795235704.100000000");
  });
});
