import assert from "node:assert/strict";
import { makeStale } from "../lab/gpu.ts";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene, state } from "./support.ts";

const busybox = "berth-lab/busybox:1";

describe("how it looks, and reach without a mouse", () => {
  let lab: Scene;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("look");
    await clear(lab.engine);
    const run = (name: string, options: string[], ...command: string[]) =>
      lab.engine.docker("run", "-d", "--init", "--name", name, ...options, busybox, ...command);
    await run("serve-llm", ["--gpus", '"device=0"', "-p", "9123:9000"], "sleep", "1000");
    await run("train-7", ["--gpus", '"device=1"'], "sleep", "1000");
    await run("frozen", [], "sleep", "1000");
    await run("sick", ["--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1"], "sleep", "1000");
    await run("failed", [], "sh", "-c", "exit 3");
    await lab.engine.docker("pause", "frozen");
    await makeStale(lab.engine, await lab.engine.docker("inspect", "--format", "{{.Id}}", "train-7"));
  });
  after(async () => {
    await clear(lab.engine);
    await lab.end();
  });

  /** Everything that a row can look like. */
  async function everything(window: Workbench): Promise<void> {
    await window.treeWith("Containers", /sick .*unhealthy/);
    await window.expand("Containers", "Stopped");
    await window.rowMenuAction("Containers", "train-7", "Check GPU Health");
    await window.treeWith("Containers", /train-7 .*lost GPU access/);
  }

  for (const colorTheme of ["dark", "light", "highContrast", "highContrastLight"] as const) {
    it(`every row can be read: ${colorTheme}`, async () => {
      const window = await lab.open({ colorTheme });
      await everything(window);
      await window.screenshot(`look-${colorTheme}`);
      for (const view of ["Containers", "Images", "GPUs"])
        for (const { label, contrast } of await window.rowContrasts(view))
          assert.ok(contrast >= 4.5, `${view}: '${label}' has a contrast of ${contrast.toFixed(1)}`);
      assert.deepEqual(window.errors, []);
      await window.close();
    });
  }

  it("at 200 % the rows are there, with their names in full", async () => {
    const window = await lab.open({ zoom: 2 });
    await window.foldView("Projects", false);
    await window.foldView("Images", false);
    await window.foldView("GPUs", false);
    await window.treeWith("Containers", "train-7");
    await window.screenshot("look-zoom-200");
    const name = window.row("Containers", "train-7").locator(".label-name");
    const box = await name.boundingBox();
    const side = await window.page.locator(".part.sidebar").boundingBox();
    assert.ok(box && side && box.x + box.width <= side.x + side.width, "the name ends inside the side bar");
    await window.close();
  });

  it("by keyboard alone: to the view, to a row, through its menu", async () => {
    const window = await lab.open();
    await window.treeWith("Containers", "frozen");
    const { keyboard } = window.page;
    await window.runCommand("Berth: Focus on Containers View");
    await window.until(
      () => window.focusedView(),
      (view) => view === "Containers",
    );
    await keyboard.press("Home");
    await keyboard.press("ArrowDown");
    await keyboard.press("Shift+F10");
    const menu = window.page.locator(".monaco-menu").last();
    await menu.locator(".action-item").first().waitFor();
    const entries = await menu.locator(".action-item .action-label:not(.separator)").allInnerTexts();
    const at = entries.findIndex((entry) => entry.startsWith("Unpause Container"));
    assert.ok(at >= 0, entries.join(", "));
    for (let n = 0; n <= at; n++) await keyboard.press("ArrowDown");
    await window.screenshot("look-keyboard-menu");
    await keyboard.press("Enter");
    await window.until(
      () => state(lab.engine, "frozen"),
      (now) => now === "running",
    );
    await lab.engine.docker("pause", "frozen");
    await window.close();
  });

  it("a screen reader hears what a row shows", async () => {
    const window = await lab.open();
    await everything(window);
    const rows = await window.rows("Containers");
    const heard = (name: string) => rows.find(({ label }) => label === name)?.ariaLabel ?? "";
    assert.match(heard("train-7"), /^train-7, busybox:1, GPU 1, lost GPU access, /);
    assert.match(heard("frozen"), /^frozen, busybox:1, up .*, paused/);
    assert.match(heard("sick"), /^sick, busybox:1, up .*unhealthy/);
    assert.match(heard("failed"), /^failed, busybox:1, exited \(3\)/);
    await window.close();
  });

  it("the walkthrough leads through the first use", async () => {
    const window = await lab.open();
    // What a step shows beside it needs room.
    await window.runCommand("View: Toggle Primary Side Bar Visibility");
    await window.runCommand("Welcome: Open Walkthrough...");
    await window.pick(/Get started with Berth/);
    const page = window.page.locator(".gettingStartedContainer");
    await page.getByText("See what the engine holds").first().waitFor();
    for (const step of ["Deploy a container", "Attach to it", "Launch a project", "Check its GPU", "Retire it"])
      await page.getByText(step, { exact: true }).first().waitFor();
    await page.getByText("Deploy a container", { exact: true }).first().click();
    // It is shown in a frame of its own.
    await window.until(
      () =>
        Promise.all(
          window.page.frames().map((frame) =>
            frame
              .locator("body")
              .innerText()
              .catch(() => ""),
          ),
        ),
      (texts) => texts.some((text) => text.includes("A container that stays")),
    );
    await window.screenshot("walkthrough");
    await window.close();
  });
});
