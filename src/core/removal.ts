import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import { isUp } from "./holds.ts";
import { filesLost, nothingLost, renderLosses, type Losses } from "./losses.ts";
import { isOwn } from "./maker.ts";
import { count } from "./units.ts";

/** A container that is to go, and what goes with it. */
export interface Going {
  container: Container;
  lost: Losses;
}

/** What is said before several containers go: a line for each, with all that is lost by its kind. */
export function severalText(going: readonly Going[], most = 12): string {
  const lines = going.slice(0, most).map(({ container, lost }) => `${container.name}: ${briefly(container, lost)}`);
  const more = going.length > most ? [l10n.t("and {0} more; the full list tells of each.", going.length - most)] : [];
  const kept = going.some(({ lost }) => filesLost(lost)) ? ["", l10n.t("Files in mounts stay.")] : [];
  return [...lines, ...more, ...kept].join("\n");
}

function briefly(container: Container, lost: Losses): string {
  const { files, temporary, processes, volumes } = lost;
  const what = [
    files.length > 0 ? count(files.length, "changedFile") : "",
    temporary.length > 0 ? l10n.t("{0} in caches and temporary folders", count(temporary.length, "file")) : "",
    processes.length > 0 ? count(processes.length, "process") : "",
    volumes.length > 0 ? count(volumes.length, "anonymousVolume") : "",
  ].filter(Boolean);
  const state = isUp(container.state) ? container.state : l10n.t("stopped");
  const whose = isOwn(container) ? state : l10n.t("{0}, not created by Berth", state);
  return what.length === 0
    ? l10n.t("{0}; nothing in it would be lost.", whose)
    : l10n.t("{0}; {1} would be lost.", whose, what.join(", "));
}

/** The same in full, for a document: every path. */
export function fullList(going: readonly Going[]): string {
  return going
    .map(({ container, lost }) => {
      const head = `${container.name} (${container.image})`;
      return [head, nothingLost(lost) ? l10n.t("Nothing in it would be lost.") : renderLosses(lost, Infinity)].join("\n");
    })
    .join("\n\n");
}
