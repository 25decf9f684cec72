import { isSecretName, redact, secretValues } from "./redact.ts";

/** What the engine says of a container or an image, indented, its secrets left out wherever they turn up. */
export function inspectText(json: unknown): string {
  const env = (json as { Config?: { Env?: unknown } | null }).Config?.Env;
  const secrets = secretValues(Array.isArray(env) ? env.map(String) : []);
  // A label's name can look secret too.
  const shown = (key: string, value: string) => (isSecretName(key) ? "[redacted]" : hide(value, secrets));
  return `${JSON.stringify(json, (key, value: unknown) => (typeof value === "string" ? shown(key, value) : value), 2)}\n`;
}

function hide(text: string, secrets: readonly string[]): string {
  const at = text.indexOf("=");
  // One too short to be looked for elsewhere is hidden where it stands.
  return at > 0 && isSecretName(text.slice(0, at)) ? `${text.slice(0, at)}=[redacted]` : redact(text, secrets);
}
