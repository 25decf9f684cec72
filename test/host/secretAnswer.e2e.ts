import { strict as assert } from "node:assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Workbench } from "../lab/workbench.ts";
import { clear, packageExtension, type Scene, scene } from "./support.ts";

const compose = `services:
  box:
    image: berth-lab/busybox:1
    container_name: box
    x-berth:
      inputs: [{ id: hf_token, prompt: Token of the hub }]
      setup: ["echo {{hf_token}}"]
`;

describe("an input whose name tells that it is a secret", () => {
  let lab: Scene;
  let window: Workbench;
  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    lab = await scene("secret-answer", { settings: { "berth.open": "none" } });
    await writeFile(join(lab.folder, "compose.yaml"), compose);
  });
  after(async () => {
    await window.close();
    await clear(lab.engine);
    await lab.end();
  });

  it("is typed unseen, not shown in the confirmation, and asked anew by the next launch", async () => {
    window = await lab.open();
    await window.treeWith("Projects", /box/);
    for (let launch = 1; launch <= 2; launch++) {
      await window.runCommand("Berth: Launch Project");
      await window.question("Token of the hub");
      const input = window.page.locator(".quick-input-widget .quick-input-box input");
      assert.equal(await input.getAttribute("type"), "password");
      assert.equal(await input.inputValue(), "");
      await window.type("hf_very_secret");
      await window.accept();
      const { detail } = await window.modal();
      assert.match(detail, /sh -c 'echo \[redacted\]'/);
      assert.ok(!detail.includes("hf_very_secret"), detail);
      await window.answer("Cancel");
    }
  });
});
