/** Other versions of the Docker engine than the machine's own, beside it: Debian's packages, unpacked into the cache, never installed. */
import { execa } from "execa";
import { join } from "node:path";
import { systemEnv } from "./cache.ts";
import { unpacked } from "./debian.ts";

/** The Debian release that brings each. `minApi`: refuses older clients, as Docker 29.0 to 29.2 does by default. */
const versions: Record<string, { suite: string; minApi?: string }> = {
  "20.10": { suite: "bookworm" },
  "26.1": { suite: "trixie" },
  "28.5": { suite: "sid" },
  "28.5-strict": { suite: "sid", minApi: "1.44" },
};

/** What BERTH_ENGINE may be. */
export const engineVersions = Object.keys(versions);

export interface EngineBinaries {
  /** Beginning of a PATH, with dockerd and containerd; "" when the machine's own are of this version. runc is always the machine's. */
  path: string;
  /** What dockerd says it is, such as 28.5.2: a Debian release moves on. */
  version: string;
  /** For dockerd's environment. */
  env: NodeJS.ProcessEnv;
}

/**
 * Brings an engine of this version, unless it is there: 50 MB the first time. No name: the machine's own.
 * @throws Error when there is no such version, or this machine's packages are not Debian's
 */
export async function engineBinaries(name?: string): Promise<EngineBinaries> {
  const own = await dockerdVersion("");
  if (!name) return { path: "", version: own, env: {} };
  const known = versions[name];
  if (!known) throw new Error(`There is no engine "${name}" for BERTH_ENGINE; there are ${engineVersions.join(", ")}.`);
  const env = known.minApi ? { DOCKER_MIN_API_VERSION: known.minApi } : {};
  if (own.startsWith(`${name}.`)) return { path: "", version: own, env };
  const path = await enginePath(known.suite);
  return { path, version: await dockerdVersion(path), env };
}

async function dockerdVersion(path: string): Promise<string> {
  const env = { ...systemEnv, PATH: `${path}:${systemEnv.PATH}` };
  const { stdout = "" } = await execa("dockerd", ["--version"], { env, reject: false });
  return /version ([\d.]+)/.exec(stdout)?.[1] ?? "";
}

/** The folders with the programs of a Debian release's engine, as part of a PATH. */
async function enginePath(suite: string): Promise<string> {
  const packages = ["docker.io", "containerd", "tini"];
  const folder = await unpacked({ suite, packages, folder: `docker-${suite}`, what: "Docker (50 MB)" });
  return [join(folder, "usr/sbin"), join(folder, "usr/bin")].join(":");
}
