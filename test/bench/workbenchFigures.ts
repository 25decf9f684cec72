/** Berth as people have it: the package, installed in a VS Code window on a server. */
import { startProxy } from "../engine/support.ts";
import type { LabEngine } from "../lab/engine.ts";
import type { Workbench } from "../lab/workbench.ts";
import { changes, fill, runningCount, type Kind } from "./fleet.ts";
import type { Effort } from "./engineFigures.ts";
import { figure, inTurn, ratio, short, timed, told } from "./measure.ts";
import { cliWatcher, delayOf, silence } from "./watchers.ts";
import { activationTimes, clickToRows, openSite, type Site, wait, windowWatcher } from "./window.ts";

const kinds: Record<Kind, string> = {
  run: "Outside `docker run` → row",
  rm: "Outside `docker rm` → no row",
  health: "Turned unhealthy → row",
};

/** Rows: what, Berth, the docker CLI, ratio. */
export async function windowFigures(lab: LabEngine, vsix: string, count: number, effort: Effort): Promise<string[][]> {
  await fill(lab, count);
  const site = await openSite(lab.env, vsix);
  const cli = await cliWatcher(lab);
  const rows: string[][] = [];
  try {
    await cli.look(false);
    const stopped = count - runningCount;
    const needed = [
      new RegExp(`^Running.*\\b${runningCount}\\b`, "m"),
      /^fleet-0000 .*\bup \d/m, // with its details: the engine's own list says "Up"
      ...(stopped > 0 ? [new RegExp(`^Stopped.*\\b${stopped}\\b`, "m")] : []),
    ];
    const isComplete = (text: string) => needed.every((it) => it.test(text));
    const clicks = await inTurn(effort.windows, {
      berth: async () => {
        const window = await site.open();
        await site.memory(); // once all that a new window starts has started
        const taken = await clickToRows(window, isComplete);
        await window.close();
        return taken;
      },
      ps: () => timed(() => lab.docker("ps", "--all")),
    });
    rows.push(["Click on the icon → all rows, against `docker ps -a`", ...sideBySide(clicks.berth, clicks.ps)]);

    const window = await site.open();
    const rowsOf = windowWatcher(window);
    for (const kind of Object.keys(changes) as Kind[]) {
      const figures = await inTurn(effort.rounds, {
        berth: () => delayOf(lab, rowsOf, kind),
        cli: () => delayOf(lab, cli, kind),
      });
      rows.push([kinds[kind], ...sideBySide(figures.berth, figures.cli)]);
    }
    const ours = await silence(lab, rowsOf, effort.stormSeconds);
    const theirs = await silence(lab, cli, effort.stormSeconds);
    rows.push([
      `Longest silence in a ${effort.stormSeconds} s storm (${short(ours.changes / effort.stormSeconds)} and ${short(theirs.changes / effort.stormSeconds)} changes a second)`,
      `${short(ours.longest)} ms`,
      `${short(theirs.longest)} ms`,
      ratio(figure([ours.longest]), figure([theirs.longest])),
    ]);
  } finally {
    await cli.end();
    await site.end();
  }
  return rows;
}

function sideBySide(ours: Parameters<typeof told>[0], theirs: typeof ours): string[] {
  return [told(ours), told(theirs), ratio(ours, theirs)];
}

/** What Berth costs an extension host: rows of what, without Berth, with it hidden, with its views on screen. */
export async function costFigures(lab: LabEngine, vsix: string, count: number, effort: Effort): Promise<string[][]> {
  await fill(lab, count);
  const proxy = await startProxy(lab);
  const [without, with_] = [await openSite(lab.env, undefined), await openSite(proxy.env, vsix)];
  const activations: Record<"Berth" | "Git", number[]> = { Berth: [], Git: [] };
  const shown: number[] = [];
  try {
    const memory = await inTurn(effort.windows, {
      without: () => inWindow(without, () => without.memory()),
      hidden: (round) =>
        inWindow(with_, async (window) => {
          const hidden = await with_.memory();
          await windowWatcher(window).look(true);
          if (round > 0) shown.push(await with_.memory());
          const times = await activationTimes(window);
          if (round > 0) for (const name of ["Berth", "Git"] as const) activations[name].push(times[name] ?? NaN);
          return hidden;
        }),
    });
    const idle = await inWindow(with_, async (window) => {
      const figures: Record<string, { asked: string; started: string }> = {};
      for (const looks of [false, true]) {
        await windowWatcher(window).look(looks);
        await with_.memory(); // once it is idle
        proxy.requests.length = 0;
        await with_.spawned();
        await wait(60_000);
        figures[String(looks)] = { asked: tally(proxy.requests), started: tally(await with_.spawned()) };
      }
      return { hidden: figures.false!, visible: figures.true! };
    });
    const visible = figure(shown);
    const added = (it: typeof visible) => `${told(it, "MB")}, +${short(it.median - memory.without.median)} MB`;
    return [
      ["Memory of the extension host", told(memory.without, "MB"), added(memory.hidden), added(visible)],
      ["Activation (VS Code's own Git: " + told(figure(activations.Git)) + ")", "", told(figure(activations.Berth)), ""],
      ["Engine requests in an idle minute", "", idle.hidden.asked, idle.visible.asked],
      ["Processes started in an idle minute", "", idle.hidden.started, idle.visible.started],
    ];
  } finally {
    await without.end();
    await with_.end();
    proxy.close();
  }
}

async function inWindow<T>(site: Site, use: (window: Workbench) => Promise<T>): Promise<T> {
  const window = await site.open();
  try {
    return await use(window);
  } finally {
    await window.close();
  }
}

/** `12: 11 GET /_ping, 1 GET /containers/json` */
function tally(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const words = line
      .split(" ")
      .slice(0, 2)
      .join(" ")
      .replace(/=.*/, "")
      .replace(/[0-9a-f]{64}/, "ID");
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([words, count]) => `${count} ${words}`);
  return parts.length === 0 ? "0" : `${lines.length}: ${parts.join(", ")}`;
}
