import assert from "node:assert/strict";
import type { ImageName } from "../lab/images.ts";
import type { Tools } from "../../src/engine/execute.ts";
import { deploy, freshName, removeContainers, sentenceOf, stateOf, toolsFor, until, useEngine } from "./support.ts";
import type { LabEngine } from "../lab/engine.ts";

describe("a container without a command is kept running", function () {
  let lab: LabEngine;
  let tools: Tools;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
    tools = await toolsFor(lab.env);
  });
  afterEach(() => removeContainers(lab));

  const stays: ImageName[] = ["busybox", "swallow", "exec-entrypoint", "nvidia-entrypoint", "exits", "oom", "anon-volume"];
  it("under an init, and stops when it is asked to, whatever its image's entrypoint does", async () => {
    const check = async (name: ImageName) => {
      const { id } = await deploy(tools, { image: `berth-lab/${name}:1` });
      assert.equal((await tools.engine.inspect(id))?.details.running, true, name);
      assert.equal(await lab.docker("exec", id, "cat", "/proc/1/comm"), "docker-init", name);
      const processes = await tools.engine.processes(id);
      assert(processes.includes("tail -f /dev/null"), `${name}: ${processes.join("; ")}`);
      await lab.docker("stop", id);
      // 128 + SIGTERM; 137 would be the SIGKILL after ten seconds of no answer.
      assert.equal((await tools.engine.inspect(id))?.details.exitCode, 143, name);
    };
    await Promise.all(stays.map(check));
  });

  it("and what prepares the environment in an NVIDIA or an official image still runs", async () => {
    const nvidia = await deploy(tools, { image: "berth-lab/nvidia-entrypoint:1" });
    assert.equal(await lab.docker("logs", nvidia.id), "== A GPU container ==");
    const official = await deploy(tools, { image: "berth-lab/exec-entrypoint:1" });
    assert.equal(await lab.docker("exec", official.id, "cat", "/tmp/prepared"), "prepared");
  });

  for (const name of ["sh-only", "no-shell"])
    it(`not from ${name}, which is told, and nothing is left of it`, async () => {
      const box = freshName();
      assert.equal(
        await sentenceOf(deploy(tools, { image: `berth-lab/${name}:1`, name: box })),
        `The image 'berth-lab/${name}:1' has no 'tail', so Berth cannot keep a container of it running: deploy it with a command of its own.`,
      );
      assert.equal(await stateOf(tools, box), undefined);
    });

  it("while no-shell's own command runs when that is what is wanted", async () => {
    const { id } = await deploy(tools, { image: "berth-lab/no-shell:1", keepAlive: false });
    assert.deepEqual(await tools.engine.processes(id), ["/bin/sleep 1000000"]);
    assert.equal((await tools.engine.inspect(id))?.details.running, true);
  });

  it("and no dead process stays in it that nobody asked after", async () => {
    const { id } = await deploy(tools, { image: "berth-lab/busybox:1" });
    const processes = () => tools.engine.processes(id);
    // What a terminal or an editor's server leaves behind: its shell ends first, then what that started.
    await lab.docker("exec", id, "sh", "-c", "sleep 987654 & sleep 987655 & exit");
    await until("both orphans", async () => (await processes()).filter((line) => line.includes("sleep 98765")).length === 2);
    await lab.docker("exec", id, "sh", "-c", "kill $(pidof sleep)");
    await until("no trace of them", async () => (await processes()).length === 2);
    assert.deepEqual((await processes()).map((line) => line.split(" ")[0]?.replace(/.*\//, "")).sort(), ["docker-init", "tail"]);
  });
});
