import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { formatMemory, parseFields, parseGpus, parseList, queryFields, smArchitecture, type Gpu } from "../../src/core/gpu.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/nvidia-smi/${name}.txt`, import.meta.url), "utf8");
const fields = queryFields(parseFields(fixture("help-query-gpu-550")));

/** One CSV row for `fields`; what is not given is healthy. */
function row(cells: Record<string, string> = {}): string {
  const healthy: Record<string, string> = {
    index: "0",
    uuid: "GPU-aaaaaaaa-0000-0000-0000-000000000000",
    "pci.bus_id": "00000000:04:00.0",
    driver_version: "550.163.01",
    compute_cap: "9.0",
    "memory.total": "81559",
    "memory.used": "18329",
    "utilization.gpu": "41",
    "temperature.gpu": "52",
    "power.draw": "78.28",
    "enforced.power.limit": "700.00",
    "mig.mode.current": "Disabled",
    "ecc.errors.uncorrected.volatile.total": "0",
    "retired_pages.pending": "[N/A]",
    "reset_status.reset_required": "No",
    "clocks_event_reasons.active": "0x0000000000000004",
    name: "NVIDIA H100 80GB HBM3",
  };
  return fields.map((field) => cells[field] ?? healthy[field] ?? "[N/A]").join(", ");
}
const parse = (...lines: string[]) => parseGpus(lines.join("\n") + "\n", fields);
const only = (gpus: Gpu[]): Gpu => {
  assert.equal(gpus.length, 1);
  return gpus[0]!;
};
const summary = (gpus: Gpu[]) =>
  gpus.map((gpu) => [`${gpu.index} ${gpu.name}`, ...gpu.problems.map(({ severity, text }) => `${severity} ${text}`)].join("; "));

describe("nvidia-smi's fields", () => {
  it("are read from the help, aliases too, and prose in quotes is not taken for one", () => {
    const known = parseFields(fixture("help-query-gpu-550"));
    assert.ok(known.includes("gpu_uuid") && known.includes("clocks_throttle_reasons.active"));
    assert.deepEqual(
      known.filter((field) => / |^0: /.test(field)),
      [],
    );
  });

  it("are only those this nvidia-smi knows, with the name last", () => {
    assert.deepEqual(queryFields(["uuid", "memory.used", "memory.free", "name", "index"]), [
      "index",
      "uuid",
      "memory.used",
      "name",
    ]);
  });

  it("take the event reasons by their old name only from a driver that has no other", () => {
    const reasons = (known: string[]) => queryFields(known).filter((field) => field.startsWith("clocks"));
    assert.deepEqual(reasons(["clocks_throttle_reasons.active"]), ["clocks_throttle_reasons.active"]);
    assert.deepEqual(reasons(["clocks_throttle_reasons.active", "clocks_event_reasons.active"]), ["clocks_event_reasons.active"]);
  });
});

describe("nvidia-smi's cards", () => {
  it("come with their figures", () => {
    assert.deepEqual(only(parse(row())), {
      index: 0,
      uuid: "GPU-aaaaaaaa-0000-0000-0000-000000000000",
      name: "NVIDIA H100 80GB HBM3",
      pciBusId: "00000000:04:00.0",
      driver: "550.163.01",
      architecture: "sm90",
      memoryTotalMiB: 81559,
      memoryUsedMiB: 18329,
      utilization: 41,
      temperature: 52,
      powerWatts: 78.28,
      powerLimitWatts: 700,
      mig: [],
      migEnabled: false,
      problems: [],
    } satisfies Gpu);
  });

  it("leave out what is not available, for which 0 would be a lie", () => {
    const gb10 = only(
      parse(
        row({
          name: "NVIDIA GB10",
          compute_cap: "12.1",
          "memory.total": "[N/A]",
          "memory.used": "[Not Supported]",
          "utilization.gpu": "N/A",
          "power.draw": "[Unknown Error]",
          "enforced.power.limit": "[N/A]",
          "ecc.errors.uncorrected.volatile.total": "[N/A]",
          "clocks_event_reasons.active": "[Requested functionality has been deprecated]",
        }),
      ),
    );
    const absent = ["memoryTotalMiB", "memoryUsedMiB", "utilization", "powerWatts", "powerLimitWatts"];
    assert.deepEqual(
      absent.filter((key) => key in gb10),
      [],
    );
    assert.equal(gb10.architecture, "sm121");
    assert.deepEqual(gb10.problems, []);
  });

  it("keep the commas of a name", () => {
    assert.equal(
      only(parse(row({ name: "NVIDIA Graphics Device, rev. 2, engineering sample" }))).name,
      "NVIDIA Graphics Device, rev. 2, engineering sample",
    );
  });

  it("are all there beside a line that is none of them", () => {
    const gpus = parse(
      "Warning: persistence mode is disabled on device 00000000:04:00.0. See the Known Issues section.",
      row(),
      "\t, ,",
      "a, b, c",
      row({ index: "1", uuid: "GPU-b", "pci.bus_id": "00000000:05:00.0" }).replaceAll(", ", ","),
    );
    assert.deepEqual(
      gpus.map(({ index }) => index),
      [0, 1],
    );
  });

  it("say when MIG is on", () => {
    assert.equal(only(parse(row({ "mig.mode.current": "Enabled", "utilization.gpu": "[N/A]" }))).migEnabled, true);
  });

  it("of a driver that has no compute_cap tell their architecture by the name", () => {
    assert.equal(only(parse(row({ compute_cap: "[N/A]", name: "NVIDIA A10G" }))).architecture, "sm86");
  });
});

describe("a card's problems", () => {
  const cases: [Record<string, string>, string[]][] = [
    [{ "ecc.errors.uncorrected.volatile.total": "3" }, ["error uncorrected ECC errors: 3"]],
    [{ "temperature.gpu": "[GPU is lost]", "power.draw": "[GPU is lost]" }, ["error is lost"]],
    [{ "memory.used": "[GPU requires reset]", "reset_status.reset_required": "Yes" }, ["error needs a reset"]],
    [{ "memory.used": "[Unknown Error]", "temperature.gpu": "[Unknown Error]" }, ["error does not answer"]],
    [{ "power.draw": "[Unknown Error]" }, []],
    [{ "retired_pages.pending": "Yes" }, ["warning retired pages pending"]],
    [{ "retired_pages.pending": "No" }, []],
    [{ "clocks_event_reasons.active": "0x0000000000000001" }, []],
    [{ "clocks_event_reasons.active": "0x0000000000000020" }, ["warning slowed down by heat"]],
    [{ "clocks_event_reasons.active": "0x0000000000000048" }, ["warning slowed down by heat"]],
    [{ "clocks_event_reasons.active": "0x0000000000000088" }, ["warning slowed down by the power supply"]],
    [{ "clocks_event_reasons.active": "0x0000000000000008" }, ["warning slowed down by heat or the power supply"]],
  ];
  for (const [cells, expected] of cases) {
    it(`${JSON.stringify(cells)} → ${expected.join(", ") || "none"}`, () => {
      assert.deepEqual(
        only(parse(row(cells))).problems.map(({ severity, text }) => `${severity} ${text}`),
        expected,
      );
    });
  }

  const newer: [string, string, string[]][] = [
    ["gpu_recovery_action", "None", []],
    ["gpu_recovery_action", "[N/A]", []],
    ["gpu_recovery_action", "Drain and Reset", ["error needs a reset"]],
    ["gpu_recovery_action", "Reboot", ["error needs a reboot of the machine"]],
    ["gpu_recovery_action", "Drain P2P", ["warning recovery action: Drain P2P"]],
    ["remapped_rows.pending", "Yes", ["warning row remapping pending"]],
    ["remapped_rows.failure", "1", ["error row remapping failed"]],
    ["remapped_rows.failure", "No", []],
    ["clocks_throttle_reasons.active", "0x0000000000000040", ["warning slowed down by heat"]],
  ];
  for (const [field, cell, expected] of newer) {
    it(`${field} ${cell} → ${expected.join(", ") || "none"}`, () => {
      const gpu = only(parseGpus(`0, GPU-a, ${cell}, NVIDIA H200`, ["index", "uuid", field, "name"]));
      assert.deepEqual(
        gpu.problems.map(({ severity, text }) => `${severity} ${text}`),
        expected,
      );
    });
  }

  // The sentence as different drivers write it. The card has no row of its own, and its neighbours keep their numbers.
  for (const sentence of [
    "Unable to determine the device handle for GPU1: 0000:05:00.0: Unknown Error",
    "Unable to determine the device handle for GPU0000:05:00.0: Unknown Error",
    "Unable to determine the device handle for gpu 0000:05:00.0: GPU is lost.  Reboot the system to recover this GPU",
    "Unable to determine the device handle for GPU1: Unknown Error",
  ]) {
    it(`a lost card is shown at its place: ${sentence}`, () => {
      const gpus = parse(sentence, row(), row({ index: "2", uuid: "GPU-c", "pci.bus_id": "00000000:06:00.0" }));
      assert.deepEqual(summary(gpus), ["0 NVIDIA H100 80GB HBM3", "1 NVIDIA GPU; error is lost", "2 NVIDIA H100 80GB HBM3"]);
    });
  }

  it("two lost cards stay two, in the order of the bus", () => {
    const gpus = parse(
      row(),
      "Unable to determine the device handle for GPU0000:B3:00.0: Unknown Error",
      "Unable to determine the device handle for GPU0000:65:00.0: Unknown Error",
    );
    assert.deepEqual(
      gpus.map(({ index, uuid }) => `${index} ${uuid}`),
      ["0 GPU-aaaaaaaa-0000-0000-0000-000000000000", "1 00000000:65:00.0", "2 00000000:B3:00.0"],
    );
  });

  it("a corrupted infoROM is told of the card that has it", () => {
    const gpus = parse(
      row(),
      row({ index: "1", uuid: "GPU-b", "pci.bus_id": "00000000:3B:00.0" }),
      "WARNING: infoROM is corrupted at gpu 0000:3b:00.0",
    );
    assert.deepEqual(summary(gpus), ["0 NVIDIA H100 80GB HBM3", "1 NVIDIA H100 80GB HBM3; warning infoROM is corrupted"]);
  });
});

describe("nvidia-smi -L", () => {
  it("puts MIG devices under their card", () => {
    assert.deepEqual(parseList(fixture("list-mig")), [
      {
        index: 0,
        uuid: "GPU-00000000-0000-0000-0000-00000000000a",
        name: "NVIDIA H200",
        mig: [
          { uuid: "MIG-00000000-0000-0000-0000-000000000001", profile: "1c.3g.71gb", index: 0 },
          { uuid: "MIG-00000000-0000-0000-0000-000000000002", profile: "2g.35gb", index: 1 },
        ],
      },
      {
        index: 1,
        uuid: "GPU-00000000-0000-0000-0000-00000000000b",
        name: "A100-PCIE-40GB",
        mig: [{ uuid: "MIG-GPU-00000000-0000-0000-0000-00000000000b/2/0", profile: "4g.20gb", index: 0 }],
      },
      { index: 2, uuid: "54d0709b-558d-5a59-9c65-0c5fc14a21a4", name: "Orin (nvgpu)", mig: [] },
    ]);
  });
});

describe("a card's architecture", () => {
  it("is the driver's compute capability, whatever the name", () => {
    assert.equal(smArchitecture("8.9", "NVIDIA H100"), "sm89");
    assert.equal(smArchitecture("12.1", ""), "sm121");
  });

  const names: Record<string, string[]> = {
    sm121: ["NVIDIA GB10"],
    sm120: ["NVIDIA GeForce RTX 5090", "NVIDIA RTX PRO 6000 Blackwell Workstation Edition"],
    sm103: ["NVIDIA B300 SXM6 AC", "NVIDIA GB300"],
    sm100: ["NVIDIA B100", "NVIDIA B200", "NVIDIA GB200"],
    sm90: ["NVIDIA H100 80GB HBM3", "NVIDIA H200 NVL", "NVIDIA GH200 480GB"],
    sm89: ["NVIDIA L4", "NVIDIA L40", "NVIDIA L40S", "NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA RTX 6000 Ada Generation"],
    sm86: ["NVIDIA A10", "NVIDIA A10G", "NVIDIA A40", "NVIDIA GeForce RTX 3080 Ti", "NVIDIA RTX A6000"],
    sm80: ["NVIDIA A100-SXM4-40GB", "NVIDIA A100 80GB PCIe", "NVIDIA A30"],
    sm75: ["Tesla T4", "NVIDIA GeForce RTX 2080 Ti"],
    sm70: ["Tesla V100-SXM2-32GB"],
  };
  for (const [architecture, cards] of Object.entries(names)) {
    it(`${architecture} by name: ${cards.join(", ")}`, () => {
      assert.deepEqual(
        cards.map((name) => smArchitecture(undefined, name)),
        cards.map(() => architecture),
      );
    });
  }

  it("is not guessed from a name that only resembles a known one", () => {
    const others = ["Quadro RTX 4000", "Quadro RTX 5000", "Tesla K80", "NVIDIA T400", "NVIDIA H20", "NVIDIA Graphics Device"];
    assert.deepEqual(
      others.map((name) => smArchitecture(undefined, name)),
      others.map(() => undefined),
    );
  });
});

describe("memory", () => {
  it("is the use of the whole, in GB as people name the card", () => {
    assert.equal(formatMemory(18329, 81920), "18 / 80 GB");
    assert.equal(formatMemory(0, 24564), "0 / 23 GB");
  });
  it("in use is never more than the whole", () => {
    assert.equal(formatMemory(81559, 81559), "79 / 79 GB");
  });
  it("says what is known", () => {
    assert.equal(formatMemory(undefined, 143771), "140 GB");
    assert.equal(formatMemory(undefined, undefined), undefined);
  });
});
