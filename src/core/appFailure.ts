import * as l10n from "./l10n.ts";

/** What is known of an app that failed, besides what it wrote. */
export interface Ending {
  exitCode?: number;
  /** The kernel ended something of the container for want of memory. */
  oomKilled?: boolean;
  /** Where it was to listen. */
  port?: number;
}

/** A cause, told by a line of the log; the sentences say what to do. */
const known: [RegExp, (match: RegExpExecArray, ending: Ending) => string][] = [
  // The texts of NVML's errors: nvidia-smi and all that uses the library print them.
  [
    /Failed to initialize NVML: Driver\/library version mismatch/i,
    () =>
      l10n.t(
        "The NVIDIA driver was updated while it ran (driver/library version mismatch): restart the machine, or reload the driver.",
      ),
  ],
  [
    /Failed to initialize NVML(?!: Driver\/library)(?:: ([^\n]+))?|NVML_ERROR_UNKNOWN|nvmlInit(?:_v2)?\b[^\n]*fail/i,
    ([, words]) =>
      words === undefined
        ? l10n.t("The container cannot use its GPU (NVML): revive it, which restarts it, then start the app again.")
        : l10n.t(
            "The container cannot use its GPU (NVML: {0}): revive it, which restarts it, then start the app again.",
            words.trim(),
          ),
  ],
  // cudaErrorInsufficientDriver = 35, cudaErrorNoDevice = 100, cudaErrorMemoryAllocation = 2 (CUDA's driver_types.h).
  [
    /CUDA driver version is insufficient|cudaErrorInsufficientDriver|CUDA error:? 35\b/i,
    () => l10n.t("The NVIDIA driver of this machine is too old for the image: update the driver, or choose an older image."),
  ],
  [
    /no CUDA-capable device|cudaErrorNoDevice|CUDA_ERROR_NO_DEVICE|CUDA (?:error|failure):? 100\b|\bstatus=100\b|No CUDA GPUs are available/i,
    () => l10n.t("CUDA found no GPU (error 100): check the container's GPU; revive it, or launch it with GPUs."),
  ],
  [
    /CUDA(?: error)?: out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|torch\.(?:cuda\.)?OutOfMemoryError/i,
    () => l10n.t("The GPU's memory is full: free it, choose another GPU, or make the batch smaller."),
  ],
  [
    /insufficient shared memory|DataLoader worker .* killed by signal: Bus error|No space left on device: '?\/dev\/shm/i,
    () => l10n.t("The container's shared memory is too small: give it a larger shm_size."),
  ],
  [
    /^.*(?:address (?:is )?already in use|EADDRINUSE|port \d+ is (?:already )?in use|port is already allocated).*$/im,
    ([line], { port }) => {
      const told = /(?:\bport[ :=]*|:)(\d{2,5})\b/i.exec(line)?.[1] ?? port?.toString();
      return told === undefined
        ? l10n.t("The port that it wants to listen on is taken: end what listens there, or give it another one.")
        : l10n.t("Port {0} is taken: end what listens there, or launch in parallel, which chooses a free one.", told);
    },
  ],
  [
    /error while loading shared libraries: ([^\s:]+)|(?:ImportError|OSError): ([^\s:]+\.so[\d.]*): cannot open shared object file/,
    ([, ...names]) =>
      l10n.t("The image lacks the library {0}: install it in the image, or choose another one.", names.find(Boolean) ?? ""),
  ],
  [
    /ModuleNotFoundError: No module named '([^']+)'/,
    ([, module]) =>
      l10n.t("Python inside has no module '{0}': install it, for instance by a command under 'setup'.", module ?? ""),
  ],
  [
    /accept(?:ing|ed)? (?:the|this) (?:[\w-]+ ){0,4}(?:licen[sc]e|EULA|terms)|\bACCEPT_EULA\b|EULA (?:was |is )?not accepted/i,
    () => l10n.t("It wants its licence accepted: read what it says, and set the variable that it asks for under 'environment'."),
  ],
  [
    /^(?:[\w./-]+: )?(?:line )?(?:\d+: )*([^\s:]+): (?:command )?not found\s*$/m,
    ([, program]) => l10n.t("There is no program '{0}' inside: mend 'start' under 'app', or the image.", program ?? ""),
  ],
  [
    /^(?:[\w./-]+: )?(?:line )?(?:\d+: )*([^\s:]+): Permission denied\s*$/m,
    ([, program]) =>
      l10n.t("'{0}' may not be run or opened by the container's user: mend its access in the image.", program ?? ""),
  ],
];

/** So many of the last lines are looked at. */
export const linesLookedAt = 200;

/** Why an app, or a command, may have failed: sentences that say what to do, the surest first. `log`: what it wrote. */
export function causesOf(log: string, ending: Ending = {}): string[] {
  const text = log.split("\n").slice(-linesLookedAt).join("\n");
  const causes = ending.oomKilled
    ? [l10n.t("The container ran out of memory (OOM killed): give it more, or make the batch smaller.")]
    : [];
  for (const [pattern, sentence] of known) {
    const match = pattern.exec(text);
    if (match) causes.push(sentence(match, ending));
  }
  if (causes.length === 0 && ending.exitCode === 127)
    causes.push(l10n.t("Exit code 127 means that a program was not found: mend the command, or the image."));
  if (causes.length === 0 && ending.exitCode === 126)
    causes.push(l10n.t("Exit code 126 means that a program may not be run: mend its access in the image."));
  if (causes.length === 0 && ending.exitCode === 137)
    causes.push(l10n.t("Exit code 137 means that it was killed (SIGKILL), perhaps for want of memory."));
  return causes;
}
