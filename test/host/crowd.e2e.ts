import { strict as assert } from "node:assert";
import { api, createBox, startProxy, type Proxy } from "../engine/support.ts";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import type { TreeRow, Workbench } from "../lab/workbench.ts";
import { packageExtension, type Scene, scene } from "./support.ts";

const view = "Containers";
/** Eight calls to the engine at a time. */
async function forAll<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [n, item] of queue) results[n] = await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return results;
}

describe("500 containers", function () {
  this.timeout(120_000);
  let engine: LabEngine;
  let proxy: Proxy;
  let lab: Scene;
  let window: Workbench;
  /** By name: box-0 … box-499. The first 20 run. */
  const ids = new Map<string, string>();

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    engine = await startEngine("crowd");
    await removeAll();
    proxy = await startProxy(engine);
    lab = await scene("crowd", { engine, env: { DOCKER_HOST: proxy.env.DOCKER_HOST } });
    const names = Array.from({ length: 500 }, (_, n) => `box-${n}`);
    const quiet = { HostConfig: { Init: true, NetworkMode: "none" }, Healthcheck: { Test: ["NONE"] } };
    const check = { Test: ["CMD", "test", "-e", "/well"], Interval: 100_000_000, Retries: 1 };
    const made = await forAll(names, (name) =>
      createBox(engine, name, name === "box-5" ? { ...quiet, Healthcheck: check } : quiet),
    );
    names.forEach((name, n) => ids.set(name, made[n]!));
    await forAll(names.slice(0, 20), (name) => act(name, "start"));
  });
  after(async () => {
    await lab?.end();
    await removeAll();
    proxy.close();
    await engine.dispose();
  });

  async function removeAll(): Promise<void> {
    const all = JSON.parse(await api(engine, "GET", "/containers/json?all=1")) as { Id: string }[];
    await forAll(all, ({ Id }) => api(engine, "DELETE", `/containers/${Id}?force=1&v=1`));
  }
  const act = (name: string, action: string) => api(engine, "POST", `/containers/${ids.get(name)}/${action}`);
  const row = async (label: string) => (await window.rows(view)).find((it) => it.label === label);
  /** Waits until a row is there, and as it should be. */
  const untilRow = async (label: string, isGood: (row: TreeRow) => boolean) =>
    (await window.until(
      () => row(label),
      (it) => it !== undefined && isGood(it),
    ))!;
  const group = (label: string, size: number) => untilRow(label, ({ description }) => description === String(size));

  /** A window in which the containers alone have the room of the sidebar, and both groups are unfolded. */
  async function open(): Promise<void> {
    window = await lab.open({ size: { width: 1280, height: 1000 } });
    await window.until(
      () => window.tree(view),
      (tree) => tree.includes("Running  20"),
      60_000,
    );
    for (const other of ["Projects", "Images", "GPUs"]) await window.foldView(other, false);
    await window.until(
      () => window.rowCount(view),
      (count) => count === 502,
    );
  }

  it("are all there a moment after the click on the icon, and down to the last in order", async () => {
    await open();
    const rows = await window.allRows(view);
    assert.deepEqual(
      rows.map(({ label }) => label),
      ["Running", ...range(0, 20), "Stopped", ...range(20, 500)],
    );
    assert.deepEqual(rows[21]?.description, "480");
    assert.deepEqual(rows[400]?.description, "busybox:1 · created, never started");
    await window.screenshot("crowd");
    await window.pressIn(view, "Home");
  });

  it("show a change from outside at once, and nothing else is drawn anew", async () => {
    await untilRow("box-7", () => true);
    const took: number[] = [];
    const drawn: string[][] = [];
    /** Does something outside, and waits until a row tells it. */
    const change = async (what: string, work: () => Promise<unknown>, label: string, isGood: (row: TreeRow) => boolean) => {
      await window.watchRows(view);
      const start = Date.now();
      await work();
      await untilRow(label, isGood);
      took.push(Date.now() - start);
      console.log(`      ${what}: ${took.at(-1)} ms`);
      drawn.push((await window.watched()).redrawn.filter((it) => it !== label));
    };
    await change(
      "pause",
      () => act("box-7", "pause"),
      "box-7",
      ({ description, icon }) => description.endsWith(", paused") && icon === "debug-pause",
    );
    await change(
      "unpause",
      () => act("box-7", "unpause"),
      "box-7",
      ({ description }) => !description.includes("paused"),
    );
    await change(
      "rename",
      () => act("box-7", "rename?name=box-7-renamed"),
      "box-7-renamed",
      ({ description }) => description.startsWith("busybox:1"),
    );
    // Its check runs ten times a second.
    await untilRow("box-5", ({ description, icon }) => description.endsWith("(unhealthy)") && icon === "warning");
    await change(
      "health",
      () => engine.docker("exec", "box-5", "touch", "/well"),
      "box-5",
      ({ description, icon }) => description.endsWith("(healthy)") && icon === "circle-filled",
    );
    // Once a minute the times are told anew, on all rows.
    assert(drawn.filter((others) => others.length > 0).length <= 1, `also drawn anew: ${JSON.stringify(drawn)}`);
    assert(Math.min(...took) < 1000, `changes took ${took.join(", ")} ms`);
    await act("box-7", "rename?name=box-7");
    await untilRow("box-7", () => true);
  });

  it("keep the selection when a row moves from group to group, or is renamed", async () => {
    const selected = async () => (await window.rows(view)).filter((it) => it.selected).map(({ label }) => label);
    const isSelected = (label: string) =>
      window.until(
        async () => ({ selected: await selected(), tree: await window.tree(view) }),
        (it) => it.selected.length === 1 && it.selected[0] === label,
      );
    await window.selectRows(view, "box-3");
    await act("box-3", "kill");
    await group("Running", 19);
    await isSelected("box-3");
    assert.match((await row("box-3"))!.description, /exited \(137\)/);
    await act("box-3", "rename?name=box-3-renamed");
    await isSelected("box-3-renamed");
    await act("box-3", "start");
    await group("Running", 20);
    await isSelected("box-3-renamed");
    assert.match((await row("box-3-renamed"))!.description, /up /);
    await act("box-3", "rename?name=box-3");
    await isSelected("box-3");
    await window.expand(view, "box-3", false); // which the click unfolded
  });

  it("are filtered by typing, in whatever group they are and to whichever they move", async () => {
    await window.expand(view, "Stopped", false);
    await window.pressIn(view, "Control+F");
    await window.question("Filter Containers");
    await window.type("box-42 NEVER");
    const shown = () => window.rows(view).then((rows) => rows.map(({ label, description }) => `${label} ${description}`));
    const found = (name: string) => `${name} busybox:1 · created, never started`;
    const all = ["Stopped 11 of 480", found("box-42"), ...range(420, 430).map(found)];
    await window.until(shown, (rows) => rows.join() === all.join());
    await window.type("box-42");
    await window.accept();
    await window.until(
      () => window.viewTexts(view),
      ({ message }) => message === "Only what matches 'box-42' is shown.",
    );
    await window.screenshot("crowd-filtered");
    await act("box-424", "start");
    await window.until(shown, ([group, row]) => group === "Running 1 of 21" && row?.startsWith("box-424 ") === true);
    await act("box-424", "kill");
    await window.until(shown, (rows) => rows.length === 12);
    await window.viewAction(view, "Clear Container Filter");
    await group("Running", 20);
    assert.equal((await row("Stopped"))?.expanded, false);
    await window.expand(view, "Stopped");

    // Escape puts back what was there.
    await window.pressIn(view, "Control+F");
    await window.question("Filter Containers");
    await window.type("nothing of it");
    await window.until(shown, (rows) => rows.length === 0);
    await window.dismiss();
    await group("Running", 20);
  });

  it("are found by VS Code's own search, too", async () => {
    await window.findInView(view, "box-437");
    await untilRow("box-437", () => true);
    await window.endFind(view);
    await window.pressIn(view, "Home");
    await group("Running", 20);
  });

  it("stay folded and unfolded as they were, through changes, a hidden view, another window and an engine that went away", async () => {
    await window.pressIn(view, "Home");
    await window.expand(view, "box-1");
    await window.expand(view, "Stopped", false);
    const isAsLeft = async () => {
      const rows = await window.until(
        () => window.rows(view),
        (it) => it.some(({ label }) => label === "Stopped") && it.some(({ level }) => level === 3),
        60_000,
      );
      assert.deepEqual(
        rows.filter(({ expanded }) => expanded).map(({ label }) => label),
        ["Running", "box-1"],
      );
    };
    await isAsLeft();
    await act("box-2", "kill");
    await group("Running", 19);
    await isAsLeft();
    await act("box-2", "start");
    await group("Running", 20);
    await isAsLeft();

    await window.openContainer("Explorer");
    await act("box-2", "pause");
    await window.openContainer("Berth");
    await untilRow("box-2", ({ description }) => description.includes("paused"));
    await isAsLeft();
    await act("box-2", "unpause");

    await window.reload();
    await window.openContainer("Berth");
    await isAsLeft();

    proxy.onRequest = () => false;
    proxy.cut();
    await window.until(
      () => window.viewTexts(view),
      ({ welcome }) => welcome.includes("not running"),
      60_000,
    );
    proxy.onRequest = undefined;
    await isAsLeft();
  });

  it("cost nothing while nobody looks", async () => {
    await window.openContainer("Explorer");
    // What was under way when the views were hidden may still end.
    await window.until(
      () => {
        const before = proxy.requests.length;
        return new Promise<boolean>((resolve) => setTimeout(() => resolve(proxy.requests.length === before), 300));
      },
      (isQuiet) => isQuiet,
    );
    const before = proxy.requests.length;
    const begun = Date.now();
    let n = 0;
    while (Date.now() - begun < 6000) await act("box-9", `rename?name=box-9-${n++}`);
    assert.deepEqual(proxy.requests.slice(before), [], `${n} changes`);
    await window.openContainer("Berth");
    await untilRow(`box-9-${n - 1}`, () => true);
    await window.close();
  });
});

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, n) => `box-${from + n}`);
}
