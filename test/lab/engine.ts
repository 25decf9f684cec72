/**
 * Docker engines of the laboratory's own: real ones, each with its own containerd, data, socket and bridge, beside whatever
 * the machine runs. Nothing of the system's is touched: not its engine, its containerd, its docker0, its firewall, its
 * /etc/docker.
 */
import { execa } from "execa";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { asRoot, cacheDir, isCgroup2, runAsRoot, systemEnv } from "./cache.ts";
import { engineBinaries } from "./engines.ts";
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
}

/** The hook that makes dockerd offer --gpus, and the stand-in nvidia-smi. */
const gpuFolder = join(import.meta.dirname, "gpu");
const gpuRuntime = join(gpuFolder, "nvidia-container-runtime");
const supervisor = join(import.meta.dirname, "engine.sh");
const running = new Map<string, { settings: string; engine: Promise<LabEngine> }>();

/** Which version of Docker every engine of this process is, by its name in engines.ts. Default: the machine's own. */
const version = process.env.BERTH_ENGINE || undefined;

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

/** What of an engine lies outside its folder is named after the folder, so that two laboratories don't meet. */
interface Place {
  folder: string;
  socket: string;
  /** Where its containers' cgroups are, below the root of each hierarchy. */
  cgroup: string;
  bridge: string;
}

function placeOf(name: string): Place {
  // Data of a newer version is nothing for an older one.
  const folder = join(cacheDir, version ? `engines-${version}` : "engines", name);
  // The longest socket in it is containerd's second one; the kernel takes 107 bytes.
  if (Buffer.byteLength(join(folder, "containerd-state", "containerd.sock.ttrpc")) > 107)
    throw new Error(`${folder} is too long a path for unix sockets; set XDG_CACHE_HOME to a shorter one.`);
  const key = createHash("sha256").update(folder).digest("hex").slice(0, 8);
  // An interface's name has at most 15 characters.
  return { folder, socket: join(folder, "docker.sock"), cgroup: `berth-lab/${key}`, bridge: `berth-${key}` };
}

async function createEngine(name: string, options: EngineOptions): Promise<LabEngine> {
  const { gpu = true, keep = false, args = [] } = options;
  await ensurePackages(["docker.io", "iproute2", ...(gpu ? ["python3"] : [])]);
  const binaries = await engineBinaries(version);
  if (!hasProgram("docker")) await ensurePackages(["docker-cli"]); // a package of its own since Debian 13

  const place = placeOf(name);
  const { folder, socket } = place;
  const env: NodeJS.ProcessEnv = {
    ...systemEnv,
    PATH: [gpu && gpuFolder, binaries.path, systemEnv.PATH].filter(Boolean).join(":"),
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: join(folder, "docker-config"),
    DOCKER_CLI_HINTS: "false",
    BERTH_LAB_GPU: gpu ? join(folder, "gpu") : undefined,
  };
  delete env.DOCKER_CONTEXT; // it would win over DOCKER_HOST
  const settings = JSON.stringify({ path: env.PATH, args, version });

  let child: ChildProcess | undefined;
  let networks: string[] = [];
  let pid = await adopt();
  if (pid === 0) {
    await clean(place);
    rmSync(env.DOCKER_CONFIG!, { recursive: true, force: true });
    mkdirSync(env.DOCKER_CONFIG!, { recursive: true });
    if (gpu) hostGpus({ env });
    await start();
  }

  /** The pid of an engine that was kept, runs by these options, and answers; else 0. */
  async function adopt(): Promise<number> {
    const owner = readText(join(folder, "owner"));
    if (owner !== "" && owner !== "kept" && Number(owner) !== process.pid && isAlive(Number(owner)))
      throw new Error(
        `The laboratory's engine "${name}" is in use by process ${owner}; use another name, or set XDG_CACHE_HOME to have a laboratory of your own.`,
      );
    const fits = owner === "kept" && readText(join(folder, "settings")) === settings;
    return fits && (await answers(socket)) ? Number(readText(join(folder, "dockerd.pid"))) : 0;
  }

  async function start(): Promise<void> {
    await clean(place);
    await addBridge(place);
    writeFileSync(join(folder, "containerd.toml"), containerdConfig(folder));
    writeFileSync(join(folder, "daemon.json"), JSON.stringify(daemonConfig(folder, binaries.version)));
    writeFileSync(join(folder, "settings"), settings);
    writeFileSync(join(folder, "owner"), keep ? "kept" : String(process.pid));
    const log = join(folder, "dockerd.log");
    rmSync(log, { force: true });

    const dockerd = [...dockerdOptions(place), ...(gpu ? [`--add-runtime=nvidia=${gpuRuntime}`] : []), ...args];
    const run = ["run", folder, place.cgroup, place.bridge, keep ? "keep" : "lease", ...dockerd];
    // Through the command `env`, since sudo passes no environment on.
    const environment = [
      `PATH=${gpu && isCgroup2 ? runcWrapper(folder) : ""}${env.PATH}`,
      `BERTH_LAB_GPU=${env.BERTH_LAB_GPU ?? ""}`,
      ...Object.entries(binaries.env).map(([key, value]) => `${key}=${value}`),
    ];
    child = spawn(...asRoot("env", [...environment, supervisor, ...run]), {
      detached: true, // Ctrl-C in the terminal goes to us, not to the engine
      stdio: [keep ? "ignore" : "pipe", "ignore", "ignore"],
    });
    child.unref();
    (child.stdin as Socket | null)?.unref();
    await untilUp(child, socket).catch(async (error: Error) => {
      const said = readText(log).split("\n").slice(-15).join("\n");
      await clean(place);
      throw new Error(`The laboratory's engine "${name}" did not start: ${error.message}\n${said}`);
    });
    pid = Number(readText(join(folder, "dockerd.pid")));
  }

  /** SIGTERM to dockerd is a shutdown; to its supervisor it is the end of everything, at once. */
  async function end(which: "dockerd" | "supervisor"): Promise<void> {
    // Not those of one which is started meanwhile.
    const dockerd = pid;
    const supervisorPid = Number(readText(join(folder, "supervisor.pid")));
    await thaw();
    if (isAlive(dockerd)) networks = await userBridges(env);
    await signal("TERM", which === "dockerd" ? dockerd : supervisorPid);
    while (isAlive(supervisorPid)) await delay(20);
    child?.stdin?.destroy();
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
    async docker(...command) {
      const { stdout } = await execa("docker", command, { env, extendEnv: false, stdin: "ignore" });
      return stdout;
    },
    stop: () => end("dockerd"),
    start,
    freeze: () => signal("STOP", pid),
    thaw,
    async dispose({ wipe = false } = {}) {
      await end("supervisor");
      await clean(place);
      for (const network of networks) await runAsRoot("ip", "link", "delete", network).catch(() => undefined);
      rmSync(join(folder, "owner"), { force: true });
      if (wipe) await runAsRoot("rm", "-rf", folder);
      forget(name, JSON.stringify(options));
    },
  };
}

/** Ends and removes whatever is left of an engine, except its data. */
async function clean({ folder, cgroup, bridge }: Place): Promise<void> {
  await runAsRoot(supervisor, "clean", folder, cgroup, bridge);
}

/** Makes a folder with a `runc` before the real one, as the beginning of a PATH: on cgroup v2 the hook can't allow devices. */
function runcWrapper(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, "runc"), { force: true });
  symlinkSync(gpuRuntime, join(bin, "runc"));
  return `${bin}:`;
}

function dockerdOptions({ folder, socket, cgroup, bridge }: Place): string[] {
  return [
    `--host=unix://${socket}`,
    `--group=${process.getgid?.() ?? 0}`, // who may open the socket
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
function daemonConfig(folder: string, dockerd: string): object {
  // Before 23.0 an engine's ID comes from a key in /etc/docker, so two engines on a machine would have the same one.
  return Number.parseInt(dockerd) < 23 ? { "deprecated-key-path": join(folder, "key.json") } : {};
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

async function addBridge({ folder, bridge }: Place): Promise<void> {
  const address = await addressFor(folder);
  await runAsRoot("ip", "link", "add", bridge, "type", "bridge");
  await runAsRoot("ip", "address", "add", address, "dev", bridge);
  await runAsRoot("ip", "link", "set", bridge, "up");
}

/**
 * A bridge's address, in a private /24 that no interface or route of this machine, and no other engine, has to do with. It
 * stays the same while it is free: dockerd stores it with its networks, and puts it back on the bridge.
 */
async function addressFor(folder: string): Promise<string> {
  const links = JSON.parse(await runAsRoot("ip", "-json", "-4", "address")) as {
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const routes = JSON.parse(await runAsRoot("ip", "-json", "-4", "route")) as { dst: string }[];
  const others = readdirSync(dirname(folder)).filter((it) => join(dirname(folder), it) !== folder);
  const taken = [
    ...links.flatMap((link) => link.addr_info.map((it) => `${it.local}/${it.prefixlen}`)),
    ...routes.map((it) => it.dst).filter((dst) => dst !== "default"),
    ...others.map((it) => readText(join(dirname(folder), it, "address"))).filter((it) => it !== ""),
  ].map(range);
  const isFree = (cidr: string) => !taken.some(([from, to]) => from <= range(cidr)[1] && range(cidr)[0] <= to);

  const stored = readText(join(folder, "address"));
  if (stored !== "" && isFree(stored)) return stored;
  const candidates = ["10.213", "172.29", "192.168"].flatMap((it) =>
    Array.from({ length: 254 }, (_, n) => `${it}.${n + 1}.1/24`),
  );
  const address = candidates.find(isFree);
  if (!address) throw new Error("Berth's laboratory found no private range of addresses that isn't in use.");
  writeFileSync(join(folder, "address"), address);
  await runAsRoot("rm", "-f", join(folder, "data", "network", "files", "local-kv.db"));
  return address;
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

/** Waits until dockerd answers; rejects when it ended instead, or took a minute. */
async function untilUp(dockerd: ChildProcess, socket: string): Promise<void> {
  let failure: Error | undefined;
  dockerd.once("error", (error) => (failure = error));
  dockerd.once("exit", () => (failure = new Error("dockerd ended.")));
  const deadline = Date.now() + 60_000;
  while (!(await answers(socket))) {
    if (failure) throw failure;
    if (Date.now() > deadline) throw new Error("dockerd does not answer.");
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
  if (!isAlive(pid)) return;
  await runAsRoot("kill", `-${name}`, String(pid)).catch((error: unknown) => {
    if (isAlive(pid)) throw error; // else it ended just now
  });
}

/** Whether there is such a process, whoever's it is. A zombie is none, nor is 0, which `kill` takes for our own group. */
function isAlive(pid: number): boolean {
  return pid > 0 && /^State:\s+[^Z]/m.test(readText(`/proc/${pid}/status`));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
