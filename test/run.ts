/** `npm test`: every check and every layer of the tests; the last line counts them. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "berth-test-"));

interface Stage {
  title: string;
  script: string;
  /** Of `script`, when it is not all. */
  files?: string[];
  /** The others cannot do without it. */
  needed?: true;
}
/** What they are in package.json, for some of their files. */
const mochaOptions: Record<string, string[]> = {
  "test:engine": ["--exit", "--reporter", "test/countReporter.cjs", "--timeout", "120000"],
  "test:clicks": [
    ...["--exit", "--require", "test/host/failures.ts"],
    ...["--reporter", "test/countReporter.cjs", "--timeout", "180000"],
  ],
};
const filesOf = (folder: string, suffix: string) =>
  readdirSync(join(repository, folder))
    .filter((file) => file.endsWith(suffix))
    .map((file) => `${folder}/${file}`);
const clickFiles = (...names: string[]) => names.map((name) => `test/host/${name}.e2e.ts`);
const look = clickFiles("look", "trouble", "secretAnswer");
const crowds = clickFiles("chaos", "crowd", "launchAgain", "putBack");

const stages: Stage[] = [
  { title: "Types, lint and format", script: "check" },
  { title: "Build", script: "build:tests", needed: true },
  { title: "Core: no VS Code, no Docker", script: "test:core" },
  { title: "Package", script: "package", needed: true },
  { title: "The laboratory: what it needs", script: "test:lab" },
  { title: "Host: in the extension host of a real VS Code", script: "test:suite" },
  {
    title: "Host: clicks in its workbench, on the installed package",
    script: "test:clicks",
    files: filesOf("test/host", ".e2e.ts").filter((file) => ![...look, ...crowds].includes(file)),
  },
  { title: "Host: desktop VS Code", script: "test:desktop" },
];
/** Those that share one engine go one after the other. */
const sharesEngine = (file: string) => /useEngine\(\)/.test(readFileSync(join(repository, file), "utf8"));
const engineFiles = filesOf("test/engine", ".test.ts");
const launches = ["test/engine/launch.test.ts"];
const waiting = ["ready", "app", "configure", "contexts", "examples"].map((name) => `test/engine/${name}.test.ts`);
const rest = engineFiles.filter((file) => !sharesEngine(file) && ![...launches, ...waiting].includes(file));
const engine = (title: string, files: string[]): Stage => ({
  title: `Engine: a real Docker Engine, ${title}`,
  script: "test:engine",
  files,
});
const clicks = (title: string, files: string[]): Stage => ({ title: `Host: clicks, ${title}`, script: "test:clicks", files });
/** Beside VS Code's own line, and about as long. One of them at a time clicks: three windows at once are too much for two cores. */
const beside: Stage[][] = [
  [
    engine("one for all", engineFiles.filter(sharesEngine)),
    clicks("crowds and second windows", crowds),
    engine("what is waited for", waiting),
  ],
  [engine("launches", launches), engine("each its own", rest), clicks("the look and what can be wrong", look)],
];

const sum = { passed: 0, failed: 0, skipped: 0 };
const failedStages: string[] = [];

/** Runs a stage and counts its tests. `quiet`: what it says is kept until its end. */
async function run({ title, script, files }: Stage, quiet = false): Promise<boolean> {
  const started = Date.now();
  const counts = join(scratch, `${title.replace(/\W+/g, "-")}.jsonl`);
  const env = { ...process.env, BERTH_TEST_COUNTS: counts, BERTH_PACKAGED: "1" };
  const head = `\n== ${title} (npm run ${script})\n`;
  if (!quiet) console.log(head);
  const options = { cwd: repository, env };
  const [program, ...args] = files
    ? ["npx", "mocha", ...(mochaOptions[script] ?? []), ...files]
    : ["npm", "run", "--silent", script];
  const child = spawn(program ?? "", args, quiet ? options : { ...options, stdio: "inherit" });
  const said: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => said.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  const ok = await new Promise<boolean>((resolve) => child.once("close", (code) => resolve(code === 0)));
  if (quiet) console.log(`${head}\n${Buffer.concat(said).toString()}`);
  console.log(`\n== ${title}: ${ok ? "done" : "FAILED"} in ${Math.round((Date.now() - started) / 1000)} s`);
  const { failed } = count(counts);
  if (ok) return true;
  failedStages.push(title);
  // What failed without a test to show for it counts as one.
  if (failed === 0) sum.failed++;
  return false;
}

/** Adds what a stage has written down of its tests. */
function count(file: string): { failed: number } {
  let failed = 0;
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []) {
    const run = JSON.parse(line) as typeof sum;
    sum.passed += run.passed;
    sum.failed += run.failed;
    sum.skipped += run.skipped;
    failed += run.failed;
  }
  return { failed };
}

async function runLine(line: Stage[], quiet = false): Promise<void> {
  for (const stage of line) await run(stage, quiet);
}

let others: Promise<unknown> | undefined;
for (const stage of stages) {
  if (stage.script === "test:suite") others = Promise.all(beside.map((line) => runLine(line, true)));
  if (!(await run(stage)) && stage.needed) break;
}
await (others ?? Promise.all(beside.map((line) => runLine(line))));

const { passed, failed, skipped } = sum;
rmSync(scratch, { recursive: true, force: true });
console.log();
for (const title of failedStages) console.log(`Failed: ${title}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
