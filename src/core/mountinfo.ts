/** A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountLine {
  /** `major:minor` of the file system. */
  device: string;
  /** The folder of the file system that is mounted; `//deleted` stands behind one that is gone. */
  root: string;
  /** Where it is seen. */
  path: string;
}

export function parseMountinfo(text: string): MountLine[] {
  return text.split("\n").flatMap((line) => {
    const [, , device, root, path] = line.split(" ");
    return device === undefined || root === undefined || path === undefined
      ? []
      : [{ device, root: unescape(root), path: unescape(path) }];
  });
}

/** Spaces and the like are written in octal. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/**
 * Whether what a container has mounted at `target` is gone, or is another folder than the one that is at `source` by now (as after `mv data data.old; mkdir
 * data`). `outside` are the mounts of the machine that `source` is on, which has no links in it; without both only what is gone is noticed.
 */
export function isStale(
  target: string,
  inside: readonly MountLine[],
  source?: string,
  outside: readonly MountLine[] = [],
): boolean {
  const mounted = inside.findLast(({ path }) => path === target);
  if (!mounted) return false;
  if (mounted.root.endsWith("//deleted")) return true;
  const now = source === undefined ? undefined : placeOf(source, outside);
  // On another file system the two cannot be compared: it may have been mounted there since.
  return now !== undefined && now.device === mounted.device && now.root !== mounted.root;
}

/** Where in which file system a path is. */
function placeOf(path: string, mounts: readonly MountLine[]): Pick<MountLine, "device" | "root"> | undefined {
  const mount = mounts.reduce<MountLine | undefined>((best, it) => {
    const isAbove = it.path === "/" || path === it.path || path.startsWith(`${it.path}/`);
    return isAbove && it.path.length >= (best?.path.length ?? 0) ? it : best;
  }, undefined);
  if (!mount) return undefined;
  const rest = mount.path === "/" ? path : path.slice(mount.path.length);
  const root = `${mount.root === "/" ? "" : mount.root}${rest === "/" ? "" : rest}`;
  return { device: mount.device, root: root === "" ? "/" : root };
}
