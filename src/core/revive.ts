import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import type { Health } from "./gpuHealth.ts";
import { renderLosses, type Losses } from "./losses.ts";
import { isOwn } from "./maker.ts";

/** What is said before a container is restarted for the sake of its GPU handle: what ends with it. */
export function reviveText(container: Container, { processes }: Losses): string {
  const inMemory = container.details?.mounts.filter(({ type }) => type === "tmpfs").map(({ target }) => target) ?? [];
  return [
    ...(isOwn(container) ? [] : [l10n.t("It was not created by Berth.")]),
    l10n.t("docker restart this container: its files stay, its processes end."),
    processes.length > 0
      ? renderLosses({ files: [], temporary: [], processes, volumes: [] })
      : l10n.t("Nothing runs in it that would end."),
    ...(inMemory.length > 0 ? [l10n.t("What is in {0} is kept in memory, and goes too.", inMemory.join(", "))] : []),
  ].join("\n\n");
}

/** What is said when the restart changed nothing, and what to do. */
export function notHealed(name: string, { verdict, detail }: Health): string {
  switch (verdict) {
    case "stale":
      return l10n.t(
        "{0} was restarted, and has lost GPU access all the same: only a fresh container helps. Restart its deployment, or retire it and deploy it anew.",
        name,
      );
    case "mismatch":
      return l10n.t(
        "{0} was restarted, and its NVIDIA library does not fit the host's driver all the same: check the host's GPUs, and if they have the same fault, reboot it.",
        name,
      );
    default:
      return l10n.t("{0} was restarted, and its GPU is still not well. {1}", name, detail);
  }
}
