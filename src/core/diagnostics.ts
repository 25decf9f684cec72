// What goes into a bug report. State → text.
import { withoutPassword } from "./contexts.ts";
import type { EngineInfo } from "./engineInfo.ts";
import type { HostGpus } from "./gpuHealth.ts";
import { redact } from "./redact.ts";
import type { EngineContext } from "./state.ts";

/** Something that Berth logged. */
export interface Problem {
  time: Date;
  level: "error" | "warning";
  text: string;
}

export interface DiagnosticFacts {
  time: Date;
  berth: string;
  vscode: string;
  node: string;
  /** Operating system, kernel and architecture. */
  system: string;
  /** This machine's host name. */
  machine: string;
  trusted: boolean;
  /** Such as `berth.open = "terminal" (user)`: those that are not as they come. */
  settings: readonly string[];
  context: EngineContext;
  /** What `docker --version` says, or why it says nothing. */
  cli: string;
  /** A text: why there is none. */
  engine: EngineInfo | string;
  gpus: HostGpus | string;
  problems: readonly Problem[];
  /** Values that must not show. */
  secrets: readonly string[];
}

/** The report, without secrets, and without users and passwords in addresses. */
export function renderDiagnostics(facts: DiagnosticFacts): string {
  const { time, berth, vscode, node, system, trusted, settings, context, cli } = facts;
  const { engine } = facts;
  const lines = [
    `Berth diagnostics, ${time.toISOString()}`,
    "",
    `Berth: ${berth}`,
    `VS Code: ${vscode}`,
    `Node: ${node}`,
    `System: ${system}`,
    `Workspace: ${trusted ? "trusted" : "not trusted"}`,
    `Settings: ${settings.length === 0 ? "all as they come" : settings.join(", ")}`,
    "",
    `Docker context: ${context.name} (${context.chosen ? "chosen in Berth" : context.fromEnvironment ? "DOCKER_HOST" : "the current one"})`,
    `Address: ${context.host === "" ? "there is no such context" : withoutPassword(context.host)}`,
    `Docker CLI: ${cli}`,
    ...(typeof engine === "string" ? [`Engine: ${engine}`] : engineLines(engine, facts)),
    "",
    ...gpuLines(facts.gpus),
    "",
    ...problemLines(facts),
    "",
  ];
  return redact(withoutUsers(lines.join("\n")), facts.secrets);
}

function engineLines(engine: EngineInfo, { context, machine }: DiagnosticFacts): string[] {
  const isElsewhere = context.host.startsWith("unix:") && engine.machine !== "" && engine.machine !== machine;
  const oddity = `the socket is on this machine, '${machine}', and the engine calls its own '${engine.machine}'`;
  return [
    `Engine: ${engine.version}, API ${engine.apiVersion} (down to ${engine.minApiVersion})`,
    `Engine's machine: ${[engine.machine, engine.system, engine.kernel, engine.architecture].filter(Boolean).join(", ")}`,
    ...(isElsewhere ? [`Note: ${oddity}: a VM, a container, or a forwarded socket?`] : []),
    `Storage driver: ${engine.storageDriver}`,
    `Cgroups: version ${engine.cgroupVersion || "unknown"}, driver ${engine.cgroupDriver}`,
    `Runtimes: ${engine.runtimes.join(", ")} (default: ${engine.defaultRuntime})`,
    `CDI: ${engine.cdiSpecDirs.join(", ") || "none"}`,
    ...(engine.rootless ? ["Rootless: yes"] : []),
    `Containers: ${engine.containers.total}, ${engine.containers.running} of them running`,
    `Images: ${engine.images}`,
    ...(engine.warnings.length > 0 ? [`Engine's warnings: ${engine.warnings.join("; ")}`] : []),
  ];
}

function gpuLines(gpus: HostGpus | string): string[] {
  const start = "This machine's GPUs:";
  if (typeof gpus === "string") return [`${start} ${gpus}`];
  if (gpus.state === "error") return [`${start} ${gpus.health.verdict}: ${gpus.health.detail}`];
  if (gpus.state !== "known") return [`${start} ${gpus.reason}`];
  const drivers = new Set(gpus.gpus.flatMap(({ driver }) => driver ?? []));
  return [
    `${start} ${gpus.gpus.length}, driver ${[...drivers].join(", ") || "unknown"}`,
    ...gpus.gpus.map(({ index, name, memoryTotalMiB, mig, problems }) => {
      const memory = memoryTotalMiB === undefined ? [] : [`${memoryTotalMiB} MiB`];
      const slices = mig && mig.length > 0 ? [`${mig.length} MIG devices`] : [];
      return `  ${index}: ${[name, ...memory, ...slices, ...problems.map(({ text }) => text)].join(", ")}`;
    }),
  ];
}

function problemLines({ problems, secrets }: DiagnosticFacts): string[] {
  const start = "Last warnings and errors:";
  if (problems.length === 0) return [`${start} none since this window opened`];
  return [
    start,
    ...problems.map(({ time, level, text }) => {
      // Before the lines are set in: a secret can have several.
      const [first = "", ...rest] = redact(text, secrets).trim().split("\n");
      return [`  ${time.toISOString()} ${level}: ${first}`, ...rest].join("\n    ");
    }),
  ];
}

/** Addresses without the user, and the password, that stand in them. */
function withoutUsers(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, "$1");
}

/** Keeps the last few of what is added. */
export function createRecent<T>(limit: number): { add(item: T): void; all(): readonly T[] } {
  const items: T[] = [];
  return {
    add(item) {
      items.push(item);
      if (items.length > limit) items.shift();
    },
    all: () => [...items],
  };
}
