/**
 * `npm run test:engines`: the engine layer's tests on every version of Docker, one after the other, as a table. With names behind `--` only on
 * those: `npm run test:engines -- 28.5`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineBinaries, engineVersions } from "./lab/engines.ts";

const wanted = process.argv.length > 2 ? process.argv.slice(2) : engineVersions;
const scratch = mkdtempSync(join(tmpdir(), "berth-engines-"));
const rows: string[][] = [["Engine", "dockerd", "Passed", "Failed", "Skipped", "Seconds"]];
let isGood = true;

for (const name of wanted) {
  const started = Date.now();
  let row = ["?", "0", "1", "0"];
  try {
    const { version } = await engineBinaries(name);
    console.log(`\n== ${name}: the engine layer's tests on dockerd ${version}\n`);
    row = [version, ...(await runTests(name))];
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
  }
  if (row[1] === "0" || row[2] !== "0") isGood = false;
  rows.push([name, ...row, String(Math.round((Date.now() - started) / 1000))]);
}
rmSync(scratch, { recursive: true, force: true });

const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
console.log(`\n${lines.join("\n")}\n`);
process.exitCode = isGood ? 0 : 1;

/** Passed, failed and skipped, as text. A run that came to no count has failed. */
async function runTests(name: string): Promise<string[]> {
  const counts = join(scratch, `${name}.json`);
  const env = { ...process.env, BERTH_ENGINE: name, BERTH_TEST_COUNTS: counts };
  const child = spawn("npm", ["run", "--silent", "test:engine"], { cwd: join(import.meta.dirname, ".."), env, stdio: "inherit" });
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    const { passed, failed, skipped } = JSON.parse(readFileSync(counts, "utf8")) as Record<string, number>;
    return [passed, failed || (code === 0 ? 0 : 1), skipped].map(String);
  } catch {
    return ["0", "1", "0"];
  }
}
