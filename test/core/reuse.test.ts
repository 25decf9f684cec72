import assert from "node:assert/strict";
import type { Gpu } from "../../src/core/gpu.ts";
import type { Health, Verdict } from "../../src/core/gpuHealth.ts";
import { decide, type Existing, type Observed } from "../../src/core/reuse.ts";
import type { GpuRequest, Mount, RunSpec } from "../../src/core/runSpec.ts";
import { coversGpus, missingMounts } from "../../src/core/specDifference.ts";

const data: Mount = { source: "/home/ann/data", target: "/data" };
const spec = (more: Partial<RunSpec> = {}): RunSpec => ({
  ...{ name: "train", image: "pytorch:2.8", init: true, labels: {}, mounts: [data], gpus: { ids: ["0"] } },
  ...more,
});
const health = (verdict: Verdict): Health => ({ verdict, detail: "" });
const card = (index: number, more: Partial<Gpu> = {}): Gpu => ({
  ...{ index, uuid: `GPU-${index}${index}${index}${index}-aaaa`, name: "H100", mig: [], migEnabled: false, problems: [] },
  ...more,
});
const two = [card(0), card(1)];

interface Case {
  what: string;
  wanted?: Partial<RunSpec>;
  has?: Partial<RunSpec>;
  state?: string;
  verdict?: Verdict | Health;
  staleMounts?: string[];
  gpus?: Gpu[];
  unread?: string;
  holds?: GpuRequest;
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
    gpus: [card(0, { problems: [{ severity: "error", text: "is lost" }] }), card(1)],
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; a GPU of the existing container is lost; reuse is not viable. ${ask}`,
  },
  {
    what: "a lost card, and nobody knows the machine's",
    verdict: "lost",
    gpus: [],
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; a GPU of the existing container is lost; reuse is not viable. ${ask}`,
  },
  {
    what: "a card that the machine still has: a restart of the container gives it back",
    verdict: "lost",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container does not see a GPU that it was given; reuse is not viable. ${ask}`,
  },
  {
    what: "an nvidia-smi that cannot reach the driver",
    verdict: { verdict: "absent", detail: "", answered: true },
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container cannot reach the GPU driver; reuse is not viable. ${ask}`,
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
    question: `${running} without the required mounts /opt/models:/models; existing container has lost GPU access (stale NVML); reuse is not viable. ${ask}`,
  },
  {
    what: "two mounts that are missing",
    wanted: { mounts: [{ source: "/opt/models", target: "/models" }, data, { type: "bind", source: "/x", target: "/y" }] },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} without the required mounts /opt/models:/models, /x:/y. ${ask}`,
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
    question: `${running} with all required mounts; the folder or file behind /data was deleted or replaced, and what is there now is not seen inside. ${ask}`,
  },
  {
    what: "a folder that was made again, of one that does not run: its start mounts it anew",
    state: "exited",
    staleMounts: ["/data"],
    viable: ["reuse", "restart", "parallel"],
    question: `Found existing container 'train' (exited) of pytorch:2.8 with all required mounts. ${ask}`,
  },
  {
    what: "a folder that was made again, which nobody wants",
    verdict: "ok",
    staleMounts: ["/scratch"],
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "a folder that was made again, and a stale handle: one restart for both",
    verdict: "stale",
    staleMounts: ["/data"],
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable; the folder or file behind /data was deleted or replaced, and what is there now is not seen inside. ${ask}`,
  },
  {
    what: "another file to log in at the display is never a reason, nor one that was written anew",
    wanted: {
      mounts: [data, { type: "bind", source: "/run/xauth_B", target: "/run/xauth_B", readOnly: true }],
      env: { XAUTHORITY: "/run/xauth_B" },
    },
    has: { env: { XAUTHORITY: "/run/xauth_A" } },
    verdict: "ok",
    staleMounts: ["/run/xauth_B"],
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "paused: nothing can be asked inside, and it can go on",
    state: "paused",
    viable: ["reuse", "restart", "parallel"],
    question: `Found existing container 'train' (paused) of pytorch:2.8 with all required mounts. ${ask}`,
  },
  {
    what: "made and never started",
    state: "created",
    viable: ["reuse", "restart", "parallel"],
    question: `Found existing container 'train' (created) of pytorch:2.8 with all required mounts. ${ask}`,
  },
  {
    what: "it ends again and again: nothing can be done in it",
    state: "restarting",
    viable: ["restart", "parallel"],
    question: `Found existing container 'train' (restarting) of pytorch:2.8 with all required mounts; existing container ends and is restarted again and again; reuse is not viable. ${ask}`,
  },
  {
    what: "dead: what is left of it can be replaced",
    state: "dead",
    viable: ["restart", "parallel"],
    question: `Found existing container 'train' (dead) of pytorch:2.8 with all required mounts; existing container is dead (Docker failed to remove it); reuse is not viable. ${ask}`,
  },
  {
    what: "being removed: nobody else touches it",
    state: "removing",
    viable: ["parallel"],
    question: `Found existing container 'train' (removing) of pytorch:2.8 with all required mounts; existing container is being removed; reuse is not viable. ${ask}`,
  },
  {
    what: "a state that Docker may have one day",
    state: "hibernating",
    viable: ["restart", "parallel"],
    question: `Found existing container 'train' (hibernating) of pytorch:2.8 with all required mounts; existing container is in a state unknown to Berth (hibernating); reuse is not viable. ${ask}`,
  },
  {
    what: "stopped, and lacks a mount",
    state: "exited",
    has: { mounts: [] },
    viable: ["restart", "parallel"],
    question: `Found existing container 'train' (exited) of pytorch:2.8 without the required mounts /home/ann/data:/data. ${ask}`,
  },
  {
    what: "run with --rm: it could not be put back",
    has: { autoRemove: true },
    verdict: "ok",
    viable: ["reuse", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "nothing but its name is known",
    unread: "Berth does not understand what the engine says of container 'train'.",
    viable: ["parallel"],
    question: `Found existing container 'train' (running) of pytorch:2.8; Berth does not understand what the engine says of container 'train'. ${ask}`,
  },
  {
    what: "the same card by its UUID",
    has: { gpus: { ids: [card(0).uuid] } },
    verdict: "ok",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
  {
    what: "another card by its UUID",
    has: { gpus: { ids: [card(1).uuid] } },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds GPU 1 instead of GPU 0; reuse is not viable. ${ask}`,
  },
  {
    what: "fewer than the number asked for",
    wanted: { gpus: { count: 2 } },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds GPU 0 instead of 2 GPUs; reuse is not viable. ${ask}`,
  },
  {
    what: "all of them asked for by the nvidia runtime, and held by CDI",
    wanted: { gpus: "none", runtime: "nvidia", env: { NVIDIA_VISIBLE_DEVICES: "all" } },
    has: { gpus: "none", devices: ["nvidia.com/gpu=all"] },
    holds: "all",
    verdict: "stale",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable. ${ask}`,
  },
  {
    what: "the nvidia runtime, with the image's own choice",
    wanted: { gpus: "none", runtime: "nvidia" },
    has: { gpus: "none", runtime: "nvidia" },
    holds: "all",
    verdict: "stale",
    viable: ["revive", "restart", "parallel"],
    question: `${running} with all required mounts; existing container has lost GPU access (stale NVML); reuse is not viable. ${ask}`,
  },
  {
    what: "another GPU than the one asked for",
    has: { gpus: { ids: ["1"] } },
    verdict: "ok",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds GPU 1 instead of GPU 0; reuse is not viable. ${ask}`,
  },
  {
    what: "no GPU, and one is asked for",
    has: { gpus: "none" },
    verdict: "none",
    viable: ["restart", "parallel"],
    question: `${running} with all required mounts; existing container holds no GPU instead of GPU 0; reuse is not viable. ${ask}`,
  },
  {
    what: "no GPU asked for: its handle does not count",
    wanted: { gpus: "none" },
    verdict: "stale",
    viable: ["reuse", "restart", "parallel"],
    question: `${running} with all required mounts. ${ask}`,
  },
];

const observe = ({ has, state = "running", verdict, staleMounts = [], unread, holds }: Case): Observed => ({
  ...{ name: "train", image: "pytorch:2.8", state, spec: spec(has), staleMounts },
  ...(verdict ? { health: typeof verdict === "string" ? health(verdict) : verdict } : {}),
  ...(unread === undefined ? {} : { unread }),
  ...(holds === undefined ? {} : { gpus: holds }),
});

describe("what to do with a container that is there", () => {
  for (const one of cases)
    it(one.what, () => {
      const decision = decide(spec(one.wanted), observe(one), one.gpus ?? two);
      assert.deepEqual(
        decision.choices.map(({ existing }) => existing),
        one.viable,
      );
      assert.equal(decision.question, one.question);
    });

  it("over all combinations: every choice is offered or refused with a reason, and Reuse only where nothing speaks against it", () => {
    const verdicts = ["ok", "stale", "mismatch", "lost", "absent", "unresponsive", "none", undefined] as const;
    const states = ["running", "paused", "exited", "created", "restarting", "dead", "removing", "hibernating"];
    const requests: GpuRequest[] = ["none", "all", { ids: ["0"] }, { ids: ["1"] }, { count: 1 }, { ids: ["0", "1"] }];
    let combinations = 0;
    for (const verdict of verdicts)
      for (const state of states)
        for (const gpus of requests)
          for (const mounts of [[], [data]])
            for (const staleMounts of [[], ["/data"]])
              for (const known of [two, []]) {
                combinations++;
                const observed: Observed = {
                  ...{ name: "t", image: "i", state, spec: spec({ gpus, mounts }), staleMounts },
                  ...(verdict ? { health: health(verdict) } : {}),
                };
                const { choices, refusals, question } = decide(spec(), observed, known);
                const offered = choices.map(({ existing }) => existing);
                const told = JSON.stringify([verdict, state, gpus, mounts, staleMounts, offered, refusals]);

                const canRun = ["running", "paused", "exited", "created"].includes(state);
                const hasMounts = mounts.length > 0;
                // The machine's first card is asked for: GPU 1 alone is another, and so is none.
                const hasGpus = !['"none"', '{"ids":["1"]}'].includes(JSON.stringify(gpus));
                const isBad =
                  state === "running" && ["stale", "mismatch", "lost", "unresponsive", "none"].includes(verdict ?? "ok");
                const isStale = staleMounts.length > 0 && ["running", "paused", "restarting"].includes(state);
                assert.equal(offered.includes("reuse"), canRun && hasMounts && hasGpus && !isBad && !isStale, told);

                const heals =
                  !isBad ||
                  ["stale", "mismatch", "unresponsive"].includes(verdict ?? "") ||
                  (verdict === "lost" && known === two);
                assert.equal(offered.includes("revive"), canRun && hasMounts && hasGpus && (isBad || isStale) && heals, told);
                assert.equal(offered.includes("restart"), state !== "removing", told);
                assert.equal(offered.at(-1), "parallel", told);

                assert.deepEqual([...offered, ...Object.keys(refusals)].sort(), ["parallel", "restart", "reuse", "revive"], told);
                assert.ok(
                  Object.values(refusals).every((reason) => reason !== ""),
                  told,
                );
                assert.equal(question.includes("without the required mounts /home/ann/data:/data"), !hasMounts, told);
                assert.equal(question.includes("reuse is not viable") || isStale || !hasMounts, !offered.includes("reuse"), told);
              }
    assert.equal(combinations, 8 * 8 * 6 * 2 * 2 * 2);
  });

  it("tells what each choice does to a container in that state", () => {
    const told = (state: string) =>
      decide(spec(), { name: "t", image: "i", state, spec: spec(), staleMounts: [] }, two).choices.map(
        ({ title, description }) => `${title}: ${description}`,
      );
    assert.deepEqual(told("running"), [
      "Reuse: skip docker run, apply configs and start the app inside this container; fastest",
      "Restart: stop this container and relaunch a fresh one",
      "Parallel: leave it running, start a new one with another name and port",
    ]);
    assert.deepEqual(told("paused"), [
      "Reuse: unpause this container, apply configs and start the app inside it; fastest",
      "Restart: stop this container and relaunch a fresh one",
      "Parallel: leave it as it is, start a new one with another name and port",
    ]);
    for (const state of ["exited", "created"])
      assert.deepEqual(told(state), [
        "Reuse: start this container, apply configs and start the app inside it; fastest",
        "Restart: remove this container and relaunch a fresh one",
        "Parallel: leave it as it is, start a new one with another name and port",
      ]);
    const stale: Observed = {
      ...{ name: "t", image: "i", state: "running", spec: spec(), staleMounts: [] },
      health: health("stale"),
    };
    assert.deepEqual(decide(spec(), stale, two).choices[0], {
      existing: "revive",
      title: "Revive",
      description: "docker restart this container: its files stay, its processes end",
    });
  });

  it("says why the others are not", () => {
    const refusals = (one: Partial<Case>) => {
      const it = { what: "", viable: [], question: "", ...one };
      return decide(spec(it.wanted), observe(it), two).refusals;
    };
    assert.deepEqual(refusals({ verdict: "ok" }), { revive: "there is nothing to heal" });
    assert.deepEqual(refusals({ verdict: "stale" }), {
      reuse: "existing container has lost GPU access (stale NVML); reuse is not viable",
    });
    assert.deepEqual(refusals({ verdict: "stale", has: { mounts: [] } }), {
      reuse: "it lacks the mount /home/ann/data:/data; existing container has lost GPU access (stale NVML); reuse is not viable",
      revive:
        "a restart of the container does not heal it (it lacks the mount /home/ann/data:/data; existing container has lost GPU access (stale NVML); reuse is not viable)",
    });
    assert.deepEqual(refusals({ has: { autoRemove: true } }), {
      revive: "there is nothing to heal",
      restart: "it was run with --rm: Docker removes it once it stops, so it could not be put back",
    });
    assert.equal(refusals({ state: "removing" }).restart, "Docker is removing it: wait until it is gone");
  });
});

describe("GPUs that a container was given", () => {
  const parts = card(1, {
    mig: [
      { index: 0, uuid: "MIG-aaaa-1", name: "1g.10gb" },
      { index: 1, uuid: "MIG-bbbb-1", name: "1g.10gb" },
    ] as unknown as Gpu["mig"],
    migEnabled: true,
  });
  const cases: [string, GpuRequest, GpuRequest, Gpu[], boolean][] = [
    ["none wanted", "none", "none", two, true],
    ["all of all", "all", "all", [], true],
    ["all of both", "all", { ids: ["0", "1"] }, two, true],
    ["all of one", "all", { ids: ["0"] }, two, false],
    ["all of one that is all", "all", { count: 1 }, [card(0)], true],
    ["all, and nobody knows how many those are", "all", { ids: ["0", "1"] }, [], false],
    ["one by index of one by UUID", { ids: ["1"] }, { ids: [card(1).uuid] }, two, true],
    ["one by UUID of the first two", { ids: [card(1).uuid] }, { count: 2 }, two, true],
    ["one by a UUID cut short", { ids: ["GPU-1111"] }, { ids: ["1"] }, two, true],
    ["one by index of another's UUID", { ids: ["0"] }, { ids: [card(1).uuid] }, two, false],
    ["one by index of one by UUID, on an unknown machine", { ids: ["1"] }, { ids: [card(1).uuid] }, [], false],
    ["the second of the first two, on an unknown machine", { ids: ["1"] }, { count: 2 }, [], true],
    ["a number of as many", { count: 2 }, { ids: ["0", "1"] }, two, true],
    ["a number of fewer", { count: 2 }, { ids: ["0", "0"] }, two, false],
    ["a part of the whole card", { ids: ["1:0"] }, { ids: ["1"] }, [card(0), parts], true],
    ["a part by UUID", { ids: ["1:1"] }, { ids: ["MIG-bbbb"] }, [card(0), parts], true],
    ["another part", { ids: ["1:1"] }, { ids: ["MIG-aaaa"] }, [card(0), parts], false],
    ["the whole card of a part", { ids: ["1"] }, { ids: ["1:0"] }, [card(0), parts], false],
  ];
  for (const [what, wanted, has, gpus, expected] of cases) it(what, () => assert.equal(coversGpus(wanted, has, gpus), expected));
});

describe("mounts that are missing", () => {
  const paths = (wanted: Mount[], has: Mount[]) => missingMounts(spec({ mounts: wanted }), has).map(({ target }) => target);
  it("none where only the spelling of the paths differs", () =>
    assert.deepEqual(
      paths(
        [
          { source: "/a//b/./c/", target: "/data/" },
          { source: "/", target: "/host" },
        ],
        [
          { source: "/a/b/c", target: "/data" },
          { source: "/", target: "/host/." },
        ],
      ),
      [],
    ));
  it("not the root for an empty path, nor a folder for the one above it", () =>
    assert.deepEqual(
      paths(
        [
          { source: "/", target: "/host" },
          { source: "/a/b", target: "/b" },
        ],
        [
          { type: "bind", target: "/host" },
          { source: "/a", target: "/b" },
        ],
      ),
      ["/host", "/b"],
    ));
  it("no volumes", () => assert.deepEqual(paths([{ source: "cache", target: "/cache" }, { target: "/anon" }], []), []));
});

describe("differences between what is wanted and what is there", () => {
  const told = (wanted: Partial<RunSpec>, has: Partial<RunSpec>) =>
    decide(spec(wanted), { name: "t", image: "i", state: "exited", spec: spec(has), staleMounts: [] }, two).differences.map(
      ({ field, wanted: one, has: other }) => `${field}: ${one} / ${other}`,
    );

  it("are told field by field", () =>
    assert.deepEqual(told({ image: "pytorch:2.9", shmSize: 6442450944, ipc: "host", privileged: true }, { shmSize: 67108864 }), [
      "image: pytorch:2.9 / pytorch:2.8",
      "ipc: host / not set",
      "privileged: set / not set",
      "shmSize: 6g / 64m",
    ]));
  it("of variables: only those that are wanted, and no secret's value", () =>
    assert.deepEqual(told({ env: { A: "1", HF_TOKEN: "new", B: "x" } }, { env: { HF_TOKEN: "old", B: "x", PATH: "/bin" } }), [
      "env.A: 1 / not set",
      "env.HF_TOKEN: a value / another value",
    ]));
  it("of a command line: not the secret that stands in it", () =>
    assert.deepEqual(
      told({ command: ["serve", "--key=tiger42"], env: { API_KEY: "tiger42" } }, { env: { API_KEY: "tiger42" } }),
      ["command: serve, --key=[redacted] / not set"],
    ));
  it("of a command line: no value of the project's secrets either", () => {
    const observed: Observed = { name: "t", image: "i", state: "exited", spec: spec({ command: ["serve"] }), staleMounts: [] };
    const wanted = spec({ command: ["serve", "--key=tiger42"] });
    assert.deepEqual(decide(wanted, observed, two, ["tiger42"]).differences, [
      { field: "command", wanted: "serve, --key=[redacted]", has: "serve" },
    ]);
  });
  it("of volumes", () =>
    assert.deepEqual(told({ mounts: [data, { source: "cache", target: "/cache" }] }, {}), [
      "mounts./cache: cache / not mounted",
    ]));
  it("of ports, as docker run takes them", () =>
    assert.deepEqual(
      told(
        {
          ports: [
            { container: 9000, host: "9000" },
            { container: 53, protocol: "udp", host: "53", ip: "127.0.0.1" },
          ],
        },
        { ports: [{ container: 9000, host: "9001" }] },
      ),
      ["ports: 9000:9000, 127.0.0.1:53:53/udp / 9001:9000"],
    ));
  it("of a folder that can be written, and is to be read only", () =>
    assert.deepEqual(told({ mounts: [{ ...data, readOnly: true }] }, {}), ["mounts./data: read-only / writable"]));
  it("are none for a platform that is the engine's own", () => assert.deepEqual(told({ platform: "linux/amd64" }, {}), []));
  it("are none for names, labels and the order of keys", () =>
    assert.deepEqual(
      told({ name: "a", labels: { x: "1" }, sysctls: { a: "1", b: "2" } }, { name: "b", sysctls: { b: "2", a: "1" } }),
      [],
    ));
});
