/** The value of a variable, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface Interpolated {
  text: string;
  /** Variables that were put in. */
  used: readonly string[];
  /** Variables that are not set, and became empty. */
  missing: readonly string[];
  /** `${VAR:?message}` without a value. */
  required: readonly { name: string; message: string }[];
}

/**
 * Fills `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?message}`, `${VAR?message}`, `${VAR:+instead}` and `${VAR+instead}`, where what
 * follows the operator is filled in its turn; `$$` is one `$`. Anything else behind a `$` stays as it is (where Compose refuses the file).
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const used: string[] = [];
  const missing: string[] = [];
  const required: { name: string; message: string }[] = [];

  const fill = (part: string): string => {
    let filled = "";
    for (let at = 0; at < part.length;) {
      const dollar = part.indexOf("$", at);
      if (dollar === -1) return filled + part.slice(at);
      filled += part.slice(at, dollar);
      const rest = part.slice(dollar);
      const named = /^\$([a-zA-Z_][a-zA-Z0-9_]*)/.exec(rest);
      const braced = rest.startsWith("${") ? bracedAt(rest) : undefined;
      if (rest.startsWith("$$")) filled += "$";
      else if (named) filled += plain(named[1]!);
      else if (braced) filled += value(braced);
      else filled += "$";
      at = dollar + (rest.startsWith("$$") ? 2 : named ? named[0].length : (braced?.length ?? 1));
    }
    return filled;
  };

  const plain = (name: string): string => {
    const found = lookup(name);
    (found === undefined ? missing : used).push(name);
    return found ?? "";
  };

  const value = ({ name, operator, word }: Braced): string => {
    const found = lookup(name);
    // With a colon an empty variable counts as none.
    const isThere = found !== undefined && (found !== "" || !operator.startsWith(":"));
    if (operator === "") return plain(name);
    if (isThere) used.push(name);
    switch (operator.at(-1)) {
      case "-": {
        // Filled even when it is not needed, as Compose does: a variable required in it is required.
        const fallback = fill(word);
        return isThere ? found : fallback;
      }
      case "+": {
        const instead = fill(word);
        return isThere ? instead : "";
      }
      default:
        if (!isThere) required.push({ name, message: fill(word) });
        return found ?? "";
    }
  };

  return { text: fill(text), used, missing, required };
}

interface Braced {
  name: string;
  operator: string;
  word: string;
  /** Of the whole, from the `$` to the `}`. */
  length: number;
}

/** `${…}` at the beginning of a text, on one line. What follows the operator may hold further ones. */
function bracedAt(text: string): Braced | undefined {
  const [head, name = "", operator = ""] = /^\$\{([a-zA-Z_][a-zA-Z0-9_]*)(:?[-+?])?/.exec(text) ?? [];
  if (head === undefined) return undefined;
  const end = closing(text);
  if (end === undefined || (operator === "" && end !== head.length)) return undefined;
  const word = text.slice(head.length, end);
  return word.includes("\n") ? undefined : { name, operator, word, length: end + 1 };
}

/** Where the first `${` ends. Only `${` opens a pair: `${X:-{}}` ends at the first `}`. */
function closing(text: string): number | undefined {
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("${", at)) open++;
    else if (text[at] === "}" && --open === 0) return at;
  }
  return undefined;
}
