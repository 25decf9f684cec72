import type { Launch } from "./compose/deployment.ts";

/** Where Dev Containers looks for it, on a container or an image. */
export const metadataLabel = "devcontainer.metadata";

type Entry = Record<string, unknown>;

/**
 * The label `devcontainer.metadata` (a JSON array) that a container of this deployment gets: the image's own entries and one that counts last
 * (containers.dev, "Image metadata"). Closing the window never stops a container of ours. undefined when there is nothing to say beyond the image's.
 * @param imageLabel the label of the image; what cannot be read of it is left out
 */
export function devcontainerMetadata({ user, extensions }: Launch["attach"], imageLabel: string | undefined): string | undefined {
  const entries = entriesOf(imageLabel);
  const wanted: Entry = {
    ...(user === undefined ? {} : { remoteUser: user }),
    ...(extensions.length > 0 ? { customizations: { vscode: { extensions } } } : {}),
  };
  const shutdown = entries.findLast((entry) => "shutdownAction" in entry)?.shutdownAction ?? "none";
  if (Object.keys(wanted).length === 0 && shutdown === "none") return undefined;
  return JSON.stringify([...entries, { ...wanted, shutdownAction: "none" }]);
}

/** An image may have a single entry in place of a list. */
function entriesOf(label: string | undefined): Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(label ?? "[]");
  } catch {
    return [];
  }
  const isEntry = (one: unknown): one is Entry => typeof one === "object" && one !== null && !Array.isArray(one);
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isEntry);
}
