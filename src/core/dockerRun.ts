import * as l10n from "./l10n.ts";
import { commandLine } from "./quote.ts";
import { runOptions } from "./runOptions.ts";
import { isUserDefined, type NetworkAttachment, type RunSpec } from "./runSpec.ts";

/** Argument groups, one per option, so that the preview can put each on a line of its own. */
function options(spec: RunSpec): string[][] {
  return [...runOptions.flatMap((option) => option.render(spec)), [spec.image, ...(spec.command ?? [])]];
}

/** What Berth runs first. A pull is a step of its own, never a surprise inside a create. The environment holds the values of `secretEnv`. */
export function createArgs(spec: RunSpec): string[] {
  return ["create", "--pull=never", ...options(spec).flat()];
}

/** What the command depends on besides the spec. */
export interface RunStyle {
  /** The engine takes one network when a container is made, and the others afterwards (API before 1.44). */
  oneNetwork?: boolean;
}

/** The `docker run -d …` that stands for the create and the start, on one line. */
export function runCommand(spec: RunSpec, style: RunStyle = {}): string {
  const { first, later } = inTurn(spec, style);
  const commands = [["docker", "run", "-d", ...options(first).flat()], ...later];
  return commands.map(commandLine).join(" && ");
}

/** The same with one option a line, but Berth's own labels on one; it can be pasted in a POSIX shell. */
export function runCommandLines(spec: RunSpec, style: RunStyle = {}): string {
  const { first, later } = inTurn(spec, style);
  const lines: string[][] = [];
  for (const group of options(first)) {
    if (isBerths(group) && isBerths(lines.at(-1) ?? [])) lines.at(-1)?.push(...group);
    else lines.push([...group]);
  }
  const run = ["docker run -d", ...lines.map(commandLine)].join(" \\\n  ");
  return [run, ...later.map(commandLine)].join(" &&\n");
}

const isBerths = ([flag, value]: readonly string[]) => flag === "--label" && value?.startsWith("dev.berth.") === true;

/** What `docker run` can be told at once, and the connections to further networks that follow. */
function inTurn(spec: RunSpec, { oneNetwork = false }: RunStyle): { first: RunSpec; later: string[][] } {
  const [main, ...others] = spec.networks ?? [];
  // Docker refuses to make a container in a network that somebody made and in one of its own.
  if (main === undefined || others.length === 0 || !(oneNetwork || !isUserDefined(main.name))) return { first: spec, later: [] };
  return { first: { ...spec, networks: [main] }, later: others.map((network) => ["docker", ...connectArgs(spec.name, network)]) };
}

function connectArgs(
  container: string,
  { name, aliases = [], ip, ip6, linkLocalIps = [], driverOptions = {} }: NetworkAttachment,
): string[] {
  return [
    ...["network", "connect"],
    ...aliases.flatMap((alias) => ["--alias", alias]),
    ...(ip === undefined ? [] : ["--ip", ip]),
    ...(ip6 === undefined ? [] : ["--ip6", ip6]),
    ...linkLocalIps.flatMap((address) => ["--link-local-ip", address]),
    ...Object.entries(driverOptions).flatMap(([key, value]) => ["--driver-opt", `${key}=${value}`]),
    ...[name, container],
  ];
}

/** A command for people to read and paste: the context and the notes stand above it as comments. */
export function shownRun(
  { spec, notes, ...style }: { spec: RunSpec; notes: readonly string[] } & RunStyle,
  context: string,
): string {
  const comments = [l10n.t("Docker context: {0}", context), ...notes].map((text) => `# ${harmless(text)}\n`);
  return `${comments.join("")}${runCommandLines(spec, style)}\n`;
}

/** A comment holds words of the engine. It ends with its line, and a shell that takes no comments (zsh, when pasted into) finds nothing to run in it. */
function harmless(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, " ").replace(/[`$;&|<>\\!]/g, "?");
}
