/** Programs of other Debian releases beside the machine's own: packages unpacked into the cache, never installed. */
import { execa } from "execa";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir, systemEnv } from "./cache.ts";
import { agreed, aptSource } from "./packages.ts";

/** What to bring. */
export interface Unpacked {
  /** Debian's name of the release, such as `trixie`. */
  suite: string;
  packages: readonly string[];
  /** In the cache. */
  folder: string;
  /** For people: `Docker (50 MB)`. */
  what: string;
}

/**
 * The folder that these packages are unpacked in; downloaded unless it is there.
 * @throws Error when there is no such release or package, or this machine's packages are not Debian's
 */
export async function unpacked({ suite, packages, folder: name, what }: Unpacked): Promise<string> {
  const folder = join(cacheDir, name);
  if (existsSync(folder)) return folder;
  process.stdout.write(`Berth's laboratory downloads Debian ${suite}'s ${what} into ${folder}; nothing of it is installed.\n`);
  if (!(await agreed())) throw new Error(`There is no ${what} of Debian ${suite} to test on, then.`);
  const unfinished = `${folder}.${process.pid}`;
  try {
    await download(suite, packages, unfinished);
    // At once, so that a folder of that name is always complete; another process may have been faster.
    if (!existsSync(folder)) await rename(join(unfinished, "root"), folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** With lists and a cache of its own: what the machine's apt-get knows and installs stays as it is. */
async function download(suite: string, packages: readonly string[], folder: string): Promise<void> {
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
  await aptGet("download", ...packages.map((name) => `${name}/${suite}`));
  for (const file of await readdir(folder))
    if (file.endsWith(".deb")) await execa("dpkg", ["--extract", file, "root"], { cwd: folder });
}
