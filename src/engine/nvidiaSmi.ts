// This machine's GPUs, as its nvidia-smi tells them.
import { parseFields, parseGpus, parseList, queryFields } from "../core/gpu.ts";
import { hostHealth, verdict, withoutGpus, type Health, type HostGpus, type ProbeResult } from "../core/gpuHealth.ts";

export interface NvidiaSmi {
  /** The cards now. Rejects only when `signal` aborts (with its reason); a reading under way goes on for the others who wait for it. */
  read(signal?: AbortSignal): Promise<HostGpus>;
  check(): Promise<Health>;
}

/** More than the longest answer (`--help-query-gpu`, about 40 kB). */
const maxBuffer = 1_000_000;

/**
 * @param options.timeoutMs How long one nvidia-smi may take; asked for before each run.
 * @param options.env Where nvidia-smi is searched (`PATH`) and what it runs with; default: this process's environment.
 */
export function createNvidiaSmi({
  timeoutMs,
  env = process.env,
}: {
  timeoutMs: () => number;
  env?: NodeJS.ProcessEnv;
}): NvidiaSmi {
  let last: Promise<unknown> = Promise.resolve();
  let wedged = false;
  let fields: Promise<string[] | ProbeResult> | undefined;
  let driver: string | undefined;
  let reading: Promise<{ gpus: HostGpus; health: Health }> | undefined;

  /** One at a time: the driver serialises them anyway, and a poll must not pile up processes behind a slow one. */
  function run(...argv: string[]): Promise<ProbeResult> {
    const next = () => (wedged ? noAnswer : start(argv));
    const result = last.then(next, next);
    last = result;
    return result;
  }

  async function start(argv: string[]): Promise<ProbeResult> {
    const { execa } = await import("execa");
    const child = execa("nvidia-smi", argv, {
      env: { ...env, LC_ALL: "C" },
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      maxBuffer,
      windowsHide: true,
    });
    const { nodeChildProcess } = child;
    let timer: NodeJS.Timeout | undefined;
    // A driver that hangs keeps the process in the kernel (state D), where not even SIGKILL ends it: nobody waits for it longer than
    // this, and no second one is sent after it.
    const expired = new Promise<ProbeResult>((resolve) => {
      timer = setTimeout(() => {
        wedged = nodeChildProcess.exitCode === null && nodeChildProcess.signalCode === null;
        nodeChildProcess.once("exit", () => (wedged = false));
        child.kill("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
        nodeChildProcess.unref();
        resolve(noAnswer);
      }, timeoutMs());
    });
    const result = child.then(({ exitCode, stdout, stderr, code }): ProbeResult => ({
      exitCode,
      stdout,
      stderr,
      timedOut: false,
      missing: code === "ENOENT" || code === "EACCES",
    }));
    return Promise.race([result, expired]).finally(() => clearTimeout(timer));
  }

  async function learnFields(): Promise<string[] | ProbeResult> {
    const help = await run("--help-query-gpu");
    if (help.exitCode === 0) return queryFields(parseFields(help.stdout));
    fields = undefined;
    return help;
  }

  async function query(): Promise<{ result: ProbeResult; asked: string[] }> {
    const asked = await (fields ??= learnFields());
    if (!Array.isArray(asked)) return { result: asked, asked: [] };
    return { result: await run(`--query-gpu=${asked.join(",")}`, "--format=csv,noheader,nounits"), asked };
  }

  async function readNow(): Promise<{ gpus: HostGpus; health: Health }> {
    let { result, asked } = await query();
    // Exit code 2: a field is not known to this nvidia-smi any more; the driver was replaced under us.
    if (result.exitCode === 2) {
      fields = undefined;
      ({ result, asked } = await query());
    }
    const gpus = asked.length > 0 ? parseGpus(`${result.stdout}\n${result.stderr}`, asked) : [];
    if (gpus.length === 0) return { gpus: withoutGpus(result), health: verdict(result, "all", "host") };

    const running = gpus.find((gpu) => gpu.driver !== undefined)?.driver;
    if (driver !== undefined && running !== driver) fields = undefined;
    driver = running;

    if (gpus.some((gpu) => gpu.migEnabled)) {
      const listed = parseList((await run("-L")).stdout);
      for (const gpu of gpus) gpu.mig = listed.find(({ uuid }) => uuid === gpu.uuid)?.mig ?? [];
    }
    return { gpus: { state: "known", gpus }, health: hostHealth(gpus) };
  }

  const read = () => (reading ??= readNow().finally(() => (reading = undefined)));

  return {
    async read(signal) {
      signal?.throwIfAborted();
      const gpus = read().then((reading) => reading.gpus);
      return signal ? unlessAborted(gpus, signal) : gpus;
    },
    check: () => read().then((reading) => reading.health),
  };
}

const noAnswer: ProbeResult = { exitCode: undefined, stdout: "", stderr: "", timedOut: true };

async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop);
  });
  return Promise.race([aborted, result]).finally(() => signal.removeEventListener("abort", stop));
}
