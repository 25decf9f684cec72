import { words } from "../core/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { App } from "./app.ts";

/**
 * Containers that were made with setup steps and did not come to their end: they exited before, or the window was closed in the middle. Reusing one of
 * them sets it up. Nothing that the engine tells would say so: labels cannot be changed any more once a container is there.
 */
const key = "setupDue";
/** The engine's host, by container id. */
type Due = Readonly<Record<string, string>>;

const all = ({ sharedMemory }: App): Due => sharedMemory.get<Due>(key) ?? {};

export function isSetupDue(app: App, id: string): boolean {
  return Object.hasOwn(all(app), id);
}

/** Remembers it of a container that was just made. Those of this engine that are gone are forgotten. Never throws: a launch is in the middle. */
export async function rememberSetup(app: App, engine: Engine, id: string): Promise<void> {
  const { host } = engine.endpoint;
  const there = await engine.containers().catch(() => undefined);
  const kept = Object.entries(all(app)).filter(([other, of]) => of !== host || !there || there.some((it) => it.id === other));
  await write(app, { ...Object.fromEntries(kept), [id]: host });
}

/** It was done, or its container is gone. */
export async function forgetSetup(app: App, id: string): Promise<void> {
  const { [id]: host, ...rest } = all(app);
  if (host !== undefined) await write(app, rest);
}

async function write(app: App, due: Due): Promise<void> {
  try {
    await app.sharedMemory.update(key, Object.keys(due).length > 0 ? due : undefined);
  } catch (error) {
    app.log.warn(`Setup: ${words(error)}`);
  }
}
