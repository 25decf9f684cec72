import * as l10n from "./l10n.ts";
import { UserError } from "./errors.ts";

/** How Docker's command line writes sizes, times and lists, in both directions. What cannot be read is a UserError that says what is wanted. */

const powers = "kmgtp";

/** Bytes as `512m`, `6g`, or the plain number; `m` is 1024 × 1024 (docker/go-units RAMInBytes). */
export function sizeText(bytes: number): string {
  let [value, power] = [bytes, 0];
  while (value > 0 && value % 1024 === 0 && power < powers.length) [value, power] = [value / 1024, power + 1];
  return `${value}${power === 0 ? "" : powers[power - 1]}`;
}

export function parseSize(text: string): number {
  const [, value, unit = ""] = /^(-1|\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  if (value === undefined) throw new UserError(l10n.t("'{0}' is not a size such as 512m or 6g.", text));
  return Math.trunc(Number(value) * 1024 ** (powers.indexOf(unit.toLowerCase() || "-") + 1));
}

/** Nanoseconds by unit, the largest first, as Go's time.ParseDuration has them. */
const spans: [string, number][] = [
  ["h", 3_600e9],
  ["m", 60e9],
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
  ["ns", 1],
];

/** Milliseconds as `90s`, in the largest unit that they are whole in. */
export function durationText(ms: number): string {
  const ns = Math.round(ms * 1e6);
  const [unit, size] = spans.find(([, span]) => ns % span === 0) ?? ["ns", 1];
  return ns === 0 ? "0s" : `${ns / size}${unit}`;
}

export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  if (text !== "0" && (parts.length === 0 || parts.map(([part]) => part).join("") !== text))
    throw new UserError(l10n.t("'{0}' is not a time such as 30s or 1m30s.", text));
  const ns = parts.map(([, n, unit]) => Number(n) * (spans.find(([name]) => name === unit?.replace("µ", "u"))?.[1] ?? 0));
  return Math.round(ns.reduce((sum, part) => sum + part, 0)) / 1e6;
}

export function parseNumber(text: string): number {
  if (!/^[-+]?\d+(\.\d+)?$/.test(text)) throw new UserError(l10n.t("'{0}' is not a number.", text));
  return Number(text);
}

/** One line of CSV, as `--mount`, `--gpus` and `--network` take it (Go's encoding/csv). */
export function csv(fields: readonly string[]): string {
  return fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

export function parseCsv(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more;) {
    const match = field.exec(text);
    if (!match)
      throw new UserError(
        l10n.t("'{0}' is not a list with commas: quotation marks stand around a whole field, or are doubled.", text),
      );
    const [, quoted, plain = "", end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    more = end === ",";
  }
  return fields;
}

/** `key=value`; without `=` the value is undefined. */
export function cut(text: string, separator = "="): [key: string, value: string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
