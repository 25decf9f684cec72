/** For mocha's --require: a picture of each window that is open when a test fails, in .screenshots. */
import { openWindows } from "../lab/vscode.ts";

async function takePictures(test: Mocha.Runnable): Promise<void> {
  const name = test.fullTitle().replace(/\W+/g, "-").slice(0, 80);
  for (const [index, window] of [...openWindows.keys()].entries()) {
    console.log(`      see ${await window.screenshot(`failed-${name}${index > 0 ? index : ""}`)}`);
  }
}

export const mochaHooks = {
  /** At once, since what a file does after each test can close the window. */
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest;
    const body = test?.fn as Mocha.AsyncFunc | undefined;
    if (!test || !body) return;
    test.fn = async function (this: Mocha.Context) {
      try {
        await body.call(this);
      } catch (error) {
        await takePictures(test);
        throw error;
      }
    };
  },
};
