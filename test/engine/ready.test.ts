import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { appArgs, endArgs } from "../../src/core/app.ts";
import { AppFailedError, Cancelled, EngineGoneError } from "../../src/core/errors.ts";
import { stopApp } from "../../src/engine/app.ts";
import { appUrl, waitReady, waitStarted, type ReadyWait } from "../../src/engine/ready.ts";
import type { Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import { api, freshName, removeContainers, runBox, startProxy, toolsFor, until, useEngine } from "./support.ts";

const images = ["busybox", "user", "perception", "no-shell", "sh-only"] as const;
const never = new AbortController().signal;
const process_ = "perception_app";
const ready: ReadyWait = {
  http: "/api/v1/ready",
  port: 9000,
  contains: '"ds-ready" : "YES"',
  intervalMs: 500,
  timeoutMs: 20_000,
};

describe("waiting for an app", function () {
  let lab: LabEngine;
  let tools: Tools;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("app", images);
    tools = await toolsFor(lab.env);
  });
  afterEach(() => removeContainers(lab));

  type Image = (typeof images)[number];
  const box = async (config: object = {}, image: Image = "perception") => {
    const name = freshName();
    return { id: await runBox(lab, name, { Image: `berth-lab/${image}:1`, ...config }), name };
  };
  const published = (host: number | "" = "") => ({
    ExposedPorts: { "9000/tcp": {} },
    HostConfig: { Init: true, PortBindings: { "9000/tcp": [{ HostPort: String(host) }] } },
  });
  const onHost = { HostConfig: { Init: true, NetworkMode: "host" } };
  const start = async ({ id }: { id: string }, command = "perception_app") => tools.cli.run(appArgs(id, command));
  const wait = async (
    container: { id: string; name: string },
    changes: Partial<ReadyWait> = {},
    signal = never,
    process = process_,
  ) => waitReady(tools, container, { process }, { ...ready, ...changes }, signal);
  const failureOf = async (promise: Promise<unknown>) => {
    const error: unknown = await promise.then(
      () => assert.fail("it was expected to fail"),
      (thrown: unknown) => thrown,
    );
    assert(error instanceof AppFailedError, String(error));
    return error;
  };
  const usePort = async (id: string, port: number) =>
    lab.docker("exec", id, "sed", "-i", `s/^http-port=9000/http-port=${port}/`, "/opt/app/main.txt");

  for (const [where, config] of [
    ["its published port", published()],
    ["the inside, where no port is published", { HostConfig: { Init: true } }],
  ] as const)
    it(`asks at ${where}, five rounds of start, ready, stop`, async () => {
      const container = await box(config);
      for (let round = 0; round < 5; round++) {
        await start(container, "perception_app --ready-after 1.5");
        const said: string[] = [];
        const result = await waitReady(tools, container, { process: process_ }, ready, never, (text) => said.push(text));
        assert.deepEqual(result, "ExposedPorts" in config ? { url: await appUrl(tools, container.id, 9000) } : {});
        assert(said.length > 0, "it is not ready at once");
        assert.equal(await stopApp(tools, container.id, process_), true);
      }
    });

  it("asks on the host's network", async () => {
    const port = await freePort();
    const container = await box(onHost);
    await usePort(container.id, port);
    await start(container);
    assert.deepEqual(await wait(container, { port }), { url: `http://localhost:${port}/` });
  });

  it("asks by any proxy's leave: what the environment says of proxies is not looked at", async () => {
    const proxies = ["http_proxy", "HTTP_PROXY", "ALL_PROXY"].map((name) => `${name}=http://127.0.0.1:1`);
    const container = await box({ Env: proxies });
    await start(container);
    await wait(container);
  });

  it("asks inside with whatever is there", async () => {
    // The lab's Debian has python3 and bash, busybox has wget; curl stands in as a program that says what it was asked.
    const python = await box();
    await start(python);
    await wait(python);
    await lab.docker("exec", python.id, "sh", "-c", "mv /usr/bin/python3 /usr/bin/python3-hidden");
    await wait(python); // bash
    await lab.docker("exec", python.id, "sh", "-c", "mv /bin/bash /bin/bash-hidden");
    await assert.rejects(wait(python), {
      message: `Nobody can ask whether the app in ${python.name} is ready: its port 9000 is not published on this machine, and its image has no curl, wget, python3 or bash. Publish the port, or leave out 'ready'.`,
    });
    const curl = `#!/bin/sh\\nfor a in "$@"; do last=$a; done\\n[ "$last" = http://127.0.0.1:9000/api/v1/ready ] && printf 'ds-ready\\\\nberth-status 200\\\\n'\\n`;
    await lab.docker(
      "exec",
      python.id,
      "sh",
      "-c",
      `printf '${curl.replaceAll("'", `'"'"'`)}' >/usr/bin/curl; chmod +x /usr/bin/curl`,
    );
    await wait(python, { contains: "ds-ready" });
    const busybox = await box({}, "busybox");
    await start(busybox, "mkdir -p /www/api/v1 && echo ds-ready >/www/api/v1/ready && exec httpd -f -p 9000 -h /www");
    await wait(busybox, { contains: "ds-ready" }, never, "httpd");
  });

  it("believes 2xx only", async () => {
    const container = await box({}, "busybox");
    await start(container, "mkdir /www && exec httpd -f -p 9000 -h /www");
    const said = (await failureOf(wait(container, { timeoutMs: 1500 }, never, "httpd"))).message;
    assert.match(said, /^The app in \S+ was not ready within 1\.5 s \(\/api\/v1\/ready: .*404 Not Found\)\./);
    const other = await box(published());
    await start(other, "perception_app --ready-after 0");
    const text = (await failureOf(wait(other, { http: "/nope", timeoutMs: 1500 }))).message;
    assert.match(text, /\(\/nope: HTTP 404\)/);
  });

  it("tells what it waited for in vain, and the last lines", async () => {
    const container = await box();
    await start(container, "perception_app --fail hang");
    const { message, remedy } = await failureOf(wait(container, { timeoutMs: 1500 }));
    assert.equal(
      message,
      `The app in ${container.name} was not ready within 1.5 s (/api/v1/ready: the answer has no '"ds-ready" : "YES"' yet).\n` +
        "Its last lines:\nperception_app: port 9000, batch size 1, sink fakesink\nlistening on 9000",
    );
    assert.deepEqual(remedy, { title: "Show Logs", command: "berth.showLogs", args: [{ container: container.id }] });
  });

  it("tells that it listens inside only, where its port is published", async () => {
    const container = await box(published());
    await lab.docker("exec", container.id, "sed", "-i", "s/0.0.0.0/127.0.0.1/", "/usr/local/bin/perception_app");
    await start(container);
    const { message } = await failureOf(wait(container, { timeoutMs: 2000 }));
    assert.equal(
      message.split("\n")[0],
      `The app in ${container.name} was not ready within 2 s (/api/v1/ready: it hangs up). Inside the container it is: let it listen on 0.0.0.0, not on 127.0.0.1, which nothing from outside reaches.`,
    );
  });

  describe("notices at once", () => {
    /** Long before anybody asks again. */
    const rarely = { intervalMs: 60_000, timeoutMs: 120_000 };
    const causes: Record<string, string> = {
      nvml: " The container cannot use its GPU (NVML: Unknown Error): revive it, which restarts it, then start the app again.",
      cuda: " CUDA found no GPU (error 100): check the container's GPU; revive it, or launch it with GPUs.",
      oom: " The GPU's memory is full: free it, choose another GPU, or make the batch smaller.",
      library: " The image lacks the library libnvinfer.so.10: install it in the image, or choose another one.",
      license: " It wants its licence accepted: read what it says, and set the variable that it asks for under 'environment'.",
      crash: "",
    };
    for (const [what, cause] of Object.entries(causes))
      it(`that it ends, and why: ${what}`, async () => {
        const container = await box();
        await start(container, `perception_app --fail ${what}`);
        const { message } = await failureOf(wait(container, rarely));
        assert.equal(message.split("\n")[0], `The app in ${container.name} ended with exit code 1.${cause}`);
        assert.match(message, /\nIts last lines:\nperception_app: port 9000.*\nERROR: /);
      });

    it("that its port is taken, although the other one answers", async () => {
      const port = await freePort();
      const [one, two] = [await box(onHost), await box(onHost)];
      for (const { id } of [one, two]) await usePort(id, port);
      await start(one);
      await wait(one, { port });
      await start(two);
      const { message } = await failureOf(wait(two, { port }));
      assert.equal(
        message.split("\n")[0],
        `The app in ${two.name} ended with exit code 1. Port ${port} is taken: end what listens there, or launch in parallel, which chooses a free one.`,
      );
    });

    it("that there is no such program", async () => {
      const container = await box({}, "user");
      await start(container, "perception_app -c x");
      const { message } = await failureOf(wait(container, rarely));
      assert.match(
        message,
        /ended with exit code 127\. There is no program 'perception_app' inside: mend 'start' under 'app', or the image\.\n/,
      );
    });

    it("that it ends later on", async () => {
      const container = await box();
      await start(container, "perception_app --fail hang");
      const failing = failureOf(wait(container, rarely));
      await until("the first answer", async () => (await lab.docker("logs", container.id)).includes("listening"));
      await tools.cli.run(endArgs(container.id, { process: process_ }, "KILL", 5000));
      assert.match((await failing).message, /^The app in \S+ ended with exit code 137\. Exit code 137 means that it was killed/);
    });

    it("that the container ends, restarts or goes", async () => {
      for (const [how, sentence] of [
        ["POST kill", "stopped with exit code 137."],
        ["POST stop?t=0", /^stopped with exit code (137|143)\./],
        ["DELETE ?force=1", /^(was removed|stopped with exit code 137)\./],
        ["POST restart?t=0", /^(stopped|ended) with exit code/],
      ] as const) {
        const container = await box();
        await start(container, "perception_app --fail hang");
        const failing = failureOf(wait(container, rarely));
        await until("listening", async () => (await lab.docker("logs", container.id)).includes("listening"));
        const [method = "", path = ""] = how.split(" ");
        await api(lab, method, `/containers/${container.id}${path.startsWith("?") ? path : `/${path}`}`);
        const { message } = await failing;
        const said = message.replace(`The app in ${container.name} `, "").replace(`${container.name} `, "");
        if (typeof sentence === "string") assert(said.startsWith(sentence), said);
        else assert.match(said, sentence);
      }
    });

    it("that the kernel ended it for want of memory", async () => {
      const limit = { HostConfig: { Init: true, Memory: 32 * 2 ** 20, MemorySwap: 32 * 2 ** 20 } };
      const container = await box(limit, "busybox");
      await start(container, "taken=0123456789abcdef; while :; do taken=$taken$taken; done");
      const { message } = await failureOf(wait(container, rarely, never, "none"));
      assert.match(message, /The container ran out of memory \(OOM killed\): give it more, or make the batch smaller\./);
    });
  });

  it("tells no secrets, and only what this start wrote", async () => {
    const container = await box({ Env: ["API_TOKEN=s3cr3t-value"] });
    await start(container, "echo status=100; exit 4");
    assert.match((await failureOf(wait(container))).message, /CUDA found no GPU/);
    await start(container, 'echo "with $API_TOKEN"; exit 5');
    const { message } = await failureOf(wait(container));
    assert.equal(message, `The app in ${container.name} ended with exit code 5.\nIts last lines:\nwith [redacted]`);
  });

  it("takes one for alive that put itself into the background, until it ends", async () => {
    const container = await box();
    await start(container, "perception_app --background");
    await wait(container);
    await stopApp(tools, container.id, process_);
    await start(container, "perception_app --background --fail crash");
    const { message } = await failureOf(wait(container));
    assert.match(message, /^The app in \S+ ended with exit code 0\.\nIts last lines:\n.*\nERROR: Traceback: something odd$/s);
  });

  it("finds the output of one that cannot write to the container's log", async () => {
    const container = await box({ User: "root" }, "user");
    const [exec = "", ...rest] = appArgs(container.id, "echo in a file; exit 6");
    await tools.cli.run([exec, "-u", "1000", ...rest]);
    assert.match((await failureOf(wait(container))).message, /exit code 6\.\nIts last lines:\nin a file$/);
  });

  describe("of which nobody said how to ask it", () => {
    it("is content with one that runs for a second", async () => {
      for (const image of ["busybox", "user"] as const) {
        const container = await box({}, image);
        await start(container, "exec sleep 1000");
        await waitStarted(tools, container, {}, never);
      }
    });
    it("is told of one that ends at once, well or not", async () => {
      const container = await box({}, "busybox");
      for (const code of [0, 3]) {
        await start(container, `echo bye; exit ${code}`);
        const { message } = await failureOf(waitStarted(tools, container, {}, never));
        assert.equal(message, `The app in ${container.name} ended with exit code ${code}.\nIts last lines:\nbye`);
      }
    });
    it("is told when nothing was started", async () => {
      const container = await box({}, "busybox");
      const { message } = await failureOf(waitStarted(tools, container, { process: "httpd" }, never));
      assert.equal(message, `The app in ${container.name} does not run.\nIt wrote nothing.`);
    });
  });

  it("ends at once when it is cancelled", async () => {
    const container = await box();
    await start(container, "perception_app --fail hang");
    for (const begin of [
      wait,
      async (it: typeof container, _: object, signal: AbortSignal) => waitStarted(tools, it, {}, signal),
    ]) {
      const cancel = new AbortController();
      const waiting = begin(container, { intervalMs: 60_000 }, cancel.signal);
      setImmediate(() => cancel.abort());
      await assert.rejects(waiting, Cancelled);
    }
    const cancel = new AbortController();
    const waiting = waitReady(tools, container, {}, { ...ready, intervalMs: 60_000 }, cancel.signal, () => cancel.abort());
    await assert.rejects(waiting, Cancelled);
    assert.equal(await stopApp(tools, container.id, process_), true);
  });

  describe("when the engine", () => {
    it("breaks its connections, it goes on", async () => {
      const proxy = await startProxy(lab);
      try {
        const own = await toolsFor(proxy.env);
        const container = await box(published());
        await start(container, "perception_app --ready-after 3");
        let cut = 0;
        await waitReady(own, container, { process: process_ }, ready, never, () => {
          proxy.cut();
          cut++;
        });
        assert(cut > 1);
        own.engine.close();
      } finally {
        proxy.close();
      }
    });

    it("is killed, or stopped, and comes back without the container, that is told", async () => {
      for (const way of ["stop", "kill"]) {
        const container = await box(published());
        await start(container, "perception_app --fail hang");
        const failing = failureOf(wait(container, { timeoutMs: 60_000 }));
        await until("listening", async () => (await lab.docker("logs", container.id)).includes("listening"));
        if (way === "kill") process.kill(lab.pid, "SIGKILL");
        await lab.stop();
        await lab.start();
        assert.match((await failing).message, /^\S+ stopped with exit code \d+\./);
      }
    });

    it("stays away, that is told", async () => {
      const container = await box(published());
      await start(container, "perception_app --fail hang");
      const waiting = wait(container, { timeoutMs: 60_000 }).catch((error: unknown) => error);
      await until("listening", async () => (await lab.docker("logs", container.id)).includes("listening"));
      process.kill(lab.pid, "SIGKILL");
      const error = await waiting;
      await lab.stop();
      await lab.start();
      assert(error instanceof EngineGoneError, String(error));
    });
  });

  it("an app's address is where this machine finds it", async () => {
    const port = await freePort();
    const container = await box(published(port));
    assert.equal(await appUrl(tools, container.id, 9000), `http://localhost:${port}/`);
    assert.equal(await appUrl(tools, container.id, 9001), undefined);
    assert.equal(await appUrl(tools, (await box(onHost)).name, 9001), "http://localhost:9001/");
    assert.equal(await appUrl(tools, "nobody", 9000), undefined);
  });
});

/** Free on this machine a moment ago. */
async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
