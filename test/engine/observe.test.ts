import assert from "node:assert/strict";
import { execa } from "execa";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FoundBy } from "../../src/core/candidates.ts";
import type { Container } from "../../src/core/engineJson.ts";
import { EngineGoneError, UserError } from "../../src/core/errors.ts";
import { decide } from "../../src/core/reuse.ts";
import type { RunSpec } from "../../src/core/runSpec.ts";
import type { Tools } from "../../src/engine/execute.ts";
import { detectPlatform, observe, type Look } from "../../src/engine/observe.ts";
import { dockerCompose } from "../lab/compose.ts";
import type { LabEngine } from "../lab/engine.ts";
import { containerFault, gpuUuid, hostGpus, makeStale } from "../lab/gpu.ts";
import { api, createBox, freshName, removeContainers, runBox, startProxy, toolsFor, until, useEngine } from "./support.ts";

const image = "berth-lab/busybox:1";
const oneGpu = { DeviceRequests: [{ DeviceIDs: ["0"], Capabilities: [["gpu"]] }] };

describe("what is already there", function () {
  let lab: LabEngine;
  let tools: Tools;
  let folder: string;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("observe", ["busybox", "no-shell", "exits"]);
  });
  beforeEach(async () => {
    hostGpus(lab, { count: 2 });
    tools = await toolsFor(lab.env);
    folder = mkdtempSync(join(tmpdir(), "berth observe "));
  });
  afterEach(async () => {
    await removeContainers(lab);
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => lab.dispose());

  const wanted = (more: Partial<RunSpec> = {}): RunSpec => ({
    ...{ name: "train", image, init: true, labels: {}, mounts: [], gpus: "none" },
    ...more,
  });
  const by = (by: FoundBy) => (container: Container) => ({ by, container });
  const nothing = () => Promise.resolve(false);
  async function lookAtAll(spec: RunSpec, more: Partial<Parameters<typeof observe>[0]> = {}): Promise<Look[]> {
    const containers = await tools.engine.containers();
    const found = containers.map(by("name"));
    return observe({ ...tools, findApp: nothing, ...more }, spec, found);
  }
  async function lookAt(id: string, spec: RunSpec, more: Partial<Parameters<typeof observe>[0]> = {}): Promise<Look> {
    const look = (await lookAtAll(spec, more)).find(({ found }) => found.id === id);
    assert(look);
    return look;
  }
  const offered = ({ observed }: Look, spec: RunSpec) =>
    decide(spec, observed, tools.hostGpus).choices.map(({ existing }) => existing);
  const subfolder = (name: string) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const hostConfig = (more: object) => ({ HostConfig: { Init: true, ...more } });

  it("is told with its run spec, state, GPU verdict and whether its app runs", async () => {
    const data = subfolder("data");
    const id = await runBox(lab, "train", hostConfig({ ...oneGpu, Binds: [`${data}:/data`], ShmSize: 1 << 20 }));
    const spec = wanted({ gpus: { ids: ["0"] }, mounts: [{ source: data, target: "/data" }], shmSize: 2 << 20 });
    const look = await lookAt(id, spec, { findApp: (container) => Promise.resolve(container === id) });
    assert.equal(look.by, "name");
    assert.match(look.found.status, /^Up /);
    assert.deepEqual(look.found.details.gpus, { ids: ["0"] });
    assert.equal(look.appRuns, true);
    const { observed } = look;
    assert.deepEqual(
      [observed.name, observed.image, observed.state, observed.staleMounts, observed.health, observed.unread],
      ["train", image, "running", [], { verdict: "ok", detail: "The container holds 1 GPU, and it answers." }, undefined],
    );
    const { question, choices, differences } = decide(spec, observed, tools.hostGpus);
    assert.equal(
      question,
      "Found existing container 'train' running berth-lab/busybox:1 with all required mounts. What should I do?",
    );
    assert.deepEqual(
      choices.map(({ title }) => title),
      ["Reuse", "Restart", "Parallel"],
    );
    assert.deepEqual(
      differences.filter(({ field }) => field !== "command"),
      [{ field: "shmSize", wanted: "2m", has: "1m" }],
    );
  });

  it("changes nothing by looking", async () => {
    const id = await runBox(lab, freshName(), hostConfig(oneGpu));
    const diff = async () => (await lab.docker("diff", id)).split("\n").sort();
    const before = await diff();
    await lookAt(id, wanted({ gpus: { ids: ["0"] } }));
    assert.deepEqual(await diff(), before);
    assert.equal(await lab.docker("logs", id), "");
  });

  describe("its GPU handle", () => {
    it("goes stale: Revive in the place of Reuse, and a restart heals it", async () => {
      const id = await runBox(lab, "train", hostConfig(oneGpu));
      await makeStale(lab, id);
      const spec = wanted({ gpus: { ids: ["0"] } });
      const look = await lookAt(id, spec);
      assert.equal(look.observed.health?.verdict, "stale");
      assert.deepEqual(offered(look, spec), ["revive", "restart", "parallel"]);
      assert.equal(
        decide(spec, look.observed, tools.hostGpus).question,
        "Found existing container 'train' running berth-lab/busybox:1 with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable. What should I do?",
      );
      await lab.docker("restart", "--time", "0", id);
      assert.deepEqual(offered(await lookAt(id, spec), spec), ["reuse", "restart", "parallel"]);
    });

    it("fails in every other way", async () => {
      const id = await runBox(lab, "train", hostConfig(oneGpu));
      const spec = wanted({ gpus: { ids: ["0"] } });
      const heals = ["revive", "restart", "parallel"];
      const stays = ["restart", "parallel"];
      const cases = [
        ["mismatch", "mismatch", heals],
        ["notfound", "lost", heals],
        ["nodriver", "absent", stays],
        ["nolib", "absent", stays],
        ["denied", "absent", stays],
        ["hang", "unresponsive", heals],
      ] as const;
      for (const [fault, verdict, choices] of cases) {
        await containerFault(lab, id, fault);
        const look = await lookAt(id, spec, { probeTimeout: fault === "hang" ? 1500 : 20_000 });
        assert.equal(look.observed.health?.verdict, verdict, fault);
        assert.deepEqual(offered(look, spec), choices, fault);
      }
    });

    it("is of another GPU, or the same by another name", async () => {
      const id = await runBox(lab, freshName(), hostConfig(oneGpu));
      for (const [gpus, choices] of [
        [{ ids: ["0"] }, ["reuse", "restart", "parallel"]],
        [{ ids: [gpuUuid(0)] }, ["reuse", "restart", "parallel"]],
        [{ count: 1 }, ["reuse", "restart", "parallel"]],
        [{ ids: ["1"] }, ["restart", "parallel"]],
        [{ ids: [gpuUuid(1)] }, ["restart", "parallel"]],
        ["all", ["restart", "parallel"]],
        ["none", ["reuse", "restart", "parallel"]],
      ] as const)
        assert.deepEqual(offered(await lookAt(id, wanted({ gpus })), wanted({ gpus })), choices, JSON.stringify(gpus));
    });

    it("came through the nvidia runtime", async () => {
      const id = await runBox(lab, freshName(), {
        ...hostConfig({ Runtime: "nvidia" }),
        Env: ["NVIDIA_VISIBLE_DEVICES=all"],
      });
      const spec = wanted({ runtime: "nvidia", env: { NVIDIA_VISIBLE_DEVICES: "all" } });
      assert.equal((await lookAt(id, spec)).observed.health?.verdict, "ok");
      await makeStale(lab, id);
      assert.deepEqual(offered(await lookAt(id, spec), spec), ["revive", "restart", "parallel"]);
    });

    it("is not there without nvidia-smi to ask: that is no reason", async () => {
      const id = await runBox(lab, freshName(), { Cmd: ["1000"], Image: "berth-lab/no-shell:1" });
      const look = await lookAt(id, wanted({ gpus: "all" }));
      assert.deepEqual([look.observed.health?.verdict, look.observed.health?.answered], ["absent", undefined]);
    });

    it("is asked for even where the container's own folder is gone", async () => {
      const work = subfolder("work");
      const id = await runBox(lab, freshName(), { ...hostConfig({ ...oneGpu, Binds: [`${work}:/work`] }), WorkingDir: "/work" });
      rmSync(work, { recursive: true });
      const { observed } = await lookAt(id, wanted({ gpus: { ids: ["0"] } }));
      assert.deepEqual([observed.health?.verdict, observed.staleMounts], ["ok", ["/work"]]);
    });
  });

  describe("its folders of the host", () => {
    for (const withoutTools of [false, true])
      it(`deleted and made again${withoutTools ? ", in an image without any tools" : ", moved away, or saved anew"}`, async () => {
        const [one, two, three] = [subfolder("one"), subfolder("two"), subfolder("three")];
        const file = join(folder, "main.txt");
        writeFileSync(file, "port=1\n");
        const Binds = [`${one}:/one`, `${two}:/two`, `${three}:/three/`, `${file}:/main.txt`];
        const id = await runBox(lab, "train", {
          ...(withoutTools ? { Image: "berth-lab/no-shell:1", Cmd: ["1000"] } : {}),
          ...hostConfig({ Binds }),
        });
        const spec = wanted({ mounts: Binds.map((bind) => ({ source: bind.split(":")[0]!, target: bind.split(":")[1]! })) });
        assert.deepEqual((await lookAt(id, spec)).observed.staleMounts, []);

        rmSync(one, { recursive: true });
        mkdirSync(one);
        renameSync(two, join(folder, "two.old"));
        mkdirSync(two);
        writeFileSync(`${file}~`, "port=2\n");
        renameSync(`${file}~`, file);
        const look = await lookAt(id, spec);
        // Without a program inside only a folder that is no more can be told.
        const stale = withoutTools ? ["/one"] : ["/main.txt", "/one", "/two"];
        assert.deepEqual([...look.observed.staleMounts].sort(), stale);
        assert.deepEqual(offered(look, spec), ["revive", "restart", "parallel"]);

        await lab.docker("restart", "--time", "0", id);
        const healed = await lookAt(id, spec);
        assert.deepEqual(healed.observed.staleMounts, []);
        assert.deepEqual(offered(healed, spec), ["reuse", "restart", "parallel"]);
      });

    it("reached by a link, as before", async () => {
      const real = subfolder("real");
      await execa("ln", ["-s", real, join(folder, "link")]);
      const id = await runBox(lab, freshName(), hostConfig({ Binds: [`${join(folder, "link")}:/data`] }));
      assert.deepEqual((await lookAt(id, wanted())).observed.staleMounts, []);
    });

    it("missing", async () => {
      const data = subfolder("data");
      const id = await runBox(lab, "train", hostConfig({ Binds: [`${data}:/data:ro`] }));
      const spec = wanted({ mounts: [{ source: data, target: "/data" }] });
      const look = await lookAt(id, spec);
      assert.deepEqual(offered(look, spec), ["restart", "parallel"]);
      const readOnly = wanted({ mounts: [{ type: "bind", source: `${data}/`, target: "/data", readOnly: true }] });
      assert.deepEqual(offered(look, readOnly), ["reuse", "restart", "parallel"]);
    });
  });

  it("in every state that can be made", async () => {
    const data = subfolder("data");
    const config = hostConfig({ ...oneGpu, Binds: [`${data}:/data`] });
    const spec = wanted({ gpus: { ids: ["0"] }, mounts: [{ source: data, target: "/data" }] });
    const ids = {
      created: await createBox(lab, "created", config),
      exited: await runBox(lab, "exited", config),
      paused: await runBox(lab, "paused", config),
      restarting: await runBox(lab, "restarting", {
        Cmd: ["sh", "-c", "exit 1"],
        ...hostConfig({ ...oneGpu, Binds: [`${data}:/data`], RestartPolicy: { Name: "always" } }),
      }),
    };
    await api(lab, "POST", `/containers/${ids.exited}/kill`);
    await api(lab, "POST", `/containers/${ids.paused}/pause`);
    // Docker waits between two starts, twice as long each time: long enough here to look at it in peace.
    await until("it waits for its next start", async () => {
      const raw = (await tools.engine.inspectRaw("container", ids.restarting)) as {
        RestartCount: number;
        State: { Status: string };
      };
      return raw.RestartCount >= 5 && raw.State.Status === "restarting";
    });
    rmSync(data, { recursive: true });
    mkdirSync(data);
    const can = ["reuse", "restart", "parallel"];
    const expected = { created: can, exited: can, paused: can, restarting: ["restart", "parallel"] };
    const looks = await lookAtAll(spec);
    for (const [state, choices] of Object.entries(expected)) {
      const look = looks.find(({ found }) => found.name === state);
      assert(look, state);
      assert.equal(look.observed.state, state);
      const appRuns = state === "paused" ? "unknown" : undefined;
      assert.deepEqual([look.observed.health, look.observed.staleMounts, look.appRuns], [undefined, [], appRuns], state);
      assert.deepEqual(offered(look, spec), choices, state);
    }
  });

  it("ten at once: all asked, at most eight at a time, and one that hangs holds up nobody", async () => {
    const names = Array.from({ length: 10 }, (_, n) => `many-${n}`);
    const ids = await Promise.all(names.map((name) => runBox(lab, name, hostConfig(oneGpu))));
    const [hung = "", stale = ""] = ids;
    await containerFault(lab, hung, "hang");
    await makeStale(lab, stale);
    let asking = 0;
    let most = 0;
    const findApp = async (id: string) => {
      most = Math.max(most, ++asking);
      await tools.engine.inspect(id);
      asking--;
      if (id === hung) await new Promise(() => undefined); // never says
      return id === stale;
    };
    const spec = wanted({ gpus: { ids: ["0"] } });
    const begun = performance.now();
    const looks = await lookAtAll(spec, { findApp, probeTimeout: 4000 });
    const took = performance.now() - begun;
    const verdicts = looks.map(({ found, observed }) => [found.name, observed.health?.verdict]);
    assert.deepEqual(
      Object.fromEntries(verdicts),
      Object.fromEntries(names.map((name, n) => [name, n === 0 ? "unresponsive" : n === 1 ? "stale" : "ok"])),
    );
    assert.equal(looks.find(({ found }) => found.id === hung)?.appRuns, "unknown");
    assert.equal(looks.find(({ found }) => found.id === stale)?.appRuns, true);
    assert(most > 1 && most <= 8, `${most} at a time`);
    // One after the other ten would take the hung one's time and the others' on top.
    assert(took < 12_000, `${took} ms`);
  });

  it("one that the engine says odd things of hides no other, and itself is told", async () => {
    const odd = await runBox(lab, "odd");
    await runBox(lab, "fine");
    const proxy = await startProxy(lab);
    try {
      proxy.rewrite = (line, body) => (line === `GET /containers/${odd}/json` ? '{"Id":"x"}' : body);
      tools = await toolsFor(proxy.env);
      const looks = await lookAtAll(wanted());
      const told = looks.map(({ found, observed }) => [found.name, observed.state, observed.unread]);
      assert.deepEqual(told.sort(), [
        ["fine", "running", undefined],
        ["odd", "running", `Berth does not understand what the engine says of container '${odd}'.`],
      ]);
      const look = looks.find(({ found }) => found.name === "odd")!;
      assert.deepEqual(offered(look, wanted()), ["parallel"]);
    } finally {
      proxy.close();
    }
  });

  it("one that is gone by then is left out; one that stops while it is asked counts as stopped", async () => {
    const gone = await runBox(lab, "gone");
    const stops = await runBox(lab, "stops", hostConfig(oneGpu));
    const found = (await tools.engine.containers()).map(by("image"));
    await lab.docker("rm", "--force", gone);
    const probe: Tools["cli"]["probe"] = async (args, timeout) => {
      if (args.includes("nvidia-smi")) await lab.docker("kill", stops);
      return tools.cli.probe(args, timeout);
    };
    const looks = await observe({ ...tools, cli: { ...tools.cli, probe }, findApp: nothing }, wanted({ gpus: "all" }), found);
    assert.deepEqual(
      looks.map(({ found: { name, state }, observed }) => [name, state, observed.state, observed.health]),
      [["stops", "exited", "exited", undefined]],
    );
  });

  it("an app that cannot be asked for may run; where there is none to ask for, none does", async () => {
    const id = await runBox(lab);
    const look = await lookAt(id, wanted(), { findApp: () => Promise.reject(new UserError("odd")) });
    assert.equal(look.appRuns, "unknown");
    await api(lab, "POST", `/containers/${id}/pause`);
    const { findApp: _, ...none } = { ...tools, findApp: nothing };
    const [asleep] = await observe(none, wanted(), (await tools.engine.containers()).map(by("name")));
    assert.deepEqual([asleep?.found.state, asleep?.appRuns], ["paused", undefined]);
  });

  it("an engine that is gone is told, not guessed at", async () => {
    await runBox(lab);
    const found = (await tools.engine.containers()).map(by("name"));
    const proxy = await startProxy(lab);
    const reached = await toolsFor(proxy.env);
    proxy.close();
    await assert.rejects(observe({ ...reached, findApp: nothing }, wanted(), found), EngineGoneError);
  });

  it("that Docker Compose made: recognisably the same, with the differences told", async function () {
    this.timeout(300_000);
    const compose = await dockerCompose();
    const data = subfolder("data");
    writeFileSync(
      join(folder, "compose.yaml"),
      JSON.stringify({
        name: "perception",
        services: {
          app: {
            ...{ image, container_name: "by-compose", command: ["tail", "-f", "/dev/null"], init: true, shm_size: "64m" },
            ...{ volumes: ["./data:/data"], network_mode: "bridge", environment: { A: "1" }, pull_policy: "never" },
            deploy: { resources: { reservations: { devices: [{ driver: "", count: 1, capabilities: ["gpu"] }] } } },
          },
        },
      }),
    );
    await execa(compose, ["up", "--detach"], { cwd: folder, env: lab.env, extendEnv: false });
    const [{ id } = { id: "" }] = await tools.engine.containers();
    const spec = wanted({
      ...{ name: "by-compose", command: ["tail", "-f", "/dev/null"], gpus: { count: 1 }, env: { A: "2" } },
      mounts: [{ source: data, target: "/data" }],
    });
    const look = await lookAt(id, spec);
    assert.equal(look.found.labels["com.docker.compose.service"], "app");
    assert.equal(look.observed.health?.verdict, "ok");
    assert.deepEqual(offered(look, spec), ["reuse", "restart", "parallel"]);
    assert.deepEqual(decide(spec, look.observed, tools.hostGpus).differences, [{ field: "env.A", wanted: "2", has: "1" }]);
  });

  it("nothing: nothing is asked", async () => assert.deepEqual(await lookAtAll(wanted()), []));

  it("on a machine whose platform is known", async () => {
    const { architecture } = await tools.engine.info();
    const here = architecture === "x86_64" ? "x86" : "sbsa";
    assert.equal(await detectPlatform(tools.engine), here);
    const elsewhere = { ...tools.engine, info: async () => ({ ...(await tools.engine.info()), architecture: "aarch64" }) };
    assert.equal(await detectPlatform(elsewhere, false), undefined);
  });
});
