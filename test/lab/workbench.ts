import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";

const screenshots = join(import.meta.dirname, "../../.screenshots");

/** A VS Code window in the browser. */
export class Workbench {
  readonly browser: Browser;
  readonly page: Page;
  /** What went wrong inside the page itself. */
  readonly errors: string[] = [];

  constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  async ready(): Promise<void> {
    await this.page.locator(".statusbar .statusbar-item").first().waitFor();
  }

  async screenshot(name: string): Promise<string> {
    await mkdir(screenshots, { recursive: true });
    const path = join(screenshots, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
