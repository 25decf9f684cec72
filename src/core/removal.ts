import type { Container } from "./engineJson.ts";
import { isUp } from "./holds.ts";
import { filesLost, nothingLost, renderLosses, type Losses } from "./losses.ts";
import { isOwn } from "./rows.ts";
import { count } from "./units.ts";

/** A container that is to go, and what goes with it. */
export interface Going {
  container: Container;
  lost: Losses;
}

/** What is said before several containers go: a line for each, with all that is lost by its kind. */
export function severalText(going: readonly Going[], most = 12): string {
  const lines = going.slice(0, most).map(({ container, lost }) => `${container.name}: ${briefly(container, lost)}`);
  const more = going.length > most ? [`and ${going.length - most} more; the full list tells of each.`] : [];
  const kept = going.some(({ lost }) => filesLost(lost)) ? ["", "Files in mounts stay."] : [];
  return [...lines, ...more, ...kept].join("\n");
}

function briefly(container: Container, lost: Losses): string {
  const { files, temporary, processes, volumes } = lost;
  const what = [
    files.length > 0 ? count(files.length, "changed file") : "",
    temporary.length > 0 ? `${count(temporary.length, "file")} in caches and temporary folders` : "",
    processes.length > 0 ? count(processes.length, "process", "processes") : "",
    volumes.length > 0 ? count(volumes.length, "anonymous volume") : "",
  ].filter(Boolean);
  const state = isUp(container.state) ? container.state : "stopped";
  const whose = isOwn(container) ? "" : ", not created by Berth";
  return `${state}${whose}; ${what.length === 0 ? "nothing in it would be lost" : `${what.join(", ")} would be lost`}.`;
}

/** The same in full, for a document: every path. */
export function fullList(going: readonly Going[]): string {
  return going
    .map(({ container, lost }) => {
      const head = `${container.name} (${container.image})`;
      return [head, nothingLost(lost) ? "Nothing in it would be lost." : renderLosses(lost, Infinity)].join("\n");
    })
    .join("\n\n");
}
