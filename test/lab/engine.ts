/**
 * Docker engines of the laboratory's own: real ones, each with its own containerd, data, socket and bridge, beside whatever
 * the machine runs. Nothing of the system's is touched: not its engine, its containerd, its docker0, its firewall, its
 * /etc/docker.
 */
import { execa } from "execa";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { asRoot, cacheDir, runAsRoot, systemEnv } from "./cache.ts";
import { hostGpus } from "./gpu.ts";
import { ensurePackages, hasProgram } from "./packages.ts";

export interface LabEngine {
  name: string;
  /** Path of its unix socket. */
  socket: string;
  /** The same as a DOCKER_HOST: unix:///… */
  host: string;
  /** For whatever should talk to it: DOCKER_HOST, an empty DOCKER_CONFIG, and the stand-in nvidia-smi in front on the PATH. */
  env: NodeJS.ProcessEnv;
  /** dockerd's. Another one after stop() and start(). */
  readonly pid: number;
  /** Runs the docker CLI on it: stdout without the last newline; rejects with what it wrote to stderr. */
  docker(...args: string[]): Promise<string>;
  /** Stops it as a shutdown does: containers get their stop signal, and ten seconds. */
  stop(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Makes it hang (SIGSTOP): it takes connections and doesn't answer. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it at once with everything that belongs to it. Its data, so images and containers, stays unless `wipe`. */
  dispose(options?: { wipe?: boolean }): Promise<void>;
}

export interface EngineOptions {
  /** Whether it offers `--gpus`, and `env` a host's nvidia-smi. Default: true. */
  gpu?: boolean;
  /** Let it outlive this process; the next startEngine of this name finds it. Default: it dies with this process. */
  keep?: boolean;
  /** More options for dockerd. */
  args?: string[];
  /** A folder with other versions of dockerd, containerd …, put before the machine's own. */
  binaries?: string;
}

/** The hook that makes dockerd offer --gpus, and the stand-in nvidia-smi. */
const gpuFolder = join(import.meta.dirname, "gpu");
const gpuRuntime = join(gpuFolder, "nvidia-container-runtime");
/** There the hook can't allow a container its devices; a wrapper around runc has to. */
const isCgroup2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
const supervisor = join(import.meta.dirname, "engine.sh");
const running = new Map<string, { settings: string; engine: Promise<LabEngine> }>();

/**
 * The engine of this name, started unless it runs already; started afresh when it runs with other options, hangs or is broken.
 * @throws Error when another living process holds it, or with the end of dockerd's log when dockerd doesn't come up
 */
export function startEngine(name: string, options: EngineOptions = {}): Promise<LabEngine> {
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`"${name}" is no name for an engine: use a-z, 0-9 and -.`);
  const settings = JSON.stringify(options);
  const known = running.get(name);
  if (known?.settings === settings) return known.engine;
  const engine = (known?.engine ?? Promise.resolve(undefined))
    .catch(() => undefined)
    .then(async (old) => {
      await old?.dispose();
      return createEngine(name, options);
    });
  running.set(name, { settings, engine });
  engine.catch(() => forget(name, settings));
  return engine;
}

function forget(name: string, settings: string): void {
  if (running.get(name)?.settings === settings) running.delete(name);
}

async function createEngine(name: string, options: EngineOptions): Promise<LabEngine> {
  await ensurePackages(["docker.io", "iproute2", ...(options.gpu === false ? [] : ["python3"])]);
  if (!hasProgram("docker")) await ensurePackages(["docker-cli"]); // a package of its own since Debian 13

  const folder = join(cacheDir, "engines", name);
  const socket = join(folder, "docker.sock");
  // The longest one that containerd makes below the folder; the kernel takes 107 bytes.
  if (Buffer.byteLength(join(folder, "containerd-state", "containerd.sock.ttrpc")) > 107)
    throw new Error(`${folder} is too long a path for unix sockets; set XDG_CACHE_HOME to a shorter one.`);
  const gpu = options.gpu ?? true;
  const path = [gpu && gpuFolder, options.binaries, systemEnv.PATH].filter(Boolean).join(":");
  const enginePath = [gpu && isCgroup2 && join(folder, "bin"), path].filter(Boolean).join(":");
  const env: NodeJS.ProcessEnv = {
    ...systemEnv,
    PATH: path,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: join(folder, "docker-config"),
    DOCKER_CLI_HINTS: "false",
    BERTH_LAB_GPU: gpu ? join(folder, "gpu") : undefined,
  };
  delete env.DOCKER_CONTEXT; // it would win over DOCKER_HOST

  let child: ChildProcess | undefined;
  let pid = await adopt();
  if (pid === 0) {
    rmSync(join(folder, "docker-config"), { recursive: true, force: true });
    mkdirSync(join(folder, "docker-config"), { recursive: true });
    if (gpu) hostGpus({ env });
    await start();
  }

  /** The pid of an engine that runs already, by these options, and answers; else 0. */
  async function adopt(): Promise<number> {
    const owner = readText(join(folder, "owner"));
    if (owner !== "" && owner !== "kept" && Number(owner) !== process.pid && isAlive(Number(owner)))
      throw new Error(
        `The laboratory's engine "${name}" is in use by process ${owner}; use another name, or set XDG_CACHE_HOME to have a laboratory of your own.`,
      );
    const sameOptions = readText(join(folder, "settings")) === settings();
    return owner === "kept" && sameOptions && (await answers(socket)) ? Number(readText(join(folder, "dockerd.pid"))) : 0;
  }

  function settings(): string {
    return JSON.stringify({ path, args: options.args ?? [] });
  }

  /** The engine's own names for what is not in its folder; the path of the folder makes them its own. */
  function cgroup(): string {
    return `berth-lab/${digest(folder)}`;
  }
  function bridge(): string {
    return `berth-${digest(folder)}`; // an interface's name has at most 15 characters
  }

  async function start(): Promise<void> {
    await runAsRoot(supervisor, "clean", folder, cgroup(), bridge());
    const address = await freeAddress();
    await runAsRoot("ip", "link", "add", bridge(), "type", "bridge");
    await runAsRoot("ip", "address", "add", address, "dev", bridge());
    await runAsRoot("ip", "link", "set", bridge(), "up");
    writeFileSync(join(folder, "containerd.toml"), containerdConfig(folder));
    writeFileSync(join(folder, "daemon.json"), JSON.stringify(await daemonConfig(folder, path)));
    writeFileSync(join(folder, "settings"), settings());
    writeFileSync(join(folder, "owner"), options.keep ? "kept" : String(process.pid));

    const gpuOptions = gpu ? [`--add-runtime=nvidia=${gpuRuntime}`] : [];
    if (gpu && isCgroup2) {
      mkdirSync(join(folder, "bin"), { recursive: true });
      rmSync(join(folder, "bin", "runc"), { force: true });
      symlinkSync(gpuRuntime, join(folder, "bin", "runc"));
    }

    const command = ["run", folder, cgroup(), bridge(), options.keep ? "keep" : "lease"];
    const dockerd = dockerdOptions(folder, bridge(), cgroup());
    // Through `env`, since sudo passes no environment on.
    const environment = [`PATH=${enginePath}`, `BERTH_LAB_GPU=${env.BERTH_LAB_GPU ?? ""}`];
    const log = join(folder, "dockerd.log");
    rmSync(log, { force: true });
    child = spawn(
      ...asRoot("env", [...environment, supervisor, ...command, ...dockerd, ...gpuOptions, ...(options.args ?? [])]),
      {
        detached: true, // Ctrl-C in the terminal goes to us, not to the engine
        stdio: [options.keep ? "ignore" : "pipe", "ignore", "ignore"],
      },
    );
    child.unref();
    (child.stdin as Socket | null)?.unref();
    const ended = new Promise<never>((_, reject) => {
      child!.once("error", reject);
      child!.once("exit", () => reject(new Error(`dockerd of the laboratory's engine "${name}" ended:\n${lastLines(log, 15)}`)));
    });
    ended.catch(() => undefined);
    await Promise.race([untilItAnswers(socket, log), ended]);
    pid = Number(readText(join(folder, "dockerd.pid")));
  }

  async function untilGone(gone: number[]): Promise<void> {
    while (gone.some((it) => it > 0 && isAlive(it))) await delay(20);
  }

  /** SIGTERM to dockerd is a shutdown; to its supervisor it is the end of everything, at once. */
  async function end(which: "dockerd" | "supervisor"): Promise<void> {
    const supervisorPid = Number(readText(join(folder, "supervisor.pid")));
    if (supervisorPid > 0) {
      await thaw();
      await signal("TERM", which === "dockerd" ? pid : supervisorPid);
      await untilGone([supervisorPid]);
    }
    child?.stdin?.destroy();
    child = undefined;
  }

  function thaw(): Promise<void> {
    return signal("CONT", pid);
  }

  return {
    name,
    socket,
    host: `unix://${socket}`,
    env,
    get pid() {
      return pid;
    },
    async docker(...args) {
      const { stdout } = await execa("docker", args, { env, extendEnv: false, stdin: "ignore" });
      return stdout;
    },
    stop: () => end("dockerd"),
    start,
    freeze: () => signal("STOP", pid),
    thaw,
    async dispose({ wipe = false } = {}) {
      const networks = await (pid > 0 && isAlive(pid) ? userBridges(env) : []);
      await end("supervisor");
      await runAsRoot(supervisor, "clean", folder, cgroup(), bridge());
      for (const network of networks) await runAsRoot("ip", "link", "delete", network).catch(() => undefined);
      rmSync(join(folder, "owner"), { force: true });
      if (wipe) await runAsRoot("rm", "-rf", folder);
      forget(name, JSON.stringify(options));
    },
  };
}

function dockerdOptions(folder: string, bridge: string, cgroup: string): string[] {
  const ownGroup = process.getgid?.() ?? 0;
  return [
    `--host=unix://${join(folder, "docker.sock")}`,
    `--group=${ownGroup}`, // who may open the socket
    `--data-root=${join(folder, "data")}`,
    `--exec-root=${join(folder, "exec")}`,
    `--pidfile=${join(folder, "dockerd.pid")}`,
    // Without it dockerd would take the system's containerd whenever one runs.
    `--containerd=${join(folder, "containerd-state", "containerd.sock")}`,
    `--config-file=${join(folder, "daemon.json")}`, // not /etc/docker/daemon.json
    `--cgroup-parent=/${cgroup}`,
    "--exec-opt=native.cgroupdriver=cgroupfs",
    `--bridge=${bridge}`,
    // The firewall and the machine's forwarding stay as they are; published ports work through docker-proxy.
    "--iptables=false",
    "--ip6tables=false",
    "--ip-masq=false",
    "--ip-forward=false",
  ];
}

/** What dockerd has no option for. */
async function daemonConfig(folder: string, path: string): Promise<object> {
  const { stdout } = await execa("dockerd", ["--version"], { env: { PATH: path } });
  const major = Number(/version (\d+)/.exec(stdout)?.[1]);
  // Before 23.0 an engine's ID comes from a key in /etc/docker, so two engines on a machine would have the same one.
  return major < 23 ? { "deprecated-key-path": join(folder, "key.json") } : {};
}

function containerdConfig(folder: string): string {
  const state = join(folder, "containerd-state");
  return [
    "version = 2",
    `root = ${JSON.stringify(join(folder, "containerd"))}`,
    `state = ${JSON.stringify(state)}`,
    // Kubernetes' interface, and a plugin that would make /opt/containerd.
    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
    "[grpc]",
    `address = ${JSON.stringify(join(state, "containerd.sock"))}`,
    "",
  ].join("\n");
}

/** The first private /24 that no interface or route of this machine has to do with, as a bridge's address in it. */
async function freeAddress(): Promise<string> {
  const addresses = JSON.parse(await runAsRoot("ip", "-json", "-4", "address")) as {
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const routes = JSON.parse(await runAsRoot("ip", "-json", "-4", "route")) as { dst: string }[];
  const taken = [
    ...addresses.flatMap((link) => link.addr_info.map((it) => `${it.local}/${it.prefixlen}`)),
    ...routes.map((it) => it.dst).filter((dst) => dst !== "default"),
  ].map(range);
  for (const prefix of ["10.213", "172.29", "192.168"])
    for (let third = 1; third < 255; third++) {
      const [first, last] = range(`${prefix}.${third}.0/24`);
      if (!taken.some(([from, to]) => from <= last && first <= to)) return `${prefix}.${third}.1/24`;
    }
  throw new Error("Berth's laboratory found no private range of addresses that isn't in use.");
}

/** First and last address of a CIDR as numbers. */
function range(cidr: string): [number, number] {
  const [address = "", bits = "32"] = cidr.split("/");
  const value = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(value / size) * size;
  return [first, first + size - 1];
}

/** Bridges that dockerd made for `docker network create`; it leaves them behind when it ends. */
async function userBridges(env: NodeJS.ProcessEnv): Promise<string[]> {
  const args = ["network", "ls", "--quiet", "--filter", "type=custom", "--filter", "driver=bridge"];
  const { stdout } = await execa("docker", args, { env, extendEnv: false, timeout: 5000, reject: false });
  return stdout
    .split("\n")
    .filter((id) => /^[0-9a-f]{12}$/.test(id))
    .map((id) => `br-${id}`);
}

async function untilItAnswers(socket: string, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await answers(socket))) {
    if (Date.now() > deadline) throw new Error(`dockerd did not answer within a minute:\n${lastLines(log, 15)}`);
    await delay(20);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: "/_ping", timeout: 2000 }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode === 200));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

async function signal(name: "TERM" | "STOP" | "CONT", pid: number): Promise<void> {
  // kill(0) would reach our own process group.
  if (pid > 0 && isAlive(pid)) await runAsRoot("kill", `-${name}`, String(pid));
}

/** Whether there is such a process, whoever's it is. A zombie is none. */
function isAlive(pid: number): boolean {
  return /^State:\s+[^Z]/m.test(readText(`/proc/${pid}/status`));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function lastLines(path: string, count: number): string {
  return readText(path).split("\n").slice(-count).join("\n");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
