import * as l10n from "./l10n.ts";
import type { Piece } from "./logPieces.ts";
import { plainLine } from "./logText.ts";
import { heldBack, redact } from "./redact.ts";

/** A line that grows longer is cut (characters). */
export const longestLine = 1_000_000;
/** A line of which nothing more came for so long is told as far as it goes (milliseconds). */
export const silence = 1000;

/** Makes lines of a log's pieces, fit to be shown: no terminal control, no known secret. */
export interface Lines {
  /** The lines that this piece ends, or makes too long. */
  take(piece: Piece, now: number): string[];
  /** When to call `overdue` next, in the terms of `now`; undefined as long as nothing waits. */
  due(): number | undefined;
  /** What there is of lines that have been silent for too long. What follows is told as a line of its own. */
  overdue(now: number): string[];
  /** What there is of lines that never ended. */
  end(): string[];
}

interface Open {
  decoder: InstanceType<typeof TextDecoder>;
  parts: string[];
  length: number;
  /** The text so far ends in a carriage return: what comes stands in its place. */
  isOver: boolean;
  isCut: boolean;
  /** A part of it was told. */
  isTold: boolean;
  /** When its last piece came; undefined when that is told. */
  since: number | undefined;
}

export function createLines(secrets: readonly string[]): Lines {
  const open = new Map<number, Open>();

  function add(line: Open, text: string): void {
    let end = text.length;
    while (text[end - 1] === "\r") end--;
    const from = end > 0 ? text.lastIndexOf("\r", end - 1) + 1 : 0;
    if (from > 0 || (line.isOver && end > 0)) {
      line.parts = [];
      line.length = 0;
    }
    line.isOver = end < text.length || (line.isOver && end === 0);
    line.parts.push(text.slice(from, end));
    line.length += end - from;
  }
  /** What there is of a line, as long as it can still go on; `keep`: what may be the beginning of a secret stays for what comes. */
  function partOf(line: Open): { text: string; keep: string } {
    const text = plainLine(line.parts.join("").slice(0, longestLine));
    const at = heldBack(text, secrets);
    return { text: redact(text.slice(0, at), secrets), keep: text.slice(at) };
  }
  function whole(line: Open): string[] {
    const text = redact(plainLine(line.parts.join("")), secrets);
    return line.isCut || (line.isTold && text === "") ? [] : [text];
  }

  return {
    take({ stream, bytes, isEnd }, now) {
      let line = open.get(stream);
      if (!line) {
        const decoder = new TextDecoder();
        line = { decoder, parts: [], length: 0, isOver: false, isCut: false, isTold: false, since: undefined };
        open.set(stream, line);
      }
      const told: string[] = [];
      if (!line.isCut) {
        const text = line.decoder.decode(bytes, { stream: !isEnd });
        add(line, isEnd && text.endsWith("\n") ? text.slice(0, -1) : text);
        line.since = now;
        if (line.length > longestLine) {
          told.push(`${partOf(line).text} ${l10n.t("[cut: the line is longer than 1 MB]")}`);
          Object.assign(line, { parts: [], length: 0, isCut: true, since: undefined });
        }
      }
      if (isEnd) {
        told.push(...whole(line));
        open.delete(stream);
      }
      return told;
    },
    due() {
      let first: number | undefined;
      for (const { since } of open.values()) if (since !== undefined) first = Math.min(first ?? Infinity, since + silence);
      return first;
    },
    overdue(now) {
      return [...open.values()].flatMap((line) => {
        if (line.since === undefined || now - line.since < silence) return [];
        const { text, keep } = partOf(line);
        Object.assign(line, { parts: [keep], length: keep.length, isTold: true, since: undefined });
        return text === "" ? [] : [text];
      });
    },
    end() {
      const told = [...open.values()].flatMap(whole);
      open.clear();
      return told;
    },
  };
}
