// What nvidia-smi prints, as data. Shapes measured with nvidia-smi 550, and read from public captures of 525 to 610.
import * as l10n from "./l10n.ts";

export interface MigDevice {
  uuid: string;
  /** As nvidia-smi names it: `1g.18gb`, `1c.3g.71gb`. */
  profile: string;
  /** Counted within its parent: `--gpus device=0:1` is MIG device 1 of GPU 0. */
  index: number;
}

/** A sentence fragment that follows "GPU 1": "is lost", "uncorrected ECC errors: 3". Text from nvidia-smi may be in it: data, not markup. */
export interface GpuProblem {
  severity: "warning" | "error";
  text: string;
}

/** One card. A figure that nvidia-smi does not give (`[N/A]`: unified memory, MIG, old cards) is absent, never 0. */
export interface Gpu {
  index: number;
  /** The card's UUID; its PCI bus id when it is lost and its UUID cannot be read any more: unique all the same. */
  uuid: string;
  name: string;
  /** `00000000:83:00.0` */
  pciBusId?: string;
  driver?: string;
  /** `sm90` */
  architecture?: string;
  memoryTotalMiB?: number;
  memoryUsedMiB?: number;
  /** Percent. */
  utilization?: number;
  /** °C */
  temperature?: number;
  powerWatts?: number;
  powerLimitWatts?: number;
  mig: MigDevice[];
  migEnabled: boolean;
  problems: GpuProblem[];
}

/** Every field, aliases too, that `nvidia-smi --help-query-gpu` lists: lines such as `"uuid" or "gpu_uuid"`. */
export function parseFields(helpText: string): string[] {
  const headings = helpText.match(/^"[^"\n]+"(?: or "[^"\n]+")*[ \t\r]*$/gm) ?? [];
  return headings.flatMap((heading) => Array.from(heading.matchAll(/"([^"]+)"/g), ([, field = ""]) => field));
}

const eventReasons = ["clocks_event_reasons.active", "clocks_throttle_reasons.active"];

/**
 * The fields Berth asks `--query-gpu` for: one that this nvidia-smi does not know would fail the whole query (exit 2).
 * Newer drivers (seen: 590) have `gpu_recovery_action` in place of `reset_status`. `name` is last, because a comma in it is not escaped.
 */
export function queryFields(available: readonly string[]): string[] {
  const known = new Set(available);
  return [
    "index",
    "uuid",
    ...[
      "pci.bus_id",
      "driver_version",
      "compute_cap",
      "memory.total",
      "memory.used",
      "utilization.gpu",
      "temperature.gpu",
      "power.draw",
      "enforced.power.limit",
      "mig.mode.current",
      "ecc.errors.uncorrected.volatile.total",
      "retired_pages.pending",
      "remapped_rows.pending",
      "remapped_rows.failure",
      "reset_status.reset_required",
      "gpu_recovery_action",
    ].filter((field) => known.has(field)),
    ...eventReasons.filter((field) => known.has(field)).slice(0, 1),
    "name",
  ];
}

/**
 * Reads `--query-gpu=<fields> --format=csv,noheader,nounits`, with what came on stderr after it: a card that has fallen off the bus has
 * no row, only the sentence "Unable to determine the device handle for GPU…", on either stream and even with exit code 0. It becomes a
 * Gpu with a problem, under the index its neighbours leave free. A line that is neither is passed over. `fields` as of `queryFields`.
 */
export function parseGpus(csv: string, fields: readonly string[]): Gpu[] {
  const gpus: Gpu[] = [];
  const unnumbered: Omit<Gpu, "index">[] = [];
  const add = (index: number | undefined, gpu: Omit<Gpu, "index">) => {
    if (index === undefined) unnumbered.push(gpu);
    else gpus.push({ index, ...gpu });
  };
  const lines = csv.split("\n").map((line) => line.trim());
  for (const line of lines) {
    const row = parseRow(line, fields);
    if (row) add(row.index, row.gpu);
  }
  for (const line of lines) {
    const at = (busId: string | undefined) =>
      [...gpus, ...unnumbered].find((gpu) => busId !== undefined && gpu.pciBusId === busId);
    const lost = parseLostGpu(line);
    if (lost) {
      const row = at(lost.pciBusId) ?? gpus.find(({ index }) => index === lost.index);
      if (row) addProblem(row.problems, isLostProblem());
      else {
        const { index, pciBusId } = lost;
        const gpu = {
          uuid: pciBusId ?? `GPU ${index ?? "?"}`,
          name: "NVIDIA GPU",
          mig: [],
          migEnabled: false,
          problems: [isLostProblem()],
        };
        add(index, { ...gpu, ...present({ pciBusId }) });
      }
    }
    const corrupted = /infoROM is corrupted at gpu (\S+)/i.exec(line)?.[1];
    const row = corrupted && at(busId(corrupted));
    if (row) addProblem(row.problems, { severity: "warning", text: l10n.t("infoROM is corrupted") });
  }
  // NVML numbers cards in the order of their bus ids.
  const taken = new Set(gpus.map((gpu) => gpu.index));
  for (const gpu of unnumbered.sort((a, b) => (a.uuid < b.uuid ? -1 : 1))) {
    let index = 0;
    while (taken.has(index)) index++;
    taken.add(index);
    gpus.push({ index, ...gpu });
  }
  return gpus.sort((a, b) => a.index - b.index);
}

const isLostProblem = (): GpuProblem => ({ severity: "error", text: l10n.t("is lost") });

/** Whether the card has fallen off the bus. */
export function isLost(gpu: Gpu): boolean {
  const { text } = isLostProblem();
  return gpu.problems.some((problem) => problem.text === text);
}

/** "Unable to determine the device handle for GPU3: 0000:04:00.0: Unknown Error"; also "… GPU0000:65:00.0: …", "… GPU2: …", "… gpu 0000:…". */
export function parseLostGpu(line: string): { index?: number; pciBusId?: string } | undefined {
  const rest = /Unable to determine the device handle for GPU ?(.*)/i.exec(line)?.[1];
  if (rest === undefined) return undefined;
  const index = /^(\d+): /.exec(rest)?.[1];
  const bus = /[0-9a-f]{1,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]/i.exec(rest)?.[0];
  return present({
    index: index === undefined ? undefined : Number(index),
    pciBusId: bus === undefined ? undefined : busId(bus),
  });
}

/** `0000:3b:00.0` as `00000000:3B:00.0`, the way `pci.bus_id` gives it: messages have a shorter domain. */
function busId(text: string): string {
  const colon = text.indexOf(":");
  return (text.slice(0, colon).padStart(8, "0") + text.slice(colon)).toUpperCase();
}

function parseRow(line: string, fields: readonly string[]): { index: number | undefined; gpu: Omit<Gpu, "index"> } | undefined {
  const cells = line.split(",");
  const last = fields.length - 1;
  if (cells.length <= last) return undefined;
  const texts = new Map(fields.map((field, i) => [field, (i === last ? cells.slice(last).join(",") : (cells[i] ?? "")).trim()]));

  const raw = (field: string) => texts.get(field) ?? "";
  const text = (field: string) => (/^$|^\[.*\]$|^N\/A$/i.test(raw(field)) ? undefined : raw(field));
  const number = (field: string) => (/^\d/.test(raw(field)) ? Number.parseFloat(raw(field)) : undefined);

  const index = /^\d+$/.test(raw("index")) ? Number(raw("index")) : undefined;
  const pciBusId = text("pci.bus_id");
  const uuid = text("uuid") ?? pciBusId;
  if (uuid === undefined || !/^[\w.:-]+$/.test(uuid)) return undefined;
  const gpuName = text("name") ?? "NVIDIA GPU";
  return {
    index,
    gpu: {
      uuid,
      name: gpuName,
      ...present({
        pciBusId,
        driver: text("driver_version"),
        architecture: smArchitecture(text("compute_cap"), gpuName),
        memoryTotalMiB: number("memory.total"),
        memoryUsedMiB: number("memory.used"),
        utilization: number("utilization.gpu"),
        temperature: number("temperature.gpu"),
        powerWatts: number("power.draw"),
        powerLimitWatts: number("enforced.power.limit"),
      }),
      mig: [],
      migEnabled: raw("mig.mode.current") === "Enabled",
      problems: findProblems(raw, [...texts.values()]),
    },
  };
}

function addProblem(problems: GpuProblem[], problem: GpuProblem): void {
  if (!problems.some(({ text }) => text === problem.text)) problems.push(problem);
}

function findProblems(raw: (field: string) => string, cells: string[]): GpuProblem[] {
  const problems: GpuProblem[] = [];
  const error = (text: string) => addProblem(problems, { severity: "error", text });
  const warning = (text: string) => addProblem(problems, { severity: "warning", text });

  if (cells.some((cell) => /^\[?GPU is lost\]?$/i.test(cell))) error(isLostProblem().text);
  if (cells.some((cell) => /^\[?GPU requires reset\]?$/i.test(cell))) error(l10n.t("needs a reset"));
  // Many a laptop has no answer to one field for ever; a card that cannot tell its temperature nor its memory is not well.
  if (["memory.used", "temperature.gpu"].every((field) => raw(field) === "[Unknown Error]")) error(l10n.t("does not answer"));

  if (raw("reset_status.reset_required") === "Yes") error(l10n.t("needs a reset"));
  // https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html
  const action = raw("gpu_recovery_action");
  if (/reboot/i.test(action)) error(l10n.t("needs a reboot of the machine"));
  else if (/reset/i.test(action)) error(l10n.t("needs a reset"));
  else if (!/^$|^none$|N\/A|^\[.*\]$/i.test(action)) warning(l10n.t("recovery action: {0}", action));

  const uncorrected = raw("ecc.errors.uncorrected.volatile.total");
  if (/^[1-9]\d*$/.test(uncorrected)) error(l10n.t("uncorrected ECC errors: {0}", uncorrected));
  const yes = (field: string) => /^(yes|[1-9]\d*)$/i.test(raw(field));
  if (yes("remapped_rows.failure")) error(l10n.t("row remapping failed"));
  if (yes("remapped_rows.pending")) warning(l10n.t("row remapping pending"));
  if (yes("retired_pages.pending")) warning(l10n.t("retired pages pending"));

  // nvml.h, nvmlClocksEventReason*. The bits for idle (1), clocks set by the user (2) and the power cap (4) are everyday.
  const bits = eventReasons.map(raw).find((cell) => /^0x[0-9a-f]+$/i.test(cell));
  const reasons = Number(BigInt(bits ?? 0) & 0xffn);
  if (reasons & 0x60) warning(l10n.t("slowed down by heat"));
  if (reasons & 0x80) warning(l10n.t("slowed down by the power supply"));
  // Old cards do not say which of the two it is.
  if ((reasons & 0xe8) === 0x08) warning(l10n.t("slowed down by heat or the power supply"));
  return problems;
}

export type ListedGpu = Pick<Gpu, "index" | "uuid" | "name" | "mig">;

/** Reads `nvidia-smi -L`: "GPU 0: NVIDIA H200 (UUID: GPU-…)", its MIG devices indented below it. Other lines are passed over. */
export function parseList(text: string): ListedGpu[] {
  const gpus: ListedGpu[] = [];
  for (const line of text.split("\n")) {
    const [, index, name = "", uuid = ""] = /^GPU (\d+): (.*) \(UUID: (\S+)\)\s*$/.exec(line) ?? [];
    if (index !== undefined) gpus.push({ index: Number(index), uuid, name, mig: [] });
    const [, profile, migIndex, migUuid = ""] = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (\S+)\)\s*$/.exec(line) ?? [];
    if (profile !== undefined) gpus.at(-1)?.mig.push({ uuid: migUuid, profile, index: Number(migIndex) });
  }
  return gpus;
}

// In this order: "RTX 5000 Ada" is no RTX 50xx, "Quadro RTX 4000" is no RTX 40xx, and B300 comes before the rest of the B's.
const architectures: [RegExp, string][] = [
  [/\bGB10\b/, "sm121"],
  [/\bG?B300\b/, "sm103"],
  [/\bG?B[12]00\b/, "sm100"],
  [/\bRTX 50[5-9]0\b|\bRTX PRO\b.*\bBlackwell\b/, "sm120"],
  [/\bG?H[12]00\b/, "sm90"],
  [/\bL40?S?\b|\bRTX 40[5-9]0\b|\bRTX \d\d00 .*\bAda\b/, "sm89"],
  [/\bA100\b|\bA30\b/, "sm80"],
  [/\bA10G?\b|\bA40\b|\bRTX 30[5-9]0\b|\bA6000\b/, "sm86"],
  [/\bT4\b|\bRTX 20[5-8]0\b/, "sm75"],
  [/\bV100\b/, "sm70"],
];

/** `9.0` → `sm90`. Without the driver's word (before 510), from the card's name; absent when that does not tell either. */
export function smArchitecture(computeCap: string | undefined, name: string): string | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(computeCap ?? "") ?? [];
  if (major !== undefined) return `sm${major}${minor}`;
  return architectures.find(([pattern]) => pattern.test(name))?.[1];
}

/**
 * "18 / 79 GB", "79 GB" when the use is unknown; undefined without a total. The total is rounded down, as people name a card's
 * memory (GB here is GiB); the use to the nearest.
 */
export function formatMemory(usedMiB: number | undefined, totalMiB: number | undefined): string | undefined {
  if (totalMiB === undefined) return undefined;
  const total = Math.floor(totalMiB / 1024);
  return usedMiB === undefined ? `${total} GB` : `${Math.min(Math.round(usedMiB / 1024), total)} / ${total} GB`;
}

/** The given properties less those that are undefined. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as ReturnType<typeof present<T>>;
}
