import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as l10n from "../core/l10n.ts";
import * as z from "zod/mini";
import { defaultHost, hostProblem, type ContextFile } from "../core/contexts.ts";
import { UserError, type Remedy } from "../core/errors.ts";
import type { EngineContext } from "../core/state.ts";

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

/** The button of errors that another context helps out of. */
export const selectContext: Remedy = {
  get title() {
    return l10n.t("Select Docker Context");
  },
  command: "berth.selectContext",
};

/**
 * Resolves the endpoint as the docker CLI does (docs.docker.com/engine/manage-resources/contexts): an explicit context wins over `DOCKER_HOST`, that over
 * `DOCKER_CONTEXT`, that over the config file's `currentContext`. Reads files only; nothing is spawned.
 * @throws UserError when the context does not exist, or its address is none
 */
export async function resolveEndpoint(wanted: string, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const { name, host, fromEnvironment } = await meantContext(wanted, env);
  if (host === "")
    throw new UserError(
      l10n.t("There is no Docker context named '{0}': choose another one, or create it with 'docker context create'.", name),
      selectContext,
    );
  const problem = hostProblem(host);
  if (problem)
    throw new UserError(
      `${fromEnvironment ? "DOCKER_HOST" : l10n.t("The Docker context '{0}'", name)}: ${problem}.`,
      selectContext,
    );
  const socketPath = host.startsWith("unix://") ? (host === "unix://" ? defaultHost : host).slice("unix://".length) : undefined;
  return {
    context: name,
    host,
    fromEnvironment,
    ...(socketPath === undefined ? {} : { socketPath }),
    cliArgs: fromEnvironment ? ["--host", host] : ["--context", name],
  };
}

/** The context that the setting (`wanted`, empty: Docker's current one) and the environment mean; its host is empty when there is no such context. */
export async function meantContext(wanted: string, env: NodeJS.ProcessEnv): Promise<EngineContext> {
  const folder = configFolder(env);
  const chosen = wanted !== "";
  const fromHost = env.DOCKER_HOST?.trim() ?? "";
  const name = wanted || (fromHost && "default") || env.DOCKER_CONTEXT || (await currentName(folder)) || "default";
  // The context `default` stands for DOCKER_HOST, even when it is asked for by name.
  if (name === "default") return { name, host: fromHost || defaultHost, chosen, fromEnvironment: fromHost !== "" };
  return { name, host: (await readContext(contextFile(folder, name)))?.host ?? "", chosen, fromEnvironment: false };
}

/** The contexts that were made with `docker context create`, in no order. Those without an address of an engine (or that cannot be read) are left out. */
export async function listContexts(env: NodeJS.ProcessEnv): Promise<ContextFile[]> {
  const folder = join(configFolder(env), "contexts", "meta");
  const entries = await readdir(folder).catch(() => []);
  const files = await Promise.all(entries.map((entry) => readContext(join(folder, entry, "meta.json"))));
  return files.filter((file) => file !== undefined);
}

/** The CLI's own folder, where `config.json` and the contexts are. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(homedir(), ".docker");
}

async function currentName(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, "config.json"), "utf8").catch(() => "{}");
  try {
    const { currentContext } = JSON.parse(text) as { currentContext?: unknown };
    return typeof currentContext === "string" ? currentContext : undefined;
  } catch {
    throw new UserError(
      l10n.t("{0} is not valid JSON: mend it, or choose a context.", join(folder, "config.json")),
      selectContext,
    );
  }
}

/** The CLI keeps a context under the SHA-256 of its name. */
function contextFile(folder: string, name: string): string {
  return join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"), "meta.json");
}

const contextJson = z.object({
  Name: z.string(),
  Metadata: z.nullish(z.object({ Description: z.nullish(z.string()) })),
  Endpoints: z.object({ docker: z.object({ Host: z.string().check(z.trim(), z.minLength(1)) }) }),
});

async function readContext(file: string): Promise<ContextFile | undefined> {
  try {
    const { Name, Metadata, Endpoints } = contextJson.parse(JSON.parse(await readFile(file, "utf8")));
    return { name: Name, host: Endpoints.docker.Host, description: Metadata?.Description ?? "" };
  } catch {
    return undefined;
  }
}
