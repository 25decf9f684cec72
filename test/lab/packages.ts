/** The Debian packages that the laboratory stands on, brought when they are missing. */
import { execa } from "execa";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { asRoot, runAsRoot, systemEnv } from "./cache.ts";

/** A package is as good as installed when its program is there, wherever that came from (docker-ce, another distribution). */
const programOf: Record<string, string> = {
  "docker.io": "dockerd",
  "docker-cli": "docker",
  debootstrap: "debootstrap",
  iproute2: "ip",
  python3: "/usr/bin/python3",
  "g++": "g++",
  make: "make",
  "openssh-client": "ssh",
  "openssh-server": "/usr/sbin/sshd",
  openssl: "openssl",
};

/** What some of them would start at the next boot. */
const servicesOf: Record<string, string[]> = {
  "docker.io": ["docker.service", "docker.socket", "containerd.service"],
  "openssh-server": ["ssh.service", "ssh.socket"],
};

let listsAreFresh: Promise<void> | undefined;

/**
 * Installs those of the Debian packages that are missing, and says so in one line first. On a terminal it asks, unless CI or
 * BERTH_YES is set. No service is started or enabled by it: the machine must not get a Docker engine it didn't ask for.
 * @throws Error when something is missing and there is no apt-get, or the person said no
 */
export async function ensurePackages(names: string[], why = "to run its own Docker engine and simulated GPUs"): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const list = missing.join(", ");
  const needs = `Berth's laboratory needs ${list}; install ${missing.length > 1 ? "them" : "it"} and try again.`;
  if (!hasProgram("apt-get")) throw new Error(needs);

  process.stdout.write(`Berth's laboratory installs ${list} with apt-get, ${why}.\n`);
  if (!(await agreed())) throw new Error(needs);
  await (listsAreFresh ??= aptGet("update"));
  await withoutStartingServices(missing, () => aptGet("install", "--yes", "--no-install-recommends", ...missing));
}

/** Whether a program is on the PATH, the administrators' folders included. */
export function hasProgram(program: string): boolean {
  if (isAbsolute(program)) return existsSync(program);
  return (systemEnv.PATH ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, program)));
}

async function missingPackages(names: string[]): Promise<string[]> {
  const unseen = names.filter((name) => !(name in programOf && hasProgram(programOf[name]!)));
  if (unseen.length === 0 || !hasProgram("dpkg-query")) return unseen;
  // Exits 1 when a package is unknown to dpkg, and still lists the others.
  const query = await execa("dpkg-query", ["--show", "--showformat=${db:Status-Status} ${Package}\\n", ...unseen], {
    reject: false,
  });
  return unseen.filter((name) => !query.stdout.split("\n").includes(`installed ${name}`));
}

/** Whether to go on with what was just announced: asks on a terminal, unless CI or BERTH_YES is set; elsewhere it is a yes. */
export async function agreed(): Promise<boolean> {
  if (process.env.CI || process.env.BERTH_YES || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Go on? [y/N] ");
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function aptGet(...args: string[]): Promise<void> {
  const command = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", ...args];
  await execa(...asRoot("env", command), { env: systemEnv, stdin: "inherit" });
}

/** Debian starts a package's services when it is installed, unless /usr/sbin/policy-rc.d says no (exit 101). */
async function withoutStartingServices(packages: string[], install: () => Promise<void>): Promise<void> {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) await runAsRoot("sh", "-c", `printf '#!/bin/sh\\nexit 101\\n' >${policy} && chmod 755 ${policy}`);
  try {
    await install();
  } finally {
    if (ours) await runAsRoot("rm", "-f", policy);
  }
  // Not started now, but the next boot would.
  const services = packages.flatMap((name) => servicesOf[name] ?? []);
  if (services.length > 0 && existsSync("/run/systemd/system")) await runAsRoot("systemctl", "disable", "--quiet", ...services);
}

/** Where this machine gets its own release from: the first entry for it in apt's sources, of either syntax. */
export async function aptSource(): Promise<{ suite: string; mirror: string; keyring: string | undefined }> {
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "";
  const files = [
    "/etc/apt/sources.list",
    ...(await readdir("/etc/apt/sources.list.d").catch(() => [])).map((it) => join("/etc/apt/sources.list.d", it)),
  ];
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    for (const stanza of file.endsWith(".sources") ? text.split(/\n\s*\n/) : []) {
      const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.+)$`, "m").exec(stanza)?.[1]?.split(/\s+/) ?? [];
      const mirror = field("URIs").find((uri) => uri.startsWith("http"));
      if (mirror && field("Types").includes("deb") && field("Suites").includes(suite))
        return { suite, mirror, keyring: field("Signed-By").find((it) => it.startsWith("/")) };
    }
    for (const line of file.endsWith(".list") ? text.split("\n") : []) {
      const [, options, mirror, lineSuite] = /^deb\s+(?:\[([^\]]*)\]\s+)?(https?:\S+)\s+(\S+)/.exec(line) ?? [];
      if (mirror && lineSuite === suite) return { suite, mirror, keyring: /signed-by=(\/[^\s,]+)/.exec(options ?? "")?.[1] };
    }
  }
  throw new Error(
    "Berth's laboratory needs a Debian mirror, for its Python image and for other versions of Docker, and found none in /etc/apt.",
  );
}
