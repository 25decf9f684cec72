import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.ts";

/** Sockets kept open between calls. */
const limits = { keepAlive: true, maxFreeSockets: 4 };

/** HTTP connections to the engine: its unix socket directly, anything else (ssh, TCP, TLS) through the CLI's own `system dial-stdio`. */
export function connectionAgent(endpoint: Endpoint, env: NodeJS.ProcessEnv): Agent {
  return endpoint.socketPath === undefined ? new DialStdioAgent(endpoint, env) : new Agent(limits);
}

class DialStdioAgent extends Agent {
  private readonly endpoint: Endpoint;
  private readonly env: NodeJS.ProcessEnv;
  constructor(endpoint: Endpoint, env: NodeJS.ProcessEnv) {
    super({ ...limits, maxSockets: 8 }); // each one is a process
    this.endpoint = endpoint;
    this.env = env;
  }
  override createConnection(): Duplex {
    const args = [...this.endpoint.cliArgs, "system", "dial-stdio"];
    const child = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"], env: this.env });
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-2000)));
    child.on("error", (error) => stream.destroy(error));
    child.on("close", (code) =>
      stream.destroy(code === 0 ? undefined : new Error(complaint.trim() || "docker system dial-stdio ended")),
    );
    stream.on("close", () => child.kill());
    // What node's HTTP client expects of a socket and a pipe does not have.
    return Object.assign(stream, {
      setKeepAlive: () => stream,
      setNoDelay: () => stream,
      setTimeout: () => stream,
      ref: () => stream,
      unref: () => stream,
    });
  }
}
