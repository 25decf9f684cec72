import assert from "node:assert/strict";
import { seeded } from "../core/randomSpec.ts";
import { api, createBox, type Proxy, startProxy } from "../engine/support.ts";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene } from "./support.ts";

/** Told when the test fails, so that the same storm can be had again: BERTH_SEED=… */
const seed = Number(process.env.BERTH_SEED ?? Date.now() % 100_000);
const minutes = 2;
const containers = 200;
const cuts = 10;
const restarts = 2;

describe("a week's worth of use in minutes", () => {
  let engine: LabEngine;
  let proxy: Proxy;
  let lab: Scene;
  let window: Workbench;

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    engine = await startEngine("chaos");
    proxy = await startProxy(engine);
    lab = await scene("chaos", { engine, env: { DOCKER_HOST: proxy.env.DOCKER_HOST ?? "" } });
    await clear(engine);
    for (let n = 0; n < containers; n += 10)
      await Promise.all(Array.from({ length: 10 }, (_, m) => createBox(engine, `box-${n + m}`)));
  });
  after(async () => {
    await clear(engine);
    await lab.end();
    proxy.close();
    await engine.dispose({ wipe: true });
  });

  it(`ends with the tree as \`docker ps -a\` has it, row by row (seed ${seed})`, async function () {
    this.timeout(600_000);
    window = await lab.open();
    for (const view of ["Projects", "Images", "GPUs"]) await window.foldView(view, false);
    await window.treeWith("Containers", /Stopped {2}200/);
    await window.watchRows("Containers");
    const storm = await rage(engine, proxy);
    const { times } = await window.watched();
    console.log(`      ${storm.done} changes, ${times.length} times the rows changed; the longest without: ${longest(times)} ms`);
    const expected = await psAll(engine);
    await expandAll(window);
    await window.until(
      async () => (await window.allRows("Containers")).flatMap(line).sort().join("\n"),
      (rows) => rows === expected,
      60_000,
    );
    await window.screenshot("after-the-storm");
    assert.ok(storm.done > 100, `${storm.done} changes make no storm`);
    assert.deepEqual(window.errors, []);
    await window.close();
  });
});

/** Changes containers at random, from four sides at once, for as long as the storm lasts; meanwhile connections are cut and the engine restarted. */
async function rage(engine: LabEngine, proxy: Proxy): Promise<{ done: number }> {
  const random = seeded(seed);
  const end = Date.now() + minutes * 60_000;
  let done = 0;
  let next = containers;
  let isDown = false;
  const pick = <T>(some: readonly T[]) => some[Math.floor(random() * some.length)];
  const names = async () =>
    (JSON.parse(await api(engine, "GET", "/containers/json?all=1")) as { Names: string[] }[]).map(
      ({ Names }) => Names[0]?.slice(1) ?? "",
    );

  async function change(): Promise<void> {
    const name = pick(await names()) ?? "";
    const roll = random();
    const post = (path: string) => api(engine, "POST", path);
    if (roll < 0.15) await createBox(engine, `box-${next++}`);
    else if (roll < 0.45) await post(`/containers/${name}/start`);
    else if (roll < 0.6) await post(`/containers/${name}/kill`);
    else if (roll < 0.7) await post(`/containers/${name}/rename?name=renamed-${next++}`);
    else if (roll < 0.78) await post(`/containers/${name}/pause`);
    else if (roll < 0.86) await post(`/containers/${name}/unpause`);
    else await api(engine, "DELETE", `/containers/${name}?force=1`);
    done++;
  }
  // What does not fit the state of the container, or meets an engine that is down, is refused: that is part of the storm.
  const worker = async () => {
    while (Date.now() < end) {
      if (isDown) await new Promise((resolve) => setTimeout(resolve, 50));
      else await change().catch(() => undefined);
    }
  };
  const at = async (fraction: number, act: () => Promise<void> | void) => {
    await new Promise((resolve) => setTimeout(resolve, fraction * minutes * 60_000));
    await act();
  };
  const disturb = [
    ...Array.from({ length: cuts }, (_, n) => at((n + 0.5) / cuts, () => proxy.cut())),
    ...Array.from({ length: restarts }, (_, n) =>
      at((n + 1) / (restarts + 1), async () => {
        isDown = true;
        await engine.stop();
        await engine.start();
        isDown = false;
      }),
    ),
  ];
  await Promise.all([...disturb, worker(), worker(), worker(), worker()]);
  return { done };
}

/** What every container's row is to say, from `docker ps -a`, sorted. */
async function psAll(engine: LabEngine): Promise<string> {
  const text = await engine.docker("ps", "--all", "--no-trunc", "--format", "{{.Names}}\t{{.State}}\t{{.Image}}\t{{.Status}}");
  return text
    .split("\n")
    .filter(Boolean)
    .map((row) => {
      const [name = "", state = "", image = "", status = ""] = row.split("\t");
      const code = /^Exited \((\d+)\)/.exec(status)?.[1];
      const words = state === "exited" ? (code === "0" ? "stopped" : `exited (${code})`) : state;
      const group = ["running", "paused", "restarting"].includes(state) ? "Running" : "Stopped";
      return `${group}/${name}  ${image.split("/").at(-1)} · ${words}`;
    })
    .sort()
    .join("\n");
}

let group = "";
/** The row of a container in the same form; times are left out. */
function line({ label, description, level }: { label: string; description: string; level: number }): string[] {
  if (level === 1) group = label;
  if (level !== 2) return [];
  const words = description
    .replace(/ · up .*, paused$/, " · paused")
    .replace(/ · up [^·]*$/, " · running")
    .replace(/ · created, never started$/, " · created")
    .replace(/ \d+ (s|min|h) ago$/, "");
  return [`${group}/${label}  ${words}`];
}

async function expandAll(window: Workbench): Promise<void> {
  for (const name of ["Running", "Stopped"])
    if (/▸/.test((await groups(window)).get(name) ?? "")) await window.expand("Containers", name);
}

async function groups(window: Workbench): Promise<Map<string, string>> {
  const rows = await window.allRows("Containers");
  return new Map(rows.filter(({ level }) => level === 1).map(({ label, expanded }) => [label, expanded ? "▾" : "▸"]));
}

function longest(times: readonly number[]): number {
  return Math.max(0, ...times.map((time, n) => time - (times[n - 1] ?? time)));
}
