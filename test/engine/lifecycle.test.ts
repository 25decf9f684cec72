import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { planRetire, planStart, planStop } from "../../src/core/plan.ts";
import type { Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import {
  carryOut,
  endWatches,
  freshName,
  removeContainers,
  stateOf,
  toolsFor,
  until,
  useEngine,
  watch,
  type Watch,
} from "./support.ts";

describe("from deploy to retire", function () {
  let lab: LabEngine;
  let tools: Tools;
  let seen: Watch;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
    tools = await toolsFor(lab.env);
    seen = watch(lab.env);
  });
  after(async () => {
    endWatches();
    await removeContainers(lab);
  });

  /** Deploys from another process, and kills that one -9 as soon as it says `last`. */
  async function deployFromClient(name: string, last: string): Promise<void> {
    const client = spawn(process.execPath, [join(import.meta.dirname, "client.ts"), "berth-lab/busybox:1", name], {
      env: lab.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(client, "exit");
    let said = "";
    for await (const line of createInterface(client.stdout)) {
      said = line;
      if (line.startsWith(last)) break;
    }
    client.kill("SIGKILL");
    await exited;
    assert(said.startsWith(last), `it ended after: ${said}`);
  }

  for (let round = 1; round <= 5; round++)
    it(`a container outlives the window that made it, and every terminal in it (round ${round})`, async () => {
      const name = freshName("life");
      await deployFromClient(name, "id ");
      await seen.until("running, in the views", ({ containers }) =>
        containers.some((container) => container.name === name && container.state === "running"),
      );
      const { id } = (await tools.engine.inspect(name))!;

      // What an attached terminal is: an exec, whose client goes without a word.
      const { program, args } = tools.cli.terminal(["exec", "--interactive", id, "sh"]);
      const terminal = spawn(program, args, { env: lab.env, stdio: ["pipe", "pipe", "inherit"] });
      terminal.stdin.write("echo work >/root/work; echo attached\n");
      const [answer] = (await once(terminal.stdout, "data")) as [Buffer];
      assert.equal(answer.toString(), "attached\n");
      terminal.kill("SIGKILL");
      await once(terminal, "exit");
      assert.equal(await stateOf(tools, id), "running");
      assert.equal(await lab.docker("exec", id, "cat", "/root/work"), "work");

      await carryOut(planStop((await tools.engine.inspect(id))!), tools);
      await seen.until("stopped, in the views", () => seen.find(id)?.state === "exited");
      assert.equal((await tools.engine.inspect(id))?.details.exitCode, 143);
      const { health } = await carryOut(planStart((await tools.engine.inspect(id))!), tools);
      assert.equal(health?.verdict, "ok");
      assert.equal(await lab.docker("exec", id, "cat", "/root/work"), "work");
      await seen.until("running again, in the views", () => seen.find(id)?.state === "running");
      assert.deepEqual(
        (await tools.engine.changes(id)).map(({ path }) => path).filter((path) => path === "/root/work"),
        ["/root/work"],
      );

      await carryOut(planRetire((await tools.engine.inspect(id))!, { volumes: true }), tools);
      await seen.until("gone, in the views", () => seen.find(id) === undefined);
      assert.equal(await stateOf(tools, id), undefined);
    });

  it("a client that is killed as soon as it has started the container takes nothing with it", async () => {
    const name = freshName("orphan");
    await deployFromClient(name, "start done");
    await until("it to be there", async () => (await stateOf(tools, name)) === "running");
    const { id } = (await tools.engine.inspect(name))!;
    // Whoever would still take it away has had the time: a whole other deploy later it runs as before.
    await deployFromClient(freshName("orphan"), "id ");
    assert.equal(await stateOf(tools, id), "running");
  });
});
