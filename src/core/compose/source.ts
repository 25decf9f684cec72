import * as l10n from "../l10n.ts";
import {
  Alias,
  type Document,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  parseAllDocuments,
  Scalar as YamlScalar,
  type YAMLError,
  type YAMLMap,
  visit,
} from "yaml";
import type { Entry, Issue, Mapping, Node, Place, Scalar, Tag, Value } from "./nodes.ts";

/** Beyond this many values an alias that holds aliases that hold aliases … would fill the memory. */
const mostValues = 20_000;

/** A YAML file as a tree that knows its places. With a mistake in the YAML itself there is no tree, only what is wrong. */
export function parseSource(path: string, text: string): { root?: Node; issues: Issue[] } {
  const lines = new LineCounter();
  const place = ([from, to]: readonly [number, number]): Place => {
    const [start, end] = [lines.linePos(from), lines.linePos(Math.max(from, to))];
    return { path, line: start.line, column: start.col, endLine: end.line, endColumn: end.col };
  };
  const issues: Issue[] = [];
  const report = (range: readonly [number, number], message: string) =>
    void issues.push({ ...place(range), severity: "error", message });

  // Every plain text stays one, and is read as Go's yaml does it: see `plainValue`. Double keys are told here, with the first one's line.
  const documents = parseAllDocuments(text, { lineCounter: lines, schema: "failsafe", uniqueKeys: false, prettyErrors: false });
  const [document] = documents;
  if (!document || !("contents" in document)) return { issues };
  for (const error of documents.flatMap(({ errors }) => errors)) report(spot(text, document, error), sentence(text, error));
  if (documents.length > 1)
    report(
      documents[1]?.range ? [documents[1].range[0], documents[1].range[0] + 3] : [0, 0],
      l10n.t("A second document begins here: Berth reads one in a file, so give it a file of its own."),
    );

  let values = 0;
  const known = new Map<YamlNode, Node | undefined>();

  const targets = new Map<Alias, YamlNode | undefined>();
  const targetOf = (alias: Alias): YamlNode | undefined => {
    if (!targets.has(alias)) targets.set(alias, alias.resolve(document));
    return targets.get(alias);
  };

  function convert(node: YamlNode | null, at: readonly [number, number]): Node | undefined {
    if (!node) return { kind: "scalar", value: null, at: place(at), source: "" };
    if (++values > mostValues) return undefined;
    const range = rangeOf(node) ?? at;
    const where = place(range);
    const tag = tagOf(node);
    const tagged = tag === undefined ? {} : { tag };
    if (node instanceof Alias) {
      const target = targetOf(node);
      if (!target) {
        report(range, l10n.t("There is no anchor (&name) of this name above: write one, or the value itself."));
        return undefined;
      }
      if (known.has(target) && known.get(target) === undefined) {
        report(range, l10n.t("'*{0}' holds itself: an alias can only repeat what is complete above it.", node.source));
        return undefined;
      }
      // Walked again, so that what an alias brings counts.
      return convert(target, range);
    }
    if (isScalar(node)) return scalar(node, where, tagged, text.slice(...range));
    known.set(node, undefined);
    const made = isSeq(node)
      ? list(node.items as (YamlNode | null)[], where, tagged)
      : mapping(node as YAMLMap<YamlNode>, where, tagged);
    known.set(node, made);
    return made;
  }

  function scalar(node: YamlScalar, at: Place, tagged: { tag?: Tag }, source: string): Scalar {
    const value = plainText(node);
    const isPlain = node.type === YamlScalar.PLAIN || node.type === undefined;
    const typed = /^tag:yaml\.org,2002:(int|float|bool|null)$/.test(node.tag ?? "");
    const slip = isPlain ? /\n\s*(- .*)/.exec(source) : null;
    if (slip && node.range)
      report(
        [node.range[0] + slip.index + slip[0].indexOf("- "), node.range[0] + slip.index + slip[0].length],
        l10n.t(
          "'{0}' continues the line above, since it is indented further: move it below the '-' of the other entries.",
          (slip[1] ?? "").trim(),
        ),
      );
    const read = (isPlain && (node.tag === undefined || tagged.tag !== undefined)) || typed ? plainValue(value) : value;
    if (read === date && isPlain)
      report(
        rangeOf(node) ?? [0, 0],
        l10n.t("{0} without quotes is a date for Compose, which takes none here: put it in quotes.", value),
      );
    return { kind: "scalar", value: read === date ? value : read, at, source, ...tagged };
  }

  function list(items: readonly (YamlNode | null)[], at: Place, tagged: { tag?: Tag }): Node {
    const converted = items.map((item) => convert(item, [0, 0])).filter((item) => item !== undefined);
    return { kind: "list", items: converted, at, ...tagged };
  }

  function mapping(map: YAMLMap<YamlNode>, at: Place, tagged: { tag?: Tag }): Node {
    const entries = new Map<string, Entry>();
    const merged: Mapping[] = [];
    for (const { key, value } of map.items) {
      const range = rangeOf(key) ?? [0, 0];
      const name = key instanceof Alias ? targetOf(key) : key;
      if (!isScalar(name)) {
        report(range, l10n.t("A name in front of a ':' is a plain word: put the whole text in quotes if this is no mapping."));
        continue;
      }
      const text = plainText(name);
      const converted = convert(value as YamlNode | null, [range[1], range[1]]);
      if (!converted) continue;
      if (text === "<<" && name.type === YamlScalar.PLAIN) {
        const parts = converted.kind === "list" ? converted.items : [converted];
        for (const part of parts)
          if (part.kind === "map") merged.push(part);
          else report(range, l10n.t("'<<' takes a mapping, or a list of them: usually an alias such as *defaults."));
        continue;
      }
      const first = entries.get(text);
      const isPlain = name.type === YamlScalar.PLAIN && name.tag === undefined;
      if (isPlain && /^(number|boolean|object)$/.test(typeof plainValue(text)))
        report(range, l10n.t("'{0}' without quotes is no text, and Compose takes no other name: put it in quotes.", text));
      if (first) report(range, l10n.t("'{0}' stands twice here, first on line {1}: keep one of them.", text, first.key.line));
      else entries.set(text, { key: place(range), value: converted });
    }
    for (const { entries: more } of merged) for (const [key, entry] of more) if (!entries.has(key)) entries.set(key, entry);
    return { kind: "map", entries, at, ...tagged };
  }

  const root = document.contents ? convert(document.contents, [0, 0]) : undefined;
  if (values > mostValues)
    report([0, 0], l10n.t("The aliases in this file repeat so much that it cannot be read: write some of it out."));
  return { ...(root && issues.length === 0 ? { root } : {}), issues };
}

/** The failsafe schema makes a text of every scalar. */
function plainText({ value }: YamlScalar): string {
  return typeof value === "string" ? value : "";
}

/** Without the space and comments behind it. */
function rangeOf(node: YamlNode): [number, number] | undefined {
  return node.range ? [node.range[0], node.range[1]] : undefined;
}

function tagOf({ tag }: YamlNode): Tag | undefined {
  return tag === "!reset" ? "reset" : tag === "!override" ? "override" : undefined;
}

const date = Symbol("date");

/** What a plain text is for Go's yaml.v3, which Compose reads with (resolve.go): octal numbers and digits in groups included. */
function plainValue(text: string): Value | typeof date {
  if (/^(~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^\d{4}-\d\d?-\d\d?([Tt ].*)?$/.test(text)) return date;
  if (/^[-+]?\.(inf|Inf|INF)$/.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const [, sign = "", digits = ""] = /^([-+]?)([0-9.][0-9a-fA-FoOxX_.eE+-]*)$/.exec(text.replaceAll("_", "")) ?? [];
  const whole = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(digits)
    ? Number(digits)
    : /^0[0-7]+$/.test(digits)
      ? parseInt(digits, 8)
      : /^(\d+|\d+\.\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+)$/.test(digits)
        ? Number(digits)
        : undefined;
  if (whole === undefined) return text;
  // A number that JavaScript cannot hold: its digits.
  if (/^\d+$/.test(digits) && !Number.isSafeInteger(whole)) return `${sign === "-" ? "-" : ""}${digits}`;
  return sign === "-" ? -whole : whole;
}

/** Where to point for a mistake in the YAML: on its line, since the parser may have read on to the end of the file. */
function spot(text: string, document: Document, { code, pos: [from, to] }: YAMLError): [number, number] {
  // A quotation mark without end: where it begins.
  if (code === "MISSING_CHAR")
    visit(document, {
      Scalar(_, { type, range }) {
        if (range && (type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE") && range[0] < from && range[1] >= from) [from] = range;
      },
    });
  const end = text.indexOf("\n", from);
  return [from, Math.max(from + 1, Math.min(to, end === -1 ? text.length : end))];
}

function sentence(text: string, { code, message, pos: [from] }: YAMLError): string {
  const line = text.slice(text.lastIndexOf("\n", from - 1) + 1).split("\n")[0] ?? "";
  switch (code) {
    case "TAB_AS_INDENT":
      return l10n.t("YAML is indented with spaces: replace this tab.");
    case "BAD_INDENT":
    case "BLOCK_IN_FLOW":
      if (message.startsWith("Flow")) return l10n.t("The list or mapping in brackets has no end, or lacks a comma: add it.");
      return l10n.t("This line is indented differently from those it belongs to: give it their indentation.");
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return /:\s.*:\s/.test(line)
        ? l10n.t("There are two ': ' on this line: put a value that holds one in quotes.")
        : l10n.t("Something is missing here: a ':' behind a name, or the same indentation as the lines above.");
    case "MISSING_CHAR":
      if (message.startsWith("Implicit"))
        return l10n.t("Something is missing here: a ':' behind a name, or the same indentation as the lines above.");
      return /quote/.test(message)
        ? l10n.t("The quotation mark has no end: add it.")
        : /[Ff]low|\]|\}/.test(message)
          ? l10n.t("The list or mapping in brackets has no end, or lacks a comma: add it.")
          : l10n.t("Something is missing here, such as a ':' or a space behind one.");
    case "BAD_SCALAR_START":
      return l10n.t("A plain text cannot begin with this character: put it in quotes.");
    case "BAD_DQ_ESCAPE":
      return l10n.t("Between double quotes a backslash begins an escape, and this is none: double it, or use single quotes.");
    default:
      return l10n.t("This is no YAML: {0}.", message.replace(/\.$/, ""));
  }
}
