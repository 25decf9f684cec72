/** Paths of the engine's machine, by their text alone (POSIX). */

/** Absolute, without `.` and `..`. A leading `~` is the home folder where that is known. */
export function resolvePath(folder: string, path: string, home?: string): string {
  const from = home !== undefined && /^~(\/|$)/.test(path) ? home + path.slice(1) : path;
  const parts: string[] = [];
  for (const part of (from.startsWith("/") ? from : `${folder}/${from}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

export function baseName(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? "";
}
