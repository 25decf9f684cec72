import assert from "node:assert/strict";
import type { Health } from "../../src/core/gpuHealth.ts";
import { decide, type Existing, type Observed } from "../../src/core/reuse.ts";
import type { GpuRequest, Mount, RunSpec } from "../../src/core/runSpec.ts";

const data: Mount = { source: "/home/ann/data", target: "/data" };
const spec = (more: Partial<RunSpec> = {}): RunSpec => ({
  ...{ name: "train", image: "pytorch:2.8", init: true, labels: {}, mounts: [data], gpus: { ids: ["0"] } },
  ...more,
});
const health = (verdict: Health["verdict"]): Health => ({ verdict, detail: "" });

interface Case {
  what: string;
  wanted?: Partial<RunSpec>;
  has?: Partial<RunSpec>;
  state?: string;
  verdict?: Health["verdict"];
  staleMounts?: string[];
  viable: Existing[];
  question: string;
}

const running = "Found existing container 'train' running pytorch:2.8";
const ask = "What should I do?";
const cases: Case[] = [
  {
    what: "all there and healthy",
    verdict: "ok",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "stopped: it gets a fresh handle when it starts",
    state: "exited",
    viable: ["reuse", "restart", "parallel"],
    question: `Found existing container 'train' (exited) of pytorch:2.8 with all required mounts. ${ask}`,
  },
  {
    what: "a stale handle: Revive in the place of Reuse",
    verdict: "stale",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable. ${ask}`,
  },
  {
    what: "a driver that moved on",
    verdict: "mismatch",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container's driver library does not fit the host's driver any more; reuse is not viable. ${ask}`,
  },
  {
    what: "a lost card: nothing heals it",
    verdict: "lost",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; a GPU of the existing container fell off the bus; reuse is not viable. ${ask}`,
  },
  {
    what: "no answer",
    verdict: "unresponsive",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; the existing container's GPU does not answer; reuse is not viable. ${ask}`,
  },
  {
    what: "no nvidia-smi inside to ask",
    verdict: "absent",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "a mount that is missing",
    wanted: { mounts: [data, { source: "/opt/models", target: "/models" }] },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /opt/models:/models. ${ask}`,
  },
  {
    what: "a mount that is missing, and a stale handle: no Revive, which would not mount it",
    wanted: { mounts: [{ source: "/opt/models", target: "/models" }] },
    verdict: "stale",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /opt/models:/models. ${ask}`,
  },
  {
    what: "the mount has another source",
    wanted: { mounts: [{ source: "/home/bob/data", target: "/data" }] },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /home/bob/data:/data. ${ask}`,
  },
  {
    what: "the mount is read-only, and is to be written",
    has: { mounts: [{ ...data, readOnly: true }] },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /home/ann/data:/data. ${ask}`,
  },
  {
    what: "the mount can be written, and is to be read only",
    wanted: { mounts: [{ ...data, readOnly: true }] },
    verdict: "ok",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "--mount for -v, and a slash at the end: the same mount",
    has: { mounts: [{ type: "bind", source: "/home/ann/data/", target: "/data" }] },
    verdict: "ok",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "the X11 mount is missing",
    wanted: { mounts: [data, { source: "/tmp/.X11-unix", target: "/tmp/.X11-unix" }], env: { DISPLAY: ":1" } },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /tmp/.X11-unix:/tmp/.X11-unix. ${ask}`,
  },
  {
    what: "another DISPLAY is never a reason",
    wanted: { env: { DISPLAY: ":1" } },
    has: { env: { DISPLAY: ":0" } },
    verdict: "ok",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "a folder that was deleted and made again: a restart mounts it anew",
    verdict: "ok",
    staleMounts: ["/data"],
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; the folder behind /data was deleted and made again: nothing of it is seen inside. ${ask}`,
  },
  {
    what: "another GPU than the one asked for",
    has: { gpus: { ids: ["1"] } },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds GPU 1, and GPU 0 is asked for; reuse is not viable. ${ask}`,
  },
  {
    what: "no GPU, and one is asked for",
    has: { gpus: "none" },
    verdict: "none",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds no GPU, and GPU 0 is asked for; reuse is not viable. ${ask}`,
  },
  {
    what: "no GPU asked for: its handle does not count",
    wanted: { gpus: "none" },
    verdict: "stale",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
];

const observe = ({ has, state = "running", verdict, staleMounts = [] }: Case): Observed => ({
  ...{ name: "train", image: "pytorch:2.8", state, spec: spec(has), staleMounts },
  ...(verdict ? { health: health(verdict) } : {}),
});

describe("what to do with a container that is there", () => {
  for (const one of cases)
    it(one.what, () => {
      const decision = decide(spec(one.wanted), observe(one), 2);
      assert.deepEqual(
        decision.choices.map(({ existing }) => existing),
        one.viable,
      );
      assert.equal(decision.question, one.question);
    });

  it("over all combinations: every choice is offered or refused with a reason, Restart and Parallel always offered, never Reuse with Revive", () => {
    for (const verdict of ["ok", "stale", "mismatch", "lost", "absent", "unresponsive", "none"] as const)
      for (const state of ["running", "exited", "paused", "created"])
        for (const gpus of ["none", "all", { ids: ["0"] }, { ids: ["1"] }, { count: 1 }] satisfies GpuRequest[])
          for (const mounts of [[], [data]])
            for (const staleMounts of [[], ["/data"]]) {
              const up = state === "running" || state === "paused";
              const observed: Observed = {
                ...{ name: "t", image: "i", state, spec: spec({ gpus, mounts }), staleMounts },
                ...(up ? { health: health(verdict) } : {}),
              };
              const { choices, refusals } = decide(spec(), observed, 2);
              const offered = choices.map(({ existing }) => existing);
              const told = JSON.stringify([verdict, state, gpus, mounts, staleMounts, offered, refusals]);
              assert.deepEqual(offered.slice(-2), ["restart", "parallel"], told);
              assert.equal(offered.length + Object.keys(refusals).length, 4, told);
              assert.ok(!(offered.includes("reuse") && offered.includes("revive")), told);
              const bad = up && ["stale", "mismatch", "lost", "unresponsive", "none"].includes(verdict);
              const wrongGpus = gpus === "none" || JSON.stringify(gpus) === '{"ids":["1"]}';
              assert.equal(offered.includes("reuse"), mounts.length > 0 && !bad && !wrongGpus && staleMounts.length === 0, told);
            }
  });
});

describe("differences between what is wanted and what is there", () => {
  const told = (wanted: Partial<RunSpec>, has: Partial<RunSpec>) =>
    decide(spec(wanted), { name: "t", image: "i", state: "exited", spec: spec(has), staleMounts: [] }, 2).differences.map(
      ({ field, wanted: one, has: other }) => `${field}: ${one} / ${other}`,
    );

  it("are told field by field", () =>
    assert.deepEqual(told({ image: "pytorch:2.9", shmSize: 6442450944, ipc: "host", privileged: true }, { shmSize: 67108864 }), [
      "image: pytorch:2.9 / pytorch:2.8",
      "ipc: host / not set",
      "privileged: set / not set",
      "shmSize: 6442450944 / 67108864",
    ]));
  it("of variables: only those that are wanted, and no secret's value", () =>
    assert.deepEqual(told({ env: { A: "1", HF_TOKEN: "new", B: "x" } }, { env: { HF_TOKEN: "old", B: "x", PATH: "/bin" } }), [
      "env.A: 1 / not set",
      "env.HF_TOKEN: a value / another value",
    ]));
  it("of volumes", () =>
    assert.deepEqual(told({ mounts: [data, { source: "cache", target: "/cache" }] }, {}), [
      "mounts./cache: cache / not mounted",
    ]));
  it("are none for names, labels and the order of keys", () =>
    assert.deepEqual(
      told({ name: "a", labels: { x: "1" }, sysctls: { a: "1", b: "2" } }, { name: "b", sysctls: { b: "2", a: "1" } }),
      [],
    ));
});
