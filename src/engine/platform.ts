import { access } from "node:fs/promises";
import { platformOf, type Platform } from "../core/platform.ts";
import type { Engine } from "./engine.ts";

/** The platform of the engine's machine; undefined where it cannot be told from here. @throws EngineGoneError */
export async function detectPlatform(
  engine: Pick<Engine, "endpoint" | "info">,
  isLocal = engine.endpoint.socketPath !== undefined,
): Promise<Platform | undefined> {
  const { architecture, kernel } = await engine.info();
  return platformOf({ architecture, kernel, tegra: isLocal ? await exists("/etc/nv_tegra_release") : undefined });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
