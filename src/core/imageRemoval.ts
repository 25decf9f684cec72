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
  if (!image) return { problem: `There is no image '${reference}' on this engine.` };
  const name = image.tags.includes(reference) ? reference : shortId(image);
  const otherTags = image.tags.filter((tag) => tag !== reference);
  if (name === reference && otherTags.length > 0)
    return { reference, text: `${name}: only this name goes; the image stays as ${otherTags.join(", ")}.` };
  if (image.tags.length > 1) return { problem: `The image ${name} has several names: remove them one by one.` };
  const users = containers.filter(({ imageId }) => imageId === image.id).map((container) => container.name);
  if (users.length > 0) return { problem: `The image ${name} is in use by ${users.join(", ")}: retire that first.` };
  return { reference, text: `${name}: ${bytes(image.size)}, less what it shares with other images.` };
}

export function shortId({ id }: Pick<Image, "id">): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}
