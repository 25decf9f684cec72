/** `npm test`: every check and every layer of the tests, one after the other; the last line counts them. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "berth-test-"));
const counts = join(scratch, "counts.jsonl");
const env = { ...process.env, BERTH_TEST_COUNTS: counts, BERTH_PACKAGED: "1" };

const stages: [title: string, script: string][] = [
  ["Types, lint and format", "check"],
  ["Build", "build:tests"],
  ["Core: no VS Code, no Docker", "test:core"],
  ["Engine: a real Docker Engine", "test:engine"],
  ["Package", "package"],
  ["Host: in the extension host of a real VS Code", "test:suite"],
  ["Host: clicks in its workbench, on the installed package", "test:clicks"],
  ["Host: desktop VS Code", "test:desktop"],
];

/** A stage that cannot do without the one before it is left out when that one fails. */
const needed = new Set(["build:tests", "package"]);

async function run(script: string): Promise<boolean> {
  const child = spawn("npm", ["run", "--silent", script], { cwd: repository, env, stdio: "inherit" });
  return new Promise((resolve) => child.once("exit", (code) => resolve(code === 0)));
}

const failedStages: string[] = [];
for (const [title, script] of stages) {
  const started = Date.now();
  const failedBefore = total().failed;
  console.log(`\n== ${title} (npm run ${script})\n`);
  const ok = await run(script);
  console.log(`\n== ${title}: ${ok ? "done" : "FAILED"} in ${Math.round((Date.now() - started) / 1000)} s`);
  if (ok) continue;
  failedStages.push(title);
  // What failed without a test to show for it counts as one.
  if (total().failed === failedBefore) appendFileSync(counts, `${JSON.stringify({ passed: 0, failed: 1, skipped: 0 })}\n`);
  if (needed.has(script)) break;
}

const { passed, failed, skipped } = total();
rmSync(scratch, { recursive: true, force: true });
console.log();
for (const title of failedStages) console.log(`Failed: ${title}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** The sum of what the stages have written down so far. */
function total(): { passed: number; failed: number; skipped: number } {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const line of existsSync(counts) ? readFileSync(counts, "utf8").split("\n").filter(Boolean) : []) {
    const run = JSON.parse(line) as typeof sum;
    sum.passed += run.passed;
    sum.failed += run.failed;
    sum.skipped += run.skipped;
  }
  return sum;
}
