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
    ? `Berth${labels[label.user] ? ` for ${labels[label.user]}` : ""}`
    : labels["devcontainer.local_folder"] !== undefined
      ? "Dev Containers"
      : labels["com.docker.compose.project"] !== undefined
        ? `Compose (${labels["com.docker.compose.project"]})`
        : undefined;
  const when = created > 0 ? `${span(now - created)} ago` : "";
  if (who === undefined) return when === "" ? "Not created by Berth" : `Created ${when}, not by Berth`;
  return [`Created by ${who}`, when].filter(Boolean).join(", ");
}
