import assert from "node:assert/strict";
import { Cancelled, EngineSlowError, UserError } from "../../src/core/errors.ts";
import { keepAs } from "../../src/core/keepImage.ts";
import { planPause, planRetire, planStart, planStop, type RemoveChoices } from "../../src/core/plan.ts";
import { ExitedEarlyError, type Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import {
  api,
  carryOut,
  createBox,
  deploy,
  freshName,
  planFor,
  removeContainers,
  runBox,
  sentenceOf,
  stateOf,
  until,
  toolsFor,
  useEngine,
} from "./support.ts";

const busybox = "berth-lab/busybox:1";
const nothingElse: RemoveChoices = { volumes: false };

describe("a plan is carried out", function () {
  let lab: LabEngine;
  let tools: Tools;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
    tools = await toolsFor(lab.env);
  });
  afterEach(() => removeContainers(lab));

  const inspect = async (id: string) => (await tools.engine.inspect(id))!;
  const fate = async (id: string) => (await inspect(id)).state;

  describe("deploy", () => {
    it("creates, starts, waits until it runs", async () => {
      const { plan, spec } = await planFor(tools, { image: busybox, name: "first", labels: { who: "me" } });
      const { id, name, events } = await carryOut(plan, tools);
      assert.deepEqual(events, [
        ...["create started", "create done", "find started", "find done"],
        ...["start started", "start done", "running started", "running done"],
      ]);
      const made = await inspect("first");
      assert.deepEqual([made.id, name, made.state, made.details.running], [id, "first", "running", true]);
      assert.deepEqual({ ...made.labels, "berth-lab.recipe": undefined }, { ...spec.labels, "berth-lab.recipe": undefined });
      assert.equal(made.labels["dev.berth.v"], "1");
    });

    it("only creates when that is asked for", async () => {
      const { plan } = await planFor(tools, { image: busybox }, { start: false });
      const { id } = await carryOut(plan, tools);
      assert.equal(await fate(id), "created");
    });

    it("mounts folders, whatever their names", async () => {
      const folder = `${lab.env.DOCKER_CONFIG}/a folder: with, "all" of it`;
      const { id } = await deploy(tools, { image: busybox, mounts: [{ source: lab.env.DOCKER_CONFIG!, target: "/workspace" }] });
      await lab.docker("exec", id, "mkdir", "-p", '/workspace/a folder: with, "all" of it/inside');
      const odd = await deploy(tools, { image: busybox, mounts: [{ source: folder, target: "/work, space", readOnly: true }] });
      assert.equal(await lab.docker("exec", odd.id, "ls", "/work, space"), "inside");
      assert((await sentenceOf(lab.docker("exec", odd.id, "touch", "/work, space/x"))).includes("Read-only"));
    });

    it("reports a program that ends at once, and keeps the container", async () => {
      const { plan } = await planFor(tools, { image: "berth-lab/exits:1", name: "brief", keepAlive: false });
      const error = (await carryOut(plan, tools).catch((thrown: unknown) => thrown)) as ExitedEarlyError;
      assert(error instanceof ExitedEarlyError);
      assert.match(
        error.message,
        /^brief exited at once with exit code 3 \(not out of memory\)\. The container is kept\.\nIts last log lines:\n/,
      );
      for (const line of ["one", "two", "three"]) assert(error.message.split("\n").includes(line), line);
      assert.equal(error.container, (await inspect("brief")).id);
      assert.equal(await fate("brief"), "exited");
    });

    it("reports one that ends well at once, and says nothing", async () => {
      const said = await sentenceOf(deploy(tools, { image: busybox, name: "well", command: ["true"] }));
      assert.equal(said, "well exited at once with exit code 0 (not out of memory). The container is kept.\nIt logged nothing.");
    });

    it("reports one whose log cannot be read, and keeps the container", async () => {
      const { plan } = await planFor(tools, { image: "berth-lab/exits:1", name: "mute", keepAlive: false });
      const silent = (argv: readonly string[]) => ["create", "--log-driver", "none", ...argv.slice(1)];
      const steps = plan.steps.map((step) => (step.kind === "create" ? { ...step, argv: silent(step.argv) } : step));
      const error: unknown = await carryOut({ ...plan, steps }, tools).catch((thrown: unknown) => thrown);
      assert(error instanceof ExitedEarlyError, String(error));
      assert.match(
        error.message,
        /^mute exited at once with exit code 3 \(not out of memory\)\. The container is kept\.\nIts log cannot be read: .*does not support reading/i,
      );
      assert.equal(await fate("mute"), "exited");
    });

    it("does not tell a secret that the program logged", async () => {
      await createBox(lab, "chatty", { Cmd: ["sh", "-c", "env; exit 1"], Env: ["API_TOKEN=s3cr3t-value", "PLAIN=seen"] });
      const said = await sentenceOf(carryOut(planStart(await inspect("chatty")), tools));
      assert(said.includes("PLAIN=seen") && said.includes("API_TOKEN=") && !said.includes("s3cr3t-value"), said);
    });

    it("says that a container ran out of memory", async () => {
      await lab.docker("create", "--name", "eater", "--memory", "32m", "berth-lab/oom:1");
      const said = await sentenceOf(carryOut(planStart(await inspect("eater")), tools));
      assert.match(said, /^eater ran out of memory \(exit code 137, OOM killed\)\. The container is kept\.\n/);
      assert.equal(await fate("eater"), "exited");
    });

    it("says that an image is not there, before it does anything", async () => {
      const { plan } = await planFor(tools, { image: busybox, name: "homeless" });
      const gone = { ...plan, basis: { ...plan.basis, image: { tag: "berth-lab/nobody:1", id: "sha256:0" } } };
      const sentence =
        "There is no image 'berth-lab/nobody:1' on this engine: pull it with 'docker pull berth-lab/nobody:1', or choose one from the Images view.";
      assert.equal(await sentenceOf(carryOut(gone, tools)), sentence);
      // And when it goes between the look and the create.
      const raced = {
        ...plan,
        steps: plan.steps.map((step) => (step.kind === "create" ? { ...step, argv: replaceImage(step.argv) } : step)),
      };
      assert.match(await sentenceOf(carryOut(raced, tools)), /^There is no image '.*' on this engine: pull it/);
      assert.equal(await stateOf(tools, "homeless"), undefined);
    });

    it("says that a tag has moved to another image in the meantime", async () => {
      await lab.docker("tag", busybox, "berth-lab/moving:1");
      const { plan } = await planFor(tools, { image: "berth-lab/moving:1", name: "mover" });
      await lab.docker("tag", "berth-lab/exits:1", "berth-lab/moving:1");
      try {
        assert.equal(
          await sentenceOf(carryOut(plan, tools)),
          "The image 'berth-lab/moving:1' has changed in the meantime: look at the command again.",
        );
        assert.equal(await stateOf(tools, "mover"), undefined);
      } finally {
        await lab.docker("rmi", "berth-lab/moving:1");
      }
    });

    it("leaves the container alone that has the name already", async () => {
      const { plan } = await planFor(tools, { image: busybox, name: "taken" });
      const other = await runBox(lab, "taken");
      const before = await api(lab, "GET", `/containers/${other}/json`);
      const sentence = "There is a container named 'taken' already: choose another name, or retire that one first.";
      assert.equal(await sentenceOf(carryOut(plan, tools)), sentence);
      // The same when the other comes after the look: its maker is the engine's own refusal.
      const blind = { ...plan, basis: {} };
      assert.equal(await sentenceOf(carryOut(blind, tools)), sentence);
      assert.equal(await api(lab, "GET", `/containers/${other}/json`), before);
    });

    it("takes a name that looks like the beginning of another one's id", async () => {
      const other = await createBox(lab);
      const { id } = await deploy(tools, { image: busybox, name: other.slice(0, 4) });
      assert.notEqual(id, other);
      assert.equal(await fate(id), "running");
    });

    it("gives one of two the name when both want it, and the other an answer", async () => {
      for (let n = 0; n < 3; n++) {
        const name = freshName("wanted");
        const [one, two] = [await planFor(tools, { image: busybox, name }), await planFor(tools, { image: busybox, name })];
        const results = await Promise.allSettled([carryOut(one.plan, tools), carryOut(two.plan, tools)]);
        const won = results.filter((result) => result.status === "fulfilled");
        const lost = results.filter((result) => result.status === "rejected");
        assert.deepEqual([won.length, lost.length], [1, 1]);
        assert.equal(
          (lost[0]?.reason as Error).message,
          `There is a container named '${name}' already: choose another name, or retire that one first.`,
        );
        assert.deepEqual([(await inspect(name)).id, await fate(name)], [won[0]?.value.id, "running"]);
      }
    });

    it("undoes a start that fails", async () => {
      const said = await sentenceOf(deploy(tools, { image: busybox, name: "no-such-program", command: ["/bin/nonsense"] }));
      assert.equal(said, "The container cannot start: its image has no program '/bin/nonsense'.");
      assert.equal(await stateOf(tools, "no-such-program"), undefined);
    });
  });

  describe("cancelled", () => {
    it("at any moment, it leaves no container: five rounds of every moment", async () => {
      const { plan } = await planFor(tools, { image: "berth-lab/anon-volume:1", gpus: "all" });
      const moments = plan.steps.length * 2;
      const volumes = await lab.docker("volume", "ls", "--quiet");
      for (let round = 0; round < 5; round++) {
        const names = await Promise.all(
          Array.from({ length: moments }, async (_, moment) => {
            const { plan: one } = await planFor(tools, { image: "berth-lab/anon-volume:1", gpus: "all" });
            const abort = new AbortController();
            const onEvent = (_event: unknown, n: number) => n === moment && abort.abort();
            const thrown: unknown = await carryOut(one, tools, { signal: abort.signal, onEvent }).catch(
              (error: unknown) => error,
            );
            assert(thrown instanceof Cancelled, `moment ${moment}: ${String(thrown)}`);
            return one.container.name;
          }),
        );
        const left = (await tools.engine.containers()).map(({ name }) => name);
        assert.deepEqual(left, [], `of ${names.join()}`);
      }
      assert.equal(await lab.docker("volume", "ls", "--quiet"), volumes);
    });

    it("while it waits, it does not wait on", async () => {
      const { plan } = await planFor(tools, { image: busybox });
      const abort = new AbortController();
      const seen: string[] = [];
      const result = carryOut(plan, tools, {
        signal: abort.signal,
        onEvent({ step, outcome }) {
          seen.push(`${step.kind} ${outcome}`);
          if (step.kind === "running" && outcome === "started") setImmediate(() => abort.abort());
        },
      });
      await assert.rejects(result, Cancelled);
      assert.equal(seen.at(-1), "running failed");
      assert.equal(await stateOf(tools, plan.container.name), undefined);
    });

    it("a stop is undone, and a pause stays a pause", async () => {
      for (const state of ["running", "paused"]) {
        const id = await runBox(lab);
        if (state === "paused") await api(lab, "POST", `/containers/${id}/pause`);
        const abort = new AbortController();
        const onEvent = ({ outcome }: { outcome: string }) => outcome === "done" && abort.abort();
        await assert.rejects(carryOut(planStop(await inspect(id)), tools, { signal: abort.signal, onEvent }), Cancelled);
        assert.equal(await fate(id), state);
      }
    });

    it("a start that took too long, and happened all the same, is undone; one that Docker refused needs no undoing", async () => {
      const verbs: string[] = [];
      const slow: Tools = {
        ...tools,
        cli: {
          ...tools.cli,
          async run(args, ...rest) {
            verbs.push(args[0] ?? "");
            const output = await tools.cli.run(args, ...rest);
            if (args[0] === "start" || args[0] === "unpause") throw new EngineSlowError("It took too long.");
            return output;
          },
        },
      };
      const id = await createBox(lab);
      assert.equal(await sentenceOf(carryOut(planStart(await inspect(id)), slow)), "It took too long.");
      assert.equal(await fate(id), "exited");
      const paused = await runBox(lab);
      await api(lab, "POST", `/containers/${paused}/pause`);
      assert.equal(await sentenceOf(carryOut(planStart(await inspect(paused)), slow)), "It took too long.");
      assert.equal(await fate(paused), "paused");
      const broken = await createBox(lab, freshName(), { Cmd: ["/bin/nonsense"], HostConfig: {} });
      verbs.length = 0;
      assert.match(await sentenceOf(carryOut(planStart(await inspect(broken)), slow)), /no program '\/bin\/nonsense'/);
      assert.deepEqual(verbs, ["start"]);
    });

    it("a pause that took too long, and never happened, is undone without a complaint", async () => {
      const id = await runBox(lab);
      const slow: Tools = {
        ...tools,
        cli: {
          ...tools.cli,
          async run(args, ...rest) {
            if (args[0] === "pause") throw new EngineSlowError("It took too long.");
            return tools.cli.run(args, ...rest);
          },
        },
      };
      assert.equal(await sentenceOf(carryOut(planPause(await inspect(id)), slow)), "It took too long.");
      assert.equal(await fate(id), "running");
    });

    it("while it is being removed, what is retired is retired to the end, and told as that", async () => {
      await lab.docker("tag", busybox, "kept/work:1");
      const { id } = await deploy(tools, { image: "kept/work:1" });
      const abort = new AbortController();
      const late: Tools = {
        ...tools,
        cli: {
          ...tools.cli,
          async run(args, ...rest) {
            if (args[0] === "rm") abort.abort();
            return tools.cli.run(args, ...rest);
          },
        },
      };
      const plan = planRetire(await inspect(id), { volumes: false, removeImage: "kept/work:1" });
      const { events } = await carryOut(plan, late, { signal: abort.signal });
      assert.deepEqual(events.slice(-4), ["remove started", "remove done", "removeImage started", "removeImage done"]);
      assert.equal(await stateOf(tools, id), undefined);
      assert.equal(await tools.engine.inspectImage("kept/work:1"), undefined);
    });

    it("what is retired stays retired", async () => {
      const id = await runBox(lab);
      const abort = new AbortController();
      const onEvent = ({ step, outcome }: { step: { kind: string }; outcome: string }) =>
        step.kind === "remove" && outcome === "done" && abort.abort();
      await carryOut(planRetire(await inspect(id), nothingElse), tools, { signal: abort.signal, onEvent });
      assert.equal(await stateOf(tools, id), undefined);
    });
  });

  describe("start and stop", () => {
    it("a stopped container starts, a paused one goes on, a running one is left alone", async () => {
      const id = await createBox(lab);
      assert.deepEqual((await carryOut(planStart(await inspect(id)), tools)).events, [
        ...["start started", "start done", "running started", "running done"],
      ]);
      const { startedAt } = (await inspect(id)).details;
      assert.deepEqual((await carryOut(planStart(await inspect(id)), tools)).events, []);
      await api(lab, "POST", `/containers/${id}/pause`);
      await carryOut(planStart(await inspect(id)), tools);
      assert.equal(await fate(id), "running");
      assert.equal((await inspect(id)).details.startedAt, startedAt);
      await carryOut(planStop(await inspect(id)), tools);
      assert.equal(await fate(id), "exited");
      assert.deepEqual((await carryOut(planStop(await inspect(id)), tools)).events, []);
    });

    it("a paused container stops", async () => {
      const id = await runBox(lab);
      await api(lab, "POST", `/containers/${id}/pause`);
      await carryOut(planStop(await inspect(id)), tools);
      assert.equal(await fate(id), "exited");
    });

    it("not when the container changed after the plan was made", async () => {
      const id = await runBox(lab, "changing");
      const [stop, retire] = [planStop(await inspect(id)), planRetire(await inspect(id), nothingElse)];
      await api(lab, "POST", `/containers/${id}/pause`);
      for (const plan of [stop, retire])
        assert.equal(await sentenceOf(carryOut(plan, tools)), "changing is paused now, not running: look again.");
      assert.equal(await fate(id), "paused");
      await api(lab, "DELETE", `/containers/${id}?force=1`);
      assert.equal(await sentenceOf(carryOut(stop, tools)), `There is no container '${id.slice(0, 12)}' on this engine.`);
    });
  });

  describe("a container that does not stand still", () => {
    it("is stopped and retired although it starts again and again", async () => {
      for (let round = 1; round <= 5; round++) {
        const name = freshName("loop");
        await lab.docker(
          "run",
          "-d",
          "--restart",
          "always",
          "--name",
          name,
          "berth-lab/busybox:1",
          "sh",
          "-c",
          "sleep 0.3; exit 1",
        );
        const [plan] = [planRetire(await inspect(name), nothingElse)];
        await until(
          "another state than the one that was seen",
          async () => (await stateOf(tools, name)) !== plan.basis.state?.state,
        );
        await carryOut(plan, tools);
        assert.equal(await stateOf(tools, name), undefined);
      }
    });

    it("is retired although it stopped by itself after it was looked at, and is not started when that is cancelled", async () => {
      const id = await runBox(lab, "ended");
      const plan = planRetire(await inspect(id), nothingElse);
      await api(lab, "POST", `/containers/${id}/kill`);
      await tools.engine.exited(id, new AbortController().signal);
      const cancel = new AbortController();
      await assert.rejects(
        carryOut(plan, tools, { signal: cancel.signal, onEvent: ({ step }) => step.kind === "stop" && cancel.abort() }),
      );
      assert.equal(await fate(id), "exited");
      await carryOut(plan, tools);
      assert.equal(await stateOf(tools, id), undefined);
    });

    it("is not removed when somebody started it after it was looked at", async () => {
      const id = await createBox(lab, "woken");
      const plan = planRetire(await inspect(id), nothingElse);
      await api(lab, "POST", `/containers/${id}/start`);
      assert.equal(await sentenceOf(carryOut(plan, tools)), "woken is running now, not created: look again.");
      assert.equal(await fate(id), "running");
    });
  });

  describe("retire", () => {
    const keep = async (id: string, image: string) => {
      const container = await inspect(id);
      return keepAs(image, container, await tools.engine.inspectImage(container.imageId));
    };
    afterEach(async () => {
      for (const image of ["kept/work:1", "kept/secret:1"]) await lab.docker("rmi", "--force", image).catch(() => undefined);
    });

    it("stops and removes", async () => {
      const { id } = await deploy(tools, { image: busybox });
      const { events } = await carryOut(planRetire(await inspect(id), nothingElse), tools);
      assert.deepEqual(events, ["stop started", "stop done", "remove started", "remove done"]);
      assert.equal(await stateOf(tools, id), undefined);
    });

    it("keeps anonymous volumes unless they were asked for", async () => {
      const volumes = async () => (await lab.docker("volume", "ls", "--quiet")).split("\n").filter(Boolean).length;
      const before = await volumes();
      for (const [remove, left] of [
        [true, 0],
        [false, 1],
      ] as const) {
        const { id } = await deploy(tools, { image: "berth-lab/anon-volume:1" });
        await carryOut(planRetire(await inspect(id), { volumes: remove }), tools);
        assert.equal((await volumes()) - before, left);
      }
      await lab.docker("volume", "prune", "--force");
    });

    it("keeps the container's files as an image that starts like the first one", async () => {
      const { id } = await deploy(tools, { image: "berth-lab/exits:1" });
      await lab.docker("exec", id, "sh", "-c", "echo work >/root/work");
      await carryOut(planRetire(await inspect(id), { ...nothingElse, keepAs: await keep(id, "kept/work:1") }), tools);
      assert.equal(await stateOf(tools, id), undefined);
      assert.equal(await lab.docker("run", "--rm", "kept/work:1", "cat", "/root/work"), "work");
      assert.match(await sentenceOf(lab.docker("run", "--rm", "kept/work:1")), /exit code 3/);
    });

    it("keeps no secret's value in that image", async () => {
      const id = await runBox(lab, freshName(), {
        Env: ["API_TOKEN=s3cr3t-value", 'PLAIN=a "b" $HOME \\ c'],
        WorkingDir: "/tmp",
      });
      await lab.docker("exec", id, "sh", "-c", "echo work >/root/work");
      await carryOut(planRetire(await inspect(id), { ...nothingElse, keepAs: await keep(id, "kept/secret:1") }), tools);
      const told = (await lab.docker("inspect", "kept/secret:1")) + (await lab.docker("history", "--no-trunc", "kept/secret:1"));
      assert(!told.includes("s3cr3t-value"), told);
      const script = 'echo "[$API_TOKEN]"; echo "$PLAIN"; pwd; cat /root/work';
      assert.equal(await lab.docker("run", "--rm", "kept/secret:1", "sh", "-c", script), '[]\na "b" $HOME \\ c\n/tmp\nwork');
    });

    it("runs the container again when it could not be kept", async () => {
      const id = await runBox(lab);
      const keepBadly = { image: "Not An Image", changes: [], filesOnly: false };
      for (const filesOnly of [false, true]) {
        const plan = planRetire(await inspect(id), { ...nothingElse, keepAs: { ...keepBadly, filesOnly } });
        const error: unknown = await carryOut(plan, tools).catch((thrown: unknown) => thrown);
        assert(error instanceof UserError, String(error));
        assert.equal(await fate(id), "running");
      }
    });

    it("leaves one that did not run as it was when it could not be kept", async () => {
      const id = await createBox(lab);
      const keepBadly = { image: "Not An Image", changes: [], filesOnly: false };
      await assert.rejects(carryOut(planRetire(await inspect(id), { ...nothingElse, keepAs: keepBadly }), tools), UserError);
      assert.equal(await fate(id), "created");
    });

    it("one that was run with --rm goes, kept before it stops", async () => {
      for (const keeping of [false, true]) {
        const id = await runBox(lab, freshName(), { HostConfig: { AutoRemove: true, Init: true } });
        await lab.docker("exec", id, "sh", "-c", "echo work >/root/work");
        const keepWork = keeping ? { keepAs: await keep(id, "kept/work:1") } : {};
        await carryOut(planRetire(await inspect(id), { ...nothingElse, ...keepWork }), tools);
        assert.equal(await stateOf(tools, id), undefined);
      }
      assert.equal(await lab.docker("run", "--rm", "kept/work:1", "cat", "/root/work"), "work");
    });

    it("removes the image too when that is asked for", async () => {
      await lab.docker("tag", busybox, "kept/work:1");
      const { id } = await deploy(tools, { image: "kept/work:1" });
      await carryOut(planRetire(await inspect(id), { volumes: false, removeImage: "kept/work:1" }), tools);
      assert.equal(await tools.engine.inspectImage("kept/work:1"), undefined);
    });
  });
});

/** A create's argv with an image that is not there: its last argument but the keep-alive. */
function replaceImage(argv: readonly string[]): string[] {
  return argv.map((arg) => (arg === busybox ? "berth-lab/nobody:1" : arg));
}
