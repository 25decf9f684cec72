import type { Editor, Place } from "./format.ts";

/**
 * INI as its many readers agree on it: `[section]`, `key = value` or `key: value`, comments (`#`, `;`) at the start of a line, and after a blank
 * behind a value. A key is written `section.key`; one before any section stands alone. The first one of a name counts, as in most readers.
 */
export function iniEditor(text: string): Editor {
  const places = new Map<string, Place>();
  let section = "";
  let at = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const header = /^\s*\[([^\]\r\n]*)\]/.exec(line);
    const entry = /^(\s*([^\s=:#;[][^=:\r\n]*?)\s*[=:][ \t]*)(.*?)([ \t]*)(\r?\n)?$/.exec(line);
    if (header) section = (header[1] ?? "").trim();
    else if (entry) {
      const [, before = "", key = "", raw = ""] = entry;
      const value = raw.replace(/(^|[ \t]+)[#;].*$/, "");
      const name = section === "" ? key : `${section}.${key}`;
      const start = at + before.length;
      if (!places.has(name)) places.set(name, { start, end: start + value.length, kind: "text" });
    }
    at += line.length;
  }
  return { find: (key) => places.get(key), write: (value) => String(value) };
}
