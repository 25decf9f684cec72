import { isMap, isScalar, isSeq, parseDocument, stringify, type Node, type Scalar } from "yaml";
import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import { likeBefore, type Editor, type Place } from "./format.ts";

/** YAML, and JSON, which is a part of it: only the text of the value is replaced, so that comments, order and layout stay. */
export function yamlEditor(text: string, what: "json" | "yaml"): Editor {
  if (what === "json") requireJson(text);
  const document = parseDocument(text, { keepSourceTokens: true });
  const [error] = document.errors;
  if (error)
    throw new UserError(
      l10n.t("it is not valid {0}: {1}", what.toUpperCase(), error.message.split("\n", 1)[0]?.replace(/:$/, "") ?? ""),
    );
  return {
    find(key) {
      const node = lookUp(document.contents, key.split("."));
      return isScalar(node) && node.range ? { start: node.range[0], end: node.range[1], kind: kindOf(node) } : undefined;
    },
    write(value, { kind }) {
      const like = likeBefore(value, kind);
      if (what === "json") return JSON.stringify(like);
      if (kind === "boolean" && typeof like === "string" && switchWord.test(like)) return like;
      // Quoted where it would be read as something else, by readers of YAML 1.1 too.
      return stringify(like, {
        compat: "yaml-1.1",
        lineWidth: 0,
        defaultStringType: "PLAIN",
        doubleQuotedMinMultiLineLength: Infinity,
      }).trimEnd();
    },
  };
}

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new UserError(l10n.t("it is not valid {0}: {1}", "JSON", (error as Error).message));
  }
}

/** The node at a path. A key can hold dots itself: the longest one that is there counts. */
function lookUp(node: Node | null | undefined, path: readonly string[]): Node | undefined {
  if (!node || path.length === 0) return node ?? undefined;
  if (isSeq(node)) return lookUp(node.items[Number(path[0])] as Node | undefined, path.slice(1));
  if (!isMap(node)) return undefined;
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".");
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
    const found = pair ? lookUp(pair.value as Node | null, path.slice(length)) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** What YAML 1.1, which most readers speak, takes for true or false. */
const switchWord = /^(y|yes|n|no|on|off)$/i;

function kindOf({ value, type }: Scalar): Place["kind"] {
  if (type === "PLAIN" && typeof value === "string" && switchWord.test(value)) return "boolean";
  if (value === null) return "null";
  const kinds: Record<string, Place["kind"]> = { string: "text", number: "number", bigint: "number", boolean: "boolean" };
  return kinds[typeof value] ?? "other";
}
