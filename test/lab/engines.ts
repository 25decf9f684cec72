/** Other versions of the Docker engine than the machine's own, beside it: Debian's packages, unpacked into the cache, never installed. */
import { execa } from "execa";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir, systemEnv } from "./cache.ts";
import { agreed, aptSource } from "./packages.ts";

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
  const path = await unpacked(known.suite);
  return { path, version: await dockerdVersion(path), env };
}

async function dockerdVersion(path: string): Promise<string> {
  const env = { ...systemEnv, PATH: `${path}:${systemEnv.PATH}` };
  const { stdout = "" } = await execa("dockerd", ["--version"], { env, reject: false });
  return /version ([\d.]+)/.exec(stdout)?.[1] ?? "";
}

/** The folders with the programs of a Debian release's engine, as part of a PATH. */
async function unpacked(suite: string): Promise<string> {
  const folder = join(cacheDir, `docker-${suite}`);
  if (!existsSync(folder)) {
    process.stdout.write(
      `Berth's laboratory downloads Debian ${suite}'s Docker (50 MB) into ${folder}; nothing of it is installed.\n`,
    );
    if (!(await agreed())) throw new Error(`There is no Docker of Debian ${suite} to test on, then.`);
    const unfinished = `${folder}.${process.pid}`;
    try {
      await download(suite, unfinished);
      // At once, so that a folder of that name is always complete; another process may have been faster.
      if (!existsSync(folder)) await rename(join(unfinished, "root"), folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return [join(folder, "usr/sbin"), join(folder, "usr/bin")].join(":");
}

/** With lists and a cache of its own: what the machine's apt-get knows and installs stays as it is. */
async function download(suite: string, folder: string): Promise<void> {
  const { mirror, keyring } = await aptSource();
  for (const it of ["lists/partial", "cache/archives/partial", "root"]) await mkdir(join(folder, it), { recursive: true });
  const source = join(folder, "apt.sources");
  const signedBy = keyring ? `Signed-By: ${keyring}\n` : "";
  await writeFile(source, `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\n${signedBy}`);
  const options = Object.entries({
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::SourceList": source,
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    // Root's apt-get would download as another user, who may not write here.
    "APT::Sandbox::User": "root",
  }).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const aptGet = (...args: string[]) =>
    execa("apt-get", ["-qq", ...options, ...args], { cwd: folder, env: systemEnv, stdin: "ignore" });
  await aptGet("update");
  await aptGet("download", ...["docker.io", "containerd", "tini"].map((name) => `${name}/${suite}`));
  for (const file of await readdir(folder))
    if (file.endsWith(".deb")) await execa("dpkg", ["--extract", file, "root"], { cwd: folder });
}
