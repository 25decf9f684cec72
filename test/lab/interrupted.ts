/** Resolves when this process is asked to end: Ctrl-C, `kill`, a terminal that was closed. A second Ctrl-C ends it at once. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
