import type { FoundBy } from "../core/candidates.ts";
import type { Container, Details } from "../core/engineJson.ts";
import { EngineGoneError, UserError } from "../core/errors.ts";
import type { AppRuns, Look } from "../core/existing.ts";
import { isUsable, type Health } from "../core/gpuHealth.ts";
import type { RunSpec } from "../core/runSpec.ts";
import { gpusAsked } from "../core/specDifference.ts";
import { eachOf } from "./eachOf.ts";
import type { Tools } from "./execute.ts";
import { checkContainerGpu } from "./probe.ts";
import { staleMounts } from "./staleMounts.ts";

export type { Look } from "../core/existing.ts";
export { detectPlatform } from "./platform.ts";

/** So many containers are looked at in one go; each takes a few processes of the CLI. */
const atOnce = 8;

type Looking = Pick<Tools, "engine" | "cli" | "hostGpus" | "probeTimeout"> & {
  /** Whether the deployment's app runs; absent: it has none. */
  findApp?: (container: string) => Promise<boolean>;
};

/**
 * Looks at all of these, without changing anything: what each was told when it was made, and of a running one whether it reaches the GPUs that are
 * wanted, whether it still sees its folders of the host, and whether the app runs. Bounded in time, also where a container hangs. One that cannot be
 * looked at comes with the reason (`observed.unread`); one that is gone in the meantime is left out.
 * @throws EngineGoneError when the engine itself is out of reach; UserError when there is no docker CLI
 */
export async function observe(
  tools: Looking,
  wanted: RunSpec,
  found: readonly { by: FoundBy; container: Container }[],
): Promise<Look[]> {
  const looks = await eachOf(found, atOnce, (one) => look(tools, wanted, one));
  return looks.filter((it) => it !== undefined);
}

async function look(
  tools: Looking,
  wanted: RunSpec,
  { by, container: listed }: { by: FoundBy; container: Container },
): Promise<Look | undefined> {
  const { engine, findApp } = tools;
  const { id } = listed;
  const inspecting = attempt(engine, () => engine.inspect(id));
  const running = attempt(engine, () => engine.runOf(id));
  const [inspected, run] = [await inspecting, await running];
  if (inspected.value === undefined && inspected.problem === undefined) return undefined;
  if (run.value === undefined && run.problem === undefined) return undefined;
  const details = inspected.value?.details ?? unknown;
  const now = inspected.value ?? listed;
  // The list knows the state in the engine's words, the ports and the network; the inspect is the newer one, and has the name it was made of.
  const row = { ...listed, name: now.name, state: now.state, details };
  const named = { name: now.name, image: now.image, state: now.state };
  const problem = inspected.problem ?? run.problem;
  if (problem !== undefined || run.value === undefined) {
    const spec: RunSpec = { ...{ name: now.name, image: now.image, init: false, labels: {}, mounts: [], gpus: "none" } };
    return { found: row, by, observed: { ...named, spec, staleMounts: [], unread: problem ?? "" }, appRuns: undefined };
  }
  const known = { spec: run.value.spec, gpus: details.gpus };
  const asleep = (found = row, { name, image, state } = named): Look => ({
    ...{ found, by, observed: { name, image, state, ...known, staleMounts: [] } },
    // In one that is paused nothing can be asked; what ran in it goes on with it.
    appRuns: findApp && state === "paused" ? "unknown" : undefined,
  });
  if (now.state !== "running") return asleep();

  const { health, stale, appRuns } = await lookInside(tools, wanted, row);
  // What stopped in the meantime answers as badly as what is broken.
  if (health.verdict !== "none" && !isUsable(health)) {
    const { value: later } = await attempt(engine, () => engine.inspect(id));
    if (later && later.state !== "running") return asleep({ ...row, ...changed(later) }, { ...named, state: later.state });
  }
  return {
    found: row,
    by,
    observed: { ...named, ...known, health, staleMounts: stale },
    appRuns,
  };
}

const changed = ({ state, details }: Container & { details: Details }) => ({ state, status: "", details });

async function lookInside(
  { engine, cli, hostGpus, probeTimeout, findApp }: Looking,
  wanted: RunSpec,
  { id, details }: Container & { details: Details },
): Promise<{ health: Health; stale: string[]; appRuns: AppRuns | undefined }> {
  const gpus = gpusAsked(wanted, details.gpus);
  const [health, stale, appRuns] = await Promise.all([
    checkContainerGpu({ id, gpus }, { cli, hostGpus, probeTimeout }),
    staleMounts({ engine, cli }, id, details.mounts, probeTimeout),
    findApp && inTime(findApp(id), probeTimeout),
  ]);
  return { health, stale, appRuns };
}

/** Unknown where it takes longer, or fails. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T | "unknown"> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<"unknown">((resolve) => (timer = setTimeout(resolve, ms, "unknown")));
  try {
    return await Promise.race([work, expired]);
  } catch (error) {
    if (error instanceof UserError) return "unknown";
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What the engine says of one container, or why it does not. @throws EngineGoneError when it says nothing at all any more */
async function attempt<T>(engine: Looking["engine"], ask: () => Promise<T>): Promise<{ value?: T; problem?: string }> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error instanceof EngineGoneError) await engine.ping(); // a stuck container keeps its own inspect waiting, and nothing else
    return { problem: error.message };
  }
}

/** Of a container that cannot be inspected. */
const unknown: Details = {
  ...{ exitCode: 0, oomKilled: false, running: false, restarting: false, error: "", gpus: "none", mounts: [], env: [] },
  ...{ user: "", workingDir: "", entrypoint: [], command: [] },
};
