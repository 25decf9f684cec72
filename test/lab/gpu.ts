/**
 * Simulated GPUs. Containers get them through dockerd's real --gpus path, with a stand-in for NVIDIA's hook; the "host" and the
 * containers ask a stand-in nvidia-smi about them. See the files in gpu/.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isCgroup2, runAsRoot } from "./cache.ts";
import type { LabEngine } from "./engine.ts";

/**
 * How nvidia-smi fails, with its exit code: stale 255 (device cgroup), denied 4, mismatch 18 (driver/library), lost 15,
 * handle 255 ("Unable to determine the device handle"), notfound 6, nodriver 9, nolib 12 (libnvidia-ml missing), hang (never
 * answers), lost-cell 0 (the last card's figures read `[GPU is lost]`).
 */
export type GpuFault =
  "none" | "stale" | "denied" | "mismatch" | "lost" | "handle" | "notfound" | "nodriver" | "nolib" | "hang" | "lost-cell";

export interface HostGpus {
  /** 1 to 8; default 2. */
  count?: number;
  fault?: GpuFault;
  /** Percent, by card; default 0. */
  utilization?: number[];
  /** MiB, by card; default 1. */
  memoryUsed?: number[];
  /** What runs on them: the card's number, the process's number on the host, its memory in MiB. */
  processes?: { gpu: number; pid: number; name: string; memory: number }[];
  /** Any other field of --query-gpu, by card, with its unit: [{}, { "memory.total": "[N/A]", name: "NVIDIA GB10" }]. */
  fields?: Record<string, string>[];
}

/** UUID of a card of the host. */
export function gpuUuid(card: number): string {
  return `GPU-5e1f0ba0-7c3d-4a6e-9f10-00000000000${card}`;
}

/** Sets the GPUs of an engine's "host": what its nvidia-smi says from now on, in its containers too, and what --gpus can give. */
export function hostGpus(engine: Pick<LabEngine, "env">, host: HostGpus = {}): void {
  const { count = 2, fault = "none", processes = [] } = host;
  if (!(count >= 1 && count <= 8)) throw new Error(`${count} GPUs: 1 to 8 can be simulated (for none, use the fault notfound).`);
  writeState(stateFolder(engine), {
    fault,
    "help-query-gpu": helpText(),
    "fields-gpu": units(gpuFields),
    "fields-compute-apps": units(processFields),
    "fields-remapped-rows": units(remappedRowFields),
    ...Object.fromEntries(range(count).map((card) => [`card${card}`, fieldLines(cardFields(card, count, host))])),
    ...Object.fromEntries(processes.map((it, n) => [`app${n}`, fieldLines(processRow(it))])),
  });
}

/**
 * Takes a running container's access to its GPUs away, as `systemctl daemon-reload` does: the rules that the hook added to its
 * device cgroup go. A restart of the container heals it. On cgroup v2, whose rules are no file, the container's nvidia-smi
 * only says so.
 * @param id the container's full id: an empty or short one would reach the cgroup above it, and break every container
 */
export async function makeStale(engine: LabEngine, id: string): Promise<void> {
  assertFullId(id);
  if (isCgroup2) {
    await runAsRoot("touch", join(stateFolder(engine), "containers", id, "stale"));
    return;
  }
  const pid = await engine.docker("inspect", "--format", "{{.State.Pid}}", id);
  if (pid === "0") throw new Error(`Container ${id} is not running.`);
  const cgroup = /^\d+:(?:[^:]*,)?devices(?:,[^:]*)?:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
  if (!cgroup.endsWith(id)) throw new Error(`${cgroup} is not the cgroup of container ${id}.`);
  const rules = ["*", 255, ...range(8)].map((minor) => `c 195:${minor} rw`); // only a rule that is there, exactly so, is removed
  const write = 'file=$1; shift; for rule; do echo "$rule" >"$file"; done';
  await runAsRoot("sh", "-c", write, "deny", `/sys/fs/cgroup/devices${cgroup}/devices.deny`, ...rules);
}

/** Makes the nvidia-smi of one container fail, whatever its host's does; restarts don't heal it, `none` does. */
export async function containerFault(engine: LabEngine, id: string, fault: GpuFault): Promise<void> {
  assertFullId(id);
  const file = join(stateFolder(engine), "containers", id, "fault");
  await runAsRoot("sh", "-c", 'mkdir -p "${1%/*}" && echo "$2" >"$1.next" && mv "$1.next" "$1"', "fault", file, fault);
}

function assertFullId(id: string): void {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`"${id}" is not the full id of a container.`);
}

function stateFolder(engine: Pick<LabEngine, "env">): string {
  const folder = engine.env.BERTH_LAB_GPU;
  if (!folder) throw new Error("This engine was started without GPUs.");
  return folder;
}

/** Writes all files of a state, then makes it the current one at a stroke, so that nobody ever reads half of it. */
function writeState(folder: string, files: Record<string, string>): void {
  const link = join(folder, "now");
  const before = existsSync(link) ? readlinkSync(link) : "state-0";
  const next = `state-${Number(before.slice("state-".length)) + 1}`;
  rmSync(join(folder, next), { recursive: true, force: true });
  mkdirSync(join(folder, next), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, next, name), `${text}\n`);
  rmSync(`${link}.next`, { force: true });
  symlinkSync(next, `${link}.next`);
  renameSync(`${link}.next`, link);
  // The one before stays: somebody may be reading it.
  for (const old of readdirSync(folder).filter((it) => /^state-\d+$/.test(it) && it !== next && it !== before))
    rmSync(join(folder, old), { recursive: true, force: true });
}

/** A field of a query by its names; its unit as nvidia-smi writes it; what the help says. */
type Field = [names: string, unit: string, help: string];

const gpuFields: Field[] = [
  ["timestamp", "", "When the query was made."],
  ["driver_version", "", "Version of the installed display driver."],
  ["count", "", "How many GPUs there are."],
  ["name gpu_name", "", "Product name."],
  ["serial gpu_serial", "", "Serial number printed on the board."],
  ["uuid gpu_uuid", "", "Identifier that never changes."],
  ["pci.bus_id gpu_bus_id", "", 'PCI bus id as "domain:bus:device.function", in hex.'],
  ["pcie.link.gen.current", "", "Current generation of the PCI-E link."],
  ["pcie.link.width.current", "", "Current width of the PCI-E link."],
  ["index", "", "Number of the GPU, from zero. Can change at each boot."],
  ["persistence_mode", "", "Whether the driver stays loaded without clients."],
  ["vbios_version", "", "BIOS of the board."],
  ["fan.speed", "%", "Intended speed of the fan."],
  ["pstate", "", "Performance state, P0 (most) to P12 (least)."],
  ["reset_status.reset_required", "", "Whether the GPU has to be reset."],
  ["reset_status.drain_and_reset_recommended", "", "Whether to drain and reset it."],
  ["clocks_event_reasons.supported clocks_throttle_reasons.supported", "", "Bit mask of the reasons it knows."],
  ["clocks_event_reasons.active clocks_throttle_reasons.active", "", "Bit mask of the reasons for which its clocks are reduced."],
  ["memory.total", "MiB", "Installed memory."],
  ["memory.reserved", "MiB", "Memory reserved by driver and firmware."],
  ["memory.used", "MiB", "Memory allocated by active contexts."],
  ["memory.free", "MiB", "Free memory."],
  ["compute_mode", "", "Whether one or several programs may compute on it."],
  ["compute_cap", "", "CUDA compute capability, major.minor."],
  ["utilization.gpu", "%", "Share of the last sample period with a kernel running."],
  ["utilization.memory", "%", "Share of the last sample period with memory being read or written."],
  ["ecc.mode.current", "", "Whether ECC is on."],
  ["ecc.errors.corrected.volatile.total", "", "Corrected errors since the driver was loaded."],
  ["ecc.errors.uncorrected.volatile.total", "", "Uncorrected errors since the driver was loaded."],
  ["ecc.errors.uncorrected.aggregate.total", "", "Uncorrected errors ever."],
  ["retired_pages.single_bit_ecc.count retired_pages.sbe", "", "Pages retired for single bit errors."],
  ["retired_pages.double_bit.count retired_pages.dbe", "", "Pages retired for double bit errors."],
  ["retired_pages.pending", "", "Whether pages wait for a reboot to be retired."],
  ["temperature.gpu", "", "Core temperature in degrees C."],
  ["temperature.memory", "", "Memory temperature in degrees C."],
  ["power.management", "", "Whether power management is on."],
  ["power.draw", "W", "Last measured draw of the whole board."],
  ["power.limit", "W", "Software power limit."],
  ["enforced.power.limit", "W", "Power limit that the algorithm obeys."],
  ["power.max_limit", "W", "Highest limit that can be set."],
  ["clocks.current.sm clocks.sm", "MHz", "Clock of the streaming multiprocessors."],
  ["clocks.current.memory clocks.mem", "MHz", "Clock of the memory."],
  ["clocks.max.sm", "MHz", "Highest clock of the streaming multiprocessors."],
  ["mig.mode.current", "", "Whether MIG is on."],
  ["mig.mode.pending", "", "Whether MIG will be on after a reset."],
];

const processFields: Field[] = [
  ["timestamp", "", ""],
  ["gpu_name", "", ""],
  ["gpu_bus_id", "", ""],
  ["gpu_uuid", "", ""],
  ["pid", "", ""],
  ["process_name name", "", ""],
  ["used_gpu_memory used_memory", "MiB", ""],
];

const remappedRowFields: Field[] = [
  ["gpu_uuid", "", ""],
  ["gpu_bus_id", "", ""],
  ["remapped_rows.correctable", "", ""],
  ["remapped_rows.uncorrectable", "", ""],
  ["remapped_rows.pending", "", ""],
  ["remapped_rows.failure", "", ""],
];

const busOf = ["1B", "43", "52", "61", "9D", "C3", "D1", "DF"];

function cardFields(card: number, count: number, host: HostGpus): Record<string, string> {
  const utilization = host.utilization?.[card] ?? 0;
  const used = host.memoryUsed?.[card] ?? 1;
  const values: Record<string, string> = {
    driver_version: "550.163.01",
    count: String(count),
    name: "NVIDIA H100 80GB HBM3",
    serial: `165292300000${card}`,
    uuid: gpuUuid(card),
    "pci.bus_id": `00000000:${busOf[card]}:00.0`,
    "pcie.link.gen.current": "5",
    "pcie.link.width.current": "16",
    index: String(card),
    persistence_mode: "Enabled",
    vbios_version: "96.00.61.00.01",
    "fan.speed": "[N/A]",
    pstate: "P0",
    "reset_status.reset_required": "No",
    "reset_status.drain_and_reset_recommended": "No",
    "clocks_event_reasons.supported": "0x00000000000001FF",
    "clocks_event_reasons.active": utilization > 0 ? "0x0000000000000000" : "0x0000000000000001", // 1: idle
    "memory.total": "81559 MiB",
    "memory.reserved": "551 MiB",
    "memory.used": `${used} MiB`,
    "memory.free": `${81559 - 551 - used} MiB`,
    compute_mode: "Default",
    compute_cap: "9.0",
    "utilization.gpu": `${utilization} %`,
    "utilization.memory": `${Math.round(utilization / 2)} %`,
    "ecc.mode.current": "Enabled",
    "ecc.errors.corrected.volatile.total": "0",
    "ecc.errors.uncorrected.volatile.total": "0",
    "ecc.errors.uncorrected.aggregate.total": "0",
    // A card of this age remaps rows instead of retiring pages.
    "retired_pages.single_bit_ecc.count": "[N/A]",
    "retired_pages.double_bit.count": "[N/A]",
    "retired_pages.pending": "[N/A]",
    "temperature.gpu": String(30 + Math.round(utilization / 3)),
    "temperature.memory": String(40 + Math.round(utilization / 3)),
    "power.management": "Enabled",
    "power.draw": `${(70 + utilization * 5).toFixed(2)} W`,
    "power.limit": "700.00 W",
    "enforced.power.limit": "700.00 W",
    "power.max_limit": "700.00 W",
    "clocks.current.sm": "1980 MHz",
    "clocks.current.memory": "2619 MHz",
    "clocks.max.sm": "1980 MHz",
    "mig.mode.current": "Disabled",
    "mig.mode.pending": "Disabled",
    "remapped_rows.correctable": "0",
    "remapped_rows.uncorrectable": "0",
    "remapped_rows.pending": "0",
    "remapped_rows.failure": "0",
    ...host.fields?.[card],
  };
  return withAliases(values, [...gpuFields, ...remappedRowFields]);
}

function processRow(process: { gpu: number; pid: number; name: string; memory: number }): Record<string, string> {
  const values = {
    index: String(process.gpu),
    gpu_name: "NVIDIA H100 80GB HBM3",
    gpu_bus_id: `00000000:${busOf[process.gpu]}:00.0`,
    gpu_uuid: gpuUuid(process.gpu),
    pid: String(process.pid),
    process_name: process.name,
    used_gpu_memory: `${process.memory} MiB`,
  };
  return withAliases(values, processFields);
}

function withAliases(values: Record<string, string>, fields: Field[]): Record<string, string> {
  const all = { ...values };
  for (const [names] of fields) {
    const spellings = names.split(" ");
    const value = spellings.map((it) => all[it]).find((it) => it !== undefined);
    if (value !== undefined) for (const name of spellings) all[name] ??= value;
  }
  return all;
}

function fieldLines(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

function units(fields: Field[]): string {
  return fields.flatMap(([names, unit]) => names.split(" ").map((name) => `${name}=${unit}`)).join("\n");
}

function helpText(): string {
  const entries = gpuFields.map(([names, , help]) => `"${names.replaceAll(" ", '" or "')}"\n${help}\n`);
  return ['List of valid properties to query for the switch "--query-gpu":\n', ...entries].join("\n");
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
