import * as l10n from "./l10n.ts";
import type { Container, Image } from "./engineJson.ts";
import { bytes } from "./units.ts";

/** An image, by one of its names or by its id, that is to go. */
export interface GoingImage {
  /** What `docker image rm` is given. */
  reference: string;
  /** What goes, as a sentence. */
  text: string;
}

/** What removing this name (or id) means. @returns a sentence that says why it cannot be, as `problem` */
export function imageRemoval(
  reference: string,
  images: readonly Image[],
  containers: readonly Container[],
): GoingImage | { problem: string } {
  const image = images.find(({ id, tags }) => id === reference || tags.includes(reference));
  if (!image) return { problem: l10n.t("There is no image '{0}' on this engine.", reference) };
  const name = image.tags.includes(reference) ? reference : shortId(image);
  const otherTags = image.tags.filter((tag) => tag !== reference);
  if (name === reference && otherTags.length > 0)
    return { reference, text: l10n.t("{0}: only this name goes; the image stays as {1}.", name, otherTags.join(", ")) };
  if (image.tags.length > 1) return { problem: l10n.t("The image {0} has several names: remove them one by one.", name) };
  const users = containers.filter(({ imageId }) => imageId === image.id).map((container) => container.name);
  if (users.length > 0) return { problem: l10n.t("The image {0} is in use by {1}: retire that first.", name, users.join(", ")) };
  return { reference, text: l10n.t("{0}: {1}, less what it shares with other images.", name, bytes(image.size)) };
}

export function shortId({ id }: Pick<Image, "id">): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}
