import * as l10n from "./l10n.ts";
import type { Container, Image } from "./engineJson.ts";
import { isUp } from "./holds.ts";
import { shortId } from "./imageRemoval.ts";
import { isOwn } from "./maker.ts";
import { bytes } from "./units.ts";

/** What nobody uses, to choose from. */
export interface Prunable {
  kind: "container" | "untagged" | "image";
  /** Container's id; image's tag, or its id when it has none. */
  reference: string;
  label: string;
  description: string;
  /** Ticked from the start: layers that nothing refers to. A stopped container can hold somebody's work, a tagged image can be wanted. */
  picked: boolean;
}

export function prunable(containers: readonly Container[], images: readonly Image[]): Prunable[] {
  const stopped = containers
    .filter(({ state }) => !isUp(state) && state !== "removing" && state !== "unknown")
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))
    .map((container): Prunable => {
      const { id, name, image, status } = container;
      const whose = isOwn(container) ? "" : l10n.t("not created by Berth");
      return {
        kind: "container",
        reference: id,
        label: name,
        description: [image, status || l10n.t("never started"), whose].filter(Boolean).join(" · "),
        picked: false,
      };
    });
  const used = new Set(containers.map(({ imageId }) => imageId));
  const unused = images.filter(({ id }) => !used.has(id));
  const untagged = unused
    .filter(({ tags }) => tags.length === 0)
    .map((image): Prunable => ({
      kind: "untagged",
      reference: image.id,
      label: shortId(image),
      description: bytes(image.size),
      picked: true,
    }));
  const tagged = unused
    .flatMap(({ tags, size }) => tags.map((tag) => ({ tag, size })))
    .sort((a, b) => a.tag.localeCompare(b.tag, "en", { numeric: true }))
    .map(({ tag, size }): Prunable => ({ kind: "image", reference: tag, label: tag, description: bytes(size), picked: false }));
  return [...stopped, ...untagged, ...tagged];
}
