import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../core/errors.ts";

/** Where the engine is, resolved once and given to both dockerode and the CLI. */
export interface Endpoint {
  /** The Docker context's name; `default` also stands for `DOCKER_HOST`. */
  context: string;
  /** Such as `unix:///var/run/docker.sock` or `ssh://gpu-server`. */
  host: string;
  /** The host came from `DOCKER_HOST`. */
  fromEnvironment: boolean;
  /** Set when the engine listens on a unix socket of this machine. */
  socketPath?: string;
  /** In front of every `docker` command line. */
  cliArgs: readonly string[];
}

const defaultSocket = "/var/run/docker.sock";
const defaultHost = `unix://${defaultSocket}`;

/**
 * Resolves the endpoint as the docker CLI does (docs.docker.com/engine/manage-resources/contexts): an explicit context wins over `DOCKER_HOST`, that over
 * `DOCKER_CONTEXT`, that over the config file's `currentContext`. Reads files only; nothing is spawned.
 * @throws UserError when the context does not exist
 */
export async function resolveEndpoint(wanted: string, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const folder = configFolder(env);
  if (wanted === "" && env.DOCKER_HOST) return endpoint("default", env.DOCKER_HOST, true);
  const context = wanted || env.DOCKER_CONTEXT || (await currentContext(folder)) || "default";
  // The context `default` stands for DOCKER_HOST, even when it is asked for by name.
  if (context === "default") return endpoint("default", env.DOCKER_HOST || defaultHost, Boolean(env.DOCKER_HOST));
  return endpoint(context, await contextHost(folder, context), false);
}

/** The CLI's own folder, where `config.json` and the contexts are. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(homedir(), ".docker");
}

function endpoint(context: string, host: string, fromEnvironment: boolean): Endpoint {
  const socketPath = host.startsWith("unix://") ? host.slice("unix://".length) || defaultSocket : undefined;
  return {
    context,
    host,
    fromEnvironment,
    ...(socketPath === undefined ? {} : { socketPath }),
    cliArgs: fromEnvironment ? ["--host", host] : ["--context", context],
  };
}

async function currentContext(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, "config.json"), "utf8").catch(() => "{}");
  try {
    const { currentContext } = JSON.parse(text) as { currentContext?: unknown };
    return typeof currentContext === "string" ? currentContext : undefined;
  } catch {
    throw new UserError(`${join(folder, "config.json")} is not valid JSON: mend it, or set the context in Berth's settings.`);
  }
}

/** The CLI keeps a context under the SHA-256 of its name. */
async function contextHost(folder: string, context: string): Promise<string> {
  const file = join(folder, "contexts", "meta", createHash("sha256").update(context).digest("hex"), "meta.json");
  try {
    const meta = JSON.parse(await readFile(file, "utf8")) as { Endpoints?: { docker?: { Host?: unknown } } };
    const host = meta.Endpoints?.docker?.Host;
    if (typeof host === "string" && host !== "") return host;
  } catch {
    // told below, in words that help
  }
  throw new UserError(
    `There is no Docker context named '${context}': choose another one, or create it with 'docker context create'.`,
  );
}
