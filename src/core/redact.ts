/** Names whose values are secrets: a few exact ones, and a telling word between underscores (so that XAUTHORITY is none). */
const exact =
  /^(NGC_API_KEY|NGC_CLI_API_KEY|DOCKER_PASSWORD|AUTHORIZATION|AWS_SECRET_ACCESS_KEY|GITLAB_TOKEN|PGPASSWORD|MYSQL_PWD)$/i;
const telling = /(^|_)(password|passwd|secret|token|api_?key|auth|credentials?|private_key)(_|$)/i;

/** @param name Of a variable, a label or an option: `com.acme.api-key` tells as much as `API_KEY` */
export function isSecretName(name: string): boolean {
  const words = name.replace(/[-.]/g, "_");
  return exact.test(words) || telling.test(words);
}

/** The password in an address: `postgres://ann:secret@db/x`. */
const inAddress = /:\/\/[^\s/:@]*:([^\s/@]+)@/;

/** Whether a variable is one: by its name, or because its value is an address with a password in it. */
export function isSecret(name: string, value: string): boolean {
  return isSecretName(name) || inAddress.test(value);
}

/**
 * The secret values among `NAME=value` lines; those too short to be told from ordinary text are left out. Of one of several lines, as a private key
 * is, each line too: text is looked at line by line.
 */
export function secretValues(env: readonly string[]): string[] {
  return env.flatMap((line) => {
    const at = line.indexOf("=");
    const value = line.slice(at + 1);
    const secret = at > 0 && isSecretName(line.slice(0, at)) ? value : inAddress.exec(value)?.[1];
    return secret === undefined ? [] : secretTexts([secret]);
  });
}

/** The same of texts that are secrets whatever they are called, as the text of a secret's file. */
export function secretTexts(texts: readonly string[]): string[] {
  return texts
    .map((text) => text.replace(/(\r?\n)+$/, ""))
    .flatMap((text) => (text.trim().length >= 4 ? [text, ...linesOf(text)] : []));
}

/** The lines of a secret of several; programs that take a key from a variable often want `\n` in it for each line end. */
function linesOf(secret: string): string[] {
  const parts = secret.split(/\r?\n|\\n/).map((line) => line.trim());
  return parts.length === 1 ? [] : parts.filter((line) => line.length >= 8 && !/^-----(BEGIN|END) .*-----$/.test(line));
}

/** The text with every known secret value, as it is or URL-encoded, replaced. */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = formsOf(secrets).sort((a, b) => b.length - a.length);
  return forms.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

/** A key and the sign behind it, in INI, JSON, YAML and TOML alike. */
const keyAndSign = /(?<![\w.-])(["']?)([\w.-]+)\1[ \t]*[:=][ \t]*/g;
const quotedValue =
  /"{3}[^]*?"{3}|'{3}[^]*?'{3}|(?:"(?:\\[^]|[^"\\])*"|'(?:''|[^'])*'|\[[^\]\r\n]*\])(?=[ \t]*(?:[,}\]#;]|\r?$))/my;
const restOfLine = /[^\r\n]*/y;
/** Of JSON, where several can stand on a line. */
const plainWord = /[^\s,}\]]*/y;

/**
 * A configuration file without the values of keys whose last name tells that they are secrets, whichever of INI, JSON, YAML and TOML it is. Where it
 * is unclear how far a value goes, more is blanked rather than less.
 */
export function blankSecrets(text: string): string {
  let blanked = "";
  let done = 0;
  keyAndSign.lastIndex = 0;
  for (let found = keyAndSign.exec(text); found; found = keyAndSign.exec(text)) {
    const [, quote, key = ""] = found;
    if (!isSecretName(key.split(".").at(-1) ?? "")) continue;
    const from = keyAndSign.lastIndex;
    const value = matchAt(quotedValue, text, from) ?? matchAt(quote ? plainWord : restOfLine, text, from) ?? "";
    const below = linesBelow(text, found.index, from + value.length, value);
    if (below === "" && /^(\{\s*(["']?[\w.-]+["']?\s*[:=].*)?|\[\s*)?$/.test(value)) continue; // nothing, or what is inside has keys of its own
    const isBelow = value === "" || below !== "";
    blanked += `${text.slice(done, isBelow ? from + value.length : from)}${isBelow ? below.replace(/\S[^]*$/, "") : ""}[redacted]`;
    done = from + value.length + below.length;
    keyAndSign.lastIndex = done;
  }
  return blanked + text.slice(done);
}

/** The lines of a value that stand below its key, deeper than it: a block of YAML, or a text that begins there. */
function linesBelow(text: string, key: number, end: number, value: string): string {
  const isBlock = /^[|>][-+\d]*[ \t]*(#.*)?$/.test(value);
  if (!isBlock && value.trim() !== "") return "";
  const [indent = ""] = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", key) + 1)) ?? [];
  const [below = ""] =
    new RegExp(`^(?:\\r?\\n(?:${indent}[ \\t]+\\S[^\\r\\n]*|[ \\t]*(?=\\r?\\n)))*`).exec(text.slice(end)) ?? [];
  const isText = isBlock || !/^\s*(- |["']?[\w.-]+["']?[ \t]*[:=]|[#;\]}])/.test(below);
  return isText ? below.trimEnd() : "";
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Up to where a text that may go on can be shown: what follows may be the beginning of a secret. */
export function heldBack(text: string, secrets: readonly string[]): number {
  const forms = formsOf(secrets);
  let at = text.length;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, text.length); length > text.length - at; length--)
      if (text.endsWith(form.slice(0, length))) at = text.length - length;
  }
  // Nor does it end within one.
  for (let before = -1; before !== at;) {
    before = at;
    for (const form of forms) {
      const found = text.indexOf(form, Math.max(0, at - form.length + 1));
      if (found >= 0 && found < at) at = found;
    }
  }
  return at;
}

const formsOf = (secrets: readonly string[]) => secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]);
