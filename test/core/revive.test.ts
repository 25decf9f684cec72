import assert from "node:assert/strict";
import type { Container, Mount } from "../../src/core/engineJson.ts";
import type { Health } from "../../src/core/gpuHealth.ts";
import { notHealed, reviveText } from "../../src/core/revive.ts";

function container(mounts: readonly Mount[] = [], labels: Record<string, string> = { "dev.berth.v": "1" }): Container {
  return {
    ...{
      id: "aa",
      name: "train",
      image: "pytorch:2.8",
      imageId: "",
      state: "running",
      status: "",
      created: 0,
      ports: [],
      labels,
    },
    details: {
      ...{ exitCode: 0, oomKilled: false, running: true, restarting: false, error: "", gpus: "all" },
      ...{ mounts, env: [], user: "", workingDir: "", entrypoint: [], command: [] },
    },
  };
}
const mount = (type: string, target: string): Mount => ({ type, source: "", target, readOnly: false });

describe("what is said before a container is revived", () => {
  const nothing = { files: ["/kept.bin"], temporary: [], processes: [], volumes: [] };

  it("is what ends with it; its files are not lost, and so not told", () => {
    assert.equal(
      reviveText(container(), { ...nothing, processes: ["python train.py --epochs 90", "tensorboard --logdir runs"] }),
      [
        "docker restart this container: its files stay, its processes end.",
        "",
        "2 processes running:",
        "  python train.py --epochs 90",
        "  tensorboard --logdir runs",
      ].join("\n"),
    );
  });

  it("says so when nothing runs inside", () => {
    assert.equal(
      reviveText(container(), nothing),
      "docker restart this container: its files stay, its processes end.\n\nNothing runs in it that would end.",
    );
  });

  it("tells of another's container, and of files that are kept in memory", () => {
    assert.equal(
      reviveText(container([mount("bind", "/data"), mount("tmpfs", "/scratch"), mount("tmpfs", "/fast")], {}), nothing),
      [
        "It was not created by Berth.",
        "",
        "docker restart this container: its files stay, its processes end.",
        "",
        "Nothing runs in it that would end.",
        "",
        "What is in /scratch, /fast is kept in memory, and goes too.",
      ].join("\n"),
    );
  });
});

describe("what is said when a restart did not heal the GPU handle", () => {
  const cases: [Health["verdict"], string][] = [
    [
      "stale",
      "train was restarted, and has lost GPU access all the same: only a fresh container helps. Restart its deployment, or retire it and deploy it anew.",
    ],
    [
      "mismatch",
      "train was restarted, and its NVIDIA library does not fit the host's driver all the same: check the host's GPUs, and if they have the same fault, reboot it.",
    ],
    ["lost", "train was restarted, and its GPU is still not well. What is the case."],
    ["unresponsive", "train was restarted, and its GPU is still not well. What is the case."],
  ];
  for (const [verdict, wanted] of cases)
    it(verdict, () => assert.equal(notHealed("train", { verdict, detail: "What is the case." }), wanted));
});
