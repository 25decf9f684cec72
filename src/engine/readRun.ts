import { isAtLeast, runFromInspect, type RunReading } from "../core/runFromInspect.ts";
import { parseRunImage, parseRunInspect, type EngineDefaults } from "../core/runJson.ts";

/** A container's run spec, and how this engine has to be told it. */
export interface EngineRun extends RunReading {
  oneNetwork: boolean;
}

/** The engine's own answers; undefined where there is no such container or image. */
export interface RunCalls {
  container(name: string): Promise<unknown>;
  image(name: string): Promise<unknown>;
  /** Asked once per connection. */
  defaults(): Promise<EngineDefaults>;
}

/** What `docker run` would be told to make this container; undefined when there is none. @throws when the engine's answer is not one of a container */
export async function readRun(calls: RunCalls, name: string): Promise<EngineRun | undefined> {
  const [json, engine] = await Promise.all([calls.container(name), calls.defaults()]);
  if (json === undefined) return undefined;
  const container = parseRunInspect(json);
  const reference = container.config.Image ?? "";
  const [image, named] = await Promise.all([
    calls.image(container.imageId),
    reference === "" ? undefined : calls.image(reference),
  ]);
  const reading = runFromInspect(container, {
    image: image === undefined ? undefined : parseRunImage(image),
    namedImage: named === undefined ? undefined : parseRunImage(named).id,
    engine,
  });
  return { ...reading, oneNetwork: !isAtLeast(engine.apiVersion, "1.44") };
}
