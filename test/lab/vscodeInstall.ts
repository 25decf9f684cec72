/** Brings a VS Code server: the one inside npm's code-server package, which carries it complete. */
import { execa } from "execa";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { cacheDir } from "./cache.ts";
import { agreed, ensurePackages } from "./packages.ts";

/** code-server 4.139.1 carries VS Code 1.139.1; it runs on Node 24 only, so it gets one of its own. */
const codeServer = "4.139.1";
const node = "24.21.0";

export interface Installation {
  /** The Node that runs it. */
  node: string;
  /** Its folder: out/server-main.js, bin/, extensions/ … */
  root: string;
}

let installation: Promise<Installation> | undefined;

/** Installs it into the cache unless it is there; a minute, 600 MB. */
export function ensureVscode(): Promise<Installation> {
  return (installation ??= install());
}

async function install(): Promise<Installation> {
  const folder = join(cacheDir, `vscode-${codeServer}`);
  if (!existsSync(folder)) {
    // Two of its modules are compiled: the logger, and the watchdog that ends an extension host whose server died.
    await ensurePackages(["g++", "make", "python3"], "to build parts of the VS Code server");
    process.stdout.write(`Berth installs VS Code's server (npm's code-server ${codeServer}; a minute, 700 MB) in ${folder}.\n`);
    if (!(await agreed())) throw new Error("There is no VS Code to open, then.");
    removeUnfinished(folder);
    const unfinished = `${folder}.${process.pid}`;
    try {
      await npmInstall(unfinished);
      // At once, so that a folder of that name is always complete; another process may have been faster.
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return paths(folder);
}

/** What installations left that were ended in the middle. */
function removeUnfinished(folder: string): void {
  for (const name of existsSync(cacheDir) ? readdirSync(cacheDir) : []) {
    const pid = name.startsWith(`${basename(folder)}.`) ? extname(name).slice(1) : "";
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}

function paths(folder: string): Installation {
  const modules = join(folder, "node_modules");
  return { node: join(modules, nodePackage(), "bin", "node"), root: join(modules, "code-server", "lib", "vscode") };
}

/** npm's `node` package downloads this one in an install script; asked for by name it needs none. */
function nodePackage(): string {
  return `node-${process.platform}-${process.arch}`;
}

async function npmInstall(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  const npm = (cwd: string, ...args: string[]) =>
    execa("npm", [...args, "--no-audit", "--no-fund"], { cwd, env, stdin: "ignore" });
  const env: NodeJS.ProcessEnv = {};
  await npm(folder, "install", "--ignore-scripts", `${nodePackage()}@${node}`, `code-server@${codeServer}`);

  // From here on npm runs on that Node, and compiles against its headers instead of downloading some.
  const { root } = paths(folder);
  const nodeFolder = join(folder, "node_modules", nodePackage());
  env.PATH = `${join(nodeFolder, "bin")}:${process.env.PATH ?? ""}`;
  env.npm_config_nodedir = nodeFolder;
  // Not code-server's own install script: it compiles all that VS Code has, which takes three times as long.
  await npm(root, "install", "--omit=dev", "--ignore-scripts");
  await npm(root, "rebuild", "@vscode/spdlog", "@vscode/native-watchdog");
}
