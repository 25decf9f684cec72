import * as l10n from "./l10n.ts";
import type { Details } from "./engineJson.ts";

/** Where Dev Containers looks for the engine. */
export interface AttachEngine {
  context: string;
  host: string;
  fromEnvironment: boolean;
}

/**
 * Authority of the folder URI that Dev Containers attaches through: lower-case hex of a JSON text. The context is always in it: without
 * one, a container of another context than the current one "no longer exists".
 */
export function attachAuthority(container: string, { context, host, fromEnvironment }: AttachEngine): string {
  const settings = fromEnvironment ? { host } : { context };
  const bytes = new TextEncoder().encode(JSON.stringify({ containerName: `/${container}`, settings }));
  return `attached-container+${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The folder that an editor opens: the project's mount when there is one, else where the image's own programs start. */
export function attachFolder({ mounts, workingDir }: Pick<Details, "mounts" | "workingDir">): string {
  if (mounts.some(({ target }) => target === "/workspace")) return "/workspace";
  return workingDir || "/";
}

/** Where somebody works in a container. */
export interface Place {
  folder: string;
  /** As `docker exec --user` takes it; absent: the container's own. */
  user?: string | undefined;
}

/** What `docker` is told for a shell in a container. */
export function terminalArgs(container: string, shell: string, { folder, user }: Place): string[] {
  const as = user === undefined ? [] : ["--user", user];
  return ["exec", "--interactive", "--tty", "--workdir", folder, ...as, container, shell];
}

/** Shells, the best for a person first; looked for in this order. */
export const shells = [
  "/bin/bash",
  "/usr/bin/bash",
  "/usr/local/bin/bash",
  "/bin/zsh",
  "/usr/bin/zsh",
  "/bin/ash",
  "/bin/sh",
  "/usr/bin/sh",
];

/**
 * Asks a container what VS Code Server needs (code.visualstudio.com/docs/remote/linux): the C library and its version, the newest GLIBCXX of
 * libstdc++, tar. POSIX sh; run by `sh -c`. BusyBox's grep reads a line up to its first NUL, so they become line ends.
 */
export const serverNeedsScript = `
if ls /lib/ld-musl-* >/dev/null 2>&1; then echo "libc musl"; else
  v=$( (getconf GNU_LIBC_VERSION || ldd --version) 2>/dev/null); echo "libc \${v:-none}"; fi
for d in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib; do for f in $d/libstdc++.so.6 $d/*/libstdc++.so.6; do [ -e "$f" ] && s=$f; done; done
[ -n "$s" ] && echo "libstdc++ $(tr '\\000' '\\n' <"$s" | grep -ao 'GLIBCXX_3[.]4[.][0-9]*' | sort -t. -k3 -n | tail -n 1)"
for d in /lib /lib64 /usr/lib /usr/lib64; do for f in $d/libgcc_s.so.1 $d/*/libgcc_s.so.1; do [ -e "$f" ] && g=$f; done; done
[ -n "$g" ] && echo "libgcc"
command -v tar >/dev/null 2>&1 && echo "tar"
exit 0`;

/** What is missing for VS Code Server, from the script's output; empty when it can run. Without a shell inside, `output` is undefined. */
export function missingForServer(output: string | undefined): string[] {
  if (output === undefined) return [l10n.t("a shell")];
  const lines = output.split("\n").map((line) => line.trim());
  const value = (name: string) => lines.find((line) => line === name || line.startsWith(`${name} `))?.slice(name.length + 1);
  const libc = value("libc") ?? "none";
  const musl = libc === "musl";
  const missing: string[] = [];
  if (!musl && !atLeast(libc.match(/(\d+)\.(\d+)(?!.*\d+\.\d+)/)?.slice(1), [2, 28])) {
    const other = libc.match(/\d+\.\d+(?!.*\d+\.\d+)/)?.[0] ?? l10n.t("another");
    missing.push(libc === "none" ? "glibc 2.28" : l10n.t("glibc 2.28 (it has {0})", other));
  }
  const cxx = value("libstdc++");
  if (cxx === undefined) missing.push("libstdc++");
  else if (!musl && !atLeast(cxx.match(/GLIBCXX_3\.(\d+)\.(\d+)/)?.slice(1), [4, 25])) missing.push("libstdc++ 3.4.25");
  if (musl && value("libgcc") === undefined) missing.push("libgcc");
  if (value("tar") === undefined) missing.push("tar");
  return missing;
}

function atLeast(version: readonly string[] | undefined, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = (version ?? []).map(Number);
  return a > major || (a === major && b >= minor);
}
