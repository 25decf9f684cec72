import { commandLine, quote } from "./quote.ts";
import type { BindMount, GpuRequest, RunSpec } from "./runSpec.ts";

/** Argument groups, one per option, so that the preview can put each on a line of its own. */
function options(spec: RunSpec): string[][] {
  return [
    ["--name", spec.name],
    ...gpuOption(spec.gpus),
    ...spec.mounts.map(mountOption),
    ...Object.entries(spec.labels).map(([name, value]) => ["--label", `${name}=${value}`]),
    ...(spec.init ? [["--init"]] : []),
    ...(spec.entrypoint === undefined ? [] : [["--entrypoint", spec.entrypoint]]),
    [spec.image, ...(spec.command ?? [])],
  ];
}

/** `-v` splits at colons; a path that holds one goes through `--mount`, whose value is CSV. */
function mountOption({ source, target, readOnly }: BindMount): string[] {
  if (![source, target].some((path) => path.includes(":"))) return ["-v", `${source}:${target}${readOnly ? ":ro" : ""}`];
  const csv = (field: string) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...(readOnly ? ["readonly"] : [])];
  return ["--mount", fields.map(csv).join(",")];
}

/** Docker parses the value of `--gpus` as CSV, so a list of devices carries quotes of its own. */
function gpuOption(gpus: GpuRequest): string[][] {
  if (gpus === "none") return [];
  if (gpus === "all") return [["--gpus", "all"]];
  if ("count" in gpus) return [["--gpus", String(gpus.count)]];
  return [["--gpus", `"device=${gpus.ids.join(",")}"`]];
}

/** What Berth runs first. A pull is a step of its own, never a surprise inside a create. */
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
