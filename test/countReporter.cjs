// The ordinary spec report, and the counts in a file for test/run.ts to add up.
const { appendFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountReporter extends reporters.Spec {
  done(failures, finish) {
    const { passes, pending } = this.stats;
    if (process.env.BERTH_TEST_COUNTS) {
      appendFileSync(
        process.env.BERTH_TEST_COUNTS,
        `${JSON.stringify({ passed: passes, failed: this.stats.failures, skipped: pending })}\n`,
      );
    }
    finish(failures);
  }
};
