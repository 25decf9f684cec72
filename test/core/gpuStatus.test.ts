import assert from "node:assert/strict";
import type { Gpu, GpuProblem } from "../../src/core/gpu.ts";
import type { HostGpus } from "../../src/core/gpuHealth.ts";
import type { Health, Verdict } from "../../src/core/gpuHealth.ts";
import { gpuStatus } from "../../src/core/gpuStatus.ts";

const card = (index: number, more: Partial<Gpu> = {}): Gpu => ({
  index,
  uuid: `GPU-${index}`,
  name: "NVIDIA H100 80GB HBM3",
  mig: [],
  migEnabled: false,
  problems: [],
  ...more,
});
const known = (...gpus: Gpu[]): HostGpus => ({ state: "known", gpus });
const handle = (container: string, verdict: Verdict, detail = "What is the case.") => ({
  container,
  health: { verdict, detail } satisfies Health,
});
const ecc: GpuProblem = { severity: "error", text: "uncorrected ECC errors: 3" };
const hot: GpuProblem = { severity: "warning", text: "slowed down by heat" };

describe("the status bar", () => {
  const cases: [string, HostGpus, ReturnType<typeof handle>[], string, string][] = [
    ["two cards", known(card(0, { utilization: 80 }), card(1, { utilization: 1 })), [], "$(chip) 2 GPUs 41%", "none"],
    ["one card", known(card(0, { utilization: 0 })), [], "$(chip) 1 GPU 0%", "none"],
    ["the average is over those that tell", known(card(0, { utilization: 30 }), card(1)), [], "$(chip) 2 GPUs 30%", "none"],
    ["none tells its use (MIG)", known(card(0), card(1)), [], "$(chip) 2 GPUs", "none"],
    ["a hot card", known(card(0, { utilization: 5, problems: [hot] })), [], "$(warning) 1 GPU 5%", "warning"],
    ["a broken card", known(card(0, { problems: [hot] }), card(1, { problems: [ecc] })), [], "$(warning) 2 GPUs", "error"],
    ["a stale handle", known(card(0, { utilization: 41 })), [handle("train-7", "stale")], "$(warning) 1 GPU 41%", "warning"],
    ["healthy handles", known(card(0)), [handle("a", "ok"), handle("b", "none")], "$(chip) 1 GPU", "none"],
    ["no GPU", { state: "none", reason: "nvidia-smi was not found." }, [], "$(chip) No GPU", "none"],
    ["a remote engine", { state: "unknown", reason: "The engine is elsewhere." }, [], "$(chip) GPUs unknown", "none"],
    [
      "a stale handle on a remote engine",
      { state: "unknown", reason: "" },
      [handle("train-7", "stale")],
      "$(warning) GPUs unknown",
      "warning",
    ],
    [
      "a driver mismatch",
      { state: "error", health: { verdict: "mismatch", detail: "" } },
      [],
      "$(warning) GPU driver mismatch",
      "error",
    ],
    [
      "a hung driver",
      { state: "error", health: { verdict: "unresponsive", detail: "" } },
      [],
      "$(warning) GPU not answering",
      "error",
    ],
  ];
  for (const [title, gpus, handles, text, severity] of cases) {
    it(`${title}: ${text} (${severity})`, () => {
      const status = gpuStatus({ gpus, handles });
      assert.equal(status.text, text);
      assert.equal(status.severity, severity);
    });
  }

  it("has a table as tooltip, and the containers whose handle is ill below it", () => {
    const full = card(0, { utilization: 41, memoryUsedMiB: 18329, memoryTotalMiB: 81920, temperature: 52, powerWatts: 78.28 });
    const bare = card(1, { name: "NVIDIA GB10", problems: [hot, ecc] });
    const { tooltip } = gpuStatus({
      gpus: known(full, bare),
      handles: [handle("train", "stale", "Restart it."), handle("fine", "ok")],
    });
    assert.equal(
      tooltip,
      [
        "| GPU | | Use | Memory | Temperature | Power | |",
        "|:--|:--|--:|--:|--:|--:|:--|",
        "| 0 | NVIDIA H100 80GB HBM3 | 41 % | 18 / 80 GB | 52 °C | 78 W |  |",
        "| 1 | NVIDIA GB10 |  |  |  |  | ⚠ slowed down by heat\\; ⚠ uncorrected ECC errors\\: 3 |",
        "",
        "⚠ **train**: Restart it\\.",
      ].join("\n"),
    );
  });

  it("says why there is no GPU, or none known", () => {
    const tooltip = (gpus: HostGpus) => gpuStatus({ gpus, handles: [] }).tooltip;
    assert.equal(tooltip({ state: "none", reason: "No driver" }), "No driver");
    assert.equal(tooltip({ state: "unknown", reason: "Elsewhere" }), "Elsewhere");
    assert.equal(tooltip({ state: "error", health: { verdict: "lost", detail: "Reboot" } }), "Reboot");
  });

  it("reads well aloud", () => {
    const { accessibilityLabel } = gpuStatus({
      gpus: known(card(0, { utilization: 41 }), card(1, { problems: [ecc] })),
      handles: [handle("train-7", "stale")],
    });
    assert.equal(accessibilityLabel, "2 GPUs 41 percent busy. GPU 1: uncorrected ECC errors: 3. train-7: lost GPU access");
  });

  it("shows foreign text as it is: no cell, code, link, HTML or icon comes of it", () => {
    const nasty = "a|b `c` [x](command:evil) <img src=x> https://evil.example ![i](j) $(zap) *d*\n\n# e \\| \u202Ef";
    const { tooltip } = gpuStatus({
      gpus: known(card(0, { name: nasty, problems: [{ severity: "warning", text: nasty }] })),
      handles: [handle(nasty, "stale", nasty)],
    });
    const rows = tooltip.split("\n");
    assert.equal(rows.length, 5);
    // Every mark that Markdown could act on stands behind a backslash of its own.
    const foreign =
      "a\\|b \\`c\\` \\[x\\]\\(command\\:evil\\) \\<img src\\=x\\> https\\:\\/\\/evil\\.example \\!\\[i\\]\\(j\\) \\$\\(zap\\) \\*d\\* \\# e \\\\\\| f";
    assert.equal(rows[2], `| 0 | ${foreign} |  |  |  |  | ⚠ ${foreign} |`);
    assert.equal(rows[4], `⚠ **${foreign}**: ${foreign}`);
  });
});
