import { spawn, type ChildProcessByStdio } from "node:child_process";
import { Agent, type ClientRequest } from "node:http";
import { Duplex, type Readable, type Writable } from "node:stream";
import { inspect } from "node:util";
import * as l10n from "../core/l10n.ts";
import type { Endpoint } from "./endpoint.ts";

/** Sockets kept open between calls. */
const limits = { keepAlive: true, maxFreeSockets: 4 };
/** Each of these is a process, over ssh even three (the CLI connects twice), with a log-in of its own. An ssh server refuses the eleventh that logs in at once. */
const tunnelLimits = { keepAlive: true, maxFreeSockets: 2, maxSockets: 4 };

/** Milliseconds that the CLI has to end by itself. */
const grace = 1000;

/**
 * HTTP connections to the engine: its unix socket directly, anything else (ssh, TCP, TLS) through the CLI's own `system dial-stdio`.
 * @param most How many of the latter there may be at once.
 */
export function connectionAgent(endpoint: Endpoint, env: NodeJS.ProcessEnv, most = tunnelLimits.maxSockets): Agent {
  const agent = endpoint.socketPath === undefined ? new DialStdioAgent(endpoint, env, most) : new Agent(limits);
  tellBrokenAnswers(agent);
  // docker-modem writes each call's options out for a log, whether or not anybody reads it: with an agent's sockets in them that takes 20 ms.
  return Object.assign(agent, { [inspect.custom]: () => "Agent" });
}

/** docker-modem waits for the end of an answer alone: of one that breaks off (the engine was killed) it would never tell. */
function tellBrokenAnswers(agent: Agent & { addRequest?: (request: ClientRequest, ...rest: unknown[]) => void }): void {
  const { addRequest } = agent;
  if (addRequest === undefined) return;
  agent.addRequest = function (request, ...rest) {
    request.once("response", (answer) => {
      answer.once("close", () => {
        if (!answer.complete) request.emit("error", Object.assign(new Error("the answer broke off"), { code: "ECONNRESET" }));
      });
    });
    addRequest.call(this, request, ...rest);
  };
}

class DialStdioAgent extends Agent {
  private readonly endpoint: Endpoint;
  private readonly env: NodeJS.ProcessEnv;
  constructor(endpoint: Endpoint, env: NodeJS.ProcessEnv, most: number) {
    super({ ...tunnelLimits, maxSockets: most });
    this.endpoint = endpoint;
    this.env = env;
  }
  override createConnection(): Duplex {
    const args = [...this.endpoint.cliArgs, "system", "dial-stdio"];
    return new Tunnel(spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"], env: this.env }));
  }
}

/** What a program reads and writes, as a socket. It ends when the program does, so that what the program says of a failure is known by then. */
class Tunnel extends Duplex {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    super();
    this.child = child;
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-2000)));
    child.stdout.on("data", (chunk) => this.push(chunk) || child.stdout.pause());
    child.stdin.on("error", () => undefined); // a program that takes no more has ended, or is about to: its end tells why
    // A code such as ENOENT would be taken for the engine's.
    child.on("error", ({ message }) => this.destroy(new Error(cannotStart(message))));
    child.on("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(essence(complaint) || "docker system dial-stdio ended"));
    });
    this.on("error", () => undefined); // a call under way hears it too; that an idle tunnel ends is nobody's error
  }
  override _read(): void {
    this.child.stdout.resume();
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.child.stdin.write(chunk, () => done());
  }
  override _final(done: () => void): void {
    this.child.stdin.end(() => done());
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // The CLI takes no notice of SIGTERM while it reads, and ends with its input; but not while the network swallows what it writes. Its ssh goes with it.
    this.child.stdin.destroy();
    this.child.stdout.destroy();
    this.child.kill();
    const last = setTimeout(() => this.child.kill("SIGKILL"), grace).unref();
    this.child.once("exit", () => clearTimeout(last));
    done(error);
  }
  // What node's HTTP client expects of a socket.
  setKeepAlive = (): this => this;
  setNoDelay = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;
}

function cannotStart(message: string): string {
  return message.includes("ENOENT")
    ? l10n.t("the way there goes through the 'docker' command, which is not installed on this machine.")
    : message;
}

/** What ssh said stands at the end of what the CLI says of it. */
function essence(complaint: string): string {
  return (/, make sure the URL is valid.*?stderr=(.+)/s.exec(complaint)?.[1] ?? complaint).trim();
}
