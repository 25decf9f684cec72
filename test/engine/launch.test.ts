import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withAnswers, type Circumstances, type Deployment } from "../../src/core/compose/deployment.ts";
import { readProject } from "../../src/core/compose/project.ts";
import { Cancelled, EngineGoneError, EngineSlowError, UserError } from "../../src/core/errors.ts";
import type { Plan } from "../../src/core/plan.ts";
import { launchSpec, planLaunch, planReplace, planReuse, type Launching } from "../../src/core/planLaunch.ts";
import type { Executed, StepEvent, Tools } from "../../src/engine/execute.ts";
import { findApp, stopApp } from "../../src/engine/app.ts";
import { freePort } from "../../src/engine/freePort.ts";
import type { LabEngine } from "../lab/engine.ts";
import { carryOut, removeContainers, sentenceOf, startProxy, toolsFor, until, useEngine } from "./support.ts";

const example = new URL("../../examples/perception/compose.yaml", import.meta.url).pathname;

/** A deployment of a compose file, as the workbench reads it. */
function deploymentOf(text: string, env: Record<string, string> = {}): Deployment {
  const { deployments, issues } = readProject({
    folder: "/srv/cv",
    files: [{ path: "compose.yaml", text }],
    env: { HOME: "/tmp/berth-launch-home", ...env },
    naming: { container: "{{service}}", image: "{{project}}-{{service}}", user: "tester", uid: "0" },
  });
  const [deployment] = deployments;
  assert(deployment, JSON.stringify(issues));
  return deployment;
}

/** An app of a few lines of shell that says when it stops, in an image that has nothing else. */
const small = `
services:
  box:
    image: berth-lab/busybox:1
    x-berth:
      setup: ["echo once >>/set-up"]
      prepare: ["echo again >>/prepared"]
      configure: [{ file: /etc/box.ini, format: ini, set: { main.level: "{{port}}" } }]
      app: { start: "trap 'exit 0' TERM; while :; do sleep 0.1; done", port: 9000 }
`;

describe("a deployment is launched, reused, restarted and run in parallel", function () {
  let lab: LabEngine;
  let tools: Tools;

  before(async function () {
    this.timeout(600_000);
    lab = await useEngine("launch", ["busybox", "exits", "perception"]);
    tools = await toolsFor(lab.env);
  });
  after(() => lab.dispose());
  afterEach(() => removeContainers(lab));

  async function launching(deployment: Deployment, circumstances: Circumstances = {}, answers = {}): Promise<Launching> {
    const launch = withAnswers(deployment, answers, circumstances);
    const image = await tools.engine.inspectImage(launch.spec.image);
    assert(image, `${launch.spec.image} is not on the engine`);
    const origin = { project: deployment.project, service: deployment.service };
    return {
      launch,
      spec: launchSpec(launch, image, { user: "tester", origin }),
      imageId: image.id,
      ready: { interval: 200, timeout: 30_000 },
    };
  }
  const inspect = async (name: string) => {
    const found = await tools.engine.inspect(name);
    assert(found, `${name} is not there`);
    return found;
  };
  const inside = async (name: string, ...command: string[]) => lab.docker("exec", name, ...command);
  const names = async () => (await tools.engine.containers()).map(({ name, state }) => `${name} ${state}`).sort();

  describe("the perception example", () => {
    const perception = () => deploymentOf(readFileSync(example, "utf8").replace("gpus: all", ""));

    it("five times over: launch, reuse, restart, parallel, retire", async function () {
      this.timeout(300_000);
      const deployment = perception();
      const { port } = await freePort(tools, 9000);
      for (let round = 1; round <= 5; round++) {
        // Launched: its configuration edited, its engine built, its app ready on its port.
        const first = await carryOut(planLaunch(await launching(deployment, { port }, { batch: round })), tools);
        assert.equal(first.url, `http://localhost:${port}/`);
        assert.match(await inside(first.name, "cat", "/opt/app/main.txt"), new RegExp(`http-port *= *${port}`));
        assert.match(await inside(first.name, "cat", "/opt/app/main.txt"), new RegExp(`batch-size *= *${round}`));
        assert.match(await (await fetch(`http://localhost:${port}/api/v1/ready`)).text(), /ds-ready/);

        // Reused after the app ran: the same container, another configuration.
        const again = await launching(deployment, { port }, { batch: round + 10 });
        const reused = await carryOut(planReuse(again, await inspect(first.id), { appRuns: true, revive: false }), tools);
        assert.equal(reused.id, first.id);
        assert.equal(reused.url, first.url);
        assert.match(await inside(first.name, "cat", "/opt/app/main.txt"), new RegExp(`batch-size *= *${round + 10}`));

        // In parallel: on another port, both answer.
        const other = await freePort(tools, port + 1);
        const beside = await launching(deployment, { name: `${first.name}-beside`, port: other.port });
        const parallel = await carryOut(planLaunch(beside), tools);
        assert.equal(parallel.url, `http://localhost:${other.port}/`);
        for (const url of [reused.url, parallel.url]) assert.match(await (await fetch(`${url}api/v1/ready`)).text(), /ds-ready/);

        // Restarted: a fresh one under the same name, the old one gone.
        const old = await inspect(first.id);
        const fresh = planReplace(again, old, { appRuns: true, volumes: false, now: new Date() });
        const restarted = await carryOut(fresh, tools);
        assert.notEqual(restarted.id, first.id);
        assert.equal(restarted.url, first.url);
        assert.deepEqual(await names(), [`${first.name} running`, `${first.name}-beside running`]);
        await removeContainers(lab);
      }
    });

    it("whose port is taken says so before its app starts, and leaves nothing", async () => {
      const { port } = await freePort(tools, 9000);
      const other = createServer().listen(port, "127.0.0.1");
      await once(other, "listening");
      const plan = planLaunch(await launching(perception(), { port }));
      assert.equal(
        await sentenceOf(carryOut(plan, tools)),
        `Port ${port} is taken on this machine, so the app could not listen there: stop what uses it, or give x-berth.app another port.`,
      );
      other.close();
      assert.deepEqual(await names(), []);
    });

    it("that needs a display it does not get says so, and leaves nothing; who was let in stays in", async () => {
      const folder = mkdtempSync(join(tmpdir(), "berth-launch-"));
      const said = join(folder, "said");
      writeFileSync(join(folder, "xhost"), `#!/bin/sh\necho "$@" >>${said}\n`, { mode: 0o755 });
      const letIn = [join(folder, "xhost"), "+SI:localuser:root"];
      const plan = planLaunch({
        ...(await launching(perception(), {}, { sink: "eglsink" })),
        display: { env: { DISPLAY: ":7" }, mounts: [], socket: "/tmp/.X11-unix/X7", letIn },
      });
      assert.equal(
        await sentenceOf(carryOut(plan, tools)),
        "There is no display socket /tmp/.X11-unix/X7 in rtvicv-perception-docker: start an X server on this machine, or launch it without a display.",
      );
      assert.deepEqual(await names(), []);
      assert.equal(readFileSync(said, "utf8"), "+SI:localuser:root\n");
      rmSync(folder, { recursive: true });
    });
  });

  it("an answer in what a shell in a list runs is text to it, however it is spelled", async () => {
    for (const command of [
      '[sh, -c, "echo {{label}}; sleep 60"]',
      '[env, A=1, /bin/sh, -ec, "echo {{label}}; sleep 60"]',
      '["echo {{label}}; sleep 60"]\n    entrypoint: [ash, -c]',
    ]) {
      const text = `services:\n  box:\n    image: berth-lab/busybox:1\n    command: ${command}\n    x-berth: { inputs: [{ id: label }] }\n`;
      const plan = planLaunch(await launching(deploymentOf(text), {}, { label: "x; touch /pwned" }));
      const { id } = await carryOut(plan, tools);
      await until("it to have spoken", async () => (await lab.docker("logs", id)) !== "");
      assert.equal(await lab.docker("logs", id), "x; touch /pwned");
      await assert.rejects(inside(id, "ls", "/pwned"), /No such file/);
      await removeContainers(lab);
    }
  });

  /** Runs once: the file that the small deployment's configuration is in. */
  async function withConfiguration(): Promise<void> {
    const id = await lab.docker("create", "berth-lab/busybox:1", "sh", "-c", "printf '[main]\\nlevel = 1\\n' >/etc/box.ini");
    await lab.docker("start", "--attach", id);
    await lab.docker("commit", id, "berth-test/box:1");
    await lab.docker("rm", id);
  }
  const boxed = () => deploymentOf(small.replace("berth-lab/busybox:1", "berth-test/box:1"));

  describe("whatever goes wrong", () => {
    before(withConfiguration);

    it("setup is done once in a container, prepare and configuration before every start of the app", async () => {
      const first = await carryOut(planLaunch(await launching(boxed())), tools);
      for (let n = 2; n <= 4; n++) {
        const again = await launching(boxed());
        await carryOut(planReuse(again, await inspect(first.id), { appRuns: true, revive: false }), tools);
        assert.equal(await inside("box", "cat", "/set-up"), "once");
        assert.equal(await inside("box", "cat", "/prepared"), Array(n).fill("again").join("\n"));
        assert(await findApp(tools, first.id, undefined), "its app does not run");
        assert.equal((await inside("box", "sh", "-c", "grep -l BERTH_APP=1 /proc/[0-9]*/environ | wc -l")) > "0", true);
      }
    });

    it("a reuse that fails starts the app again only where it ran, whatever was seen of it", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const failing = deploymentOf(
        small.replace("berth-lab/busybox:1", "berth-test/box:1").replace("echo again", "false; exit 3"),
      );
      for (const ran of [true, false]) {
        if (!ran) assert(await stopApp(tools, id, undefined));
        const plan = planReuse(await launching(failing), await inspect(id), { appRuns: "unknown", revive: false });
        assert.match(await sentenceOf(carryOut(plan, tools)), /failed in box with exit code 3/);
        assert.equal(await findApp(tools, id, undefined), ran, `it ${ran ? "ran" : "did not run"}`);
      }
    });

    it("a stopped one is started for its reuse", async () => {
      const first = await carryOut(planLaunch(await launching(boxed())), tools);
      await lab.docker("stop", "--time", "0", first.id);
      await carryOut(planReuse(await launching(boxed()), await inspect(first.id), { appRuns: false, revive: false }), tools);
      assert(await findApp(tools, first.id, undefined));
    });

    it("cancelled at any step, a launch leaves nothing", async () => {
      const moments = planLaunch(await launching(boxed())).steps.length * 2;
      const all = Array.from({ length: moments }, async (_, moment) =>
        cancelAt(planLaunch(await launching(boxed(), { name: `box-${moment}` })), moment),
      );
      await Promise.all(all);
      assert.deepEqual(await names(), []);
    });

    it("cancelled at any step, a restart leaves the old one as it was: running, with its app", async function () {
      this.timeout(300_000);
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      await inside("box", "sh", "-c", "echo mine >/work");
      const plan = async () =>
        planReplace(await launching(boxed()), await inspect(id), { appRuns: true, volumes: false, now: new Date() });
      const moments = (await plan()).steps.length * 2;
      for (let moment = 0; moment < moments; moment++) {
        await cancelAt(await plan(), moment);
        assert.deepEqual(await names(), ["box running"], `after moment ${moment}`);
        assert.equal((await inspect("box")).id, id);
        assert.equal(await inside("box", "cat", "/work"), "mine");
        assert(await findApp(tools, id, undefined), `its app does not run after moment ${moment}`);
      }
    });

    it("cancelled at any step, a reuse leaves its app and its configuration as they were", async function () {
      this.timeout(300_000);
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = async () =>
        planReuse(await launching(boxed(), { name: "box", port: 9100 }), await inspect(id), { appRuns: true, revive: false });
      const moments = (await plan()).steps.length * 2;
      for (let moment = 0; moment < moments; moment++) {
        await cancelAt(await plan(), moment);
        assert.deepEqual(await names(), ["box running"], `after moment ${moment}`);
        assert.match(await inside("box", "cat", "/etc/box.ini"), /level = 9000/, `after moment ${moment}`);
        assert(await findApp(tools, id, undefined), `its app does not run after moment ${moment}`);
      }
    });

    async function cancelAt(plan: Plan, moment: number): Promise<void> {
      const abort = new AbortController();
      const onEvent = (_event: StepEvent, n: number) => n === moment && abort.abort();
      const thrown: unknown = await carryOut(plan, tools, { signal: abort.signal, onEvent }).catch((error: unknown) => error);
      assert(thrown instanceof Error, `moment ${moment} was not cancelled`);
    }

    it("a file or a key that is not there ends the launch before the app starts, and leaves nothing", async () => {
      const wrong = small.replace("berth-lab/busybox:1", "berth-test/box:1");
      const missing = deploymentOf(wrong.replace("main.level", "main.levl"));
      assert.match(
        await sentenceOf(carryOut(planLaunch(await launching(missing)), tools)),
        /^\/etc\/box\.ini has no key 'main\.levl'/,
      );
      const nowhere = deploymentOf(wrong.replace("/etc/box.ini", "/etc/nowhere.ini"));
      assert.match(await sentenceOf(carryOut(planLaunch(await launching(nowhere)), tools)), /\/etc\/nowhere\.ini/);
      assert.deepEqual(await names(), []);
    });

    it("a setup that fails is told with its last words, and leaves nothing", async () => {
      const failing = deploymentOf(small.replace("echo once >>/set-up", "echo no network >&2; exit 7"));
      const sentence = await sentenceOf(carryOut(planLaunch(await launching(failing)), tools));
      assert.match(sentence, /exit code 7/);
      assert.match(sentence, /no network/);
      assert.deepEqual(await names(), []);
    });

    it("a restart whose new one cannot start brings the old one back, running, and keeps the new one to be looked at", async () => {
      for (let round = 0; round < 3; round++) {
        const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
        const broken = deploymentOf("services:\n  box:\n    image: berth-lab/exits:1\n    x-berth: { keep_alive: false }\n");
        const now = new Date(2026, 10, 21, 9, 30, round);
        const plan = planReplace(await launching(broken), await inspect(id), { appRuns: true, volumes: false, now });
        const sentence = await sentenceOf(carryOut(plan, tools));
        assert.match(sentence, /^box exited at once with exit code 3 \(not out of memory\)/);
        assert.match(sentence, /It is kept as box-failed-20261121_09300\d; the one before is back\./);
        for (const word of ["one", "two", "three"]) assert(sentence.includes(word), sentence);
        assert.deepEqual(await names(), [`box running`, `box-failed-20261121_09300${round} exited`]);
        assert.equal((await inspect("box")).id, id);
        await removeContainers(lab);
      }
    });

    it("a restart whose new one is removed by somebody as it fails brings the old one back all the same", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const broken = deploymentOf("services:\n  box:\n    image: berth-lab/exits:1\n    x-berth: { keep_alive: false }\n");
      const plan = planReplace(await launching(broken), await inspect(id), { appRuns: true, volumes: false, now: new Date() });
      const remove = ({ step, outcome }: StepEvent) => {
        if (step.kind !== "running" || outcome !== "failed") return;
        gone = lab.docker("rm", "--force", "box");
      };
      let gone: Promise<unknown> | undefined;
      const error: unknown = await carryOut(plan, tools, { onEvent: remove }).catch((thrown: unknown) => thrown);
      await gone;
      assert.match(String(error), /box exited at once with exit code 3/);
      assert.equal((await inspect("box")).id, id);
      assert.equal((await inspect("box")).state, "running");
    });

    it("one that was given another name after it was looked at is not touched", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const restart = planReplace(await launching(boxed()), await inspect(id), {
        appRuns: true,
        volumes: false,
        now: new Date(),
      });
      const reuse = planReuse(await launching(boxed()), await inspect(id), { appRuns: true, revive: false });
      await lab.docker("rename", "box", "precious");
      for (const plan of [restart, reuse])
        assert.equal(await sentenceOf(carryOut(plan, tools)), "box is called precious now: look again.");
      assert.deepEqual(await names(), ["precious running"]);
    });

    it("one that stopped after it was looked at is looked at again", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const reuse = planReuse(await launching(boxed()), await inspect(id), { appRuns: true, revive: false });
      await lab.docker("stop", "--time", "0", id);
      assert.equal(await sentenceOf(carryOut(reuse, tools)), "box is exited now, not running: look again.");
    });

    it("a reuse whose app fails leaves the app and the configuration as they were", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const failing = deploymentOf(
        small
          .replace("berth-lab/busybox:1", "berth-test/box:1")
          .replace(/start: ".*?"/, 'start: "echo no luck; exit 4"')
          .replace("9000", "9100"),
      );
      const start = withAnswers(boxed(), {}).app?.start ?? "";
      const plan = planReuse(await launching(failing), await inspect(id), { appRuns: true, revive: false, ranBy: start });
      assert.match(await sentenceOf(carryOut(plan, tools)), /^The app in box ended with exit code 4/);
      assert.match(await inside("box", "cat", "/etc/box.ini"), /level = 9000/);
      assert(await findApp(tools, id, undefined), "the app that ran before does not run");
    });

    it("a removal of the old one that fails is told, and the new one is up", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = planReplace(await launching(boxed()), await inspect(id), { appRuns: false, volumes: false, now: new Date() });
      const wake = ({ step, outcome }: StepEvent) => {
        if (step.kind === "ready" && outcome === "done") woken = lab.docker("start", id);
      };
      let woken: Promise<unknown> | undefined;
      const hold = {
        ...tools,
        cli: { ...tools.cli, run: async (...args: Parameters<typeof tools.cli.run>) => (await woken, tools.cli.run(...args)) },
      };
      const { left } = await carryOut(plan, hold, { onEvent: wake });
      assert.match(left ?? "", /running/);
      assert.deepEqual(await names(), ["box running", "box-berth-aside running"]);
    });

    /** Its docker command line can be got in the way of: `run` comes before each command that is run to its end, `probe` before what is run inside. */
    function inTheWay(way: { run?: (args: readonly string[]) => void; probe?: () => void }, free = tools): Tools {
      const { cli } = free;
      const blocked: typeof cli = {
        ...cli,
        run: async (...args) => (way.run?.(args[0]), cli.run(...args)),
        probe: async (...args) => (way.probe?.(), cli.probe(...args)),
      };
      return { ...free, cli: blocked };
    }
    const hangs = () => {
      throw new EngineSlowError("The Docker engine did not finish 'docker exec' within 30 s.");
    };

    it("cancelled, with a container in which nothing can be run any more, it leaves nothing all the same", async () => {
      const abort = new AbortController();
      const way: { probe?: () => void } = {};
      const onEvent = ({ step, outcome }: StepEvent) => {
        if (step.kind !== "app" || outcome !== "done") return;
        way.probe = hangs;
        abort.abort();
      };
      const result = carryOut(planLaunch(await launching(boxed())), inTheWay(way), { signal: abort.signal, onEvent });
      await assert.rejects(result, Cancelled);
      assert.deepEqual(await names(), []);
    });

    it("cancelled, a reuse in which the app cannot be ended puts its configuration back, and tells the rest", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = planReuse(await launching(boxed(), { name: "box", port: 9100 }), await inspect(id), {
        appRuns: true,
        revive: false,
      });
      const abort = new AbortController();
      const way: { probe?: () => void } = {};
      const onEvent = ({ step, outcome }: StepEvent) => {
        if (step.kind !== "app" || outcome !== "done") return;
        way.probe = hangs;
        abort.abort();
      };
      const hung = "The Docker engine did not finish 'docker exec' within 30 s.";
      assert.equal(
        await sentenceOf(carryOut(plan, inTheWay(way), { signal: abort.signal, onEvent })),
        `What was done before that could not be undone: ${hung} ${hung}`, // to end the new one, and to start the old one
      );
      assert.match(await inside("box", "cat", "/etc/box.ini"), /level = 9000/);
    });

    it("cancelled, a restart whose new one somebody is removing waits for that, and the old one is back", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = planReplace(await launching(boxed()), await inspect(id), { appRuns: true, volumes: false, now: new Date() });
      const abort = new AbortController();
      const onEvent = ({ step, outcome }: StepEvent) => step.kind === "ready" && outcome === "started" && abort.abort();
      let gone: Promise<unknown> | undefined;
      const run = ([verb, ...args]: readonly string[]) => {
        if (verb !== "rm") return;
        gone = lab.docker("rm", ...args);
        throw new UserError(`Docker refused: removal of container ${args.at(-1)} is already in progress`);
      };
      await assert.rejects(carryOut(plan, inTheWay({ run }), { signal: abort.signal, onEvent }), Cancelled);
      await gone;
      assert.deepEqual(await names(), ["box running"]);
      assert.equal((await inspect("box")).id, id);
    });

    it("cancelled, a restart whose new one cannot be removed tells what the old one is called", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = planReplace(await launching(boxed()), await inspect(id), { appRuns: true, volumes: false, now: new Date() });
      const abort = new AbortController();
      const onEvent = ({ step, outcome }: StepEvent) => step.kind === "ready" && outcome === "started" && abort.abort();
      const run = ([verb]: readonly string[]) => {
        if (verb === "rm") throw new UserError("Docker refused: it could not be killed.");
      };
      assert.equal(
        await sentenceOf(carryOut(plan, inTheWay({ run }), { signal: abort.signal, onEvent })),
        "What was done before that could not be undone: Docker refused: it could not be killed. box is still called box-berth-aside: There is a container named 'box' already: choose another name, or retire that one first.",
      );
      assert.deepEqual(await names(), ["box running", "box-berth-aside running"]);
    });

    it("what is left to undo of a reuse does not reach the next one", async () => {
      const seeing = (port: number) =>
        deploymentOf(
          small
            .replace("berth-lab/busybox:1", "berth-test/box:1")
            .replace("9000", String(port))
            .replace("echo again >>/prepared", "cat /etc/box.ini >/seen"),
        );
      const { id } = await carryOut(planLaunch(await launching(seeing(9000))), tools);
      const proxy = await startProxy(lab);
      try {
        const through = await toolsFor(proxy.env);
        const reuse = async (port: number) =>
          planReuse(await launching(seeing(port)), await inspect(id), { appRuns: true, revive: false });
        const plans = [await reuse(9100), await reuse(9200)] as const;
        const goAway = ({ step, outcome }: StepEvent) => {
          if (step.kind === "app" && outcome === "started") proxy.onRequest = () => false;
        };
        await assert.rejects(carryOut(plans[0], through, { onEvent: goAway }), EngineGoneError);
        proxy.onRequest = undefined;
        await carryOut(plans[1], through);
        // So it was back as it had been before the next one began.
        assert.match(await inside("box", "cat", "/seen"), /level = 9000/);
        assert.match(await inside("box", "cat", "/etc/box.ini"), /level = 9200/);
        assert(await findApp(tools, id, undefined), "the new app does not run");
      } finally {
        proxy.close();
      }
    });

    it("what could not be undone once the engine is back is told to the next one, once", async () => {
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const proxy = await startProxy(lab);
      try {
        const way: { probe?: () => void } = {};
        const hung = inTheWay(way, await toolsFor(proxy.env));
        const reuse = async () =>
          planReuse(await launching(boxed(), { name: "box", port: 9100 }), await inspect(id), { appRuns: true, revive: false });
        const goAway = ({ step, outcome }: StepEvent) => {
          if (step.kind === "app" && outcome === "started") proxy.onRequest = () => false;
        };
        await assert.rejects(carryOut(await reuse(), hung, { onEvent: goAway }), EngineGoneError);
        way.probe = hangs;
        proxy.onRequest = undefined;
        await until("the configuration to be back", async () => (await inside("box", "cat", "/etc/box.ini")).includes("9000"));
        const told = "The Docker engine did not finish 'docker exec' within 30 s.";
        assert.equal(
          await sentenceOf(carryOut(await reuse(), hung)),
          `What was done to box before could not be undone: ${told} ${told}`,
        );
        delete way.probe;
        await carryOut(await reuse(), hung);
        assert(await findApp(tools, id, undefined), "the new app does not run");
      } finally {
        proxy.close();
      }
    });

    it("of two windows that launch it at once, one does and the other is told", async () => {
      for (let round = 0; round < 5; round++) {
        const plans = [planLaunch(await launching(boxed())), planLaunch(await launching(boxed()))];
        const results = await Promise.allSettled(plans.map((plan) => carryOut(plan, tools)));
        const failed = results.filter((result) => result.status === "rejected");
        assert.equal(failed.length, 1);
        assert.match(String(failed[0]?.reason), /There is a container named 'box' already/);
        assert.deepEqual(await names(), ["box running"]);
        await removeContainers(lab);
      }
    });

    it("of two windows that restart it at once, one does and the other is told", async () => {
      for (let round = 0; round < 3; round++) {
        const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
        const old = await inspect(id);
        const plan = async () => planReplace(await launching(boxed()), old, { appRuns: true, volumes: false, now: new Date() });
        const results = await Promise.allSettled([await plan(), await plan()].map((one) => carryOut(one, tools)));
        const done = results.filter(
          (result): result is PromiseFulfilledResult<Executed & { events: string[] }> => result.status === "fulfilled",
        );
        assert.equal(done.length, 1, JSON.stringify(results));
        assert.deepEqual(await names(), ["box running"]);
        assert.equal((await inspect("box")).id, done[0]?.value.id);
        await removeContainers(lab);
      }
    });
  });

  describe("an engine that is stopped in the middle, and started again", () => {
    before(withConfiguration);

    async function strikeAt(plan: Plan, moment: number): Promise<void> {
      let struck: Promise<void> | undefined;
      const onEvent = (_event: StepEvent, n: number) => {
        if (n === moment) struck = lab.stop();
      };
      const thrown: unknown = await carryOut(plan, tools, { onEvent }).catch((error: unknown) => error);
      await struck;
      await lab.start();
      assert(thrown instanceof Error, `moment ${moment}: it was carried out all the same`);
      return;
    }

    it("of a launch, at every step: nothing is left", async function () {
      this.timeout(600_000);
      const { steps } = planLaunch(await launching(boxed()));
      for (let n = 0; n < steps.length; n++) {
        await strikeAt(planLaunch(await launching(boxed())), n * 2);
        await until(`nothing to be left after ${steps[n]?.kind}`, async () => (await names()).length === 0);
      }
    });

    it("of a restart, at every step: the old one is back under its name", async function () {
      this.timeout(600_000);
      const { id } = await carryOut(planLaunch(await launching(boxed())), tools);
      const plan = async () =>
        planReplace(await launching(boxed()), await inspect(id), { appRuns: true, volumes: false, now: new Date() });
      const { steps } = await plan();
      for (let n = 0; n < steps.length; n++) {
        const next = await plan();
        await strikeAt(next, n * 2);
        // What had not stopped it yet does not start it: then the engine stopped it, as any other.
        const wasStopped = next.steps.slice(0, n).some(({ kind }) => kind === "stop");
        const back = wasStopped ? ["box running"] : ["box running", "box exited"];
        await until(`the old one to be back after ${steps[n]?.kind}`, async () => back.includes((await names()).join()));
        assert.equal((await inspect("box")).id, id);
        await lab.docker("start", id);
      }
    });
  });
});
