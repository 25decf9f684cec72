// What a probe with nvidia-smi says about a GPU handle. Exit codes and texts: measured with nvidia-smi 550; they are NVML's return codes.
import * as l10n from "./l10n.ts";
import { isLost, parseList, parseLostGpu, type Gpu, type ListedGpu } from "./gpu.ts";

export type Verdict = "ok" | "stale" | "mismatch" | "lost" | "absent" | "unresponsive" | "none";

export interface Health {
  verdict: Verdict;
  /** One or two plain sentences for a person: what is the case, and what to do. nvidia-smi's words may be in it: data, not markup. */
  detail: string;
  /** Of `absent`: nvidia-smi is there, and says that the driver cannot be reached; else there was none to ask. */
  answered?: true;
}

/** What is known of the GPUs of the machine that Berth runs on. */
export type HostGpus =
  /** An engine elsewhere: its GPUs cannot be seen from here. */
  | { state: "unknown"; reason: string }
  /** No card, or no driver: nothing is wrong. */
  | { state: "none"; reason: string }
  /** There is a driver, and it gives no usable answer. */
  | { state: "error"; health: Health }
  | { state: "known"; gpus: Gpu[] };

/** How `nvidia-smi -L` ended, on the host or by `docker exec`. */
export interface ProbeResult {
  /** undefined: it was killed, or never ended. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** There is no nvidia-smi to start. */
  missing?: boolean;
}

/** As `--gpus` takes them: a count, or indices and UUIDs (of MIG devices too: `0:1`, `MIG-…`; a UUID may be cut short). */
export type WantedGpus = "none" | "all" | number | readonly string[];

/**
 * Whether a verdict on a container's GPU handle is worth an alarm. `absent` is not: images that leave out the driver's "utility" part have no
 * nvidia-smi to ask, and work.
 */
export function isTrouble(verdict: Verdict): boolean {
  return verdict === "stale" || verdict === "mismatch" || verdict === "lost" || verdict === "unresponsive";
}

/** Whether a restart of the container is what heals it; with the others the fault is not the container's. */
export function isHealable(verdict: Verdict): boolean {
  return verdict === "stale" || verdict === "mismatch";
}

/** Whether a container can work with its GPUs, as far as that can be told: an image without nvidia-smi leaves it open. */
export function isUsable({ verdict: it, answered }: Health): boolean {
  return it === "ok" || (it === "absent" && !answered);
}

/** A few words for a row or a badge, in the language of the moment. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  get ok() {
    return l10n.t("GPU ok");
  },
  get stale() {
    return l10n.t("lost GPU access");
  },
  get mismatch() {
    return l10n.t("GPU driver mismatch");
  },
  get lost() {
    return l10n.t("GPU lost");
  },
  get absent() {
    return l10n.t("no GPU access");
  },
  get unresponsive() {
    return l10n.t("GPU not answering");
  },
  get none() {
    return l10n.t("no GPU");
  },
};

type Where = "host" | "container";

interface Fault {
  verdict: Verdict;
  exitCodes: number[];
  /** Exit code 255 stands for many faults, and a wrapper may eat the code: the text decides first. */
  text: RegExp;
  host: string;
  container: string;
}

const mismatch: Fault = {
  verdict: "mismatch",
  exitCodes: [18, 13],
  text: /Driver\/library version mismatch|NVML: Function Not Found/i,
  get host() {
    return l10n.t(
      "The NVIDIA driver in the kernel and its libraries are of different versions, as after an update; reboot the machine, or reload the driver.",
    );
  },
  get container() {
    return l10n.t(
      "The NVIDIA library in the container does not fit the host's driver, as after an update of the host; restart the container, and if the host has the same fault, reboot it.",
    );
  },
};
/** No libnvidia-ml: the image brings an nvidia-smi, but the driver was not injected, that is, the container was given no GPU. */
const notInjected: Fault = {
  verdict: "absent",
  exitCodes: [12],
  text: /couldn't find libnvidia-ml|NVML: (NVML )?Shared Library Not Found/i,
  get host() {
    return l10n.t("The NVIDIA driver is not installed completely: libnvidia-ml is missing.");
  },
  get container() {
    return l10n.t("The container was given no NVIDIA driver (libnvidia-ml is missing); recreate it with GPUs.");
  },
};
/** Also when the device nodes are missing; a stale handle still has them (EPERM, so 255). */
const noDriver: Fault = {
  verdict: "absent",
  exitCodes: [9],
  text: /couldn't communicate with the NVIDIA driver|NVML: Driver Not Loaded/i,
  get host() {
    return l10n.t("The NVIDIA driver is not loaded.");
  },
  get container() {
    return l10n.t(
      "The container cannot reach the NVIDIA driver: it has no GPU device, or the driver is not loaded on the host; recreate it with GPUs.",
    );
  },
};
/**
 * EACCES: the mode of /dev/nvidia* or SELinux keeps this user out. It looks like a stale handle, but nothing was taken away, and a
 * restart brings the same files, user and labels back; "stale" would offer a Revive that ends processes and heals nothing. The user has
 * no GPU here: absent.
 */
const denied: Fault = {
  verdict: "absent",
  exitCodes: [4],
  text: /NVML: Insufficient Permissions/i,
  get host() {
    return l10n.t(
      "This user may not use the GPU: the mode of /dev/nvidia* or SELinux denies it (often a missing group: video or render).",
    );
  },
  get container() {
    return l10n.t(
      "The container's user may not use the GPU: the mode of /dev/nvidia* or SELinux denies it; run as a user or group that may (group_add), or set the SELinux boolean container_use_devices.",
    );
  },
};
const lost: Fault = {
  verdict: "lost",
  exitCodes: [15, 16, 11, 8],
  text: /GPU is lost|fallen off the bus|GPU requires reset/i,
  get host() {
    return l10n.t("A GPU is lost: it does not answer any more; reset it or reboot the machine.");
  },
  get container() {
    return l10n.t(
      "A GPU of the container is lost: it does not answer any more; reset it or reboot the host, then restart the container.",
    );
  },
};
/** EPERM on the device nodes: the cgroup took them away (systemctl daemon-reload, docker update). */
const stale: Fault = {
  verdict: "stale",
  exitCodes: [],
  text: /Failed to initialize NVML: Unknown Error/i,
  get host() {
    return l10n.t(
      "GPU access was taken away from this environment (stale NVML); if it is itself a container, restart that one, else reload the driver.",
    );
  },
  get container() {
    return l10n.t(
      "The container has lost GPU access (stale NVML); restart it to get the GPU back: its files stay, its processes end.",
    );
  },
};
const faults = [stale, mismatch, notInjected, noDriver, denied, lost];

const noDevices = /No devices (were )?found|No supported GPUs/i;
/** The engine or runc, not nvidia-smi, is speaking. A working folder that was deleted on the host reads like an attack. */
const goneFolder = /container breakout|current working directory|getcwd|chdir to cwd/i;
const noExec = /OCI runtime exec failed|Error response from daemon|container \S+ is (not running|paused)/i;

/**
 * Judges `nvidia-smi -L`.
 * @param hostGpus The host's cards, when known. Inside a container cards are numbered anew from 0, so a wanted index can only be found
 * through the UUID that the host has under it; without them the count decides.
 */
export function verdict(result: ProbeResult, wanted: WantedGpus, where: Where, hostGpus?: readonly Gpu[]): Health {
  if (wanted === "none" || wanted === 0 || (typeof wanted !== "string" && typeof wanted !== "number" && wanted.length === 0)) {
    return { verdict: "none", detail: l10n.t("No GPU was asked for.") };
  }
  const said = `${result.stdout}\n${result.stderr}`;
  const inContainer = where === "container";
  if (inContainer && goneFolder.test(said)) {
    return {
      verdict: "unresponsive",
      detail: l10n.t(
        "The GPU could not be checked: a folder the container works in is gone on the host; recreate the container.",
      ),
    };
  }
  if (result.missing || result.exitCode === 126 || result.exitCode === 127 || /exec: \\?"nvidia-smi\\?"/.test(said)) {
    return {
      verdict: "absent",
      detail: inContainer
        ? l10n.t(
            "There is no nvidia-smi in the container, so it was given no GPU, or its image leaves the driver's {0} part out; recreate it with GPUs.",
            '"utility"',
          )
        : l10n.t("There is no NVIDIA driver here: nvidia-smi was not found."),
    };
  }
  if (result.timedOut) {
    return {
      verdict: "unresponsive",
      detail: l10n.t(
        "nvidia-smi did not answer in time; the driver may be busy or hung: try again, and if it stays so, reboot the machine.",
      ),
    };
  }
  if (inContainer && noExec.test(said)) {
    return { verdict: "unresponsive", detail: l10n.t("The GPU could not be checked: {0}", quote(said)) };
  }
  const fault =
    faults.find(({ text }) => text.test(said)) ?? faults.find(({ exitCodes }) => exitCodes.includes(result.exitCode ?? 0));
  if (fault && fault !== lost)
    return { verdict: fault.verdict, detail: fault[where], ...(fault.verdict === "absent" ? { answered: true } : {}) };

  const unreachable = said.split("\n").flatMap((line) => parseLostGpu(line) ?? []);
  if (fault === lost || unreachable.length > 0) {
    // The host still reaches the very card: it is this container's access to the device node that is gone.
    const wellOnHost = (busId?: string) => hostGpus?.some((gpu) => busId !== undefined && gpu.pciBusId === busId && !isLost(gpu));
    const one = inContainer && unreachable.length > 0 && unreachable.every(({ pciBusId }) => wellOnHost(pciBusId)) ? stale : lost;
    return { verdict: one.verdict, detail: one[where] };
  }
  const listed = parseList(result.stdout);
  if (listed.length === 0 && (noDevices.test(said) || result.exitCode === 6 || (result.exitCode === 0 && said.trim() === ""))) {
    return inContainer
      ? {
          verdict: "lost",
          detail: l10n.t("The container sees the NVIDIA driver but no GPU; restart it, and if that does not help, recreate it."),
        }
      : { verdict: "none", detail: l10n.t("The NVIDIA driver finds no GPU.") };
  }
  // 14: a corrupted infoROM is worth a warning (see parseGpus); the cards work.
  if (listed.length === 0 || (result.exitCode !== 0 && result.exitCode !== 14)) {
    const code = result.exitCode === undefined ? l10n.t("it was killed") : l10n.t("exit code {0}", result.exitCode);
    return { verdict: "unresponsive", detail: l10n.t("nvidia-smi gave no usable answer ({0}): {1}", code, quote(said)) };
  }
  if (!inContainer) return { verdict: "ok", detail: answers(listed.length) };
  const missing = findMissing(wanted, listed, hostGpus);
  return missing === undefined
    ? {
        verdict: "ok",
        detail:
          listed.length === 1
            ? l10n.t("The container holds 1 GPU, and it answers.")
            : l10n.t("The container holds {0} GPUs, and they answer.", listed.length),
      }
    : { verdict: "lost", detail: `${missing} ${l10n.t("Restart it, and if that does not help, recreate it.")}` };
}

/** Says which wanted card the container does not hold; undefined when it holds them all. */
function findMissing(wanted: WantedGpus, listed: readonly ListedGpu[], hostGpus: readonly Gpu[] | undefined): string | undefined {
  const held = listed.flatMap((gpu) => [gpu.uuid, ...gpu.mig.map((mig) => mig.uuid)]);
  const holds = (uuid: string) => held.some((one) => one.toLowerCase().startsWith(uuid.toLowerCase()));
  const heldCount = listed.reduce((sum, gpu) => sum + Math.max(1, gpu.mig.length), 0);
  const tooFew = (least: number) =>
    heldCount >= least ? undefined : l10n.t("The container holds {0} of the {1} asked for.", count(heldCount), least);

  if (typeof wanted === "number") return tooFew(wanted);
  // A CDI name such as nvidia.com/gpu=0 stands for what is behind the sign.
  const ids = typeof wanted === "string" ? [wanted] : wanted.map((id) => id.replace(/^.*=/, ""));
  if (ids.includes("all")) {
    // A card that is broken on the host is the host's trouble.
    const well = hostGpus?.filter((gpu) => !gpu.problems.some(({ severity }) => severity === "error")) ?? [];
    const names = well.filter(({ uuid }) => !holds(uuid)).map(({ index, uuid }) => `GPU ${index} (${uuid})`);
    return names.length > 0 ? l10n.t("The container does not hold {0}, though it was given all.", names.join(", ")) : undefined;
  }
  const isIndex = (id: string) => /^\d+(:\d+)?$/.test(id);
  const uuidOf = (id: string) => {
    const [gpu, mig] = id.split(":").map(Number);
    const parent = hostGpus?.find(({ index }) => index === gpu);
    return mig === undefined ? parent?.uuid : parent?.mig.find(({ index }) => index === mig)?.uuid;
  };
  const names = ids.flatMap((id) => {
    if (!isIndex(id)) return holds(id) ? [] : [id];
    if (!hostGpus) return [];
    const uuid = uuidOf(id);
    return uuid !== undefined && holds(uuid) ? [] : [uuid === undefined ? `GPU ${id}` : `GPU ${id} (${uuid})`];
  });
  return names.length > 0
    ? l10n.t("The container does not hold {0} that it was asked to.", names.join(", "))
    : tooFew(ids.length);
}

/** What a host is whose nvidia-smi gave no card: nothing to see there (no card, no driver), or a fault to show. */
export function withoutGpus(result: ProbeResult): HostGpus {
  const health = verdict(result, "all", "host");
  const quiet = health.verdict === "none" || (health.verdict === "absent" && health.detail !== denied.host);
  return quiet ? { state: "none", reason: health.detail } : { state: "error", health };
}

/** The health of a host whose cards are known: a lost one decides; other problems are told. */
export function hostHealth(gpus: readonly Gpu[]): Health {
  const problems = gpus.flatMap((gpu) => gpu.problems.map(({ text }) => `GPU ${gpu.index}: ${text}.`)).join(" ");
  if (gpus.some(isLost)) return { verdict: "lost", detail: `${problems} ${lost.host}` };
  const answer = answers(gpus.length);
  return { verdict: "ok", detail: problems ? `${answer} ${problems}` : answer };
}

/** "1 GPU", "2 GPUs" */
export function count(gpus: number): string {
  return gpus === 1 ? l10n.t("1 GPU") : l10n.t("{0} GPUs", gpus);
}

function answers(gpus: number): string {
  return gpus === 1 ? l10n.t("1 GPU answers.") : l10n.t("{0} GPUs answer.", gpus);
}

function quote(said: string): string {
  const line = said.split("\n").find((text) => text.trim() !== "") ?? l10n.t("nothing was said");
  return line.trim().slice(0, 200);
}
