/**
 * A log as the engine sends it. The engine hands over a line once it is whole; of one over 16 KB it makes pieces, and puts the line's time in front of
 * each (seen on Docker 20.10: all pieces of a line have one time; the `local` driver leaves out the newline after the last).
 */
import { createDeframer, splitTime } from "./logText.ts";

/** A line with its end, or a part of a longer one. */
export interface Piece {
  /** 1 and 2 for the standard output and error; 0 for a terminal, which makes one of them. */
  stream: number;
  time: string | undefined;
  bytes: Buffer;
  /** Whether its line ends with it. */
  isEnd: boolean;
}

/** Every piece but a line's last is as large as this (bytes, without the time): the buffer of the engine that reads what a container writes. */
const pieceSize = 16_384;
/** No time with the space after it is longer. */
const longestTime = 40;
const newline = 10;

const timed = (stream: number, all: Buffer): Piece => {
  const { time, length } = timeOf(all);
  const bytes = all.subarray(length);
  return { stream, time, bytes, isEnd: bytes.at(-1) === newline || bytes.length < pieceSize };
};

function timeOf(bytes: Buffer): { time: string | undefined; length: number } {
  const head = bytes.toString("latin1", 0, longestTime);
  const { time, text } = splitTime(head);
  return { time, length: head.length - text.length };
}

/** Takes the bytes of a log with times in front, in chunks, apart into its pieces; `end` gives what is left when nothing follows. */
export function createPieces(): { take(chunk: Buffer): Piece[]; end(): Piece[] } {
  const deframe = createDeframer();
  const terminal = createTerminalPieces();
  return {
    take: (chunk) =>
      deframe(chunk).flatMap(({ stream, bytes }) => (stream === 0 ? terminal.take(bytes) : [timed(stream, bytes)])),
    end: () => terminal.end(),
  };
}

/** What a terminal wrote has no frames: a piece ends with its newline, or is full. */
function createTerminalPieces(): { take(chunk: Buffer): Piece[]; end(): Piece[] } {
  let rest: Buffer = Buffer.alloc(0);
  let goesOn = false;
  function endOfPiece(): number | undefined {
    const { time, length: from } = timeOf(rest);
    const at = rest.indexOf(newline, from);
    if (time === undefined && at < 0 && rest.length < longestTime) return undefined;
    const isFull = at < 0 || at - from >= pieceSize;
    if (isFull && rest.length < from + pieceSize) return undefined;
    const end = isFull ? from + pieceSize : at + 1;
    // The last piece of a long line may lack its newline: then the next line's time follows.
    const next = goesOn ? rest.toString("latin1", from, end).search(/\r\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /) : -1;
    return next < 0 ? end : from + next + 1;
  }
  return {
    take(chunk) {
      rest = Buffer.concat([rest, chunk]);
      const pieces: Piece[] = [];
      for (let end = endOfPiece(); end !== undefined && rest.length > 0; end = endOfPiece()) {
        const piece = timed(0, rest.subarray(0, end));
        goesOn = !piece.isEnd;
        pieces.push(piece);
        rest = rest.subarray(end);
      }
      return pieces;
    },
    end() {
      const last = rest;
      rest = Buffer.alloc(0);
      return last.length > 0 ? [timed(0, last)] : [];
    },
  };
}

/** Where a log was left, so that following goes on there: without a gap, and nothing twice. */
export interface Cursor {
  /** What to ask the engine for as `since`; undefined before the first piece. What comes then is to be held against `isNew`. */
  since(): string | undefined;
  /** Whether this piece has not come before; it has now. */
  isNew(piece: Piece): boolean;
}

/**
 * The times alone do not tell: all pieces of a line have one, and between the two streams the order of the times is not quite that of the log. So
 * the engine is asked for a little more, and each stream's pieces that were there already are counted off.
 */
export function createCursor(): Cursor {
  /** Per stream: the time of its last piece, how many it had with that time, and of these how many are still to be seen again. */
  const streams = new Map<number, { time: string; count: number; again: number; isBehind: boolean; isOpen: boolean }>();
  let first: string | undefined;
  let last = "";
  return {
    since() {
      if (first === undefined) return undefined;
      let from = unixTime(last, -1);
      for (const stream of streams.values()) {
        stream.again = stream.count;
        stream.isBehind = true;
        const its = unixTime(stream.time);
        if (stream.isOpen && its < from) from = its;
      }
      const begin = unixTime(first);
      return from < begin ? begin : from;
    },
    isNew({ stream, time, isEnd }) {
      if (time === undefined) return true;
      first ??= time;
      const its = streams.get(stream);
      if (its?.isBehind) {
        if (time < its.time) return false;
        if (time === its.time && its.again > 0) {
          its.again--;
          return false;
        }
        its.isBehind = false;
      }
      streams.set(stream, { time, count: its?.time === time ? its.count + 1 : 1, again: 0, isBehind: false, isOpen: !isEnd });
      if (time > last) last = time;
      return true;
    },
  };
}

/** The engine's time as its `since` takes it: `1763699704.000000001`. */
export function unixTime(time: string, plusSeconds = 0): string {
  const [, seconds = "", fraction = "", zone = "Z"] = /^([^.Z+]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return `${Math.floor(Date.parse(seconds + zone) / 1000) + plusSeconds}.${fraction.padEnd(9, "0").slice(0, 9)}`;
}
