/** For mocha's --require: a picture of each window that is open when a test fails, in .screenshots. */
import { openWindows } from "../lab/vscode.ts";

export const mochaHooks = {
  async afterEach(this: Mocha.Context): Promise<void> {
    if (this.currentTest?.state !== "failed") return;
    const name = this.currentTest.fullTitle().replace(/\W+/g, "-").slice(0, 80);
    for (const [index, window] of [...openWindows.keys()].entries()) {
      console.log(`      see ${await window.screenshot(`failed-${name}${index > 0 ? index : ""}`)}`);
    }
  },
};
