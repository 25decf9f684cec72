import { isSecretName, redact, secretValues } from "./redact.ts";

/** What the engine says of a container or an image, indented, its secrets left out wherever they turn up. */
export function inspectText(json: unknown): string {
  const env = (json as { Config?: { Env?: unknown } | null }).Config?.Env;
  const secrets = secretValues(Array.isArray(env) ? env.map(String) : []);
  // A label's name can look secret too.
  const shown = (key: string, value: string) => (isSecretName(key) ? hidden : hide(redact(value, secrets)));
  return `${JSON.stringify(
    json,
    (key, value: unknown) =>
      typeof value === "string" ? shown(key, value) : Array.isArray(value) ? withoutAnswers(value as unknown[]) : value,
    2,
  )}\n`;
}

const hidden = "[redacted]";

/** The words of a command line, `--password x` in two of them. */
function withoutAnswers(words: readonly unknown[]): unknown[] {
  return words.map((word, n) => {
    const before = words[n - 1];
    const answers = typeof word === "string" && typeof before === "string" && !word.startsWith("-");
    return answers && /^--?[\w.-]+$/.test(before) && isSecretName(before) ? hidden : word;
  });
}

/** What a text tells by itself: `TOKEN=x` as a whole (it can be too short to be looked for elsewhere), and options, assignments and addresses in it. */
function hide(text: string): string {
  const [, name = ""] = /^([\w.-]+)=/.exec(text) ?? [];
  if (isSecretName(name)) return `${name}=${hidden}`;
  return text
    .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${hidden}@`)
    .replace(/([\w.-]+)=("[^"]*"|'[^']*'|[^\s,;&"']+)/g, (all, key: string) => (isSecret(key) ? `${key}=${hidden}` : all))
    .replace(/(?<=^|\s)(--?[\w.-]+)(\s+)("[^"]*"|'[^']*'|[^\s-]\S*)/g, (all, option: string, space: string) =>
      isSecretName(option) ? `${option}${space}${hidden}` : all,
    );
}

/** Mounts of file servers take `pass=x` too. */
const isSecret = (key: string) => key === "pass" || isSecretName(key);
