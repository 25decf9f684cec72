import assert from "node:assert/strict";
import type { Gpu } from "../../src/core/gpu.ts";
import { hostHealth, verdict, withoutGpus, type ProbeResult, type Verdict, type WantedGpus } from "../../src/core/gpuHealth.ts";

const a = "GPU-aaaaaaaa-1111-2222-3333-444444444444";
const b = "GPU-bbbbbbbb-1111-2222-3333-444444444444";
const mig = "MIG-cccccccc-1111-2222-3333-444444444444";

const ended = (exitCode: number | undefined, stdout = "", stderr = ""): ProbeResult => ({
  exitCode,
  stdout,
  stderr,
  timedOut: false,
});
const card = (index: number, uuid: string, more: Partial<Gpu> = {}): Gpu => ({
  index,
  uuid,
  name: "NVIDIA H100 80GB HBM3",
  pciBusId: `00000000:0${index + 4}:00.0`,
  mig: [],
  migEnabled: false,
  problems: [],
  ...more,
});
const list = (...uuids: string[]) => uuids.map((uuid, i) => `GPU ${i}: NVIDIA H100 80GB HBM3 (UUID: ${uuid})\n`).join("");

const nvml = (words: string) => `Failed to initialize NVML: ${words}\n`;
const mismatchText = nvml("Driver/library version mismatch") + "NVML library version: 570.211\n";
const noDriver =
  "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n";
const noLibrary =
  "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\nPlease also try adding directory that contains libnvidia-ml.so to your system PATH.\n";
const oci = (words: string) => `OCI runtime exec failed: exec failed: unable to start container process: ${words}: unknown\r\n`;
const notFound = oci('exec: "nvidia-smi": executable file not found in $PATH');
const breakout = oci(
  "current working directory is outside of container mount namespace root -- possible container breakout detected",
);
const noHandle = "Unable to determine the device handle for GPU0000:04:00.0: Unknown Error\n";
const timedOut: ProbeResult = { exitCode: undefined, stdout: "", stderr: "", timedOut: true };

describe("the verdict on a container's GPU handle", () => {
  // Written by hand from the facts, not from the code.
  const cases: [string, ProbeResult, Verdict][] = [
    ["healthy", ended(0, list(a)), "ok"],
    ["healthy, one MIG device", ended(0, list(a) + `  MIG 1g.18gb     Device  0: (UUID: ${mig})\n`), "ok"],
    ["healthy, corrupted infoROM", ended(14, list(a) + "WARNING: infoROM is corrupted at gpu 0000:04:00.0\n"), "ok"],
    ["device cgroup says EPERM", ended(255, nvml("Unknown Error")), "stale"],
    ["the same, its exit code eaten by a wrapper", ended(1, "", nvml("Unknown Error")), "stale"],
    ["driver updated under it", ended(18, mismatchText), "mismatch"],
    ["the same as 255", ended(255, mismatchText), "mismatch"],
    ["older NVML", ended(13, nvml("Function Not Found")), "mismatch"],
    [
      "fell off the bus",
      ended(
        15,
        "Unable to determine the device handle for GPU 0000:04:00.0: GPU is lost.  Reboot the system to recover this GPU\n",
      ),
      "lost",
    ],
    ["no handle on a card, exit code 255", ended(255, noHandle), "lost"],
    ["no handle on a card, exit code 0 and another card listed", ended(0, list(b), noHandle), "lost"],
    ["needs a reset", ended(16, "Unable to determine the device handle for GPU0000:04:00.0: GPU requires reset\n"), "lost"],
    ["interrupt trouble", ended(11, nvml("Interrupt Request Issue")), "lost"],
    ["no power cable", ended(8, nvml("Insufficient External Power")), "lost"],
    ["driver there, no card", ended(6, "No devices were found\n"), "lost"],
    ["driver there, no card, exit code 0", ended(0, "No devices found.\n"), "lost"],
    ["no nvidia-smi, engine 28.5", ended(127, notFound), "absent"],
    ["no nvidia-smi, engine 20.10", ended(126, notFound), "absent"],
    ["no nvidia-smi, by the exec API", { ...ended(undefined), missing: true }, "absent"],
    [
      "nvidia-smi for another libc",
      ended(126, oci('exec: "nvidia-smi": stat /usr/bin/nvidia-smi: no such file or directory')),
      "absent",
    ],
    ["driver not injected", ended(12, noLibrary), "absent"],
    ["no device nodes", ended(9, noDriver), "absent"],
    ["device nodes closed to this user", ended(4, nvml("Insufficient Permissions")), "absent"],
    ["hangs", timedOut, "unresponsive"],
    ["killed", ended(137), "unresponsive"],
    ["driver timeout", ended(10, nvml("Timeout")), "unresponsive"],
    ["WSL", ended(17, nvml("GPU access blocked by the operating system")), "unresponsive"],
    ["255 that says something else", ended(255, "Internal error\n"), "unresponsive"],
    ["its folder was deleted on the host", ended(127, breakout), "unresponsive"],
    ["it stopped meanwhile", ended(1, "", "Error response from daemon: Container 4b1f is not running\n"), "unresponsive"],
    [
      "it is paused",
      ended(1, "", "Error response from daemon: container 4b1f is paused, unpause the container before exec\n"),
      "unresponsive",
    ],
    ["answers something unheard of", ended(0, "hello\n"), "unresponsive"],
  ];
  for (const [title, result, expected] of cases) {
    it(`${title} → ${expected}`, () => assert.equal(verdict(result, "all", "container").verdict, expected));
  }

  // Some drivers and wrappers say nothing, or say it in other words: then the exit code decides.
  const mute: [number, Verdict][] = [
    [4, "absent"],
    [6, "lost"],
    [8, "lost"],
    [9, "absent"],
    [11, "lost"],
    [12, "absent"],
    [13, "mismatch"],
    [15, "lost"],
    [18, "mismatch"],
    [255, "unresponsive"],
  ];
  for (const [exitCode, expected] of mute) {
    it(`exit code ${exitCode} without a word → ${expected}`, () =>
      assert.equal(verdict(ended(exitCode), "all", "container").verdict, expected));
  }

  it("stale tells how to get the GPU back, and at what price", () => {
    assert.equal(
      verdict(ended(255, nvml("Unknown Error")), "all", "container").detail,
      "The container has lost GPU access (stale NVML); restart it to get the GPU back: its files stay, its processes end.",
    );
  });

  it("stale, not lost, when only the container cannot reach the card", () => {
    assert.equal(verdict(ended(255, noHandle), ["0"], "container", [card(0, a)]).verdict, "stale");
    const lostOnHost = card(0, a, { problems: [{ severity: "error", text: "is lost" }] });
    assert.equal(verdict(ended(255, noHandle), ["0"], "container", [lostOnHost]).verdict, "lost");
  });

  it("of a fault nobody knows quotes nvidia-smi", () => {
    assert.match(verdict(ended(255, "\nInternal error\nmore\n"), "all", "container").detail, /exit code 255\): Internal error$/);
  });

  it("none when no GPU was asked for, whatever the probe says", () => {
    for (const wanted of ["none", 0, []] as const)
      assert.equal(verdict(ended(127, notFound), wanted, "container").verdict, "none");
  });
});

describe("the verdict on the GPUs asked for", () => {
  const host = [card(0, a), card(1, b)];
  const migHost = [card(0, a, { migEnabled: true, mig: [{ uuid: mig, profile: "1g.18gb", index: 3 }] })];
  const oneMig = list(a) + `  MIG 1g.18gb     Device  0: (UUID: ${mig})\n`;
  const cases: [string, WantedGpus, string, Gpu[] | undefined, Verdict][] = [
    ["GPU 1, which is GPU 0 inside", ["1"], list(b), host, "ok"],
    ["GPU 1, but it holds GPU 0", ["1"], list(a), host, "lost"],
    ["GPU 1, the host's cards unknown: the count decides", ["1"], list(a), undefined, "ok"],
    ["two by index, the host's cards unknown, one held", ["0", "1"], list(a), undefined, "lost"],
    ["a GPU the host has not", ["5"], list(a), host, "lost"],
    ["a UUID", [b], list(a, b), undefined, "ok"],
    ["a UUID cut short, in capitals", ["gpu-BBBBBBBB"], list(b), undefined, "ok"],
    ["a UUID, another is held", [b], list(a), undefined, "lost"],
    ["a CDI name", ["nvidia.com/gpu=1"], list(b), host, "ok"],
    ["a CDI name, another is held", ["nvidia.com/gpu=1"], list(a), host, "lost"],
    ["CDI all", ["nvidia.com/gpu=all"], list(a), host, "lost"],
    ["a MIG device by UUID", [mig], oneMig, undefined, "ok"],
    ["a MIG device by index", ["0:3"], oneMig, migHost, "ok"],
    ["a MIG device that is not held", ["0:3"], list(a), migHost, "lost"],
    ["two", 2, list(a, b), undefined, "ok"],
    ["two, one held", 2, list(a), undefined, "lost"],
    ["all", "all", list(b, a), host, "ok"],
    ["all, one held", "all", list(a), host, "lost"],
    ["all, the host's cards unknown", "all", list(a), undefined, "ok"],
    [
      "all, but one is broken on the host",
      "all",
      list(a),
      [card(0, a), card(1, b, { problems: [{ severity: "error", text: "is lost" }] })],
      "ok",
    ],
  ];
  for (const [title, wanted, stdout, hostGpus, expected] of cases) {
    it(`${title} → ${expected}`, () => assert.equal(verdict(ended(0, stdout), wanted, "container", hostGpus).verdict, expected));
  }

  it("names the missing card", () => {
    const detail = (wanted: WantedGpus) => verdict(ended(0, list(a)), wanted, "container", host).detail;
    assert.match(detail(["0", "1"]), new RegExp(`does not hold GPU 1 \\(${b}\\)`));
    assert.match(detail("all"), new RegExp(`does not hold GPU 1 \\(${b}\\)`));
    assert.match(detail(2), /holds 1 GPU of the 2 asked for/);
  });
});

describe("the verdict on the host", () => {
  const cases: [string, ProbeResult, Verdict, "none" | "error"][] = [
    ["no nvidia-smi", { ...ended(undefined), missing: true }, "absent", "none"],
    ["driver not loaded", ended(9, noDriver), "absent", "none"],
    ["half a driver", ended(12, noLibrary), "absent", "none"],
    ["no card", ended(6, "No devices were found\n"), "none", "none"],
    ["user not in the group", ended(4, nvml("Insufficient Permissions")), "absent", "error"],
    ["driver updated", ended(18, mismatchText), "mismatch", "error"],
    ["card lost", ended(15, nvml("GPU is lost")), "lost", "error"],
    ["hangs", timedOut, "unresponsive", "error"],
    ["we are in a stale container ourselves", ended(255, nvml("Unknown Error")), "stale", "error"],
    ["answers something unheard of", ended(0, "hello\n"), "unresponsive", "error"],
  ];
  for (const [title, result, expected, state] of cases) {
    it(`${title} → ${expected}, shown as ${state === "none" ? "no GPU" : "a fault"}`, () => {
      assert.equal(verdict(result, "all", "host").verdict, expected);
      assert.equal(withoutGpus(result).state, state);
      assert.doesNotMatch(verdict(result, "all", "host").detail, /[Tt]he container/);
    });
  }

  it("of known cards: ok with what ails them, lost when one is", () => {
    assert.deepEqual(hostHealth([card(0, a)]), { verdict: "ok", detail: "1 GPU answers." });
    const ecc = card(1, b, { problems: [{ severity: "error", text: "uncorrected ECC errors: 3" }] });
    assert.deepEqual(hostHealth([card(0, a), ecc]), {
      verdict: "ok",
      detail: "2 GPUs answer. GPU 1: uncorrected ECC errors: 3.",
    });
    const gone = hostHealth([card(0, a), card(1, b, { problems: [{ severity: "error", text: "is lost" }] })]);
    assert.equal(gone.verdict, "lost");
    assert.match(gone.detail, /^GPU 1: is lost\./);
  });
});
