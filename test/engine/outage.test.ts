import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { Cancelled, EngineGoneError } from "../../src/core/errors.ts";
import { planStart, planStop } from "../../src/core/plan.ts";
import type { Tools } from "../../src/engine/execute.ts";
import { runAsRoot } from "../lab/cache.ts";
import type { LabEngine } from "../lab/engine.ts";
import {
  carryOut,
  createBox,
  planFor,
  removeContainers,
  runBox,
  sentenceOf,
  startProxy,
  stateOf,
  toolsFor,
  until,
  useEngine,
} from "./support.ts";
import type { Proxy } from "./support.ts";

/** When a request was to go on, or its answer to come back, the engine goes away instead; or while its answer comes. */
interface Moment {
  what: string;
  at: "request" | "answer" | "inside";
  line: RegExp;
}

const moments: Moment[] = [
  { what: "is about to create", at: "request", line: /^POST \/containers\/create$/ },
  { what: "has created", at: "answer", line: /^POST \/containers\/create$/ },
  { what: "is about to start", at: "request", line: /^POST \/containers\/[^/]+\/start$/ },
  { what: "has started", at: "answer", line: /^POST \/containers\/[^/]+\/start$/ },
  { what: "is about to wait for it", at: "request", line: /^POST \/containers\/[^/]+\/wait$/ },
  { what: "waits for it", at: "inside", line: /^POST \/containers\/[^/]+\/wait$/ },
];

describe("an engine that goes away in the middle of a deploy leaves nothing half-made", function () {
  let lab: LabEngine;
  let proxy: Proxy;
  let tools: Tools;

  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("outage", ["busybox"]);
  });
  after(() => lab.dispose());
  beforeEach(async () => {
    proxy = await startProxy(lab);
    tools = await toolsFor(proxy.env);
  });
  afterEach(async () => {
    proxy.close();
    await removeContainers(lab);
  });

  const kill = () => process.kill(lab.pid, "SIGKILL");
  const ways = { "killed -9": kill, stopped: () => void lab.stop() };

  /** Has the engine go away once, at that moment. */
  function strike({ at, line }: Moment, goAway: () => void): void {
    let struck = false;
    const hook = (said: string) => {
      if (struck || !line.test(said)) return true;
      struck = true;
      goAway();
      return at === "inside" ? "begun" : false;
    };
    if (at === "request") proxy.onRequest = (said) => hook(said) === true;
    else proxy.onAnswer = hook;
  }

  async function comeBack(): Promise<void> {
    await lab.stop(); // what is left of it
    await lab.start();
  }

  for (const [way, goAway] of Object.entries(ways))
    for (const moment of moments)
      it(`${way} when it ${moment.what}`, async () => {
        const { plan } = await planFor(tools, { image: "berth-lab/busybox:1" });
        const bystander = await createBox(lab);
        strike(moment, goAway);
        const error: unknown = await carryOut(plan, tools).catch((thrown: unknown) => thrown);
        assert(error instanceof EngineGoneError, String(error));
        await comeBack();
        await until("what was made to be gone", async () => (await stateOf(tools, plan.container.name)) === undefined);
        // The way is free again, and nobody takes the next one for what was left of the first.
        const { plan: again } = await planFor(
          tools,
          { image: "berth-lab/busybox:1", name: plan.container.name },
          { start: false },
        );
        const { id } = await carryOut(again, tools);
        assert.equal(await stateOf(tools, id), "created");
        assert.equal(await stateOf(tools, bystander), "created");
      });

  it("killed -9 in the middle of taking back what it created", async () => {
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1" });
    strike({ what: "", at: "answer", line: /^POST \/containers\/create$/ }, kill);
    await assert.rejects(carryOut(plan, tools), EngineGoneError);
    await lab.stop(); // what is left of it
    // So it leaves what it was removing (seen on 20.10).
    const containers = join(dirname(lab.socket), "data", "containers");
    await runAsRoot("sh", "-c", `sed -i 's/"Dead":false/"Dead":true/' "$1"/*/config.v2.json`, "sed", containers);
    proxy.onRequest = () => false; // not before we have looked
    await lab.start();
    assert.equal(await lab.docker("inspect", "--format", "{{.State.Status}}", plan.container.name), "dead");
    proxy.onRequest = undefined;
    await until("what was made to be gone", async () => (await stateOf(tools, plan.container.name)) === undefined);
  });

  it("and what was made again under the same name is still there", async () => {
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1" });
    proxy.onRequest = (line) => line !== "POST /containers/create";
    await assert.rejects(carryOut(plan, tools), EngineGoneError); // its connection broke: Berth looks for what may have been made
    proxy.onRequest = undefined;
    const { id } = await carryOut({ ...plan, steps: plan.steps.slice(0, 1) }, tools);
    // Berth looks for at most 3.5 s: three whole deploys later it has given up.
    for (let n = 0; n < 3; n++) await carryOut((await planFor(tools, { image: "berth-lab/busybox:1" })).plan, tools);
    assert.equal(await stateOf(tools, id), "created");
  });

  it("what was begun is taken back before anything else is done with it", async () => {
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1" });
    const { name } = plan.container;
    // Out of reach from the start on, until Berth has given up.
    let isOut = false;
    proxy.onRequest = (line) => {
      isOut ||= line.endsWith("/start");
      return !isOut;
    };
    await assert.rejects(carryOut(plan, tools), EngineGoneError);
    proxy.onRequest = undefined;
    const made = await tools.engine.inspect(name);
    assert(made, "nothing was made");
    // Whether it is meant by its id, as here, or by its name.
    const sentence = `There is no container '${made.id.slice(0, 12)}' on this engine.`;
    assert.equal(await sentenceOf(carryOut(planStart({ ...made, name: "as it was called" }), tools)), sentence);
    assert.equal(await stateOf(tools, made.id), undefined);
  });

  it("a wait for what is left to undo can be cancelled, and the engine that is still away is told", async () => {
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1" });
    let isOut = false;
    let asked = (): void => undefined;
    let answer: Promise<boolean> = Promise.resolve(false);
    proxy.onRequest = (line) => {
      isOut ||= line.endsWith("/start");
      if (isOut) asked();
      return isOut ? answer : true;
    };
    await assert.rejects(carryOut(plan, tools), EngineGoneError);
    await assert.rejects(carryOut(plan, tools), EngineGoneError);
    // Now it hangs.
    let breakOff = (isBack: boolean): void => void isBack;
    answer = new Promise((resolve) => (breakOff = resolve));
    const cancel = new AbortController();
    asked = () => cancel.abort();
    await assert.rejects(carryOut(plan, tools, { signal: cancel.signal }), Cancelled);
    proxy.onRequest = undefined;
    breakOff(false);
    await until("what was made to be gone", async () => (await stateOf(tools, plan.container.name)) === undefined);
  });

  it("a broken-off create whose container turns up later is undone then", async () => {
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1", name: "late" });
    // The connection breaks, and the engine goes on creating: it is done when Berth has long looked.
    let hold = (): void => undefined;
    const held = new Promise<void>((resolve) => (hold = resolve));
    let sent: Promise<unknown> | undefined;
    proxy.onRequest = (line) => {
      if (line !== "POST /containers/create") return true;
      const create = plan.steps.find(({ kind }) => kind === "create");
      assert(create?.kind === "create");
      sent = held.then(() => lab.docker(...create.argv));
      return false;
    };
    await assert.rejects(carryOut(plan, tools), EngineGoneError);
    assert.equal(await stateOf(tools, "late"), undefined);
    hold();
    await sent;
    await until("the late one to be gone", async () => (await stateOf(tools, "late")) === undefined);
  });

  it("a stop that was under way is made good once it is back", async () => {
    const id = await runBox(lab);
    const plan = planStop((await tools.engine.inspect(id))!);
    const abort = new AbortController();
    // Cancelled, and gone before the stop can be undone.
    proxy.onRequest = (line) => {
      if (!/\/start$/.test(line)) return true;
      proxy.onRequest = undefined;
      kill();
      return false;
    };
    const onEvent = ({ outcome }: { outcome: string }) => outcome === "done" && abort.abort();
    await assert.rejects(carryOut(plan, tools, { signal: abort.signal, onEvent }));
    await comeBack();
    await until("it to run again", async () => (await stateOf(tools, id)) === "running");
  });

  it("a container that was there before stays", async () => {
    const id = await createBox(lab);
    strike({ what: "", at: "answer", line: /\/start$/ }, kill);
    const error: unknown = await carryOut(planStart((await tools.engine.inspect(id))!), tools).catch((thrown: unknown) => thrown);
    assert(error instanceof EngineGoneError, String(error));
    assert.equal(error.message, "The Docker engine went away.");
    await comeBack();
    assert.notEqual(await stateOf(tools, id), undefined);
  });
});
