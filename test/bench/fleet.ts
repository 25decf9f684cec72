/** The containers that lists are measured with, and changes made from outside. */
import { randomBytes } from "node:crypto";
import { api, createBox, until } from "../engine/support.ts";
import type { LabEngine } from "../lab/engine.ts";

/** How many of them run; more would measure the machine's memory. */
export const runningCount = 10;

/** About what a person's container carries, so that what the engine says of it is as long. */
const config = {
  Env: Array.from({ length: 20 }, (_, n) => `SETTING_${n}=${"value ".repeat(5)}${n}`),
  Labels: Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`com.example.label-${n}`, `value of label ${n}`])),
  ExposedPorts: { "8000/tcp": {}, "9000/tcp": {} },
  HostConfig: { Init: true, Binds: ["/tmp:/workspace", "/usr/share:/data:ro"], ShmSize: 6_000_000_000 },
};

/** Makes containers until the engine has this many: ten that run, the others created. */
export async function fill(lab: LabEngine, count: number): Promise<void> {
  const there = (JSON.parse(await api(lab, "GET", "/containers/json?all=1")) as unknown[]).length;
  const numbers = Array.from({ length: Math.max(0, count - there) }, (_, n) => there + n).values();
  const worker = async () => {
    for (const n of numbers) {
      const id = await createBox(lab, `fleet-${String(n).padStart(4, "0")}`, config);
      if (n < runningCount) await api(lab, "POST", `/containers/${id}/start`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/** The first of all names, so that its row is in sight, and a new one each time. */
export function freshName(): string {
  return `aaa-${randomBytes(4).toString("hex")}`;
}

const box = ["--init", "berth-lab/busybox:1", "tail", "-f", "/dev/null"];

/** A healthcheck that fails as soon as /sick is there. */
const health = ["--health-cmd", "test ! -e /sick", "--health-interval", "250ms", "--health-retries", "1"];

/** A change that somebody makes with the docker CLI; `N` stands for the container's name. */
export interface Change {
  /** What is done before, and what a line of the container says once that is seen. */
  before?: { argv: string[]; line: RegExp };
  argv: string[];
  /** The engine's event. */
  event: string;
  /** What its line says once the change is seen; undefined: nothing, it has gone. */
  line?: RegExp;
}

const run = (...options: string[]) => ["run", "--detach", "--name", "N", ...options, ...box];

export const changes = {
  run: { argv: run(), event: "start", line: / running/ },
  rm: { before: { argv: run(), line: / running/ }, argv: ["rm", "--force", "N"], event: "destroy" },
  health: {
    before: { argv: run(...health), line: /\bhealthy/ },
    argv: ["exec", "N", "touch", "/sick"],
    event: "health_status: unhealthy",
    line: /unhealthy/,
  },
} satisfies Record<string, Change>;
export type Kind = keyof typeof changes;

/** When the engine says that something happened to a container; milliseconds since 1970. */
export async function timeOf(lab: LabEngine, container: string, action: string): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ container: [container], event: [action.replace(/:.*/, "")] }));
  let at = 0;
  await until(`${action} of ${container}`, async () => {
    const now = (Date.now() / 1000).toFixed(3);
    const lines = (await api(lab, "GET", `/events?since=0&until=${now}&filters=${filters}`)).split("\n").filter(Boolean);
    const events = lines.map((line) => JSON.parse(line) as { Action: string; timeNano: number });
    at = (events.findLast(({ Action }) => Action === action)?.timeNano ?? 0) / 1e6;
    return at > 0;
  });
  return at;
}
