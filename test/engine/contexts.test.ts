import { execa } from "execa";
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planStop } from "../../src/core/plan.ts";
import { listContexts, resolveEndpoint } from "../../src/engine/endpoint.ts";
import { connect } from "../../src/engine/engine.ts";
import { followLogs, type Note } from "../../src/engine/logs.ts";
import type { LabEngine } from "../lab/engine.ts";
import { ensurePackages } from "../lab/packages.ts";
import { freePort, startSshServer, type SshServer } from "../lab/ssh.ts";
import { carryOut, endWatches, planFor, removeContainers, sentenceOf, toolsFor, until, useEngine, watch } from "./support.ts";

/** Makes a CA, and a certificate that serves 127.0.0.1 and its clients; gives the folder with ca.pem, cert.pem and key.pem. */
async function makeCertificates(): Promise<string> {
  await ensurePackages(["openssl"], "to make certificates for an engine behind TLS");
  const cwd = mkdtempSync(join(tmpdir(), "berth-tls-"));
  const openssl = (...args: string[]) => execa("openssl", args, { cwd });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...newKey, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "2", "-subj", "/CN=berth-lab-ca");
  await openssl("req", ...newKey, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=berth-lab");
  writeFileSync(join(cwd, "extensions"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
  const ca = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", "extensions"];
  await openssl("x509", "-req", "-in", "request.pem", ...ca, "-out", "cert.pem");
  return cwd;
}

/** Command lines of all processes of this machine. */
function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return ""; // it ended meanwhile
      }
    });
}

describe("an engine that is not this machine's", function () {
  let lab: LabEngine;
  let folder: string;
  /** What Berth and the CLI are given: no DOCKER_HOST, and a folder of contexts. */
  let env: NodeJS.ProcessEnv;
  let children: ChildProcess[] = [];
  const onSpawn = (message: unknown) => children.push((message as { process: ChildProcess }).process);
  /** The CLI's processes that carry Berth's connections now. */
  const tunnels = () =>
    children.filter(
      ({ spawnargs, exitCode, signalCode }) => spawnargs.includes("dial-stdio") && exitCode === null && signalCode === null,
    );
  const docker = (...args: string[]) => execa("docker", args, { env, extendEnv: false });

  async function begin(args: string[]): Promise<void> {
    lab = await useEngine("remote", ["busybox"], { args });
    folder = mkdtempSync(join(tmpdir(), "berth-contexts-"));
    env = { ...lab.env, DOCKER_CONFIG: folder };
    delete env.DOCKER_HOST;
  }

  beforeEach(() => {
    children = [];
    subscribe("child_process", onSpawn);
  });
  afterEach(async () => {
    endWatches();
    unsubscribe("child_process", onSpawn);
    await until("every tunnel to end", () => tunnels().length === 0);
    await removeContainers(lab);
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => lab.dispose());

  /** What a person does with it, from the list to the stop. */
  async function isUsed(context: string): Promise<void> {
    const seen = watch(env, () => context);
    await seen.until("the engine", ({ engine: { status } }) => status === "ready");
    assert.deepEqual(seen.store.get().engine, { status: "ready", context, local: false });
    const tools = await toolsFor(env, context);
    try {
      assert.equal(tools.engine.endpoint.socketPath, undefined);
      const { plan } = await planFor(tools, { image: "berth-lab/busybox:1", name: "far-away" });
      const { id } = await carryOut(plan, tools);
      await seen.until("the new container, by its events", () => seen.find(id)?.state === "running");
      assert.equal(await lab.docker("inspect", "--format", "{{.State.Running}}", "far-away"), "true");
      const said = await tools.cli.probe(["exec", id, "sh", "-c", "echo hello; echo log >/proc/1/fd/1"], 20_000);
      assert.deepEqual([said.exitCode, said.stdout], [0, "hello"]);
      await until("the log", async () => (await tools.engine.logs(id, 10)) === "log\n");
      const info = await tools.engine.info();
      assert.equal(info.version, await lab.docker("version", "--format", "{{.Server.Version}}"));
      assert.equal(info.containers.running, 1);
      await carryOut(planStop((await tools.engine.inspect(id))!), tools);
      await seen.until("its end, by its events", () => seen.find(id)?.state === "exited");
      const open = tunnels().length;
      assert(open > 0 && open <= 6, `${open} tunnels`);
    } finally {
      tools.engine.close();
    }
  }

  it("is used over TCP", async () => {
    const port = await freePort();
    await begin([`--host=tcp://127.0.0.1:${port}`, "--tls=false"]);
    await docker("context", "create", "plain", "--description", "No lock", "--docker", `host=tcp://127.0.0.1:${port}`);
    await isUsed("plain");
    assert.deepEqual(await listContexts(env), [{ name: "plain", host: `tcp://127.0.0.1:${port}`, description: "No lock" }]);
  }).timeout(180_000);

  it("is used over TCP with TLS, by a context and by DOCKER_HOST; without a certificate it says what is wrong", async () => {
    const port = await freePort();
    const keys = await makeCertificates();
    const files = ["ca.pem", "cert.pem", "key.pem"].map((name) => join(keys, name));
    const [ca, cert, key] = files;
    await begin([`--host=tcp://127.0.0.1:${port}`, "--tlsverify", `--tlscacert=${ca}`, `--tlscert=${cert}`, `--tlskey=${key}`]);
    try {
      const host = `host=tcp://127.0.0.1:${port}`;
      await docker("context", "create", "tls", "--docker", `${host},ca=${ca},cert=${cert},key=${key}`);
      await docker("context", "create", "no-cert", "--docker", `${host},ca=${ca}`);
      await isUsed("tls");

      const refused = await toolsFor(env, "no-cert");
      const start = `The Docker engine at tcp://127.0.0.1:${port} (context no-cert) is out of reach: `;
      const said = await sentenceOf(refused.engine.ping());
      assert(said.startsWith(start) && /certificate/.test(said), said);
      refused.engine.close();

      const byVariables = { ...env, DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: keys };
      const { engine } = await toolsFor(byVariables);
      assert.equal((await engine.containers()).length, 1);
      engine.close();
    } finally {
      rmSync(keys, { recursive: true, force: true });
    }
  }).timeout(180_000);

  describe("over ssh", () => {
    let ssh: SshServer;
    /** The ssh processes that this test's contexts have started. */
    const connections = () => commandLines().filter((line) => line.includes(ssh.mark) && line.startsWith("/usr/bin/ssh"));

    beforeEach(async function () {
      this.timeout(180_000);
      await begin([]);
      ssh = await startSshServer(lab);
      env.PATH = `${ssh.bin}:${env.PATH}`;
      await docker("context", "create", "server", "--docker", `host=${ssh.host}`);
    });
    afterEach(async () => {
      endWatches();
      ssh.thaw();
      await until("every ssh to end", () => connections().length === 0);
      ssh.dispose();
    });

    it("is used", () => isUsed("server"));

    it("recovers from cuts, and says so while there is no way to it", async () => {
      const seen = watch(env, () => "server");
      const ready = () => seen.until("the engine", ({ engine: { status } }) => status === "ready");
      await ready();
      for (let cut = 1; cut <= 5; cut++) {
        ssh.cut();
        const name = `after-cut-${cut}`;
        await lab.docker("create", "--name", name, "berth-lab/busybox:1");
        await seen.until(name, () => seen.names().includes(name));
        // Each of the CLI's processes connects twice.
        await until("those of before the cut to end", () => tunnels().length <= 4 && connections().length <= 8);
      }
      ssh.stop();
      // A connection that was being made is closed before others are refused.
      const { engine } = await seen.until(
        "that it is gone",
        ({ engine: it }) => it.status === "out" && /refused/.test(it.message),
      );
      assert(engine.status === "out");
      assert.equal(engine.reason, "unreachable");
      assert.match(
        engine.message,
        /^The Docker engine at ssh:\/\/berth-lab \(context server\) is out of reach: ssh: connect to host 127\.0\.0\.1 port \d+: Connection refused$/,
      );
      await ssh.start();
      await ready();
      assert.equal(seen.names().length, 5);
    });

    it("is told to be silent when the network swallows everything; no process piles up", async () => {
      const seen = watch(env, () => "server");
      await seen.until("the engine", ({ engine: { status } }) => status === "ready");
      ssh.freeze();
      await seen.until("that it is silent", ({ engine }) => engine.status === "out" && engine.reason === "silent");
      const attempts = () => children.filter(({ spawnargs }) => spawnargs.includes("dial-stdio")).length;
      const before = attempts();
      await until("another attempt", () => attempts() > before);
      await until("those that nobody waits for to end", () => tunnels().length <= 1 && connections().length <= 2);
      ssh.thaw();
      await seen.until("the engine again", ({ engine: { status } }) => status === "ready");
    }).timeout(120_000);

    it("is told to be gone by a log that is followed, while the network swallows everything, and followed again", async () => {
      const { engine } = await toolsFor(env, "server");
      const stop = new AbortController();
      const [lines, notes]: [string[], string[]] = [[], []];
      const sink = { line: (text: string) => void lines.push(text), note: ({ kind }: Note) => void notes.push(kind) };
      const script = 'while read -r line <"/say"; do echo "$line"; done';
      await lab.docker("run", "-d", "--name", "talks", "berth-lab/busybox:1", "sh", "-c", `mkfifo /say; echo up; ${script}`);
      const say = (text: string) => lab.docker("exec", "talks", "sh", "-c", 'echo "$1" >/say', "say", text);
      const { id } = (await engine.inspect("talks"))!;
      const followed = followLogs(engine, { id, name: "talks" }, 10, sink, stop.signal);
      try {
        await until("its first line", () => lines.includes("up"));
        ssh.freeze();
        await say("while nobody hears");
        await until("that the engine is gone", () => notes.length > 0);
        ssh.thaw();
        await until("what it said", () => lines.includes("while nobody hears"));
        assert.deepEqual(
          [lines, notes],
          [
            ["up", "while nobody hears"],
            ["engineGone", "engineBack"],
          ],
        );

        // Nor is one that ended followed into the void.
        await lab.docker("stop", "--time", "0", "talks");
        await until("its end", () => notes.includes("ended"));
        ssh.freeze();
        await until("that the engine is gone again", () => notes.length === 4);
        ssh.thaw();
        await lab.docker("start", "talks");
        await until("that it was started", () => notes.includes("started"));
        assert.deepEqual(notes, ["engineGone", "engineBack", "ended", "engineGone", "engineBack", "started"]);
      } finally {
        ssh.thaw();
        stop.abort();
        await followed;
        engine.close();
      }
    }).timeout(180_000);

    it("is refused in the words of ssh", async () => {
      writeFileSync(join(ssh.mark, "../known_hosts"), "");
      const { engine } = await toolsFor(env, "server");
      assert.match(await sentenceOf(engine.ping()), /is out of reach: .*Host key verification failed\.$/s);
      engine.close();
    });

    it("needs the docker command, and says so", async () => {
      const endpoint = await resolveEndpoint("server", env);
      const engine = await connect(endpoint, { ...env, PATH: folder });
      assert.equal(
        await sentenceOf(engine.ping()),
        "The Docker engine at ssh://berth-lab (context server) is out of reach: the way there goes through the 'docker' command, which is not installed on this machine.",
      );
    });
  });
});

describe("an address that is none", () => {
  const forms = "use unix://PATH, ssh://USER@HOST or tcp://HOST:PORT.";
  const folder = mkdtempSync(join(tmpdir(), "berth-contexts-"));
  const { PATH } = process.env;
  const base = { PATH, DOCKER_CONFIG: folder };
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(endWatches);

  for (const host of ["foo://bar", "tcp://:::", "tcp://a b", "ssh://", "fd://"]) {
    it(`in DOCKER_HOST is told in a sentence: ${host}`, async () => {
      const env = { ...base, DOCKER_HOST: host };
      const sentence = `DOCKER_HOST: '${host}' is no address of a Docker engine: ${forms}`;
      assert.equal(await sentenceOf(resolveEndpoint("", env)), sentence);
      const { engine } = await watch(env).until("the reason", ({ engine: { status } }) => status === "out");
      assert.deepEqual(engine, { status: "out", reason: "misconfigured", message: sentence });
    });
  }

  it("in a context's file is told in a sentence", async () => {
    await execa("docker", ["context", "create", "odd", "--docker", "host=unix:///odd.sock"], { env: base, extendEnv: false });
    const [file = ""] = readdirSync(join(folder, "contexts", "meta")).map((id) =>
      join(folder, "contexts", "meta", id, "meta.json"),
    );
    writeFileSync(file, readFileSync(file, "utf8").replace("unix:///odd.sock", "tcp://me:hush@:::"));
    const said = await sentenceOf(resolveEndpoint("odd", base));
    assert.equal(said, `The Docker context 'odd': 'tcp://me@:::' is no address of a Docker engine: ${forms}`);
  });

  it("in the environment is nothing to a context that is asked for by name", async () => {
    const lab = await useEngine("remote", ["busybox"]);
    const names = ["DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"] as const;
    const before = names.map((name) => process.env[name]);
    try {
      await execa("docker", ["context", "create", "near", "--docker", `host=${lab.host}`], { env: base, extendEnv: false });
      for (const host of ["tcp://:::", "tcp://127.0.0.1:1"]) {
        // dockerode reads the process's own environment.
        Object.assign(process.env, { DOCKER_HOST: host, DOCKER_CERT_PATH: "/no/such/folder", DOCKER_TLS_VERIFY: "1" });
        const { engine } = await toolsFor({ ...base, ...process.env, DOCKER_CONFIG: folder }, "near");
        await engine.ping();
        assert.equal(process.env.DOCKER_HOST, host);
        engine.close();
      }
    } finally {
      names.forEach((name, n) => {
        if (before[n] === undefined) delete process.env[name];
        else process.env[name] = before[n];
      });
      await lab.dispose();
    }
  });
});
