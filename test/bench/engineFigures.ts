/** Berth without VS Code, side by side with the docker CLI, at a number of containers. */
import { deploy, endWatches, toolsFor, watch } from "../engine/support.ts";
import type { LabEngine } from "../lab/engine.ts";
import { changes, fill, freshName, timeOf, type Kind } from "./fleet.ts";
import { figure, inTurn, ratio, short, timed, told } from "./measure.ts";
import { cliWatcher, delayOf, silence, storeWatcher } from "./watchers.ts";

const image = "berth-lab/busybox:1";

export interface Effort {
  /** How often each thing is measured, after one round that is not counted. */
  rounds: number;
  /** How often a VS Code window is opened for those that need a new one. */
  windows: number;
  stormSeconds: number;
}

/** Rows: what, Berth, the docker CLI, ratio. */
export async function engineFigures(lab: LabEngine, count: number, effort: Effort): Promise<string[][]> {
  await fill(lab, count);
  return [
    ...(await listFigures(lab, count, effort)),
    ...(await changeFigures(lab, effort)),
    ...(await deployFigures(lab, effort)),
  ];
}

async function listFigures(lab: LabEngine, count: number, { rounds }: Effort): Promise<string[][]> {
  let first = 0;
  const firsts: number[] = [];
  const inspectAll = async () => {
    const ids = (await lab.docker("ps", "--all", "--quiet", "--no-trunc")).split("\n");
    await lab.docker("inspect", ...ids);
  };
  const figures = await inTurn(rounds, {
    // From nothing, as when the views are shown for the first time: a connection, the events, containers, images, what each one is.
    berth: async (round) => {
      const started = performance.now();
      const { until } = watch(lab.env);
      await until("the rows", ({ containers }) => containers.length >= count);
      first = performance.now() - started;
      if (round > 0) firsts.push(first);
      await until("their details", ({ containers, images }) =>
        [...containers, ...images].every(({ details }) => details !== undefined),
      );
      const all = performance.now() - started;
      endWatches();
      return all;
    },
    ps: () => timed(() => lab.docker("ps", "--all")),
    inspect: () => timed(inspectAll),
  });
  const rows = figure(firsts);
  return [
    ["First rows, against `docker ps -a`", told(rows), told(figures.ps), ratio(rows, figures.ps)],
    [
      "Complete list, against `docker ps -a` and `docker inspect` of all",
      told(figures.berth),
      told(figures.inspect),
      ratio(figures.berth, figures.inspect),
    ],
  ];
}

const kinds: Record<Kind, string> = {
  run: "Outside `docker run` → store",
  rm: "Outside `docker rm` → store",
  health: "Turned unhealthy → store",
};

async function changeFigures(lab: LabEngine, { rounds, stormSeconds }: Effort): Promise<string[][]> {
  const berth = await storeWatcher(lab);
  const cli = await cliWatcher(lab);
  const rows: string[][] = [];
  try {
    await berth.look(false);
    await cli.look(false);
    for (const kind of Object.keys(changes) as Kind[]) {
      const figures = await inTurn(rounds, {
        berth: () => delayOf(lab, berth, kind),
        cli: () => delayOf(lab, cli, kind),
      });
      rows.push([kinds[kind], told(figures.berth), told(figures.cli), ratio(figures.berth, figures.cli)]);
    }
    const ours = await silence(lab, berth, stormSeconds);
    const theirs = await silence(lab, cli, stormSeconds);
    rows.push([
      `Longest silence in a ${stormSeconds} s storm (${short(ours.changes / stormSeconds)} and ${short(theirs.changes / stormSeconds)} changes a second)`,
      `${short(ours.longest)} ms`,
      `${short(theirs.longest)} ms`,
      ratio(figure([ours.longest]), figure([theirs.longest])),
    ]);
  } finally {
    await berth.end();
    await cli.end();
  }
  return rows;
}

/** Running: the engine's event. Told: when the command ends, which for Berth is a second later, since a program that fails at once hasn't started. */
async function deployFigures(lab: LabEngine, { rounds }: Effort): Promise<string[][]> {
  const tools = await toolsFor(lab.env);
  const ends: Record<"berth" | "run", number[]> = { berth: [], run: [] };
  const measure = async (way: "berth" | "run", round: number, act: (name: string) => Promise<unknown>) => {
    const name = freshName();
    const started = Date.now();
    await act(name);
    if (round > 0) ends[way].push(Date.now() - started);
    const running = (await timeOf(lab, name, "start")) - started;
    await lab.docker("rm", "--force", name);
    return running;
  };
  const figures = await inTurn(rounds, {
    berth: (round) => measure("berth", round, (name) => deploy(tools, { image, name })),
    run: (round) =>
      measure("run", round, (name) => lab.docker("run", "--detach", "--name", name, "--init", image, "tail", "-f", "/dev/null")),
  });
  tools.engine.close();
  const [ours, theirs] = [figure(ends.berth), figure(ends.run)];
  return [
    ["Deploy → it runs, against `docker run -d`", told(figures.berth), told(figures.run), ratio(figures.berth, figures.run)],
    ["Deploy → told that it runs", told(ours), told(theirs), ratio(ours, theirs)],
  ];
}
