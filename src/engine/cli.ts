import * as l10n from "../core/l10n.ts";
import type { About } from "../core/explain.ts";
import { explainDocker } from "../core/explain.ts";
import { Cancelled, EngineSlowError, UserError } from "../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** The docker command line: all that Berth changes on an engine goes through it, so that what is shown is what ran. */
export interface Cli {
  /**
   * Runs `docker ARGS` and resolves with its standard output, trimmed.
   * @throws EngineGoneError when the engine is out of reach or the time has passed, else UserError in words that name what `about` says
   */
  run(args: readonly string[], about?: About, options?: RunOptions): Promise<string>;
  /**
   * Runs `docker ARGS` for its result, whatever it is; undefined exit code when it had to be killed.
   * @throws Cancelled once `signal` is raised; what it began on the engine may go on there
   */
  probe(args: readonly string[], timeout: number, signal?: AbortSignal): Promise<ProbeOutput>;
  /**
   * Runs `docker ARGS` for as long as it takes (or `timeout` milliseconds), with `input` on its standard input; `onOutput` gets what it says as it says it.
   * @returns its exit code; undefined when it had to be killed
   * @throws Cancelled once `signal` is raised; what it began on the engine may go on there
   */
  stream(args: readonly string[], options: StreamOptions): Promise<number | undefined>;
  /** Program, arguments and environment for a terminal that runs `docker ARGS`. */
  terminal(args: readonly string[]): { program: string; args: string[] };
}

export interface RunOptions {
  /** Milliseconds; default: a minute. */
  timeout?: number;
  /** `docker FROM`, whose output it reads. */
  from?: readonly string[] | undefined;
  /** What its environment holds besides: the values of secrets, which stand as `-e NAME` in `args`. */
  env?: Readonly<Record<string, string>> | undefined;
  /** What it reads on standard input. */
  input?: string | Uint8Array;
}

export interface StreamOptions {
  /** See RunOptions. */
  env?: Readonly<Record<string, string>> | undefined;
  input?: string | Uint8Array;
  onOutput: (bytes: Buffer, stream: "stdout" | "stderr") => void;
  signal?: AbortSignal | undefined;
  timeout?: number;
}

export interface ProbeOutput {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

const noCli = () =>
  l10n.t(
    "The 'docker' command is not installed on this machine; Berth needs it to change anything: install Docker's command line, then try again.",
  );

/** What `docker --version` says, which asks no engine. @throws UserError when there is no `docker` */
export async function cliVersion(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { execa } = await import("execa");
  const options = { env, extendEnv: false, reject: false, stdin: "ignore", timeout: 5000, killSignal: "SIGKILL" } as const;
  const { stdout, failed, code, shortMessage } = await execa("docker", ["--version"], options);
  if (code === "ENOENT") throw new UserError(noCli());
  return failed ? (shortMessage ?? "docker --version failed") : stdout.trim();
}

/** @param env What `docker` runs with, and where it is searched. */
export function createCli(endpoint: Endpoint, env: NodeJS.ProcessEnv = process.env): Cli {
  const argv = (args: readonly string[]) => [...endpoint.cliArgs, ...args];
  /** Milliseconds that the way to the engine may take, before what is probed has begun: ssh logs in each time. */
  const way = endpoint.socketPath === undefined ? 10_000 : 0;

  /** What `docker` started, as its plugins are, is killed with it: what holds its output would be waited for. */
  const killing = { killSignal: "SIGKILL", killDescendants: true } as const;
  const options = (timeout: number) =>
    ({ env, extendEnv: false, reject: false, timeout, ...killing, maxBuffer: 64_000_000 }) as const;

  async function spawn(
    args: readonly string[],
    timeout: number,
    { env: more, input, signal }: Pick<RunOptions, "env" | "input"> & { signal?: AbortSignal } = {},
  ) {
    const { execa } = await import("execa");
    return execa("docker", argv(args), {
      ...options(timeout),
      env: { ...env, ...more },
      ...(input === undefined ? { stdin: "ignore" } : { input }),
      ...(signal ? { cancelSignal: signal } : {}),
    });
  }

  /** When one of the two fails the other is killed, and only the first failure is told; nothing is made of half an output, as its end is never read. */
  async function spawnReading(from: readonly string[], args: readonly string[], timeout: number) {
    const { execa } = await import("execa");
    // Unbuffered: an export is as large as the container.
    const writer = execa("docker", argv(from), { ...options(timeout), stdin: "ignore", buffer: { stdout: false } });
    const reader = execa("docker", argv(args), { ...options(timeout), stdin: "pipe" });
    writer.stdout.pipe(reader.stdin, { end: false });
    reader.stdin.on("error", () => undefined); // its exit tells more
    const written = writer.then((result) => {
      if (result.failed) reader.kill();
      else reader.stdin.end();
      return { ...result, stdout: "" };
    });
    const read = reader.then((result) => {
      writer.stdout.unpipe().resume(); // what nobody reads would be waited for
      if (result.failed) writer.kill();
      return result;
    });
    const first = await Promise.race([written, read]);
    const both = await Promise.all([written, read]);
    return [first, ...both].find(({ failed }) => failed) ?? both[1];
  }

  return {
    async run(args, about = {}, { timeout = 60_000, from, ...more } = {}) {
      const result = await (from ? spawnReading(from, args, timeout) : spawn(args, timeout, more));
      if (!result.failed) return result.stdout.trim();
      if (result.code === "ENOENT") throw new UserError(noCli());
      if (result.timedOut)
        throw new EngineSlowError(
          l10n.t("The Docker engine did not finish '{0}' within {1} s.", `docker ${args[0]}`, timeout / 1000),
        );
      throw explainDocker(result.stderr, about);
    },
    async probe(args, timeout, signal) {
      const { exitCode, stdout, stderr, timedOut, code } = await spawn(args, timeout + way, signal ? { signal } : {});
      if (signal?.aborted) throw new Cancelled();
      if (code === "ENOENT") throw new UserError(noCli());
      return { exitCode, stdout, stderr, timedOut };
    },
    async stream(args, { env: more, input, onOutput, signal, timeout = 0 }) {
      const { execa } = await import("execa");
      const child = execa("docker", argv(args), {
        ...options(timeout === 0 ? 0 : timeout + way),
        env: { ...env, ...more },
        buffer: false,
        ...(input === undefined ? { stdin: "ignore" } : { input }),
        ...(signal ? { cancelSignal: signal } : {}),
      });
      child.stdout?.on("data", (bytes: Buffer) => onOutput(bytes, "stdout"));
      child.stderr?.on("data", (bytes: Buffer) => onOutput(bytes, "stderr"));
      const { exitCode, code } = await child;
      if (signal?.aborted) throw new Cancelled();
      if (code === "ENOENT") throw new UserError(noCli());
      return exitCode;
    },
    terminal: (args) => ({ program: "docker", args: argv(args) }),
  };
}
