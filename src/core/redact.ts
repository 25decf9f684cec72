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
    return secret !== undefined && secret.length >= 4 ? [secret, ...linesOf(secret)] : [];
  });
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
