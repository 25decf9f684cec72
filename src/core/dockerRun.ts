import { commandLine, quote } from "./quote.ts";
import { runOptions } from "./runOptions.ts";
import type { RunSpec } from "./runSpec.ts";

/** Argument groups, one per option, so that the preview can put each on a line of its own. */
function options(spec: RunSpec): string[][] {
  return [...runOptions.flatMap((option) => option.render(spec)), [spec.image, ...(spec.command ?? [])]];
}

/** What Berth runs first. A pull is a step of its own, never a surprise inside a create. The environment holds the values of `secretEnv`. */
export function createArgs(spec: RunSpec): string[] {
  return ["create", "--pull=never", ...options(spec).flat()];
}

/** The `docker run -d …` that stands for the create and the start, on one line. */
export function runCommand(spec: RunSpec): string {
  return commandLine(["docker", "run", "-d", ...options(spec).flat()]);
}

/** The same with one option a line; it can be pasted in a POSIX shell. */
export function runCommandLines(spec: RunSpec): string {
  return ["docker run -d", ...options(spec).map((group) => group.map(quote).join(" "))].join(" \\\n  ");
}
