import type { Build } from "./compose/service.ts";
import { isSecret } from "./redact.ts";

/**
 * Arguments of `docker` that build an image as the compose file says. An inline Dockerfile is read from standard input; the values of secrets are for the
 * command's environment. `platform`: the service's, where the build names none.
 */
export function buildArgs(
  build: Build,
  tag: string,
  platform?: string,
): { argv: string[]; env: Record<string, string>; input?: string } {
  const { context, dockerfile, dockerfileInline, args = {}, target, labels = {}, network, cacheFrom = [], shmSize } = build;
  const { additionalContexts = {}, extraHosts = [], platforms = platform === undefined ? [] : [platform] } = build;
  const pairs = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const secrets = Object.entries(args).filter(([name, value]) => isSecret(name, value));
  const each = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  const one = (flag: string, value: string | number | undefined) => (value === undefined ? [] : [flag, String(value)]);
  return {
    argv: [
      "build",
      "--force-rm", // else the classic builder leaves the container of a step that fails
      ...one("--file", dockerfileInline === undefined ? dockerfile : "-"),
      ...["--tag", tag],
      ...one("--target", target),
      ...Object.entries(args).flatMap(([name, value]) => ["--build-arg", isSecret(name, value) ? name : `${name}=${value}`]),
      ...pairs("--label", labels),
      ...one("--network", network),
      ...one("--shm-size", shmSize),
      ...each("--cache-from", cacheFrom),
      ...each("--add-host", extraHosts),
      ...pairs("--build-context", additionalContexts),
      ...(platforms.length > 0 ? ["--platform", platforms.join(",")] : []),
      context,
    ],
    env: Object.fromEntries(secrets),
    ...(dockerfileInline === undefined ? {} : { input: dockerfileInline }),
  };
}

/** Arguments of `docker` that pull an image. */
export function pullArgs(image: string, platform?: string): string[] {
  return ["pull", ...(platform === undefined ? [] : ["--platform", platform]), image];
}
