/**
 * Runs `work` for the first call at once, and then at most once every `interval` milliseconds for as long as calls keep coming: a storm is never
 * starved, and the last call is always followed by a run. Runs never overlap.
 */
export function throttle(work: () => Promise<void>, interval: number): { trigger: () => void; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let lastStart = -Infinity;

  async function run(): Promise<void> {
    timer = undefined;
    running = true;
    again = false;
    lastStart = performance.now();
    try {
      await work();
    } finally {
      running = false;
      if (again) schedule();
    }
  }
  function schedule(): void {
    timer ??= setTimeout(() => void run(), Math.max(0, lastStart + interval - performance.now()));
  }
  return {
    trigger() {
      again = true;
      if (!running) schedule();
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
