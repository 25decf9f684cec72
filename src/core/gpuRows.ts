import * as l10n from "./l10n.ts";
import { containerIcon, imageText } from "./containerRows.ts";
import type { Container } from "./engineJson.ts";
import type { Gpu } from "./gpu.ts";
import { formatMemory } from "./gpu.ts";
import { isHealable, isTrouble, verdictWords } from "./gpuHealth.ts";
import { holders, knownGpus } from "./holds.ts";
import type { Row } from "./rows.ts";
import type { State } from "./state.ts";

export function gpuRows(state: State): Row[] {
  return knownGpus(state).map((gpu) => gpuRow(gpu, state));
}

function gpuRow(gpu: Gpu, state: State): Row {
  const held = holders(state.containers, gpu);
  const sick = held.filter(({ id }) => isTrouble(state.handles[id]?.verdict ?? "none"));
  const error = gpu.problems.some(({ severity }) => severity === "error");
  const model = `${gpu.index}  ${gpu.name.replace(/^NVIDIA /, "")}`;
  const health =
    gpu.problems.length > 0
      ? gpu.problems.map(({ text }) => text).join(", ")
      : sick.length > 0
        ? handleTroubles(sick, state)
        : l10n.t("healthy");
  const unhealthy = gpu.problems.length > 0 || sick.length > 0;
  const facts = [
    unhealthy ? health : "",
    gpu.utilization === undefined ? "" : `${gpu.utilization} %`,
    formatMemory(gpu.memoryUsedMiB, gpu.memoryTotalMiB) ?? "",
    sick.length === 0 && held.length > 0 ? l10n.t("held by {0}", held.map(({ name }) => name).join(", ")) : "",
    gpu.temperature === undefined ? "" : `${gpu.temperature} °C`,
    gpu.architecture ?? "",
    unhealthy ? "" : health,
  ].filter(Boolean);
  return {
    id: `gpu:${gpu.uuid || gpu.index}`,
    label: model,
    description: facts.join(" · "),
    tooltip: [`GPU ${gpu.index}: ${gpu.name}`, gpu.uuid, ...facts, gpu.driver ? l10n.t("Driver {0}", gpu.driver) : ""]
      .filter(Boolean)
      .join("\n"),
    icon: unhealthy
      ? { id: error ? "error" : "warning", color: error ? "list.errorForeground" : "list.warningForeground" }
      : { id: "chip" },
    menu: "gpu",
    accessibilityLabel: [`GPU ${gpu.index}`, gpu.name, ...facts].join(", "),
    ...(held.length === 0
      ? {}
      : {
          children: held.map((container) => holderRow(container, `gpu:${gpu.uuid || gpu.index}`, state)),
        }),
  };
}

function holderRow(container: Container, gpu: string, { handles, busy }: State): Row {
  const { id, name, image } = container;
  const verdict = handles[id]?.verdict ?? "none";
  const isBusy = busy[name] !== undefined;
  const trouble = isTrouble(verdict) ? verdictWords[verdict] : "";
  return {
    id: `${gpu}:${id}`,
    label: name,
    description: [imageText(image), trouble].filter(Boolean).join(" · "),
    icon: containerIcon(container, isBusy, trouble !== ""),
    accessibilityLabel: [l10n.t("held by {0}", name), trouble].filter(Boolean).join(", "),
    ...(isHealable(verdict) && container.state === "running" && !isBusy
      ? { menu: "holder.stale", target: { container: id } }
      : { menu: "holder" }),
  };
}

/** `stale handle in a, b; GPU not answering in c` */
function handleTroubles(sick: readonly Container[], { handles }: State): string {
  const byWords = new Map<string, string[]>();
  for (const { id, name } of sick) {
    const verdict = handles[id]?.verdict ?? "none";
    const words = verdict === "stale" ? l10n.t("stale handle") : verdictWords[verdict];
    byWords.set(words, [...(byWords.get(words) ?? []), name]);
  }
  return Array.from(byWords, ([words, names]) => l10n.t("{0} in {1}", words, names.join(", "))).join("; ");
}
