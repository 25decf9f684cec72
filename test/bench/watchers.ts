/** Those who follow an engine's changes: Berth's store, the docker CLI in a loop, and (workbench.ts) the rows in a VS Code window. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { until, watch } from "../engine/support.ts";
import type { LabEngine } from "../lab/engine.ts";
import { changes, type Change, freshName, type Kind, timeOf } from "./fleet.ts";

/** What was seen at a time: of the containers whose names begin with "aaa-", a line each. Two in a row are never the same. */
export interface Sight {
  /** Milliseconds since 1970. */
  at: number;
  text: string;
}

export interface Watcher {
  /** One looks at a time, so that they don't take the machine from each other. */
  look(looks: boolean): Promise<void>;
  sights(): Promise<readonly Sight[]> | readonly Sight[];
  end(): Promise<void> | void;
}

/** Berth's feed and store, as the views have them. */
export async function storeWatcher(lab: LabEngine): Promise<Watcher> {
  const { store, feed, until: seen } = watch(lab.env);
  const log = sightLog();
  store.onDidChange(({ containers }) =>
    log.add(
      containers.flatMap(({ name, state, details }) =>
        name.startsWith("aaa-") ? [`${name} ${state} ${details?.health ?? ""}`] : [],
      ),
    ),
  );
  await seen("ready", ({ engine }) => engine.status === "ready");
  return {
    look: (looks) => Promise.resolve(feed.setVisible(looks)),
    sights: () => log.sights,
    end: () => feed.dispose(),
  };
}

const actions = [
  "create",
  "start",
  "die",
  "stop",
  "kill",
  "pause",
  "unpause",
  "rename",
  "update",
  "destroy",
  "oom",
  "health_status",
];

/** What one would write with the docker CLI: `docker events`, and for each of its lines `docker ps --all`, one at a time. */
export async function cliWatcher(lab: LabEngine): Promise<Watcher> {
  const log = sightLog();
  let looking = true;
  let running = false;
  let again = false;
  async function list(): Promise<void> {
    again = true;
    if (running) return;
    running = true;
    while (again && looking) {
      again = false;
      const text = await lab.docker("ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.State}} {{.Status}}");
      log.add(text.split("\n").filter((line) => line.startsWith("aaa-")));
    }
    running = false;
  }
  const filters = ["type=container", ...actions.map((action) => `event=${action}`)].flatMap((it) => ["--filter", it]);
  const events = spawn("docker", ["events", ...filters], { env: lab.env, stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: events.stdout }).on("line", () => void list());
  await list();
  return {
    async look(looks) {
      looking = looks;
      if (looks) await list();
    },
    sights: () => log.sights,
    end: () => void events.kill(),
  };
}

function sightLog(): { sights: Sight[]; add(lines: readonly string[]): void } {
  const sights: Sight[] = [];
  return {
    sights,
    add(lines) {
      const text = [...lines].sort().join("\n");
      if (text !== sights.at(-1)?.text) sights.push({ at: Date.now(), text });
    },
  };
}

/** Milliseconds from the engine's event of a change to its being seen. */
export async function delayOf(lab: LabEngine, watcher: Watcher, kind: Kind): Promise<number> {
  const container = freshName();
  const { before, argv, event, line }: Change = changes[kind];
  const docker = (words: string[]) => lab.docker(...words.map((word) => (word === "N" ? container : word)));
  const lineIn = ({ text }: Sight) => text.split("\n").find((it) => it.startsWith(container));
  await watcher.look(true);
  if (before) {
    await docker(before.argv);
    await until(`${container} to be seen`, async () => {
      const last = (await watcher.sights()).at(-1);
      return last !== undefined && before.line.test(lineIn(last) ?? "");
    });
  }
  await docker(argv);
  const at = await timeOf(lab, container, event);
  let seen: Sight | undefined;
  await until(`${kind} to be seen`, async () => {
    // Which of the two clocks is read first within a millisecond is chance.
    const since = (await watcher.sights()).filter((it) => it.at >= Math.floor(at));
    seen = since.find((it) => (line ? line.test(lineIn(it) ?? "") : lineIn(it) === undefined));
    return seen !== undefined;
  });
  await watcher.look(false);
  if (line) await lab.docker("rm", "--force", container);
  return Math.max(0, seen!.at - at);
}

/** The longest time without anything new, in milliseconds, while another process creates and removes containers at full speed. */
export async function silence(lab: LabEngine, watcher: Watcher, seconds: number): Promise<{ longest: number; changes: number }> {
  await watcher.look(true);
  const storm = spawn(process.execPath, [`${import.meta.dirname}/storm.ts`, lab.socket, String(seconds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  storm.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => storm.once("close", resolve));
  const { from, to, changes } = JSON.parse(output) as { from: number; to: number; changes: number };
  const times = [from, ...(await watcher.sights()).map(({ at }) => at).filter((at) => at > from && at < to), to];
  await watcher.look(false);
  return { longest: Math.max(...times.slice(1).map((at, n) => at - times[n]!)), changes };
}
