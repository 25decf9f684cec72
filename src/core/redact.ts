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
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]).sort((a, b) => b.length - a.length);
  return forms.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}
