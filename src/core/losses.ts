import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import { isKeepAlive } from "./keepAlive.ts";
import { count } from "./units.ts";

/** One line of `docker diff`: 0 changed, 1 added, 2 deleted. */
export interface Change {
  path: string;
  kind: 0 | 1 | 2;
}

/** What goes for good when a container is removed. */
export interface Losses {
  /** Paths in the writable layer, without folders that only hold a change and without noise. */
  files: readonly string[];
  /** Paths in caches and temporary folders: often worthless, sometimes a downloaded model or a checkpoint. */
  temporary: readonly string[];
  /** Command lines, without the keep-alive and an attached editor. */
  processes: readonly string[];
  /** Where volumes without a name are mounted. */
  volumes: readonly string[];
}

/** Paths that programs write by themselves, or that the engine and NVIDIA's hook put there. */
const noise = [
  /^\/(run|dev|proc|sys)(\/|$)/,
  /^\/var\/(run|cache|lib\/apt|lib\/dpkg|log\/(apt|dpkg\.log|alternatives\.log|bootstrap\.log|lastlog|faillog|wtmp|btmp))(\/|$)/,
  /^\/tmp\/(\.X11-unix|\.ICE-unix|vscode-[\w-]+|\.?pip-[\w-]+|tmux-\d+)(\/|$)/,
  /^\/etc\/(hosts|hostname|resolv\.conf|mtab|ld\.so\.cache)$/,
  /(^|\/)__pycache__(\/|$)/,
  /\.pyc$/,
  /^\/(root|home\/[^/]+)\/\.(cache\/(pip|Microsoft|node-gyp|fontconfig)|vscode-server|vscode-server-insiders|vscode-remote-containers|cursor-server|dotnet|nv|lesshst|wget-hsts|viminfo|python_history|ash_history|bash_history|zsh_history)(\/|$)/,
  /^\/(sbin|dev)\/docker-init$/,
  /^(\/usr)?\/sbin\/docker-init$|^\/dev\/init$/,
  /^\/usr\/bin\/nv(idia)?-[\w-]+$/,
  // Only where NVIDIA's hook puts them: elsewhere they are the user's own, as pip installs them.
  /^\/(usr\/)?lib(64|32|\/[\w]+-linux-gnu)?(\/vdpau|\/gbm)?\/(lib(nvidia|cuda|cudadebugger|nvcuvid|vdpau_nvidia|EGL_nvidia|GLX_nvidia|GLESv\d_\w*nvidia|nvoptix)|nvidia-drm_gbm)[\w.-]*\.so[\w.]*$/,
  /^\/(usr\/share|etc)\/(nvidia|vulkan|glvnd|egl)(\/|$)/,
  /^\/(usr\/)?lib\/firmware\/nvidia(\/|$)/,
];

const temporary = /^\/((var\/)?tmp|var\/log|(root|home\/[^/]+)\/\.cache)(\/|$)/;

/** What an attached editor runs inside: closing the window ends it. */
const editor = /\/\.(vscode-server|vscode-server-insiders|vscode-remote-containers|cursor-server)\//;

export function losses(changes: readonly Change[], processes: readonly string[], container: Pick<Container, "details">): Losses {
  const mounts = container.details?.mounts ?? [];
  const mountPoints = mounts.map(({ target }) => target);
  const paths = new Set(changes.map(({ path }) => path));
  const holdsAnother = parents(paths);
  const found = changes
    .filter(({ path, kind }) => !(kind === 0 && holdsAnother.has(path))) // a folder counts as changed when something in it did
    .filter(({ path, kind }) => !(kind === 1 && holdsAnother.has(path))) // a new folder is told by what is in it
    .map(({ path }) => path)
    .filter((path) => !noise.some((known) => known.test(path)))
    .filter((path) => !mountPoints.some((mount) => mount === path || mount.startsWith(`${path}/`)));
  return {
    files: found.filter((path) => !temporary.test(path)),
    temporary: found.filter((path) => temporary.test(path)),
    processes: processes.filter((line) => !isKeepAlive(line) && !editor.test(line)),
    volumes: mounts
      .filter(({ type, name }) => type === "volume" && /^[0-9a-f]{64}$/.test(name ?? ""))
      .map(({ target }) => target),
  };
}

function parents(paths: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (const path of paths)
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) found.add(path.slice(0, at));
  return found;
}

export function nothingLost(lost: Losses): boolean {
  return !filesLost(lost) && lost.processes.length + lost.volumes.length === 0;
}

/** Whether keeping the container as an image would keep anything. */
export function filesLost({ files, temporary }: Losses): boolean {
  return files.length + temporary.length > 0;
}

/** The losses as lines for a question; long lists are cut to `most` items, and the rest is counted. */
export function renderLosses({ files, temporary, processes, volumes }: Losses, most = 8): string {
  const longest = most === Infinity ? Infinity : 100;
  const fewer = Math.ceil(most / 4);
  const line = (item: string) => item.replace(/[\p{Cc}\s]+/gu, " ");
  const more = (n: number) => (n > 0 ? [`  ${l10n.t("and {0} more", n)}`] : []);
  const list = (items: readonly string[]) => [
    ...items
      .slice(0, most)
      .map(line)
      .map((item) => `  ${item.length > longest ? `${item.slice(0, longest - 1)}…` : item}`),
    ...more(items.length - most),
  ];
  return [
    ...(files.length > 0 ? [l10n.t("{0} changed in the container:", count(files.length, "file")), ...list(files)] : []),
    ...(temporary.length > 0
      ? [
          l10n.t("{0} in caches and temporary folders:", count(temporary.length, "file")),
          ...list(temporary.slice(0, fewer)),
          ...more(temporary.length - fewer),
        ]
      : []),
    ...(processes.length > 0 ? [l10n.t("{0} running:", count(processes.length, "process")), ...list(processes)] : []),
    ...(volumes.length > 0 ? [`${count(volumes.length, "anonymousVolume")}:`, ...list(volumes)] : []),
  ].join("\n");
}
