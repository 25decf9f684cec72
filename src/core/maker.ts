import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import { label } from "./runSpec.ts";
import { span } from "./units.ts";

/** Whether Berth made it. An image kept from one of its containers carries the label, emptied. */
export function isOwn({ labels }: Pick<Container, "labels">): boolean {
  return labels[label.version] === "1";
}

/** Who made a container, as far as its labels tell. */
export function maker({ labels, created }: Container, now: number): string {
  const who = isOwn({ labels })
    ? labels[label.user]
      ? l10n.t("Berth for {0}", labels[label.user] ?? "")
      : "Berth"
    : labels["devcontainer.local_folder"] !== undefined
      ? "Dev Containers"
      : labels["com.docker.compose.project"] !== undefined
        ? `Compose (${labels["com.docker.compose.project"]})`
        : undefined;
  if (created <= 0) return who === undefined ? l10n.t("Not created by Berth") : l10n.t("Created by {0}", who);
  const age = span(now - created);
  return who === undefined ? l10n.t("Created {0} ago, not by Berth", age) : l10n.t("Created by {0}, {1} ago", who, age);
}
