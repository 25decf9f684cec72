import type { Build } from "./compose/service.ts";

/** Arguments of `docker` that build an image as the compose file says; what does not fit in an argument is read from standard input: an inline Dockerfile. */
export function buildArgs(build: Build, tag: string, { noCache = false, pull = false } = {}): { argv: string[]; input?: string } {
  const { context, dockerfile, dockerfileInline, args = {}, target, labels = {}, network, cacheFrom = [], shmSize } = build;
  const { additionalContexts = {}, extraHosts = [], platforms = [] } = build;
  const pairs = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const each = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  const one = (flag: string, value: string | number | undefined) => (value === undefined ? [] : [flag, String(value)]);
  return {
    argv: [
      "build",
      ...one("--file", dockerfileInline === undefined ? dockerfile : "-"),
      ...["--tag", tag],
      ...one("--target", target),
      ...pairs("--build-arg", args),
      ...pairs("--label", labels),
      ...one("--network", network),
      ...one("--shm-size", shmSize),
      ...each("--cache-from", cacheFrom),
      ...each("--add-host", extraHosts),
      ...pairs("--build-context", additionalContexts),
      ...(platforms.length > 0 ? ["--platform", platforms.join(",")] : []),
      ...(noCache ? ["--no-cache"] : []),
      ...(pull ? ["--pull"] : []),
      context,
    ],
    ...(dockerfileInline === undefined ? {} : { input: dockerfileInline }),
  };
}
