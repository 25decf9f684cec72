import { access } from "node:fs/promises";
import type { Agent } from "node:http";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import * as l10n from "../core/l10n.ts";
import { withoutPassword } from "../core/contexts.ts";
import { parseEngineInfo, type EngineInfo } from "../core/engineInfo.ts";
import type { Container, Details, Image, ImageDetails } from "../core/engineJson.ts";
import { parseContainers, parseImageInspect, parseImages, parseInspect } from "../core/engineJson.ts";
import { EngineGoneError, UserError, type Remedy } from "../core/errors.ts";
import { createPieces, type Piece } from "../core/logPieces.ts";
import { createDeframer } from "../core/logText.ts";
import type { Change } from "../core/losses.ts";
import type { OutReason } from "../core/state.ts";
import { connectionAgent } from "./connection.ts";
import { selectContext, type Endpoint } from "./endpoint.ts";
import type { EngineRun, RunCalls } from "./readRun.ts";

/** Something that happened on the engine. */
export interface EngineEvent {
  type: string;
  action: string;
  id: string;
  /** Seconds since 1970, as `unixTime` gives them. */
  time: string;
  attributes: Readonly<Record<string, string>>;
}

/** What was run in a container that runs. */
export interface Exec {
  id: string;
  /** The program, then its arguments. */
  words: readonly string[];
  running: boolean;
  /** Absent while it runs. */
  exitCode?: number;
}

/** What people name is put into a path as it is; anything else than these would be another path, or a redirect to another host. */
const containerReference = /^\w[\w.-]*$/;
const imageReference = /^\w[\w.:@-]*(\/\w[\w.:@-]*)*$/;

/** What Berth reads of an engine. Every call is bounded in time; it throws EngineGoneError when nobody answers, and UserError when the engine says no. */
export interface Engine {
  readonly endpoint: Endpoint;
  ping(signal?: AbortSignal): Promise<void>;
  /** The engine's version and ways, as `docker version` and `docker info` show them. */
  info(): Promise<EngineInfo>;
  containers(): Promise<Container[]>;
  /** By id or name; undefined when there is none. */
  inspect(container: string): Promise<(Container & { details: Details }) | undefined>;
  /** What `docker run` would be told to make this container, by id or name; undefined when there is none. */
  runOf(container: string): Promise<EngineRun | undefined>;
  images(): Promise<Image[]>;
  /** By id or tag; undefined when it is not on the engine. */
  inspectImage(image: string): Promise<(ImageDetails & { id: string }) | undefined>;
  /** What `docker diff` shows. */
  changes(container: string): Promise<Change[]>;
  /** Command lines of a running container's processes. */
  processes(container: string): Promise<string[]>;
  /** Whether a path is there, in a container that need not run. */
  has(container: string, path: string): Promise<boolean>;
  /** The last lines that a container logged, both streams in the order they were written. */
  logs(container: string, lines: number): Promise<string>;
  /**
   * What a container logs, with the engine's times: its last `tail` lines, or those from `since` on (seconds since 1970, as `unixTime` gives them),
   * and then, unless `follow` is false, what comes. Ends when the container stops, the engine goes away, or `signal` is raised.
   */
  logPieces(
    container: string,
    from: ({ tail: number | "all" } | { since: string }) & { follow?: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Piece>;
  /** What the engine says of a container or an image, as it says it; undefined when there is none. */
  inspectRaw(what: "container" | "image", id: string): Promise<unknown>;
  /** By its id; undefined when the engine has forgotten it, which it does some minutes after its end. */
  exec(id: string): Promise<Exec | undefined>;
  /** What runs in a container besides its own command. */
  execs(container: string): Promise<Exec[]>;
  /** Resolves once the container does not run, or is gone. */
  exited(container: string, signal: AbortSignal): Promise<void>;
  /** Resolves once the container is gone. */
  removed(container: string, signal: AbortSignal): Promise<void>;
  /**
   * Calls `onEvent` until the stream ends, which it does when the engine stops or `signal` is raised; never rejects after `onOpen`.
   * @param of One container's alone, with what is run in it, those first that the engine remembers from `since` on (seconds since 1970)
   */
  events(
    onOpen: () => void,
    onEvent: (event: EngineEvent) => void,
    signal: AbortSignal,
    of?: { container: string; since: string },
  ): Promise<void>;
  /** Lets go of connections that nobody uses; calls under way end as they would. */
  close(): void;
}

/** The calls of dockerode that Berth makes, with options its typings lack; answers are parsed before they are believed. */
interface Calls {
  ping(options: object): Promise<unknown>;
  info(options: object): Promise<unknown>;
  version(options: object): Promise<unknown>;
  listContainers(options: object): Promise<unknown>;
  listImages(options: object): Promise<unknown>;
  getEvents(options: object): Promise<NodeJS.ReadableStream>;
  getImage(name: string): { inspect(options: object): Promise<unknown> };
  getExec(id: string): { inspect(options: object): Promise<unknown> };
  getContainer(id: string): {
    inspect(options: object): Promise<unknown>;
    changes(options: object): Promise<unknown>;
    top(options: object): Promise<unknown>;
    wait(options: object): Promise<unknown>;
    logs(options: object): Promise<unknown>;
    infoArchive(options: object): Promise<NodeJS.ReadableStream>;
  };
}

/** A call that takes longer is given up. Listing 1000 containers takes well under a second. */
const callTimeout = 10_000;
/** The same for a ping, which takes less than a millisecond. */
const pingTimeout = 5_000;
/** What a new connection through the CLI may take besides: ssh asks its way, logs in, and starts a program there. */
const connectTimeout = 30_000;

/** Left out: `exec_*` and `top`, which health checks and probes emit in a stream. */
const actions = [
  ...["create", "start", "die", "stop", "kill", "pause", "unpause", "rename", "update", "destroy", "oom", "health_status"],
  ...["pull", "tag", "untag", "delete", "import", "load"],
];
/** Of one container. */
const innerActions = ["exec_start", "exec_die", "die", "oom", "destroy"];

/** @param env What the CLI runs with, and where it is searched, when the engine is reached through it. */
export async function connect(endpoint: Endpoint, env: NodeJS.ProcessEnv = process.env): Promise<Engine> {
  const { default: Docker } = await import("dockerode");
  const agent = connectionAgent(endpoint, env);
  const isTunnelled = endpoint.socketPath === undefined;
  // A tunnel's agent needs no path; but from a request without one VS Code takes its agent away, for a proxy's (http.proxySupport).
  const options = { protocol: "http", socketPath: endpoint.socketPath ?? "docker system dial-stdio" };
  // What lasts (events, waits, logs that are followed) must not use up the few tunnels that quick calls share.
  const lasting = isTunnelled ? connectionAgent(endpoint, env, Infinity) : agent;
  const callsBy = (its: Agent) => withoutDockerHost(() => new Docker({ ...options, agent: its } as object) as unknown as Calls);
  const docker = callsBy(agent);
  const streams = callsBy(lasting);
  const streamTimeout = callTimeout + (isTunnelled ? connectTimeout : 0);

  async function bounded<T>(
    call: (options: { abortSignal: AbortSignal }) => Promise<T>,
    { ms = callTimeout, signal }: { ms?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const isConnected = !isTunnelled || idleSockets(agent).length > 0;
    const timeout = AbortSignal.timeout(isConnected ? ms : ms + connectTimeout);
    const abortSignal = signal ? AbortSignal.any([timeout, signal]) : timeout;
    try {
      // dockerode takes no signal for an image's inspect, so we do not rely on it for any.
      return await Promise.race([call({ abortSignal }), rejectedBy(abortSignal)]);
    } catch (error) {
      throw await explain(error, endpoint, env);
    }
  }
  /** Opens a stream, in time; open it stays for as long as it likes. */
  async function opened(open: (options: { abortSignal: AbortSignal }) => Promise<unknown>, signal: AbortSignal) {
    const opening = new AbortController();
    const timer = setTimeout(() => opening.abort(new DOMException("timed out", "TimeoutError")), streamTimeout);
    try {
      return (await open({ abortSignal: AbortSignal.any([signal, opening.signal]) })) as NodeJS.ReadableStream;
    } catch (error) {
      throw await explain(error, endpoint, env);
    } finally {
      clearTimeout(timer);
    }
  }
  const orUndefined = async <T>(promise: Promise<T>): Promise<T | undefined> => {
    try {
      return await promise;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  async function wait(id: string, condition: "not-running" | "removed", signal: AbortSignal): Promise<void> {
    try {
      await streams.getContainer(id).wait({ condition, abortSignal: signal });
    } catch (error) {
      const explained = await explain(error, endpoint, env);
      if (!signal.aborted && !isNotFound(explained)) throw explained;
    }
  }

  async function readExec(id: string): Promise<Exec | undefined> {
    const json = await orUndefined(bounded((options) => docker.getExec(id).inspect(options)));
    if (json === undefined) return undefined;
    const { Running, ExitCode, ProcessConfig } = json as {
      Running: boolean;
      ExitCode: number | null;
      ProcessConfig?: { entrypoint?: string; arguments?: string[] | null };
    };
    const words = [ProcessConfig?.entrypoint ?? "", ...(ProcessConfig?.arguments ?? [])];
    return { id, words, running: Running, ...(ExitCode === null ? {} : { exitCode: ExitCode }) };
  }

  let self: ReturnType<RunCalls["engine"]> | undefined;
  const runCalls: RunCalls = {
    container: (id) => orUndefined(bounded((options) => docker.getContainer(id).inspect(options))),
    image: async (name) =>
      imageReference.test(name) ? orUndefined(bounded((options) => docker.getImage(name).inspect(options))) : undefined,
    async engine() {
      self ??= Promise.all([bounded((options) => docker.info(options)), bounded((options) => docker.version(options))]);
      self.catch(() => (self = undefined));
      return self;
    },
  };

  return {
    endpoint,
    async runOf(id) {
      if (!containerReference.test(id)) return undefined;
      const { readRun } = await import("./readRun.ts"); // its schemas are for this alone
      return readRun(runCalls, id);
    },
    async ping(signal) {
      try {
        await bounded((options) => docker.ping(options), { ms: pingTimeout, signal });
      } catch (error) {
        // Where one connection gives no answer the idle ones would give none either.
        dropIdle(agent);
        throw error;
      }
    },
    async info() {
      const [info, version] = await Promise.all([
        bounded((options) => docker.info(options)),
        bounded((options) => docker.version(options)),
      ]);
      return understood(l10n.t("itself"), () => parseEngineInfo(info, version));
    },
    containers: async () => parseContainers(await bounded((options) => docker.listContainers({ all: true, ...options }))),
    async inspect(id) {
      if (!containerReference.test(id)) return undefined;
      const json = await orUndefined(bounded((options) => docker.getContainer(id).inspect(options)));
      return json === undefined ? undefined : understood(l10n.t("container '{0}'", id), () => parseInspect(json));
    },
    images: async () => parseImages(await bounded((options) => docker.listImages(options))),
    async inspectImage(name) {
      if (!imageReference.test(name)) return undefined;
      const json = await orUndefined(bounded((options) => docker.getImage(name).inspect(options)));
      return json === undefined ? undefined : understood(l10n.t("image '{0}'", name), () => parseImageInspect(json));
    },
    async changes(id) {
      const answer = await bounded((options) => docker.getContainer(id).changes(options), { ms: 60_000 });
      // An unchanged container's answer is null, which dockerode hands over as the bytes it came in.
      const changes = Array.isArray(answer) ? (answer as { Path: string; Kind: 0 | 1 | 2 }[]) : [];
      return changes.map(({ Path, Kind }) => ({ path: Path, kind: Kind }));
    },
    async processes(id) {
      const { Titles, Processes } = (await bounded((options) =>
        docker.getContainer(id).top({ ps_args: "-eo pid,args", ...options }),
      )) as {
        Titles: string[];
        Processes: string[][] | null;
      };
      const column = Titles.findIndex((title) => title === "COMMAND" || title === "CMD");
      return (Processes ?? []).map((row) => row[column] ?? row.join(" "));
    },
    async has(id, path) {
      const found = await orUndefined(
        bounded(async (options) => {
          (await docker.getContainer(id).infoArchive({ path, ...options })).resume();
          return true;
        }),
      );
      return found ?? false;
    },
    async logs(id, lines) {
      const wanted = { stdout: true, stderr: true, tail: lines };
      const answer = await bounded((options) => docker.getContainer(id).logs({ ...wanted, ...options }), { ms: 30_000 });
      // dockerode gives what happens to be JSON as a value.
      const bytes = Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer));
      const frames = bytes.length < 8 ? [{ bytes }] : createDeframer()(bytes);
      return Buffer.concat(frames.map((frame) => frame.bytes)).toString();
    },
    async *logPieces(id, from, signal) {
      const wanted = { stdout: true, stderr: true, follow: true, timestamps: true, ...from };
      let stream: NodeJS.ReadableStream | Buffer;
      try {
        stream = await opened((options) => streams.getContainer(id).logs({ ...wanted, ...options }), signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      try {
        const pieces = createPieces();
        // What is not followed dockerode gives whole.
        for await (const chunk of Buffer.isBuffer(stream) ? [stream] : stream) yield* pieces.take(Buffer.from(chunk));
        yield* pieces.end();
      } catch {
        // The stream broke: the same as its end, and who listens looks whether the engine is still there.
      }
    },
    async inspectRaw(what, id) {
      if (!(what === "container" ? containerReference : imageReference).test(id)) return undefined;
      return orUndefined(
        bounded((options) => (what === "container" ? docker.getContainer(id) : docker.getImage(id)).inspect(options)),
      );
    },
    exec: readExec,
    async execs(id) {
      const ids = containerReference.test(id)
        ? await orUndefined(bounded((options) => docker.getContainer(id).inspect(options)))
        : {};
      const { ExecIDs } = (ids ?? {}) as { ExecIDs?: string[] | null };
      const found = await Promise.all((ExecIDs ?? []).map(readExec));
      return found.filter((exec) => exec !== undefined);
    },
    exited: (id, signal) => wait(id, "not-running", signal),
    removed: (id, signal) => wait(id, "removed", signal),
    async events(onOpen, onEvent, signal, of) {
      const wanted = of
        ? { type: ["container"], container: [of.container], event: innerActions }
        : { type: ["container", "image"], event: actions };
      const query = { filters: JSON.stringify(wanted), ...(of ? { since: of.since } : {}) };
      const stream = await opened((options) => streams.getEvents({ ...query, ...options }), signal);
      onOpen();
      try {
        for await (const line of lines(stream)) {
          const event = parseEvent(line);
          if (event) onEvent(event);
        }
      } catch {
        // The stream broke: for who listens the same as its end.
      }
    },
    close() {
      letGo(agent);
      letGo(lasting);
    },
  };
}

/** Never resolves. */
async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

/** dockerode looks at DOCKER_HOST, and at the certificates that go with it, whatever it is told, and throws when it does not like them. */
function withoutDockerHost<T>(make: () => T): T {
  const { DOCKER_HOST } = process.env;
  delete process.env.DOCKER_HOST;
  try {
    return make();
  } finally {
    if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST;
  }
}

/** Unlike `destroy`, which also breaks the connections that a command still uses. */
function letGo(agent: Agent & { keepAlive?: boolean }): void {
  agent.keepAlive = false;
  dropIdle(agent);
}

function dropIdle(agent: Agent): void {
  for (const socket of idleSockets(agent)) socket.destroy();
}

function idleSockets({ freeSockets }: Agent): Socket[] {
  return Object.values(freeSockets).flatMap((sockets) => sockets ?? []);
}

/** @throws UserError when the engine's answer is not what its documentation says */
function understood<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw Object.assign(new UserError(l10n.t("Berth does not understand what the engine says of {0}.", what)), {
      cause: error,
    });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof UserError && (error.cause as { statusCode?: number } | undefined)?.statusCode === 404;
}

/** An event is a few hundred characters; what is longer than this is none (characters). */
const longestEvent = 1_000_000;

async function* lines(stream: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const [first = "", ...others] = decoder.decode(Buffer.from(chunk), { stream: true }).split("\n");
    length += first.length;
    if (length <= longestEvent) parts.push(first);
    for (const next of others) {
      if (length <= longestEvent) yield parts.join("");
      parts = [next];
      ({ length } = next);
    }
  }
  if (length > 0 && length <= longestEvent) yield parts.join("");
}

/** From API 1.52 on there are only `Action` and `Actor`. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    const { Type, Action, Actor, timeNano } = JSON.parse(line) as {
      Type: string;
      Action: string;
      Actor: { ID: string; Attributes?: Record<string, string> | null };
      timeNano: number;
    };
    // JSON has no numbers as large as nanoseconds since 1970: thousandths of a second, rounded down, are sure.
    const time = (Math.floor(timeNano / 1e6) / 1000).toFixed(3);
    return { type: Type, action: Action, id: Actor.ID, time, attributes: Actor.Attributes ?? {} };
  } catch {
    return undefined;
  }
}

/** What went wrong with a call, as an error for people. */
async function explain(error: unknown, endpoint: Endpoint, env: NodeJS.ProcessEnv): Promise<Error> {
  if (error instanceof UserError) return error;
  const { statusCode, json, code, name, message } = error as {
    statusCode?: number;
    json?: { message?: string };
    code?: string;
    name?: string;
    message: string;
  };
  if (statusCode !== undefined) {
    // What dockerode makes of an answer to a call for a stream.
    const words = json?.message ?? message.replace(/^\(HTTP code \d+\) [^-]+ - /, "").trim();
    return Object.assign(new UserError(words.charAt(0).toUpperCase() + words.slice(1)), { cause: error });
  }
  const reason = await outReason(endpoint, code, name, env);
  const remedy = reason === "unreachable" ? selectContext : undefined;
  return Object.assign(new EngineOutError(reason, outMessage(reason, endpoint, message), remedy), { cause: error });
}

/** The engine is out of reach, and why. */
export class EngineOutError extends EngineGoneError {
  readonly reason: OutReason;
  constructor(reason: OutReason, message: string, remedy?: Remedy) {
    super(message, remedy);
    this.reason = reason;
  }
}

async function outReason(
  { socketPath }: Endpoint,
  code: string | undefined,
  name: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<OutReason> {
  if (code === "EACCES" || code === "EPERM") return "denied";
  if (name === "TimeoutError" || name === "AbortError" || code === "ABORT_ERR" || code === "ETIMEDOUT") return "silent";
  if (socketPath === undefined) return "unreachable";
  // A socket that refuses was an engine's. Without one, the CLI alone does not make an engine: it is often all that a machine has.
  const isThere = code !== "ENOENT" || (await onPath("dockerd", env)) || (await onPath("docker-desktop", env));
  return isThere ? "stopped" : "missing";
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function outMessage(reason: OutReason, { host, socketPath, context }: Endpoint, detail: string): string {
  const where = socketPath ?? l10n.t("{0} (context {1})", withoutPassword(host), context);
  switch (reason) {
    case "denied":
      return l10n.t("Docker's socket {0} refuses your user: join the 'docker' group, then log in again.", where);
    case "missing":
      return l10n.t("Docker is not installed on this machine: nothing listens at {0}.", where);
    case "silent":
      return l10n.t("The Docker engine at {0} does not answer.", where);
    case "stopped":
      return l10n.t("The Docker engine is not running: nothing listens at {0}.", where);
    case "unreachable":
      return l10n.t("The Docker engine at {0} is out of reach: {1}", where, detail);
    case "misconfigured":
      return detail;
  }
}
