import * as l10n from "../core/l10n.ts";
import { UserError } from "../core/errors.ts";
import { isAtLeast, runFromInspect, type RunReading } from "../core/runFromInspect.ts";
import { parseEngineDefaults, parseRunImage, parseRunInspect } from "../core/runJson.ts";

/** A container's run spec, and how this engine has to be told it. */
export interface EngineRun extends RunReading {
  oneNetwork: boolean;
}

/** The engine's own answers; undefined where there is no such container or image. */
export interface RunCalls {
  container(name: string): Promise<unknown>;
  image(name: string): Promise<unknown>;
  /** Asked once per connection. */
  engine(): Promise<[info: unknown, version: unknown]>;
}

/** What `docker run` would be told to make this container; undefined when there is none. @throws UserError when the engine's answer is not one of a container */
export async function readRun(calls: RunCalls, name: string): Promise<EngineRun | undefined> {
  const [json, [info, version]] = await Promise.all([calls.container(name), calls.engine()]);
  if (json === undefined) return undefined;
  const container = understood(name, () => parseRunInspect(json));
  const reference = container.config.Image ?? "";
  const [image, named] = await Promise.all([
    calls.image(container.imageId),
    reference === "" ? undefined : calls.image(reference),
  ]);
  const engine = parseEngineDefaults(info, version);
  const reading = runFromInspect(container, {
    image: image === undefined ? undefined : understood(name, () => parseRunImage(image)),
    namedImage: named === undefined ? undefined : understood(name, () => parseRunImage(named).id),
    engine,
  });
  return { ...reading, oneNetwork: !isAtLeast(engine.apiVersion, "1.44") };
}

function understood<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw Object.assign(new UserError(l10n.t("Berth does not understand what the engine says of container '{0}'.", name)), {
      cause: error,
    });
  }
}
