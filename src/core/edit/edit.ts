import * as l10n from "../l10n.ts";
import { UserError } from "../errors.ts";
import type { Editor, Format, Value } from "./format.ts";
import { iniEditor } from "./ini.ts";
import { tomlEditor } from "./toml.ts";
import { yamlEditor } from "./yaml.ts";

/**
 * The text with these keys set, and nothing else changed: comments, order and layout stay.
 * @param file named in the error
 * @throws UserError when the text is not of that format, or a key is not there: an app that never reads what was set would be a riddle
 */
export function edit(file: string, text: string, format: Format, set: Readonly<Record<string, Value>>): string {
  const editor = editorOf(file, text, format);
  const found = Object.entries(set).map(([key, value]) => ({ key, value, place: editor.find(key) }));
  const missing = found.filter(({ place }) => !place).map(({ key }) => `'${key}'`);
  if (missing.length > 0)
    throw new UserError(
      missing.length === 1
        ? l10n.t("{0} has no key {1}: mend 'set' under 'configure', or the file in the image.", file, missing.join())
        : l10n.t("{0} has no keys {1}: mend 'set' under 'configure', or the file in the image.", file, missing.join(", ")),
    );
  return found
    .flatMap(({ value, place }) => (place ? [{ place, text: editor.write(value, place) }] : []))
    .sort((a, b) => b.place.start - a.place.start)
    .reduce((rest, { place, text: value }) => rest.slice(0, place.start) + value + rest.slice(place.end), text);
}

function editorOf(file: string, text: string, format: Format): Editor {
  try {
    if (format === "ini") return iniEditor(text);
    return format === "toml" ? tomlEditor(text) : yamlEditor(text, format);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(l10n.t("{0} cannot be edited: {1}.", file, error.message.replace(/\.$/, "")));
  }
}
