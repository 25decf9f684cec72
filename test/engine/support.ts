/** What the tests of src/engine share: a real engine, Berth's hands on it, a logging proxy between the two, and waits for conditions. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Container } from "../../src/core/engineJson.ts";
import { deploySpec, planDeploy, type DeployAnswers, type Plan } from "../../src/core/plan.ts";
import type { RunSpec } from "../../src/core/runSpec.ts";
import { initialState, type State } from "../../src/core/state.ts";
import { createStore, type Store } from "../../src/core/store.ts";
import { createCli } from "../../src/engine/cli.ts";
import { resolveEndpoint } from "../../src/engine/endpoint.ts";
import { connect } from "../../src/engine/engine.ts";
import { execute, type Executed, type StepEvent, type Tools } from "../../src/engine/execute.ts";
import { createFeed, type Feed } from "../../src/engine/feed.ts";
import { createNvidiaSmi } from "../../src/engine/nvidiaSmi.ts";
import { startEngine, type EngineOptions, type LabEngine } from "../lab/engine.ts";
import { loadImages, type ImageName } from "../lab/images.ts";

/** Every image that can be made without a mirror. */
export const smallImages = [
  ...(["busybox", "swallow", "exec-entrypoint", "nvidia-entrypoint", "no-shell"] as const),
  ...(["sh-only", "exits", "oom", "anon-volume"] as const),
];

/**
 * The engine that most suites share. Those that stop or break theirs have one of another name.
 * @throws Error that says what the engine needs
 */
export async function useEngine(
  name = "main",
  images: readonly ImageName[] = smallImages,
  options: EngineOptions = {},
): Promise<LabEngine> {
  try {
    const lab = await startEngine(name, options);
    await removeContainers(lab);
    await loadImages(lab, [...images]);
    return lab;
  } catch (error) {
    throw new Error(
      `This test needs a Docker engine of its own. test/lab/engine.ts starts one: on Debian 12, as root or with sudo. It said: ${String(error)}`,
      { cause: error },
    );
  }
}

export async function removeContainers(lab: LabEngine): Promise<void> {
  const ids = (await lab.docker("ps", "--all", "--quiet")).split("\n").filter(Boolean);
  if (ids.length > 0) await lab.docker("rm", "--force", "--volumes", ...ids);
}

/** Berth's hands on an engine, as a command has them. */
export async function toolsFor(env: NodeJS.ProcessEnv, wanted = ""): Promise<Tools> {
  const endpoint = await resolveEndpoint(wanted, env);
  const gpus = await createNvidiaSmi({ timeoutMs: () => 20_000, env }).read();
  return {
    engine: await connect(endpoint, env),
    cli: createCli(endpoint, env),
    hostGpus: gpus.state === "known" ? gpus.gpus : [],
    probeTimeout: 20_000,
  };
}

let names = 0;
/** A container's name that no other test has. */
export const freshName = (what = "box") => `${what}-${process.pid}-${++names}`;

export type Answers = Partial<DeployAnswers> & { image: string };

/** The plan that Berth makes for these answers now. */
export async function planFor(
  { engine }: Tools,
  { image, name = freshName(), mounts = [], gpus = "none", ...rest }: Answers,
  options: { start: boolean; reserved?: readonly string[] } = { start: true },
): Promise<{ plan: Plan; spec: RunSpec }> {
  const found = await engine.inspectImage(image);
  assert(found, `${image} is not on the engine`);
  const spec = deploySpec({ image, name, mounts, gpus, ...rest }, found, "tester");
  return { plan: planDeploy(spec, found.id, options), spec };
}

/** Carries out a plan to its end; `onEvent` sees every step event before the plan goes on. */
export async function carryOut(
  plan: Plan,
  tools: Tools,
  {
    signal = new AbortController().signal,
    onEvent,
  }: { signal?: AbortSignal; onEvent?: (event: StepEvent, n: number) => void } = {},
): Promise<Executed & { events: string[] }> {
  const events: string[] = [];
  const steps = execute(plan, tools, signal);
  for (;;) {
    const next = await steps.next();
    if (next.done) return { ...next.value, events };
    events.push(`${next.value.step.kind} ${next.value.outcome}`);
    onEvent?.(next.value, events.length - 1);
  }
}

export async function deploy(tools: Tools, answers: Answers): Promise<Executed & { events: string[] }> {
  return carryOut((await planFor(tools, answers)).plan, tools);
}

/** What the engine says of a container; undefined when it has none of that name or id. */
export async function stateOf(tools: Pick<Tools, "engine">, nameOrId: string): Promise<string | undefined> {
  return (await tools.engine.inspect(nameOrId))?.state;
}

/** Asks again and again until the answer is yes. @throws Error after half a minute, with what was waited for */
export async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The sentence that somebody gets who awaits this. */
export async function sentenceOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  assert.fail("it was expected to fail");
}

/** The views' store, kept true by a feed; `until` waits for its changes. */
export interface Watch {
  store: Store<State>;
  feed: Feed;
  until: (what: string, check: (state: State) => boolean) => Promise<State>;
  names(): string[];
  find(id: string): Container | undefined;
}

const watches: Feed[] = [];

export function watch(env: NodeJS.ProcessEnv, context = () => ""): Watch {
  const store = createStore(initialState);
  const feed = createFeed(store, context, env);
  watches.push(feed);
  feed.setVisible(true);
  return {
    store,
    feed,
    until(what, check) {
      return new Promise((resolve, reject) => {
        const stop = store.onDidChange(look);
        const deadline = setTimeout(() => {
          stop();
          reject(new Error(`Waited in vain for: ${what}. The store holds ${JSON.stringify(store.get()).slice(0, 2000)}`));
        }, 40_000);
        function look(state: State): void {
          if (!check(state)) return;
          clearTimeout(deadline);
          stop();
          resolve(state);
        }
        look(store.get());
      });
    },
    names: () => store.get().containers.map(({ name }) => name),
    find: (id) => store.get().containers.find((container) => container.id === id),
  };
}

/** To be called after each test: feeds hold the process. */
export function endWatches(): void {
  for (const feed of watches.splice(0)) feed.dispose();
}

/** One HTTP call to an engine, without a process. */
export async function api(lab: Pick<LabEngine, "socket">, method: string, path: string, body?: object): Promise<string> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: lab.socket, method, path, headers }, (response) => {
      read(response).then((answer) => {
        if ((response.statusCode ?? 500) < 400) resolve(answer);
        else reject(new Error(`${method} ${path}: ${answer}`));
      }, reject);
    });
    call.once("error", reject).end(text);
  });
}

/** A container that stays, made without a process. */
export async function runBox(lab: LabEngine, name = freshName(), config: object = {}): Promise<string> {
  const id = await createBox(lab, name, config);
  await api(lab, "POST", `/containers/${id}/start`);
  return id;
}

export async function createBox(lab: LabEngine, name = freshName(), config: object = {}): Promise<string> {
  const body = { Image: "berth-lab/busybox:1", Cmd: ["tail", "-f", "/dev/null"], HostConfig: { Init: true }, ...config };
  return (JSON.parse(await api(lab, "POST", `/containers/create?name=${name}`, body)) as { Id: string }).Id;
}

/** Every event of an engine, exec_* included, as a test's own witness. */
export async function witness(lab: Pick<LabEngine, "socket">): Promise<{ actions: string[]; end: () => void }> {
  const actions: string[] = [];
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: lab.socket, path: "/events" }, (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        actions.push(...lines.map((line) => (JSON.parse(line) as { Action: string }).Action));
      });
      response.once("error", () => undefined);
      resolve({ actions, end: () => call.destroy() });
    });
    call.once("socket", (socket) => socket.unref()); // nor may a test that fails hold the process by it
    call.once("error", reject).end();
  });
}

/** Stands between Berth and an engine, writes down what is asked, and can get in the way. */
export interface Proxy {
  env: NodeJS.ProcessEnv;
  /** Such as `GET /containers/json`: without the API's version and the query. */
  requests: string[];
  /** Breaks every connection, as a network does. */
  cut(): void;
  /** Changes the body of an answer; set by a test. */
  rewrite: ((line: string, body: string) => string) | undefined;
  /** Whether an event is passed on; set by a test. */
  passEvent: ((event: { Type: string; Action: string; Actor: { ID: string } }) => boolean) | undefined;
  /** Called with a request before it goes on to the engine; `false`: it never does. */
  onRequest: ((line: string) => Promise<boolean> | boolean) | undefined;
  /** Called when the engine has answered; `false`: the answer is lost and the connection breaks; `"begun"`: it breaks before the end of the answer. */
  onAnswer: ((line: string) => Promise<boolean> | boolean | "begun") | undefined;
  close(): void;
}

export async function startProxy(lab: LabEngine): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), "berth-proxy-"));
  const socketPath = join(folder, "docker.sock");
  const sockets = new Set<Socket>();
  const lineOf = ({ method, url }: IncomingMessage) => `${method} ${(url ?? "").replace(/^\/v1\.\d+/, "").replace(/\?.*$/, "")}`;
  const proxy: Proxy = {
    env: { ...lab.env, DOCKER_HOST: `unix://${socketPath}` },
    requests: [],
    rewrite: undefined,
    passEvent: undefined,
    onRequest: undefined,
    onAnswer: undefined,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      server.close();
      proxy.cut();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  async function forward(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const line = lineOf(from);
    proxy.requests.push(line);
    if ((await proxy.onRequest?.(line)) === false) return void from.socket.destroy();
    const { method, url: path, headers } = from;
    const call = request({ socketPath: lab.socket, method, path, headers });
    call.once("response", (answer) => void giveBack(line, answer, to).catch(() => from.socket.destroy()));
    call.once("error", () => from.socket.destroy());
    to.once("close", () => call.destroy());
    from.pipe(call);
  }

  async function giveBack(line: string, answer: IncomingMessage, to: ServerResponse): Promise<void> {
    const way = (await proxy.onAnswer?.(line)) ?? true;
    if (way === false) return void to.socket?.destroy();
    if (way === "begun") {
      to.writeHead(answer.statusCode ?? 500, { "content-type": "application/json" }).write("[");
      // Once the beginning is out; a connection that is destroyed takes what it has not sent with it.
      to.socket?.end();
      return;
    }
    if (line.endsWith("/events") && proxy.passEvent !== undefined) {
      to.writeHead(200, answer.headers).flushHeaders();
      answer.once("error", () => to.socket?.destroy());
      for await (const text of linesOf(answer)) if (proxy.passEvent(JSON.parse(text) as never)) to.write(`${text}\n`);
      return void to.end();
    }
    if (proxy.rewrite === undefined || !line.startsWith("GET") || line.endsWith("/events")) {
      to.writeHead(answer.statusCode ?? 500, answer.headers).flushHeaders();
      answer.once("error", () => to.socket?.destroy());
      answer.pipe(to);
      return;
    }
    const body = proxy.rewrite(line, await read(answer));
    to.writeHead(answer.statusCode ?? 500, { "content-type": "application/json" }).end(body);
  }

  const server = createServer((from, to) => void forward(from, to));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  // `docker exec` takes the connection over; what was said up to then goes on as it was.
  server.on("upgrade", (from, socket: Socket, head) => {
    proxy.requests.push(lineOf(from));
    const engine = connectSocket(lab.socket);
    const headers = from.rawHeaders.reduce((text, part, n) => `${text}${part}${n % 2 === 0 ? ": " : "\r\n"}`, "");
    engine.write(`${from.method} ${from.url} HTTP/1.1\r\n${headers}\r\n`);
    engine.write(head);
    engine.pipe(socket).pipe(engine);
    engine.on("error", () => socket.destroy());
    socket.on("close", () => engine.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return proxy;
}

async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + String(chunk)).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

async function read(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
