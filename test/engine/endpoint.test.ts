import { execa } from "execa";
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../src/core/errors.ts";
import { createCli } from "../../src/engine/cli.ts";
import { resolveEndpoint } from "../../src/engine/endpoint.ts";
import { connect } from "../../src/engine/engine.ts";
import type { LabEngine } from "../lab/engine.ts";
import {
  api,
  carryOut,
  createBox,
  endWatches,
  freshName,
  planFor,
  removeContainers,
  runBox,
  sentenceOf,
  toolsFor,
  until,
  useEngine,
  watch,
} from "./support.ts";

describe("which engine", function () {
  let lab: LabEngine;
  let folder: string;
  /** What Berth and the CLI are given, but for what a test adds: no DOCKER_HOST, and a folder of contexts. */
  let env: NodeJS.ProcessEnv;
  const docker = async (args: string[], more: NodeJS.ProcessEnv = {}) =>
    (await execa("docker", args, { env: { ...env, ...more }, extendEnv: false })).stdout;

  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
    folder = mkdtempSync(join(tmpdir(), "berth-contexts-"));
    env = { ...lab.env, DOCKER_CONFIG: folder };
    delete env.DOCKER_HOST;
    await docker(["context", "create", "lab", "--docker", `host=${lab.host}`]);
    await docker(["context", "create", "server", "--docker", "host=ssh://me@gpu-server"]);
    await docker(["context", "create", "tcp.one", "--docker", "host=tcp://127.0.0.1:2375"]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    endWatches();
    await removeContainers(lab);
  });

  const cases: { wanted?: string; current?: string; env?: NodeJS.ProcessEnv; socket?: string }[] = [
    {},
    { current: "lab" },
    { current: "server" },
    { current: "default" },
    { current: "lab", env: { DOCKER_CONTEXT: "server" } },
    { current: "lab", env: { DOCKER_CONTEXT: "default" } },
    { current: "lab", env: { DOCKER_CONTEXT: "" } },
    { current: "lab", env: { DOCKER_HOST: "unix:///run/other.sock" } },
    { env: { DOCKER_HOST: "unix:///run/other.sock", DOCKER_CONTEXT: "server" } },
    { env: { DOCKER_HOST: "tcp://127.0.0.1:2375" } },
    { current: "lab", env: { DOCKER_HOST: "" } },
    { wanted: "lab" },
    { wanted: "tcp.one", current: "lab" },
    { wanted: "server", env: { DOCKER_HOST: "unix:///run/other.sock" } },
    { wanted: "lab", env: { DOCKER_CONTEXT: "server" } },
    { wanted: "default", current: "lab" },
    { wanted: "default", current: "lab", env: { DOCKER_HOST: "unix:///run/other.sock" } },
  ];
  for (const { wanted = "", current, env: more = {} } of cases) {
    const told = [
      wanted && `setting ${wanted}`,
      current && `current ${current}`,
      ...Object.entries(more).map((pair) => pair.join("=")),
    ];
    it(`is the CLI's own: ${told.filter(Boolean).join(", ") || "nothing set"}`, async () => {
      writeFileSync(join(folder, "config.json"), JSON.stringify(current === undefined ? {} : { currentContext: current }));
      const endpoint = await resolveEndpoint(wanted, { ...env, ...more });
      const wish = wanted === "" ? [] : ["--context", wanted];
      const show = await docker([...wish, "context", "show"], more);
      const host = await docker([...wish, "context", "inspect", show, "--format", "{{.Endpoints.docker.Host}}"], more);
      assert.deepEqual([endpoint.context, endpoint.host], [show, host]);
      assert.equal(endpoint.socketPath, host.startsWith("unix://") ? host.slice("unix://".length) : undefined);
      // And what Berth puts in front of a command line means the same to the CLI, whatever else the environment says.
      const { stdout: again } = await execa("docker", [...endpoint.cliArgs, "context", "show"], {
        env: { ...env, ...more },
        extendEnv: false,
      });
      assert.equal(again, show);
    });
  }

  it("is said plainly to be unknown", async () => {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "gone" }));
    const sentence = (name: string) =>
      `There is no Docker context named '${name}': choose another one, or create it with 'docker context create'.`;
    await assert.rejects(resolveEndpoint("", env), (error) => error instanceof UserError && error.message === sentence("gone"));
    await assert.rejects(resolveEndpoint("nowhere", env), { message: sentence("nowhere") });
    await assert.rejects(resolveEndpoint("../../etc", env), { message: sentence("../../etc") });
    const { until: seen } = watch(env);
    const { engine } = await seen("the reason", ({ engine: { status } }) => status === "out");
    assert.deepEqual(engine, { status: "out", reason: "misconfigured", message: sentence("gone") });
  });

  it("cannot be told from a broken config file", async () => {
    writeFileSync(join(folder, "config.json"), "{ nonsense");
    assert.match(await sentenceOf(resolveEndpoint("", env)), /config\.json is not valid JSON/);
    assert.equal((await resolveEndpoint("lab", env)).host, lab.host);
  });

  it("is reached through a context, by reads and by writes", async () => {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "server" }));
    const tools = await toolsFor(env, "lab");
    const name = freshName();
    const { plan } = await planFor(tools, { image: "berth-lab/busybox:1", name });
    const { id } = await carryOut(plan, tools);
    assert.equal((await tools.engine.inspect(name))?.id, id);
    assert.equal(await lab.docker("inspect", "--format", "{{.State.Running}}", name), "true");
  });

  it("is followed as the current context changes, and a command under way on the old one goes on", async () => {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "lab" }));
    const other = await useEngine("other", ["busybox"]);
    try {
      await docker(["context", "create", "other", "--docker", `host=${other.host}`]);
      const id = await runBox(lab, "of-the-lab");
      await createBox(other, "of-the-other");
      const seen = watch(env);
      await seen.until("the lab's container", () => seen.names().includes("of-the-lab"));
      const exited = (await seen.feed.engine()).exited(id, new AbortController().signal);
      await docker(["context", "use", "other"]);
      await seen.until("the other's container", () => seen.names().join() === "of-the-other");
      await createBox(other, "the-other-s-next");
      await seen.until("a change of the other's", () => seen.names().includes("the-other-s-next"));
      await api(lab, "POST", `/containers/${id}/kill`);
      await exited; // nobody broke its connection
    } finally {
      await other.dispose();
    }
  });

  describe("over TCP, through the CLI", () => {
    const server = createServer((client) => {
      const engine = connectSocket(lab.socket);
      engine.pipe(client).pipe(engine);
      for (const [one, two] of [
        [client, engine],
        [engine, client],
      ] as const)
        one.on("error", () => two.destroy()).on("close", () => two.destroy());
    });
    let remote: NodeJS.ProcessEnv;
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      remote = { ...env, DOCKER_HOST: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` };
    });
    after(() => server.close());

    it("is listed, inspected, followed and changed; no process is left behind", async () => {
      const children: ChildProcess[] = [];
      const onSpawn = (message: unknown) => children.push((message as { process: ChildProcess }).process);
      subscribe("child_process", onSpawn);
      const tools = await toolsFor(remote);
      try {
        const id = await createBox(lab);
        const seen = watch(remote);
        await seen.until("the container", () => seen.find(id)?.details !== undefined);
        assert.deepEqual(seen.store.get().engine, { status: "ready", context: "default", local: false });
        assert.equal((await tools.engine.inspect(id))?.id, id);
        assert.equal(await tools.engine.inspect("nobody-s"), undefined);
        const { plan } = await planFor(tools, { image: "berth-lab/busybox:1", name: "over-tcp" });
        await carryOut(plan, tools);
        await seen.until("the new container", ({ containers }) =>
          containers.some(({ name, state }) => name === "over-tcp" && state === "running"),
        );
        assert.deepEqual(await tools.engine.changes(id), []);
      } finally {
        tools.engine.close();
        endWatches();
        unsubscribe("child_process", onSpawn);
      }
      const tunnels = children.filter(({ spawnargs }) => spawnargs.includes("dial-stdio"));
      assert(tunnels.length > 0 && tunnels.length <= 12, `${tunnels.length} tunnels`);
      await until("every tunnel to end", () =>
        tunnels.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
      );
    });

    it("is out of reach in words that name it", async () => {
      const { engine } = await toolsFor({ ...env, DOCKER_HOST: "tcp://127.0.0.1:1" });
      const said = await sentenceOf(engine.ping());
      assert.match(
        said,
        /^The Docker engine at tcp:\/\/127\.0\.0\.1:1 \(context default\) is out of reach: .*connection refused/i,
      );
    });
  });

  it("is refused in words that help", async () => {
    // The modules are read as root; then it is nobody who asks.
    const script = `
      const { resolveEndpoint } = await import(${JSON.stringify(import.meta.resolve("../../src/engine/endpoint.ts"))});
      const { connect } = await import(${JSON.stringify(import.meta.resolve("../../src/engine/engine.ts"))});
      const engine = await connect(await resolveEndpoint("", process.env));
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      await engine.ping().catch(({ reason, message }) => console.log(JSON.stringify({ reason, message })));`;
    const child = await execa(process.execPath, ["--input-type=module", "--eval", script], { env: lab.env, extendEnv: false });
    assert.deepEqual(JSON.parse(child.stdout), {
      reason: "denied",
      message: `Docker's socket ${lab.socket} refuses your user: join the 'docker' group, then log in again.`,
    });
  });

  it("is not installed", async () => {
    const nothing = mkdtempSync(join(tmpdir(), "berth-nothing-"));
    const bare = { PATH: nothing, DOCKER_CONFIG: nothing, DOCKER_HOST: `unix://${nothing}/docker.sock` };
    const endpoint = await resolveEndpoint("", bare);
    const engine = await connect(endpoint, bare);
    const installed = join(nothing, "bin");
    try {
      await assert.rejects(engine.ping(), {
        reason: "missing",
        message: `Docker is not installed on this machine: nothing listens at ${nothing}/docker.sock.`,
      });
      assert.equal(
        await sentenceOf(createCli(endpoint, bare).run(["ps"])),
        "The 'docker' command is not installed on this machine; Berth needs it to change anything: install Docker's command line, then try again.",
      );
      mkdirSync(installed);
      writeFileSync(join(installed, "dockerd"), "");
      chmodSync(join(installed, "dockerd"), 0o755);
      const engineOnly = await connect(endpoint, { ...bare, PATH: installed });
      await assert.rejects(engineOnly.ping(), { reason: "stopped" });
    } finally {
      rmSync(nothing, { recursive: true, force: true });
    }
  });

  it("takes any name that a person may type", async () => {
    const { engine } = await toolsFor(lab.env);
    for (const name of [
      "",
      " ",
      "two words",
      "a/../../images/json",
      "..",
      "x?all=1",
      "ümlaut",
      "%00",
      "nobody-s",
      "nobody/s:1",
    ]) {
      assert.equal(await engine.inspect(name), undefined, name);
      assert.equal(await engine.inspectImage(name), undefined, name);
    }
    const { id } = (await engine.inspectImage("berth-lab/busybox:1"))!;
    assert.equal((await engine.inspectImage(id))?.id, id);
  });

  it("leaves no process behind when its answer takes too long", async () => {
    const { cli } = await toolsFor(lab.env);
    const id = await runBox(lab);
    const result = await cli.probe(["exec", id, "sleep", "1000"], 300);
    assert.deepEqual([result.timedOut, result.exitCode], [true, undefined]);
    const { message } = (await cli
      .run(["exec", id, "sleep", "1000"], {}, { timeout: 300 })
      .catch((error: unknown) => error)) as Error;
    assert.equal(message, "The Docker engine did not finish 'docker exec' within 0.3 s.");
  });
});
