import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { freePort } from "../../src/engine/freePort.ts";
import type { Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import { createBox, freshName, removeContainers, runBox, sentenceOf, toolsFor, useEngine } from "./support.ts";

describe("a port that is really free", function () {
  let lab: LabEngine;
  let tools: Tools;
  /** Each test has ports of its own: what was handed out stays so for a minute. */
  let base = 23_000;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("observe", ["busybox"]);
    tools = await toolsFor(lab.env);
  });
  beforeEach(() => (base += 100));
  afterEach(() => removeContainers(lab));
  after(() => lab.dispose());

  const published = (HostPort: string, port = "80/tcp") => ({
    ExposedPorts: { [port]: {} },
    HostConfig: { PortBindings: { [port]: [{ HostPort }] } },
  });
  const first = async (from: number, taken: number[] = []) => (await freePort(tools, from, taken)).port - base;

  it("is the first one, and certain here", async () =>
    assert.deepEqual(await freePort(tools, base), { port: base, certain: true }));

  it("is none that a container publishes, whether it runs, stopped, or never ran", async () => {
    await runBox(lab, freshName(), published(String(base)));
    const stopped = await runBox(lab, freshName(), published(String(base + 1)));
    await lab.docker("kill", stopped);
    await createBox(lab, freshName(), published(String(base + 2), "53/udp"));
    await createBox(lab, freshName(), published(`${base + 3}-${base + 5}`));
    assert.equal(await first(base), 6);
  });

  it("is none that a deployment on the host's network has, which publishes nothing", async () => {
    const labels = (port: number) => ({ Labels: { "dev.berth.port": String(port) }, HostConfig: { NetworkMode: "host" } });
    await runBox(lab, freshName(), labels(base));
    await createBox(lab, freshName(), labels(base + 1));
    assert.equal(await first(base), 2);
  });

  it("is none on which anybody listens, on whichever address, by TCP or UDP", async () => {
    const listen = (port: number, host: string, ipv6Only = false) =>
      new Promise<Server>((resolve) => {
        const server = createServer();
        server.listen({ port, host, ipv6Only }, () => resolve(server));
      });
    const servers = [
      await listen(base, "0.0.0.0"),
      await listen(base + 1, "127.0.0.1"),
      await listen(base + 2, "::", true),
      await listen(base + 3, "::1", true),
    ];
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(base + 4, "127.0.0.1", resolve));
    try {
      assert.equal(await first(base), 5);
    } finally {
      for (const server of servers) server.close();
      socket.close();
    }
  });

  it("is none that is taken, and never the same twice, however many ask at once", async () => {
    const ports = await Promise.all(Array.from({ length: 6 }, () => first(base, [base + 1])));
    assert.deepEqual(
      ports.sort((a, b) => a - b),
      [0, 2, 3, 4, 5, 6],
    );
  });

  it("can be listened on: nothing of the look stays behind", async () => {
    const { port } = await freePort(tools, base);
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
    server.close();
  });

  it("is uncertain on another machine, whose own programs are not seen from here", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(base, resolve));
    try {
      const { socketPath: _, ...endpoint } = tools.engine.endpoint;
      await runBox(lab, freshName(), published(String(base + 1)));
      assert.deepEqual(await freePort({ engine: { ...tools.engine, endpoint } }, base), { port: base, certain: false });
      assert.deepEqual(await freePort({ engine: { ...tools.engine, endpoint } }, base), { port: base + 2, certain: false });
    } finally {
      server.close();
    }
  });

  it("is told to be none beyond the last", async () => {
    const taken = [65534, 65535];
    assert.equal(
      await sentenceOf(freePort(tools, 65534, taken)),
      "There is no free port from 65534 upwards: stop what uses one.",
    );
  });
});
