/** A way to the laboratory's engine over ssh, on loopback: a server of our own, with its own keys, and a client that reads nobody's settings but ours. */
import { execa } from "execa";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LabEngine } from "./engine.ts";
import { ensurePackages } from "./packages.ts";

export interface SshServer {
  /** For `docker context create --docker host=…`. */
  host: string;
  /** In front on the PATH: an `ssh` that knows this server and its key, and nothing of the user's. */
  bin: string;
  /** What each command line of that `ssh` holds. */
  mark: string;
  start(): Promise<void>;
  /** Ends it and every connection. */
  stop(): void;
  /** Breaks the connections; the next ones are served. */
  cut(): void;
  /** It and its connections swallow what comes, as a network does that went away (SIGSTOP). */
  freeze(): void;
  thaw(): void;
  dispose(): void;
}

/** A TCP port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts it for the user who runs this. What is run over it finds this engine as its machine's own. */
export async function startSshServer(engine: LabEngine): Promise<SshServer> {
  await ensurePackages(["openssh-server", "openssh-client"], "to reach a Docker engine over ssh on this machine");
  // Where a server that runs as root insists on a folder.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(join(tmpdir(), "berth-ssh-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const port = await freePort();
  const { username } = userInfo();
  for (const key of ["host_key", "user_key"])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "berth-lab", "-f", join(folder, key)]);
  const publicKey = (key: string) =>
    readFileSync(join(folder, `${key}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const { PATH = "", DOCKER_CONFIG = "" } = engine.env;
  const serverConfig = file(
    "sshd_config",
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${join(folder, "host_key")}`,
      `AuthorizedKeysFile ${file("authorized_keys", `${publicKey("user_key")}\n`)}`,
      `AllowUsers ${username}`,
      "StrictModes no", // the folder is in /tmp
      "UsePAM no",
      "PasswordAuthentication no",
      "PidFile none",
      // A home of its own, since a shell that a server starts reads its user's settings.
      `SetEnv "HOME=${folder}" "PATH=${PATH}" "DOCKER_HOST=${engine.host}" "DOCKER_CONFIG=${DOCKER_CONFIG}"`,
      "",
    ].join("\n"),
  );
  const clientConfig = file(
    "ssh_config",
    [
      "Host berth-lab",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${username}`,
      `  IdentityFile ${join(folder, "user_key")}`,
      "  IdentitiesOnly yes",
      "  BatchMode yes",
      `  UserKnownHostsFile ${file("known_hosts", `[127.0.0.1]:${port} ${publicKey("host_key")}\n`)}`,
      "  GlobalKnownHostsFile /dev/null",
      "  StrictHostKeyChecking yes",
      "",
    ].join("\n"),
  );
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${clientConfig} "$@"\n`);
  chmodSync(join(bin, "ssh"), 0o755);

  let server: ChildProcess | undefined;
  /** The server's own process and, below it, one or two for each connection. */
  const processes = () => (server?.pid === undefined ? [] : [server.pid, ...descendants(server.pid)]);
  const send = (signal: NodeJS.Signals, pids: readonly number[]) => {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // it ended meanwhile
      }
    }
  };
  const ssh: SshServer = {
    host: "ssh://berth-lab",
    bin,
    mark: clientConfig,
    async start() {
      let said = "";
      const child = (server = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", serverConfig], { stdio: ["ignore", "ignore", "pipe"] }));
      child.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-2000)));
      while (!(await listens(port))) {
        if (child.exitCode !== null) throw new Error(`The laboratory's ssh server did not start: ${said}`);
        await delay(20);
      }
    },
    stop() {
      // Held first: one that it starts meanwhile would stay, and hold its port.
      for (let held: number[] = []; ;) {
        const all = processes();
        if (all.every((pid) => held.includes(pid))) break;
        send("SIGSTOP", all);
        held = all;
      }
      send("SIGKILL", processes());
      server = undefined;
    },
    cut: () => send("SIGKILL", processes().slice(1)),
    freeze: () => send("SIGSTOP", processes()),
    thaw: () => send("SIGCONT", processes()),
    dispose() {
      ssh.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await ssh.start();
  return ssh;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => socket.destroy()); // its greeting
    socket.once("error", () => resolve(false));
    socket.once("close", (failed) => resolve(!failed));
  });
}

/** The processes below another, the older first. */
function descendants(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((it) => parent(it) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parent(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
