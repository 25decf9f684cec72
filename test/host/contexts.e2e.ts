import { strict as assert } from "node:assert";
import { execa } from "execa";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { type SshServer, startSshServer } from "../lab/ssh.ts";
import { clear, everything, packageExtension, type Scene, scene } from "./support.ts";

/** The extension's id, then the item's. */
const gpuItem = "berth.berth.berth.gpu";

describe("Docker contexts, clicked through: this machine's engine, and one over ssh", () => {
  let lab: Scene;
  let server: LabEngine;
  let ssh: SshServer;
  let config: string;
  /** What the machine's settings say of the context. */
  const setting = async () => {
    const text = await readFile(join(lab.server.dataDir, "data", "Machine", "settings.json"), "utf8").catch(() => "{}");
    return (JSON.parse(text) as Record<string, unknown>)["berth.context"];
  };

  before(async function () {
    this.timeout(600_000);
    await packageExtension();
    server = await startEngine("far", { gpu: false });
    await loadImages(server, ["busybox"]);
    ssh = await startSshServer(server);
    const here = await startEngine("host");
    config = await mkdtemp(join(tmpdir(), "berth-docker-"));
    const env = { DOCKER_CONFIG: config, DOCKER_HOST: undefined };
    const docker = (...args: string[]) => execa("docker", args, { env });
    await docker("context", "create", "workstation", "--docker", `host=${here.host}`);
    await docker("context", "create", "gpu-server", "--description", "Eight H100", "--docker", `host=${ssh.host}`);
    await docker("context", "use", "workstation");
    lab = await scene("host", { env: { ...env, PATH: `${ssh.bin}:${here.env.PATH}` } });
    await clear(lab.engine);
    await clear(server);
    await lab.engine.docker("create", "--name", "near", "berth-lab/busybox:1");
    await server.docker("run", "-d", "--name", "far", "--init", "berth-lab/busybox:1", "sleep", "1000");
  });
  after(async () => {
    await lab.end();
    ssh.dispose();
    await server.dispose();
    await rm(config, everything);
  });

  for (const colorTheme of ["light", "dark"] as const) {
    it(`shows another engine and what is unknown of it, says when there is no way to it, and goes back (${colorTheme})`, async () => {
      const window = await lab.open({ colorTheme });
      const texts = () => window.viewTexts("Containers");
      await window.treeWith("Containers", "near");
      assert.equal((await texts()).description, "");

      await window.runCommand("Berth: Select Docker Context");
      const question = await window.question("Which Docker context should Berth use?");
      assert.deepEqual(
        question.items.map(({ label, description, detail }) => [label, description, detail]),
        [
          ["Current context (workstation)", `in use · ${lab.engine.host}`, "Follows 'docker context use' and DOCKER_HOST"],
          ["default", "unix:///var/run/docker.sock", ""],
          ["gpu-server", "ssh://berth-lab", "Eight H100"],
          ["workstation", lab.engine.host, ""],
        ],
      );
      await window.screenshot(`contexts-list-${colorTheme}`);
      await window.pick(/gpu-server/);
      assert.doesNotMatch(await window.treeWith("Containers", "far"), /near/);
      assert.equal((await window.until(texts, ({ description }) => description === "gpu-server (ssh)")).message, "");
      await window.until(setting, (value) => value === "gpu-server");
      const { welcome } = await window.until(
        () => window.viewTexts("GPUs"),
        (gpus) => gpus.welcome !== "",
      );
      assert.equal(welcome, "The GPUs of the engine's machine are unknown from here. Check a container on it instead.");
      await window.until(
        () => window.statusItem(gpuItem),
        (item) => item?.text.includes("GPUs unknown") === true && item.background === "none",
      );
      await window.screenshot(`contexts-ssh-${colorTheme}`);

      ssh.stop();
      const out = await window.until(texts, ({ welcome }) => welcome.includes("out of reach"));
      assert.equal(out.description, "gpu-server (ssh), out of reach");
      assert.match(out.welcome, /The engine of this Docker context is out of reach\. Berth keeps trying; Try Again tells why\./);
      assert.deepEqual(out.buttons, ["Select Docker Context", "Try Again"]);
      await window.clickWelcome("Containers", "Try Again");
      const { severity, buttons } = await window.notification(
        /The Docker engine at ssh:\/\/berth-lab \(context gpu-server\) is out of reach: .*Connection refused/,
      );
      assert.deepEqual([severity, buttons], ["error", ["Select Docker Context"]]);
      await window.screenshot(`contexts-out-${colorTheme}`);
      await ssh.start();
      await window.treeWith("Containers", "far");

      await window.clickNotification("is out of reach", "Select Docker Context");
      const again = await window.question("Which Docker context should Berth use?");
      assert.equal(again.title, "");
      await window.pick(/Current context/);
      assert.doesNotMatch(await window.treeWith("Containers", "near"), /far/);
      await window.until(texts, ({ description }) => description === "");
      await window.until(setting, (value) => value === undefined);
      await window.until(
        () => window.tree("GPUs"),
        (tree) => tree.includes("H100"),
      );
      assert.deepEqual(window.errors, []);
      await window.close();
    });
  }

  it("copies diagnostics, of an engine that hangs too", async () => {
    const window = await lab.open();
    await window.treeWith("Containers", "near");
    const report = async () => {
      await window.runCommand("Berth: Copy Diagnostics");
      await window.notification("The diagnostics are on the clipboard.");
      await window.clearNotifications();
      return String(await window.page.evaluate("navigator.clipboard.readText()"));
    };
    const text = await report();
    assert.match(text, /Docker context: workstation \(the current one\)/);
    assert.match(text, /\nEngine: \d+\.\d+/);
    await lab.engine.freeze();
    try {
      assert.match(await report(), /\nEngine: The Docker engine at .* does not answer\.\n/);
    } finally {
      await lab.engine.thaw();
    }
    await window.close();
  });
});
