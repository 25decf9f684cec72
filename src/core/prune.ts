import * as l10n from "./l10n.ts";
import type { Container, Image } from "./engineJson.ts";
import { isUp } from "./holds.ts";
import { imageNames, shortReference } from "./imageRemoval.ts";
import { isOwn } from "./maker.ts";
import { bytes } from "./units.ts";

/** What nobody uses, to choose from. */
export interface Prunable {
  kind: "container" | "untagged" | "image";
  /** Container's id; image's name, or its id when it has none. */
  reference: string;
  label: string;
  description: string;
  /** Ticked from the start: layers that nothing refers to. A stopped container can hold somebody's work, an image with a name can be wanted. */
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
    .filter((image) => imageNames(image).length === 0)
    .map(({ id, size }): Prunable => ({
      kind: "untagged",
      reference: id,
      label: shortReference(id),
      description: bytes(size),
      picked: true,
    }));
  const named = unused
    .flatMap((image) => imageNames(image).map((reference) => ({ reference, label: shortReference(reference), size: image.size })))
    .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }))
    .map(({ reference, label, size }): Prunable => ({
      kind: "image",
      reference,
      label,
      description: bytes(size),
      picked: false,
    }));
  return [...stopped, ...untagged, ...named];
}
