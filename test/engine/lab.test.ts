/** The laboratory itself: the other tests stand on what is proved here. */
import { execa } from "execa";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runAsRoot } from "../lab/cache.ts";
import { type LabEngine, startEngine } from "../lab/engine.ts";
import { engineBinaries } from "../lab/engines.ts";
import { type GpuFault, containerFault, gpuUuid, hostGpus, makeStale } from "../lab/gpu.ts";
import { loadImages } from "../lab/images.ts";

const keepAlive = ["tail", "-f", "/dev/null"];
const lab = join(import.meta.dirname, "../lab");

describe("the laboratory", function () {
  this.timeout(120_000);
  let engine: LabEngine;

  before(async () => {
    engine = await startEngine("lab-test");
    await removeContainers(engine);
    await loadImages(engine, ["busybox"]);
  });
  after(async () => {
    await removeContainers(engine);
    await engine.dispose();
  });

  /** Starts a container that stays, and gives its full id. */
  const run = (...args: string[]) => engine.docker("run", "--detach", "--init", ...args);
  /** What a command ended with, whether it succeeded or not. */
  const outcome = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await execa("docker", args, { env: engine.env, extendEnv: false, reject: false });
    return { exitCode, stdout, stderr };
  };

  describe("engine", () => {
    it("is up, apart from the system's, and needs neither bridge nor firewall of it", async () => {
      const info = JSON.parse(await engine.docker("info", "--format", "{{json .}}")) as Record<string, unknown>;
      assert.equal(info.DockerRootDir, join(dirname(engine.socket), "data"));
      assert.notEqual(engine.socket, "/var/run/docker.sock");
      assert.equal(await engine.docker("run", "--rm", "berth-lab/busybox:1", "echo", "hello"), "hello");
      assert.match(await runAsRoot("ip", "-brief", "link"), /^berth-[0-9a-f]{8} /m);
    });

    it("is of the version that BERTH_ENGINE names, and refuses the clients that it should", async () => {
      const { version, env } = await engineBinaries(process.env.BERTH_ENGINE);
      const said = await engine.docker("version", "--format", "{{.Server.Version}} {{.Server.MinAPIVersion}}");
      const [is = "", minApi] = said.split(" ");
      assert(is.startsWith(version), `${is} instead of ${version}`);
      if (env.DOCKER_MIN_API_VERSION) assert.equal(minApi, env.DOCKER_MIN_API_VERSION);
      const old = await execa("docker", ["ps"], { env: { ...engine.env, DOCKER_API_VERSION: "1.41" }, reject: false });
      if (env.DOCKER_MIN_API_VERSION) assert.match(old.stderr, /client version 1.41 is too old/);
      else assert.equal(old.exitCode, 0);
    });

    it("publishes ports on this machine", async () => {
      await run("--name", "web", "--publish", "127.0.0.1::80", "berth-lab/busybox:1", "httpd", "-f", "-h", "/etc");
      await engine.docker("exec", "web", "sh", "-c", "until wget -q -O /dev/null http://127.0.0.1/passwd; do :; done");
      const response = await fetch(`http://${await engine.docker("port", "web", "80")}/passwd`);
      assert.match(await response.text(), /^root:/);
    });

    it("rejects with what the CLI says", async () => {
      await assert.rejects(engine.docker("start", "nobody"), /No such container: nobody/);
    });

    it("is one per name in a process", async () => {
      assert.equal(await startEngine("lab-test"), engine);
    });

    it("stops, starts again and has its containers", async () => {
      const id = await run("--name", "survivor", "berth-lab/busybox:1", ...keepAlive);
      const before = engine.pid;
      await engine.stop();
      assert(!existsSync(engine.socket));
      await assert.rejects(engine.docker("ps"), /Cannot connect to the Docker daemon/);
      await engine.start();
      assert.notEqual(engine.pid, before);
      assert.equal(await engine.docker("inspect", "--format", "{{.Id}} {{.State.Status}}", "survivor"), `${id} exited`);
      await engine.docker("start", "survivor");
    });

    it("hangs when frozen, and thaws", async () => {
      await engine.freeze();
      const frozen = await execa("docker", ["ps"], { env: engine.env, extendEnv: false, timeout: 300, reject: false });
      assert(frozen.timedOut);
      await engine.thaw();
      await engine.docker("ps");
    });

    it("starts after dockerd was killed, with containers running", async () => {
      await run("--name", "orphan", "--restart", "always", "berth-lab/busybox:1", ...keepAlive);
      await runAsRoot("kill", "-KILL", String(engine.pid));
      await engine.start();
      assert.match(await engine.docker("ps", "--all", "--format", "{{.Names}}"), /^orphan$/m);
    });

    it("is independent of another one", async () => {
      const other = await startEngine("lab-test-other", { gpu: false });
      try {
        await run("--name", "mine", "berth-lab/busybox:1", ...keepAlive);
        assert.equal(await other.docker("ps", "--all", "--quiet"), "");
        const id = (one: LabEngine) => one.docker("info", "--format", "{{.ID}}");
        assert.notEqual(await id(other), await id(engine));
        const subnet = (one: LabEngine) => one.docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}");
        assert.notEqual(await subnet(other), await subnet(engine));
        await other.stop();
        await engine.docker("ps");
      } finally {
        await other.dispose({ wipe: true });
      }
      assert(!existsSync(dirname(other.socket)));
    });

    it("says why dockerd didn't start", async () => {
      await assert.rejects(startEngine("lab-test-broken", { args: ["--log-level=nonsense"] }), /logging level: nonsense/);
    });

    it("dies with the process that started it, even by SIGKILL, and the next start copes", async () => {
      const { process, pid } = await startInChild("lab-test-lease", "{}");
      await assert.rejects(startEngine("lab-test-lease"), /is in use by process \d+/);
      process.kill("SIGKILL");
      await once(process, "exit");
      const again = await startEngine("lab-test-lease"); // while the old one may still be ending
      assert(!isRunning(pid));
      await again.dispose({ wipe: true });
    });

    it("outlives it when it is to be kept, and is found again", async () => {
      const { process, pid } = await startInChild("lab-test-kept", "{ keep: true }");
      process.kill("SIGKILL");
      await once(process, "exit");
      const again = await startEngine("lab-test-kept", { keep: true });
      assert.equal(again.pid, pid);
      await again.docker("ps");
      await again.dispose({ wipe: true });
      assert(!isRunning(pid));
    });
  });

  describe("GPUs", () => {
    beforeEach(() => hostGpus(engine));

    const smi = (...args: string[]) => smiWithin(20_000, ...args);
    const smiWithin = (timeout: number, ...args: string[]) =>
      execa("nvidia-smi", args, { env: engine.env, extendEnv: false, reject: false, timeout });

    it("are two on the host", async () => {
      const { stdout } = await smi("-L");
      assert.equal(
        stdout,
        `GPU 0: NVIDIA H100 80GB HBM3 (UUID: ${gpuUuid(0)})\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: ${gpuUuid(1)})`,
      );
    });

    it("answer queries, with and without units", async () => {
      hostGpus(engine, {
        count: 3,
        utilization: [41],
        memoryUsed: [18000],
        fields: [{}, {}, { name: "NVIDIA GB10", "memory.total": "[N/A]" }],
        processes: [{ gpu: 0, pid: 4711, name: "python3", memory: 17900 }],
      });
      const query = "--query-gpu=index,utilization.gpu,memory.used,memory.total,name";
      assert.equal(
        (await smi(query, "--format=csv")).stdout,
        "index, utilization.gpu [%], memory.used [MiB], memory.total [MiB], name\n" +
          "0, 41 %, 18000 MiB, 81559 MiB, NVIDIA H100 80GB HBM3\n" +
          "1, 0 %, 1 MiB, 81559 MiB, NVIDIA H100 80GB HBM3\n" +
          "2, 0 %, 1 MiB, [N/A], NVIDIA GB10",
      );
      assert.match((await smi(query, "--format=csv,noheader,nounits")).stdout, /^0, 41, 18000, 81559, NVIDIA H100/);
      assert.equal((await smi("-i", gpuUuid(1), "--query-gpu=index", "--format=csv,noheader")).stdout, "1");
      const apps = await smi("--query-compute-apps=gpu_uuid,pid,used_memory,process_name", "--format=csv,noheader,nounits");
      assert.equal(apps.stdout, `${gpuUuid(0)}, 4711, 17900, python3`);
      const rows = await smi("--query-remapped-rows=gpu_uuid,remapped_rows.pending", "--format=csv,noheader");
      assert.match(rows.stdout, new RegExp(`^${gpuUuid(0)}, 0\n`));
      assert.match((await smi()).stdout, /\| +41% +Default \|/);
    });

    it("refuse a field they don't know, and the help lists those they know", async () => {
      const refused = await smi("--query-gpu=index,shoe_size", "--format=csv");
      assert.deepEqual([refused.exitCode, refused.stdout.trim()], [2, 'Field "shoe_size" is not a valid field to query.']);
      const help = (await smi("--help-query-gpu")).stdout;
      const fields = [...help.matchAll(/^"(.*)"$/gm)].flatMap(([, names]) => names!.split('" or "'));
      assert(fields.includes("clocks_throttle_reasons.active") && fields.length > 50);
      const all = await smi(`--query-gpu=${fields.join(",")}`, "--format=csv,noheader");
      assert.equal(all.exitCode, 0);
    });

    const faults: [GpuFault, number | undefined, RegExp][] = [
      ["stale", 255, /^Failed to initialize NVML: Unknown Error$/],
      ["denied", 4, /Insufficient Permissions/],
      ["mismatch", 18, /Driver\/library version mismatch/],
      ["lost", 15, /GPU is lost/],
      ["handle", 255, /Unable to determine the device handle for GPU0000:43:00.0: Unknown Error/],
      ["notfound", 6, /No devices were found/],
      ["nodriver", 9, /couldn't communicate with the NVIDIA driver/],
      ["nolib", 12, /couldn't find libnvidia-ml.so/],
      ["lost-cell", 0, /^0, 0 %\n1, \[GPU is lost\]$/],
      ["hang", undefined, /^$/],
    ];
    for (const [fault, exitCode, text] of faults)
      it(`can fail: ${fault}`, async () => {
        hostGpus(engine, { fault });
        const patience = fault === "hang" ? 500 : 20_000;
        const result = await smiWithin(patience, "--query-gpu=index,utilization.gpu", "--format=csv,noheader");
        assert.equal(result.exitCode, exitCode);
        assert.match(result.stdout, text);
      });

    it("come into a container by --gpus: those asked for, and NVML counts them from 0", async () => {
      const lists: [string, number[]][] = [
        ['"device=1"', [1]],
        ['"device=0,1"', [0, 1]],
        [`device=${gpuUuid(1)}`, [1]],
        ["1", [0]],
        ["all", [0, 1]],
      ];
      for (const [gpus, cards] of lists)
        assert.equal(
          await engine.docker("run", "--rm", "--gpus", gpus, "berth-lab/busybox:1", "nvidia-smi", "-L"),
          cards.map((card, index) => `GPU ${index}: NVIDIA H100 80GB HBM3 (UUID: ${gpuUuid(card)})`).join("\n"),
        );
    });

    it("come by --runtime nvidia too", async () => {
      const args = ["--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=1", "berth-lab/busybox:1", "nvidia-smi", "-L"];
      assert.match(await engine.docker("run", "--rm", ...args), new RegExp(gpuUuid(1)));
    });

    it("don't come unasked, nor more than there are", async () => {
      const none = await outcome("run", "--rm", "berth-lab/busybox:1", "nvidia-smi");
      assert.equal(none.exitCode, 127);
      const many = await outcome("run", "--rm", "--gpus", "3", "berth-lab/busybox:1", "true");
      assert.match(many.stderr, /nvidia-container-cli: device error: 2: unknown device/);
    });

    it("get lost as by a daemon-reload, in that container alone, and a restart heals it", async () => {
      const id = await run("--name", "trainer", "--gpus", "all", "berth-lab/busybox:1", ...keepAlive);
      const neighbour = await run("--name", "neighbour", "--gpus", "all", "berth-lab/busybox:1", ...keepAlive);
      await makeStale(engine, id);
      const stale = await outcome("exec", id, "nvidia-smi", "-L");
      assert.deepEqual([stale.exitCode, stale.stdout], [255, "Failed to initialize NVML: Unknown Error"]);
      assert.equal((await outcome("exec", neighbour, "nvidia-smi", "-L")).exitCode, 0);
      await engine.docker("restart", id);
      assert.match(await engine.docker("exec", id, "nvidia-smi", "-L"), /^GPU 0: /);
    });

    it("refuse to go stale for anything but a full id", async () => {
      for (const id of ["", "trainer", "0123456789ab"]) await assert.rejects(makeStale(engine, id), /not the full id/);
    });

    it("can fail in one container", async () => {
      const id = await run("--gpus", "all", "berth-lab/busybox:1", ...keepAlive);
      await containerFault(engine, id, "mismatch");
      assert.equal((await outcome("exec", id, "nvidia-smi")).exitCode, 18);
      assert.equal((await smi()).exitCode, 0);
      await engine.docker("restart", id);
      assert.equal((await outcome("exec", id, "nvidia-smi")).exitCode, 18);
      await containerFault(engine, id, "none");
      assert.equal((await outcome("exec", id, "nvidia-smi")).exitCode, 0);
    });
  });

  describe("images", () => {
    before(async function () {
      this.timeout(600_000); // debootstrap, once on a machine
      await loadImages(engine);
    });

    it("swallow ignores what it is asked to run", async () => {
      assert.equal(await engine.docker("run", "--rm", "berth-lab/swallow:1", ...keepAlive), "nothing to do");
    });

    for (const name of ["exec-entrypoint", "nvidia-entrypoint"])
      it(`${name} execs its arguments`, async () => {
        assert.match(await engine.docker("run", "--rm", `berth-lab/${name}:1`, "cat", "/proc/1/comm"), /^cat$/m);
      });

    it("no-shell runs and has neither shell nor tail", async () => {
      const id = await engine.docker("run", "--detach", "berth-lab/no-shell:1");
      for (const program of ["sh", "tail"]) {
        const { stdout, exitCode } = await outcome("exec", id, program);
        assert.match(stdout, /executable file not found/);
        assert(exitCode === 126 || exitCode === 127);
      }
      assert.equal(await engine.docker("inspect", "--format", "{{.State.Running}}", id), "true");
    });

    it("sh-only has a shell and no tail", async () => {
      const args = ["run", "--rm", "--entrypoint", "tail", "berth-lab/sh-only:1", "-f", "/dev/null"];
      const { stderr, exitCode } = await outcome(...args);
      assert.deepEqual([exitCode, /executable file not found/.test(stderr)], [127, true]);
      assert.equal(await engine.docker("run", "--rm", "berth-lab/sh-only:1", "/bin/sh", "-c", "echo yes"), "yes");
    });

    it("exits says three things and fails with 3", async () => {
      const { exitCode, stdout, stderr } = await outcome("run", "--rm", "berth-lab/exits:1");
      assert.deepEqual([exitCode, stdout, stderr.split("\n").at(-1)], [3, "one\nthree", "two"]);
    });

    it("anon-volume brings a volume without a name", async () => {
      const id = await engine.docker("create", "berth-lab/anon-volume:1");
      const mounts = JSON.parse(await engine.docker("inspect", "--format", "{{json .Mounts}}", id)) as Record<string, string>[];
      assert.equal(mounts[0]?.Destination, "/data");
      assert.match(mounts[0].Name ?? "", /^[0-9a-f]{64}$/);
    });

    it("user works as 1000 in its home", async () => {
      const script = "id -u; pwd; python3 -c 'print(6*7)'; git --version; ps -o comm= -p 1; true";
      const said = await engine.docker("run", "--rm", "berth-lab/user:1", "bash", "-c", script);
      assert.match(said, /^1000\n\/home\/dev\n42\ngit version .*\nbash$/);
    });

    it("oom is killed for its memory, and takes none without a limit", async () => {
      assert.equal((await outcome("run", "--name", "eater", "--memory", "32m", "berth-lab/oom:1")).exitCode, 137);
      assert.equal(await engine.docker("inspect", "--format", "{{.State.OOMKilled}}", "eater"), "true");
      assert.equal((await outcome("run", "--rm", "berth-lab/oom:1")).exitCode, 2);
    });

    it("are not made twice", async () => {
      const list = () => engine.docker("image", "ls", "--quiet", "--filter", "reference=berth-lab/*");
      const ids = async () => (await list()).split("\n").sort();
      const before = await ids();
      await loadImages(engine);
      assert.deepEqual(await ids(), before);
    });
  });
});

/** A dead process that nobody has asked after yet still has a folder in /proc, and no command line. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`).length > 0;
}

async function removeContainers(engine: LabEngine): Promise<void> {
  const ids = (await engine.docker("ps", "--all", "--quiet")).split("\n").filter(Boolean);
  if (ids.length > 0) await engine.docker("rm", "--force", "--volumes", ...ids);
}

/** Starts an engine from another process, which then waits to be killed. */
async function startInChild(name: string, options: string) {
  const script = `const { startEngine } = await import(${JSON.stringify(join(lab, "engine.ts"))});
    const engine = await startEngine(${JSON.stringify(name)}, ${options});
    console.log(engine.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { process: child, pid: Number(line.toString()) };
}
