/** Containers are stopped and removed, which takes its time. */
import { words } from "../core/errors.ts";
import type { About } from "../core/explain.ts";
import type { Cli } from "./cli.ts";
import type { Engine } from "./engine.ts";

/** How long Docker may take to stop a container beyond the time that the container itself gets (milliseconds). */
const stopGrace = 120_000;
/** A large writable layer or image on a slow disk takes minutes to remove (milliseconds). */
export const removeTimeout = 10 * 60_000;

/** How long Docker may take to stop it, in milliseconds: what trains may have asked for minutes to save its work. */
export async function stopTime(engine: Engine, container: string): Promise<number> {
  const seconds = (await engine.runOf(container).catch(() => undefined))?.spec.stopTimeout ?? 10;
  return seconds < 0 ? 24 * 60 * 60_000 : seconds * 1000 + stopGrace;
}

/**
 * Removes a container; one that was run with `--rm` goes by itself once it is stopped, and somebody else may be removing it. Whoever is first, it is to be
 * gone: until then Docker keeps its name.
 * @param argv `rm … ID`
 */
export async function removeContainer(
  argv: readonly string[],
  { engine, cli }: { engine: Engine; cli: Cli },
  about: About = {},
): Promise<void> {
  try {
    await cli.run(argv, about, { timeout: removeTimeout });
  } catch (error) {
    const id = argv.at(-1) ?? "";
    if (words(error).includes("already in progress")) await engine.removed(id, AbortSignal.timeout(removeTimeout));
    if (await engine.inspect(id)) throw error;
  }
}
