// The status-bar item: State → value.
import { formatMemory, type Gpu } from "./gpu.ts";
import { count, isTrouble, verdictWords, type Health, type HostGpus } from "./gpuHealth.ts";

export interface GpuStatus {
  /** With its one icon, as VS Code writes icons: `$(chip) 2 GPUs 41%`. */
  text: string;
  /** Markdown; what comes from nvidia-smi or the engine is escaped. */
  tooltip: string;
  severity: "none" | "warning" | "error";
  accessibilityLabel: string;
}

/** `handles`: of the running containers that asked for a GPU. */
export function gpuStatus(state: { gpus: HostGpus; handles: readonly { container: string; health: Health }[] }): GpuStatus {
  const { gpus } = state;
  const cards = gpus.state === "known" ? gpus.gpus : [];
  const ill = state.handles.filter(({ health }) => isTrouble(health.verdict));
  const problems = cards.flatMap((gpu) => gpu.problems);
  const severity =
    gpus.state === "error" || problems.some((problem) => problem.severity === "error")
      ? "error"
      : problems.length > 0 || ill.length > 0
        ? "warning"
        : "none";
  const { label, lines } = describe(gpus);
  const handleLines = ill.map(({ container, health }) => `⚠ **${escapeMarkdown(container)}**: ${escapeMarkdown(health.detail)}`);
  const spoken = [
    label.replace("%", " percent busy"),
    ...cards.flatMap((gpu) => gpu.problems.map((problem) => `GPU ${gpu.index}: ${problem.text}`)),
    ...ill.map(({ container, health }) => `${container}: ${verdictWords[health.verdict]}`),
  ];
  return {
    text: `${severity === "none" ? "$(chip)" : "$(warning)"} ${label}`,
    tooltip: [lines.join("\n"), ...handleLines].join("\n\n"),
    severity,
    accessibilityLabel: spoken.join(". "),
  };
}

function describe(gpus: HostGpus): { label: string; lines: string[] } {
  if (gpus.state === "unknown") return { label: "GPUs unknown", lines: [escapeMarkdown(gpus.reason)] };
  if (gpus.state === "none") return { label: "No GPU", lines: [escapeMarkdown(gpus.reason)] };
  if (gpus.state === "error") {
    const words = verdictWords[gpus.health.verdict];
    return { label: words.charAt(0).toUpperCase() + words.slice(1), lines: [escapeMarkdown(gpus.health.detail)] };
  }

  const loads = gpus.gpus.flatMap(({ utilization }) => utilization ?? []);
  const average = loads.length > 0 ? ` ${Math.round(loads.reduce((sum, load) => sum + load, 0) / loads.length)}%` : "";
  return {
    label: count(gpus.gpus.length) + average,
    lines: ["| GPU | | Use | Memory | Temperature | Power | |", "|:--|:--|--:|--:|--:|--:|:--|", ...gpus.gpus.map(tableRow)],
  };
}

function tableRow(gpu: Gpu): string {
  const unit = (value: number | undefined, sign: string) => (value === undefined ? "" : `${Math.round(value)} ${sign}`);
  const cells = [
    String(gpu.index),
    escapeMarkdown(gpu.name),
    unit(gpu.utilization, "%"),
    formatMemory(gpu.memoryUsedMiB, gpu.memoryTotalMiB) ?? "",
    unit(gpu.temperature, "°C"),
    unit(gpu.powerWatts, "W"),
    escapeMarkdown(gpu.problems.map((problem) => `⚠ ${problem.text}`).join("; ")),
  ];
  return `| ${cells.join(" | ")} |`;
}

/**
 * Foreign text as Markdown that shows just that text, on one line: no link (bare ones too), image, HTML, icon or table cell comes of it.
 * CommonMark lets every ASCII punctuation mark be escaped, so all of them are.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .replace(/[!-/:-@[-`{-~]/g, "\\$&");
}
