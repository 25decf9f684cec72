import assert from "node:assert/strict";
import type { Container, Details } from "../../src/core/engineJson.ts";
import { existingDetail, otherOwner, ownerToAsk, requireViable, type Look } from "../../src/core/existing.ts";
import { decide, type Decision, type Existing, type Observed } from "../../src/core/reuse.ts";
import type { RunSpec } from "../../src/core/runSpec.ts";

const name = "rtvicv-perception-docker";
const image = "nvcr.io/nvidia/vss-core/vss-rt-cv:3.2.1";
const spec: RunSpec = {
  ...{ name, image, init: true, labels: {}, gpus: "all" },
  mounts: [{ source: "/home/ann/rtvicv-storage", target: "/opt/storage" }],
};
const observed = (more: Partial<Observed> = {}): Observed => ({
  ...{
    name,
    image,
    state: "running",
    spec,
    staleMounts: [],
    health: { verdict: "ok", detail: "The container holds 1 GPU, and it answers." },
  },
  ...more,
});
const now = Date.UTC(2026, 10, 21);
const looker = { user: "ann", now };
const own = { "dev.berth.v": "1", "dev.berth.user": "ann" };
const made = "Created by Berth for ann, 3 h ago";
const found = (more: Partial<Container> = {}): Look["found"] => ({
  ...{
    id: "f".repeat(64),
    name,
    image,
    imageId: "",
    state: "running",
    status: "Up 3 hours",
    created: now - 3 * 3_600_000,
    ports: [],
    labels: own,
  },
  ...more,
  details: {} as Details,
});

describe("a choice that was given", () => {
  const stale = { health: { verdict: "stale", detail: "" } } as const;
  const cases: [what: string, observed: Partial<Observed>, existing: Existing, message: string | undefined][] = [
    ["reuse of what is well", {}, "reuse", undefined],
    ["restart", {}, "restart", undefined],
    ["parallel", { state: "removing" }, "parallel", undefined],
    ["revive of a stale handle", stale, "revive", undefined],
    [
      "reuse of a stale handle",
      stale,
      "reuse",
      `${name} cannot be reused: existing container has lost GPU access (stale NVML); reuse is not viable. Give 'revive', 'restart' or 'parallel'.`,
    ],
    [
      "revive of what is well",
      {},
      "revive",
      `${name} cannot be revived: there is nothing to heal. Give 'reuse', 'restart' or 'parallel'.`,
    ],
    [
      "reuse without a mount",
      { spec: { ...spec, mounts: [] } },
      "reuse",
      `${name} cannot be reused: it lacks the mount /home/ann/rtvicv-storage:/opt/storage. Give 'restart' or 'parallel'.`,
    ],
    [
      "restart of what is on its way out",
      { state: "removing" },
      "restart",
      `${name} cannot be restarted: Docker is removing it: wait until it is gone. Give 'parallel'.`,
    ],
  ];
  for (const [what, seen, existing, message] of cases)
    it(`${what}: ${message === undefined ? "obeyed" : "refused"}`, () => {
      const require = () => requireViable(decide(spec, observed(seen), []), existing, name);
      if (message === undefined) require();
      else assert.throws(require, { name: "UserError", message });
    });
});

describe("whose a container is that is there", () => {
  const cases: [what: string, labels: Record<string, string>, lines: string[], owner?: string][] = [
    ["the user's own", own, [made]],
    ["of another version of Berth, without a user", { "dev.berth.v": "1" }, ["Created by Berth, 3 h ago"]],
    [
      "a colleague's",
      { ...own, "dev.berth.user": "anna", "dev.berth.project": "other" },
      ["Created by Berth for anna, 3 h ago", "It is not yours: ask anna before you change it."],
      "anna",
    ],
    [
      "made by Compose",
      { "com.docker.compose.project": "cv" },
      ["Created by Compose (cv), 3 h ago", "Berth did not make it: somebody else may need it as it is."],
    ],
    ["made by hand", {}, ["Created 3 h ago, not by Berth", "Berth did not make it: somebody else may need it as it is."]],
    [
      "of a label that goes on",
      { ...own, "dev.berth.user": "anna\nState: yours" },
      ["Created by Berth for anna State: yours, 3 h ago", "It is not yours: ask anna State: yours before you change it."],
      "anna\nState: yours",
    ],
  ];
  for (const [what, labels, lines, owner] of cases)
    it(what, () => {
      const whole = { found: found({ labels }), observed: observed(), appRuns: undefined };
      const text = existingDetail(whole, decide(spec, whole.observed, []), looker);
      assert.deepEqual(text.split("\n").slice(0, lines.length + 1), [...lines, `Image: ${image}`]);
      assert.equal(otherOwner(whole.found, "ann"), owner);
    });

  it("asks the user whose container it is before anything in it is ended", () => {
    const anns = { found: found({ labels: { "dev.berth.v": "1", "dev.berth.user": "ann" } }) };
    const asked = (existing: Existing, appRuns: Look["appRuns"], user = "bob") =>
      ownerToAsk(existing, { ...anns, appRuns }, user) ?? "nobody";
    assert.equal(asked("restart", undefined), "ann");
    assert.equal(asked("revive", false), "ann");
    assert.equal(asked("reuse", true), "ann");
    assert.equal(asked("reuse", false), "nobody");
    assert.equal(asked("reuse", undefined), "nobody");
    assert.equal(asked("reuse", "unknown"), "ann");
    assert.equal(asked("reuse", "unknown", "ann"), "nobody");
    assert.equal(asked("parallel", true), "nobody");
    assert.equal(asked("restart", true, "ann"), "nobody");
  });
});

describe("what stands below the question", () => {
  const detail = (look: Partial<Pick<Look, "found" | "observed" | "appRuns">> = {}, wanted = spec) => {
    const whole = { found: found(), observed: observed(), appRuns: true, ...look };
    return existingDetail(whole, decide(wanted, whole.observed, []), looker);
  };

  it("of a running one that is as it is wanted", () =>
    assert.equal(
      detail({ found: found({ ports: [{ container: 9000, protocol: "tcp", host: { ip: "0.0.0.0", port: 9001 } }] }) }),
      [
        made,
        `Image: ${image}`,
        "State: running (Up 3 hours)",
        "GPU: The container holds 1 GPU, and it answers.",
        "App: it runs inside, and would be ended",
        "Ports: 9001 → 9000",
      ].join("\n"),
    ));
  it("of one on its host's network: the port that its label tells", () =>
    assert.match(detail({ found: found({ hostNetwork: true, labels: { ...own, "dev.berth.port": "9000" } }) }), /^Port: 9000$/m));
  it("of one in which nobody could look for the app", () =>
    assert.match(
      detail({ appRuns: "unknown" }),
      /^App: whether it runs inside could not be told; if it does, it would be ended$/m,
    ));
  it("of a stopped one", () => {
    const { health: _, ...seen } = observed({ state: "exited" });
    assert.equal(
      detail({ found: found({ state: "exited", status: "Exited (137) 2 days ago" }), observed: seen, appRuns: undefined }),
      `${made}\nImage: ${image}\nState: exited (Exited (137) 2 days ago)`,
    );
  });
  it("of one that lacks things and differs", () =>
    assert.equal(
      detail(
        { observed: observed({ spec: { ...spec, mounts: [], shmSize: 67108864 }, staleMounts: ["/cache"] }), appRuns: false },
        { ...spec, shmSize: 6442450944, ipc: "host" },
      ),
      [
        made,
        `Image: ${image}`,
        "State: running (Up 3 hours)",
        "GPU: The container holds 1 GPU, and it answers.",
        "App: it does not run",
        "Missing mount: /home/ann/rtvicv-storage:/opt/storage",
        "Folder or file that was deleted or replaced on the host: /cache",
        "",
        "It is not quite as it is wanted now:",
        "ipc: wanted host; now not set",
        "shmSize: wanted 6g; now 64m",
      ].join("\n"),
    ));
  it("of one that differs in much: the first twelve", () => {
    const differences: Decision["differences"] = Array.from({ length: 15 }, (_, n) => ({
      field: `f${n}`,
      wanted: "a",
      has: "b",
    }));
    const lines = existingDetail(
      { found: found(), observed: observed(), appRuns: undefined },
      { ...decide(spec, observed(), []), differences },
      looker,
    ).split("\n");
    assert.deepEqual(lines.slice(-3), ["f10: wanted a; now b", "f11: wanted a; now b", "and 3 more"]);
    assert.equal(lines.filter((line) => line.startsWith("f")).length, 12);
  });
  it("keeps texts of the engine on a line, and short", () => {
    const wanted = { ...spec, command: ["a\nState: fine", "x".repeat(500)] };
    const line = detail({}, wanted)
      .split("\n")
      .find((it) => it.startsWith("command"));
    assert.equal(line, `command: wanted a State: fine, ${"x".repeat(105)}…; now not set`);
  });
  it("of one that nobody understands: why", () => {
    const { health: _, ...seen } = observed({ unread: "Berth does not understand it." });
    assert.equal(
      detail({ observed: seen, appRuns: undefined }),
      `${made}\nImage: ${image}\nState: running (Up 3 hours)\nBerth does not understand it.`,
    );
  });
});
