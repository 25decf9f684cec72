import * as l10n from "./l10n.ts";
import type { Container, Image } from "./engineJson.ts";
import { bytes } from "./units.ts";

/** An image, by one of its names or by its id when it has none, that is to go. */
export interface GoingImage {
  /** What `docker image rm` is given. */
  reference: string;
  /** The image that was meant when people agreed. */
  id: string;
  /** The reference, short enough to be read. */
  label: string;
  /** Only a name goes. */
  stays: boolean;
  /** What goes, as a sentence. */
  text: string;
}

/** One that cannot go. */
export interface StayingImage {
  /** Among others that go. */
  text: string;
  /** Where it is the only one: says what to do. */
  problem: string;
}

/** What removing all of these, names or ids, means: each is judged by what the others take away too. */
export function imagesGoing(
  references: readonly string[],
  images: readonly Image[],
  containers: readonly Container[],
): { going: GoingImage[]; staying: StayingImage[] } {
  const all = new Set(references.map((reference) => onlyName(reference, images) ?? reference));
  const judged = [...all].map((reference) => imageRemoval(reference, images, containers, all));
  return {
    going: judged.flatMap((one) => ("problem" in one ? [] : [one])),
    staying: judged.flatMap((one) => ("problem" in one ? [one] : [])),
  };
}

function imageRemoval(
  reference: string,
  images: readonly Image[],
  containers: readonly Container[],
  alsoGoing: ReadonlySet<string>,
): GoingImage | StayingImage {
  const image = images.find(({ id, digests = [], tags }) => [id, ...tags, ...digests].includes(reference));
  const label = shortReference(reference);
  if (!image) return staying(noImage(label));
  const { id } = image;
  const names = imageNames(image);
  if (names.length > 0 && !names.includes(reference))
    return staying(l10n.t("The image {0} has several names: remove them one by one.", label));
  const left = names.filter((name) => name !== reference && !alsoGoing.has(name));
  const going = { reference, id, label, stays: left.length > 0 };
  if (left.length > 0)
    return {
      ...going,
      text: l10n.t("{0}: only this name goes; the image stays as {1}.", label, left.map(shortReference).join(", ")),
    };
  const users = usersOf(id, containers);
  if (users !== "") return { problem: inUse(label, users), text: l10n.t("{0} stays: in use by {1}.", label, users) };
  const last = names.length > 1 ? [...alsoGoing].findLast((one) => names.includes(one)) : undefined;
  if (last !== undefined && last !== reference)
    return { ...going, text: l10n.t("{0}: this name goes, and the image with {1}.", label, shortReference(last)) };
  const size = bytes(image.size);
  return {
    ...going,
    text: last
      ? l10n.t("{0}: the image goes with its last name: {1}, less what it shares with other images.", label, size)
      : l10n.t("{0}: {1}, less what it shares with other images.", label, size),
  };
}

/** Why an image may not go any more, just before it would: names move, and whoever agreed meant what they saw. */
export function changedSince(
  { reference, id, label, stays }: GoingImage,
  images: readonly Image[],
  containers: readonly Container[],
): string | undefined {
  const now = images.find((image) => (reference === id ? image.id === id : imageNames(image).includes(reference)));
  if (!now) return noImage(label);
  if (now.id !== id) return l10n.t("{0} means another image by now: look again.", label);
  const [name, ...others] = imageNames(now);
  if (stays && others.length === 0) return l10n.t("{0} is the image's last name by now: look again.", label);
  if (reference !== id) return undefined;
  if (name !== undefined) return l10n.t("The image {0} is named {1} by now: look again.", label, shortReference(name));
  const users = usersOf(id, containers);
  return users === "" ? undefined : inUse(label, users);
}

/** What a person means by `busybox`, `docker.io/library/busybox:1` or an id of 12 digits or more, as the engine's list says it; else what was given. */
export function imageNamed(named: string, images: readonly Image[]): string {
  const name = named.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
  const all = images.flatMap((image) => [...image.tags, ...(image.digests ?? [])]);
  const found = [named, name, `${name}:latest`].find((one) => all.includes(one));
  if (found !== undefined) return found;
  const isId = /^(sha256:)?[0-9a-f]{12,64}$/.test(named);
  return (isId && images.find(({ id }) => id.replace("sha256:", "").startsWith(named.replace("sha256:", "")))?.id) || named;
}

/** By what it can be removed: its tags or, where it has none, what it was pulled by (`NAME@sha256:…`). */
export function imageNames({ tags, digests = [] }: Image): readonly string[] {
  return tags.length > 0 ? tags : digests;
}

/** `NAME@sha256:` and an id with 12 of their 64 digits. */
export function shortReference(reference: string): string {
  return reference.replace(/^sha256:/, "").replace(/((?:^|@sha256:)[0-9a-f]{12})[0-9a-f]{52}$/, "$1");
}

/** So many lines as a dialog has room for. */
export function shortList(lines: readonly string[], most = 12): string {
  const more = lines.length - most;
  return (more > 0 ? [...lines.slice(0, most), l10n.t("and {0} more; the full list tells of each.", more)] : lines).join("\n");
}

/** Of an image that is meant by its id, and has just one name. */
function onlyName(reference: string, images: readonly Image[]): string | undefined {
  const image = images.find(({ id }) => id === reference);
  const [name, ...others] = image ? imageNames(image) : [];
  return others.length === 0 ? name : undefined;
}

function usersOf(id: string, containers: readonly Container[]): string {
  const users = containers.filter(({ imageId }) => imageId === id);
  return users.map(({ name }) => name).join(", ");
}

const staying = (problem: string): StayingImage => ({ problem, text: problem });
const noImage = (label: string) => l10n.t("There is no image '{0}' on this engine.", label);
const inUse = (label: string, users: string) => l10n.t("The image {0} is in use by {1}: retire that first.", label, users);
