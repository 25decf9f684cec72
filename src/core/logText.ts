/** Text that containers write, made fit to be shown: it is data, and carries out nothing. */

/** Terminal control: CSI and OSC sequences, and the other escapes of two characters (ECMA-48). */

const escapes = /\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

const controls = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** One line without terminal control; of a progress bar that was written over and over, what stood there last. */
export function plainLine(line: string): string {
  const text = line.replace(escapes, "");
  let end = text.length;
  while (text[end - 1] === "\r") end--;
  return text.slice(end > 0 ? text.lastIndexOf("\r", end - 1) + 1 : 0, end).replace(controls, "");
}

/** The engine's time in front of a line, and the line. */
export function splitTime(line: string): { time?: string; text: string } {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ?/.exec(line);
  return match?.[1] === undefined ? { text: line } : { time: match[1], text: line.slice(match[0].length) };
}

/**
 * Takes the engine's framing off what a container without a terminal wrote: 1 or 2 for the stream, three zeros, four bytes of length
 * (its API's "Attach to a container"). What is not framed, as from a container with a terminal, passes as it is, as stream 0.
 */
export function createDeframer(): (chunk: Buffer) => { stream: number; bytes: Buffer }[] {
  let rest: Buffer = Buffer.alloc(0);
  let framed: boolean | undefined;
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (framed === undefined) {
      if (rest.length < 4) return [];
      framed = (rest[0] ?? 9) <= 2 && rest.readUIntBE(1, 3) === 0;
    }
    if (!framed) {
      const bytes = rest;
      rest = Buffer.alloc(0);
      return [{ stream: 0, bytes }];
    }
    const frames: { stream: number; bytes: Buffer }[] = [];
    while (rest.length >= 8) {
      const end = 8 + rest.readUInt32BE(4);
      if (rest.length < end) break;
      frames.push({ stream: rest[0] === 2 ? 2 : 1, bytes: rest.subarray(8, end) });
      rest = rest.subarray(end);
    }
    return frames;
  };
}
