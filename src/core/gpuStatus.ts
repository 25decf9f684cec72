// The status-bar item: State → value.
import * as l10n from "./l10n.ts";
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
  const { label, spoken: said = label, lines } = describe(gpus);
  const handleLines = ill.map(({ container, health }) => `⚠ **${escapeMarkdown(container)}**: ${escapeMarkdown(health.detail)}`);
  const spoken = [
    said,
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

/** `spoken`: what a screen reader says in place of the label. */
function describe(gpus: HostGpus): { label: string; spoken?: string; lines: string[] } {
  if (gpus.state === "unknown") return { label: l10n.t("GPUs unknown"), lines: [escapeMarkdown(gpus.reason)] };
  if (gpus.state === "none") return { label: l10n.t("No GPU"), lines: [escapeMarkdown(gpus.reason)] };
  if (gpus.state === "error") {
    const words = verdictWords[gpus.health.verdict];
    return { label: words.charAt(0).toUpperCase() + words.slice(1), lines: [escapeMarkdown(gpus.health.detail)] };
  }

  const loads = gpus.gpus.flatMap(({ utilization }) => utilization ?? []);
  const lines = [
    `| GPU | | ${[l10n.t("Use"), l10n.t("Memory"), l10n.t("Temperature"), l10n.t("Power")].join(" | ")} | |`,
    "|:--|:--|--:|--:|--:|--:|:--|",
    ...gpus.gpus.map(tableRow),
  ];
  const cards = count(gpus.gpus.length);
  if (loads.length === 0) return { label: cards, lines };
  const average = Math.round(loads.reduce((sum, load) => sum + load, 0) / loads.length);
  return { label: `${cards} ${average}%`, spoken: l10n.t("{0} {1} percent busy", cards, average), lines };
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
