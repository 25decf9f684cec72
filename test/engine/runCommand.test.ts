import assert from "node:assert/strict";
import { execa } from "execa";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runCommandLines, shownRun } from "../../src/core/dockerRun.ts";
import { parseRun } from "../../src/core/parseRun.ts";
import { isAtLeast } from "../../src/core/runFromInspect.ts";
import { secretEnv } from "../../src/core/runSpec.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { EngineRun } from "../../src/engine/readRun.ts";
import type { LabEngine } from "../lab/engine.ts";
import { api, freshName, toolsFor, useEngine } from "./support.ts";
import { combinations, defaults, webDockerfile, type Combination } from "./runFlags.ts";

const busybox = "berth-lab/busybox:1";

describe("docker run, read back from a container", () => {
  let lab: LabEngine;
  let engine: Engine;
  let apiVersion = "";
  let cgroups = "";

  before(async function () {
    this.timeout(180_000);
    lab = await useEngine("run-command"); // one of its own, for its networks, volumes and images
    ({ engine } = await toolsFor(lab.env));
    apiVersion = (JSON.parse(await api(lab, "GET", "/version")) as { ApiVersion: string }).ApiVersion;
    cgroups = (JSON.parse(await api(lab, "GET", "/info")) as { CgroupVersion: string }).CgroupVersion;
    const context = await mkdtemp(join(tmpdir(), "berth-roundtrip-"));
    await writeFile(join(context, "Dockerfile"), webDockerfile);
    await execa("docker", ["build", "--quiet", "--tag", "berth-lab/roundtrip:1", context], {
      env: { ...lab.env, DOCKER_BUILDKIT: "0" },
      extendEnv: false,
    });
    await rm(context, { recursive: true });
    await mkdir("/tmp/berth-a:b,c", { recursive: true }); // --mount wants it there
    for (const name of ["db", "other"]) await lab.docker("create", "--name", name, "-v", "/shared", busybox, "sleep", "1000");
    for (const [name, subnet] of [
      ["net-a", "10.199.1.0/24"],
      ["net-b", "10.199.2.0/24"],
      ["net-c", "10.199.3.0/24"],
    ] as const) {
      const six = name === "net-a" ? ["--ipv6", "--subnet", "fd00:199::/64"] : [];
      await lab.docker("network", "rm", name).catch(() => undefined); // of a run that was broken off
      await lab.docker("network", "create", "--subnet", subnet, ...six, name);
    }
  });

  afterEach(async () => {
    const ids = (await lab.docker("ps", "--all", "--quiet", "--filter", "name=^/(rt|default)-")).split("\n").filter(Boolean);
    if (ids.length > 0) await lab.docker("rm", "--force", "--volumes", ...ids);
  });

  after(async () => {
    engine?.close();
    for (const folder of ["/tmp/berth-a:b,c", "/tmp/berth-round-trip"]) await rm(folder, { recursive: true, force: true });
    await lab?.dispose({ wipe: true });
  });

  const isFor = ({ since = "0", until = "999.0" }: Combination) => isAtLeast(apiVersion, since) && isAtLeast(until, apiVersion);

  async function create({ options, image = busybox, command = [], env = {} }: Combination, name: string): Promise<void> {
    const from = image === "ID" ? await lab.docker("image", "inspect", "--format", "{{.Id}}", busybox) : image;
    await execa("docker", ["create", "--name", name, ...options, from, ...command], {
      env: { ...lab.env, ...env },
      extendEnv: false,
    });
  }

  async function runOf(name: string): Promise<EngineRun> {
    const run = await engine.runOf(name);
    assert(run, `there is no container ${name}`);
    return run;
  }

  /** Pastes the command into a shell: the container is made under another name, and not started. */
  async function paste(text: string, from: string, to: string, env: NodeJS.ProcessEnv): Promise<void> {
    const script = text.replace(/^docker run -d/m, "docker create --pull=never").replaceAll(from, to);
    await execa("sh", ["-s"], { input: script, env: { ...lab.env, ...env }, extendEnv: false });
  }

  type Json = Record<string, unknown>;

  /** An inspect without id, name and times, without what the engine derives from them, and without the order of what has none. */
  async function comparable(name: string): Promise<Json> {
    const text = await api(lab, "GET", `/containers/${name}/json`);
    const { Id } = JSON.parse(text) as { Id: string };
    const json = JSON.parse(text.replaceAll(Id, "ID").replaceAll(Id.slice(0, 12), "ID").replaceAll(name, "NAME")) as Json & {
      Config: Json;
      HostConfig: Json;
      NetworkSettings: { Networks: Record<string, Json> };
      Mounts: { Type: string; Name?: string; Source: string; Destination: string }[];
    };
    for (const key of ["Created", "State", "GraphDriver", "RestartCount"]) delete json[key];
    // The command line hands -v over in any order, and the words of one have none either.
    const binds = (json.HostConfig.Binds ?? []) as string[];
    json.HostConfig.Binds = binds
      .map((bind) =>
        bind
          .split(":")
          .map((part, n) => (n === 2 ? part.split(",").sort().join() : part))
          .join(":"),
      )
      .sort();
    for (const mount of json.Mounts) {
      // Made for this container: a volume without a name, the layer above an image.
      if (/^[0-9a-f]{64}$/.test(mount.Name ?? "")) Object.assign(mount, { Name: "ANONYMOUS", Source: "" });
      if (mount.Type === "image") mount.Source = "";
    }
    for (const network of Object.values(json.NetworkSettings.Networks)) {
      delete network.DNSNames; // of name and aliases; told once it was connected by itself
      network.DriverOpts ??= {};
    }
    (json.HostConfig.Links as string[] | null)?.sort();
    json.Mounts.sort((a, b) => (a.Destination < b.Destination ? -1 : 1));
    // Of a variable that was taken away, of one that came from the environment, of an image's: the order is none.
    json.Config.Env = ((json.Config.Env ?? []) as string[]).toSorted();
    return json;
  }

  describe("→ command → container", () => {
    for (const combination of combinations) {
      it(combination.title, async function () {
        if (!isFor(combination)) return this.skip(); // another engine's
        const [first, second, third] = [freshName("rt-a"), freshName("rt-b"), freshName("rt-c")];
        await create(combination, first);
        const { spec, oneNetwork, notes } = await runOf(first);
        const env = { ...combination.env };
        for (const [name, text] of [
          [second, runCommandLines(spec, { oneNetwork })],
          [third, runCommand(spec, { oneNetwork })],
        ] as const) {
          await paste(text, first, name, env);
          assert.deepEqual(await comparable(name), await comparable(first), text);
        }
        const withoutSecrets = {
          ...spec,
          ...(spec.env
            ? {
                env: Object.fromEntries(
                  Object.entries(spec.env).map(([key, value]) => [key, key in secretEnv(spec) ? null : value]),
                ),
              }
            : {}),
        };
        if (!oneNetwork || (spec.networks?.length ?? 0) < 2)
          assert.deepEqual(parseRun(runCommand(spec, { oneNetwork })), { spec: withoutSecrets, notes: [] });
        for (const secret of Object.values(secretEnv(spec)))
          assert.ok(!(runCommand(spec) + notes.join()).includes(secret), "a secret is shown");
      });
    }
  });

  describe("says nothing of what is a default:", () => {
    for (const combination of defaults) {
      it(combination.title, async function () {
        const name = freshName("default");
        const options = combination.options.includes("--cgroupns")
          ? ["--cgroupns", cgroups === "2" ? "private" : "host"]
          : combination.options;
        await create({ ...combination, options }, name);
        const { spec, notes } = await runOf(name);
        assert.deepEqual([runCommand(spec), notes], [`docker run -d --name ${name} ${combination.image ?? busybox}`, []]);
      });
    }
  });

  describe("in a container's life", () => {
    const lives: Combination[] = [
      { title: "in the default network", options: ["-p", "127.0.0.1::80", "--init"] },
      { title: "with all ports published", options: ["-P", "--expose", "80"] },
      {
        title: "in a network, with an address",
        options: ["--network", "net-a", "--ip", "10.199.1.90", "--network-alias", "www"],
      },
      {
        title: "in a network, with a hardware address",
        options: ["--network", "net-a", "--mac-address", "02:42:ac:11:00:90"],
        since: "1.44",
      },
      { title: "in several networks", options: ["--network", "name=net-a,alias=web", "--network", "net-b"], since: "1.44" },
      { title: "on the machine's own network", options: ["--network", "host", "--uts", "host"] },
      { title: "with GPUs", options: ["--gpus", '"device=0,1"', "-e", "A=1"] },
      {
        title: "with volumes and memory",
        options: ["-v", "data:/data", "-v", "/anonymous", "--tmpfs", "/run", "-m", "64m", "--cpus", "0.5"],
      },
      { title: "with everything inherited", options: [], image: "berth-lab/roundtrip:1" },
    ];
    for (const life of lives) {
      it(`is the same before, while and after it runs: ${life.title}`, async function () {
        if (!isFor(life)) return this.skip();
        const name = freshName("rt-life");
        await create({ ...life, command: life.image ? [] : ["sleep", "1000"] }, name);
        const before = await runOf(name);
        await lab.docker("start", name);
        assert.deepEqual(await runOf(name), before);
        await lab.docker("kill", name);
        assert.deepEqual(await runOf(name), before);
      });
    }

    it("runs as it is shown, comments and all", async () => {
      const [first, second] = [freshName("rt-run"), freshName("rt-run")];
      await lab.docker(
        "run",
        "-d",
        "--name",
        first,
        "--gpus",
        "1",
        "-e",
        "HF_TOKEN=hf_abcd",
        "-e",
        `N=it's "$HOME"`,
        "--init",
        busybox,
        "tail",
        "-f",
        "/dev/null",
      );
      const run = await runOf(first);
      const text = shownRun(run, "default").replaceAll(first, second);
      await execa("sh", ["-s"], { input: text, env: { ...lab.env, HF_TOKEN: "hf_abcd" }, extendEnv: false });
      assert.equal((await engine.inspect(second))?.state, "running");
      assert.deepEqual((await runOf(second)).spec, { ...run.spec, name: second });
      assert.match(await lab.docker("exec", second, "nvidia-smi", "-L"), /^GPU 0/);
      assert.equal(await lab.docker("exec", second, "sh", "-c", 'echo "$HF_TOKEN $N"'), `hf_abcd it's "$HOME"`);
    });

    it("names the networks that it was connected to later, and a shell connects another one to them", async () => {
      const [first, second] = [freshName("rt-net"), freshName("rt-net")];
      for (const [name, ...options] of [[first], [freshName("rt-net"), "--network", "net-b"]] as [string, ...string[]][]) {
        await lab.docker("create", "--name", name, ...options, busybox, "sleep", "1000");
        await lab.docker("network", "connect", "--alias", "later", "--ip", "10.199.1.91", "net-a", name);
        const { spec, oneNetwork } = await runOf(name);
        const to = `${second}-${options.length}`;
        await paste(runCommand(spec, { oneNetwork }), name, to, {});
        assert.deepEqual(await comparable(to), await comparable(name));
        await lab.docker("rm", name, to);
      }
    });

    it("names the image by its id once the tag means another one, and once it is gone", async () => {
      const name = freshName("rt-tag");
      await lab.docker("tag", busybox, "berth-lab/moving:1");
      await lab.docker("create", "--name", name, "berth-lab/moving:1");
      const id = await lab.docker("image", "inspect", "--format", "{{.Id}}", busybox);
      assert.equal(runCommand((await runOf(name)).spec), `docker run -d --name ${name} berth-lab/moving:1`);
      await lab.docker("tag", "berth-lab/exits:1", "berth-lab/moving:1");
      const moved = await runOf(name);
      assert.equal(runCommand(moved.spec), `docker run -d --name ${name} ${id}`);
      assert.deepEqual(moved.notes, ["The image is told by its id: 'berth-lab/moving:1' means another image by now."]);
      await lab.docker("image", "rm", "berth-lab/moving:1");
      assert.deepEqual((await runOf(name)).notes, [
        "The image is told by its id: the name 'berth-lab/moving:1' is gone from the engine.",
      ]);
    });

    it("of a container that is not there is none", async () => assert.equal(await engine.runOf("rt-nobody"), undefined));
  });
});
