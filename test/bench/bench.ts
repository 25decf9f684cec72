/**
 * `npm run bench`: what Berth costs and how fast it is, side by side with the docker CLI, on an engine of its own; a table in Markdown, also in
 * out/bench.md. About forty minutes; `npm run bench -- --quick` takes ten.
 */
import { execa } from "execa";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { removeContainers } from "../engine/support.ts";
import { packageExtension, vsix } from "../host/support.ts";
import { startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { sizes } from "../sizes.ts";
import { type Effort, engineFigures } from "./engineFigures.ts";
import { runningCount } from "./fleet.ts";
import { table } from "./measure.ts";
import { costFigures, windowFigures } from "./workbenchFigures.ts";

const quick = process.argv.includes("--quick");
const counts = quick ? [10, 100] : [10, 100, 500, 1000];
const effort: Effort = quick ? { rounds: 3, windows: 1, stormSeconds: 5 } : { rounds: 5, windows: 3, stormSeconds: 20 };
const repository = join(import.meta.dirname, "../..");
const parts: string[] = [];
const tell = (text: string) => {
  console.log(`${text}\n`);
  parts.push(text);
};

await packageExtension();
const lab = await startEngine("bench");
try {
  await removeContainers(lab);
  await loadImages(lab, ["busybox"]);
  tell(await heading());
  const head = ["What", "Berth", "docker CLI", "Ratio"];
  for (const count of counts) {
    tell(`## ${count} containers, ${runningCount} of them running\n\nWithout VS Code:`);
    tell(table([head, ...(await engineFigures(lab, count, effort))]));
    tell("In a VS Code window:");
    tell(table([head, ...(await windowFigures(lab, vsix, count, effort))]));
    if (count !== 100) continue;
    tell("What it costs an extension host:");
    tell(table([["What", "Without Berth", "Hidden", "On screen"], ...(await costFigures(lab, vsix, count, effort))]));
  }
  const kB = (value: number | undefined) => (value === undefined ? "" : `${Math.round(value)} kB`);
  tell("## Sizes");
  tell(table([["What", "Is", "Limit"], ...sizes().map(({ what, is, limit }) => [what, kB(is), kB(limit)])]));
} finally {
  await lab.dispose({ wipe: true });
}
await mkdir(join(repository, "out"), { recursive: true });
await writeFile(join(repository, "out/bench.md"), `${parts.join("\n\n")}\n`);
console.log("Written to out/bench.md.");
process.exit();

async function heading(): Promise<string> {
  const { stdout: commit } = await execa("git", ["rev-parse", "--short", "HEAD"], { cwd: repository });
  const version = await lab.docker("version", "--format", "engine {{.Server.Version}}, CLI {{.Client.Version}}");
  const machine = `${availableParallelism()} shared cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory`;
  return `# Figures

Commit ${commit}, ${new Date().toISOString().slice(0, 10)}, ${machine}; Docker ${version}. By \`npm run bench${quick ? " -- --quick" : ""}\`.

Medians of repetitions in turn (Berth, CLI, Berth, CLI …), the fastest and slowest in brackets. Below 1 Berth is faster.
A change's delay begins at the engine's own event. For changes and storms the CLI's column is \`docker events\` with a \`docker ps -a\` after
each of its lines, one at a time.`;
}
