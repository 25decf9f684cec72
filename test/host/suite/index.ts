/** The suite that runs inside the extension host, in the VS Code server and in desktop VS Code alike. */
import Mocha from "mocha";
import { appendFileSync } from "node:fs";
import { format } from "node:util";

/** Tells the suite's lines from what else the window logs. */
const mark = "test: ";

/** VS Code calls this; it rejects when a test failed. */
export async function run(): Promise<void> {
  // Only the first argument of a console call would reach the runner.
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log(`${mark}${format(...args)}`);
  const mocha = new Mocha({ ui: "bdd", timeout: 60_000, reporter: "spec", color: false });
  mocha.suite.emit("pre-require", globalThis, "suite", mocha);
  await import("./lifecycle.test.ts");
  await import("./everyday.test.ts");
  await import("./runCommand.test.ts");
  await import("./contexts.test.ts");
  await import("./compose.test.ts");
  await import("./projects.test.ts");
  await import("./deployments.test.ts");
  await import("./launch.test.ts");
  await import("./launchAgain.test.ts");
  await import("./views.test.ts");
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.once("end", () => {
      const { passes, failures: failed, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      const counts = process.env.BERTH_TEST_COUNTS;
      if (counts) appendFileSync(counts, `${JSON.stringify({ passed: passes, failed, skipped: pending })}\n`);
    });
  });
  if (failures > 0) throw new Error(`${failures} tests failed in the extension host.`);
}
