import assert from "node:assert/strict";
import { parseContainers, type Container, type Details, type Image, type Mount } from "../../src/core/engineJson.ts";
import type { Gpu } from "../../src/core/gpu.ts";
import type { Verdict } from "../../src/core/gpuHealth.ts";
import { containerRows } from "../../src/core/containerRows.ts";
import { gpuRows } from "../../src/core/gpuRows.ts";
import { imageRows } from "../../src/core/imageRows.ts";
import { maker } from "../../src/core/maker.ts";
import { changedRows, renderRows, type Row } from "../../src/core/rows.ts";
import { initialState, type State } from "../../src/core/state.ts";

const now = Date.UTC(2026, 10, 21, 12);
const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
const anonymous = "83cc45f4f4b2fd236a63e6b0bdc733abd6c5c5c96c5e6a59023d3e9edc9e5aa6";

const running: Details = {
  ...{ startedAt: now - 3 * hour, exitCode: 0, oomKilled: false, running: true, restarting: false, error: "", gpus: "none" },
  ...{ mounts: [], env: [], user: "", workingDir: "", entrypoint: [], command: [] },
};
const { startedAt: _, ...created } = { ...running, running: false };
const ended = (exitCode: number, more: Partial<Details> = {}): Details => ({
  ...{ ...running, running: false, exitCode, finishedAt: now - 5 * minute },
  ...more,
});

/** A container with the name as id; created a day ago, and not by Berth. */
function container(name: string, state: string, details: Partial<Details> | undefined, more: Partial<Container> = {}): Container {
  return {
    ...{
      id: name,
      name,
      image: "pytorch:2.8",
      imageId: "sha256:aa",
      state,
      status: "",
      created: now - day,
      ports: [],
      labels: {},
    },
    ...(details ? { details: { ...running, ...details } } : {}),
    ...more,
  };
}
const card = (index: number, more: Partial<Gpu> = {}): Gpu => ({
  ...{ index, uuid: `GPU-${index}000-aaaa-bbbb`, name: "NVIDIA H100 80GB HBM3", mig: [], migEnabled: false, problems: [] },
  ...more,
});
const state = (more: Partial<State>): State => ({ ...initialState, ...more });
const known = (...gpus: Gpu[]): State["gpus"] => ({ state: "known", gpus });
const health = (verdict: Verdict, detail = "What is the case.") => ({ verdict, detail });

/** The rows of the containers, without what unfolds below each and without the groups. */
function flat(containers: readonly Container[], more: Partial<State> = {}): Row[] {
  return containerRows(state({ containers, ...more }), now).flatMap((group) => group.children ?? []);
}
function only(of: Container, more: Partial<State> = {}): Row {
  const [row] = flat([of], more);
  assert.ok(row);
  return row;
}
const facts = (of: Container, more: Partial<State> = {}) =>
  renderRows(only(of, more).children ?? [])
    .trimEnd()
    .split("\n");

describe("the containers view", () => {
  it("has running containers first, by name as people count, with what matters of each", () => {
    const containers = [
      container("train-10", "running", { gpus: { ids: ["1"] } }),
      container("train-9", "running", { gpus: { ids: ["0"] }, startedAt: now - 40 * second }),
      container("old", "exited", ended(0, { finishedAt: now - 2 * day })),
      container(
        "perception",
        "running",
        { gpus: "all" },
        {
          image: "nvcr.io/nvidia/vss-core/vss-rt-cv:3.2.1",
          ports: [
            { container: 9000, protocol: "tcp", host: { ip: "0.0.0.0", port: 9000 } },
            { container: 9000, protocol: "tcp", host: { ip: "::", port: 9000 } },
            { container: 22, protocol: "tcp", host: { ip: "127.0.0.1", port: 2222 } },
            { container: 8000, protocol: "tcp" },
          ],
        },
      ),
    ];
    const groups = containerRows(state({ containers, gpus: known(card(0), card(1)) }), now);
    const rows = groups.map((group) => ({ ...group, children: (group.children ?? []).map(({ children: _, ...row }) => row) }));
    assert.equal(
      renderRows(rows),
      [
        "Running  3",
        "  perception  vss-rt-cv:3.2.1 · all GPUs · :2222 · :9000 · up 3 h",
        "  train-9  pytorch:2.8 · GPU 0 · up 40 s",
        "  train-10  pytorch:2.8 · GPU 1 · up 3 h",
        "Stopped  1",
        "  old  pytorch:2.8 · stopped 2 days ago",
        "",
      ].join("\n"),
    );
    assert.deepEqual(
      groups.map(({ expanded, accessibilityLabel }) => [expanded, accessibilityLabel]),
      [
        [true, "Running, 3 containers"],
        [true, "Stopped, 1 container"],
      ],
    );
  });

  it("is only what has all the words of a filter, wherever on the row, with how many that are", () => {
    const containers = [
      container("train-7", "running", {}),
      container("train-8", "exited", ended(0)),
      container("train-70", "exited", ended(0)),
      container("db", "running", {}),
    ];
    const filtered = (filter: string) =>
      containerRows(state({ containers, filter }), now).map(({ id, label, description, accessibilityLabel, children }) => [
        id,
        label,
        description,
        accessibilityLabel,
        (children ?? []).map((row) => row.label),
      ]);
    assert.deepEqual(filtered(" TRAIN  7 "), [
      ["group:Running:found", "Running", "1 of 2", "Running, 1 of 2 containers", ["train-7"]],
      ["group:Stopped:found", "Stopped", "1 of 2", "Stopped, 1 of 2 containers", ["train-70"]],
    ]);
    assert.deepEqual(filtered("stopped"), [
      ["group:Stopped:found", "Stopped", "2 of 2", "Stopped, 2 of 2 containers", ["train-8", "train-70"]],
    ]);
    assert.deepEqual(filtered("nothing of it"), []);
    assert.deepEqual(
      filtered("  ").map(([id]) => id),
      ["group:Running", "group:Stopped"],
    );
  });

  it("is empty without containers", () => {
    assert.deepEqual(containerRows(initialState, now), []);
  });

  const green = { id: "circle-filled", color: "charts.green" };
  const error = { id: "error", color: "list.errorForeground" };
  const warning = { id: "warning", color: "list.warningForeground" };
  const states: [string, Container, string, Row["icon"], string][] = [
    ["running", container("c", "running", {}), "up 3 h", green, "container.running"],
    ["healthy", container("c", "running", { health: "healthy" }), "up 3 h (healthy)", green, "container.running"],
    ["without a health check", container("c", "running", { health: "none" }), "up 3 h", green, "container.running"],
    ["unhealthy", container("c", "running", { health: "unhealthy" }), "up 3 h (unhealthy)", warning, "container.running"],
    ["paused", container("c", "paused", {}), "up 3 h, paused", { id: "debug-pause" }, "container.paused"],
    ["restarting", container("c", "restarting", {}), "restarting", { id: "loading~spin" }, "container.running"],
    ["stopped", container("c", "exited", ended(0)), "stopped 5 min ago", { id: "circle-outline" }, "container.stopped"],
    ["failed", container("c", "exited", ended(3)), "exited (3) 5 min ago", error, "container.stopped"],
    [
      "stopped by SIGTERM",
      container("c", "exited", ended(143)),
      "exited (143) 5 min ago",
      { id: "circle-outline" },
      "container.stopped",
    ],
    [
      "stopped by SIGKILL",
      container("c", "exited", ended(137)),
      "exited (137) 5 min ago",
      { id: "circle-outline" },
      "container.stopped",
    ],
    [
      "out of memory",
      container("c", "exited", ended(137, { oomKilled: true })),
      "out of memory 5 min ago",
      error,
      "container.stopped",
    ],
    ["dead", container("c", "dead", ended(0)), "stopped 5 min ago", error, "container.stopped"],
    [
      "never started",
      container("c", "created", created),
      "created, never started",
      { id: "circle-outline" },
      "container.stopped",
    ],
    [
      "failed to start",
      container("c", "created", { ...created, exitCode: 128, error: "unknown device" }),
      "failed to start",
      error,
      "container.stopped",
    ],
    [
      "not inspected yet: in the engine's words",
      container("c", "running", undefined, { status: "Up 3 hours (healthy)" }),
      "Up 3 hours (healthy)",
      green,
      "container.running",
    ],
  ];
  for (const [title, of, status, icon, menu] of states) {
    it(`a container that is ${title}: ${status}`, () => {
      const row = only(of);
      assert.equal(row.description, `pytorch:2.8 · ${status}`);
      assert.deepEqual(row.icon, icon);
      assert.equal(row.menu, menu);
    });
  }

  it("a row that Berth cannot read is neither running nor stopped, and offers no start", () => {
    const [group] = containerRows(state({ containers: parseContainers([{ Id: "abcdef0123456789", State: 7 }]) }), now);
    assert.equal(renderRows([group!]).split("\n").slice(0, 2).join("|"), "Unknown  1|  abcdef012345  unknown");
    const [row] = group?.children ?? [];
    assert.deepEqual([row?.menu, row?.icon], ["container.unknown", { id: "question" }]);
    assert.equal(row?.tooltip, "abcdef012345\nState: unknown\nId: abcdef012345\nNot created by Berth");
  });

  it("what Berth is doing stands in place of the state", () => {
    const row = only(container("web", "exited", ended(0)), { busy: { web: "starting" } });
    assert.equal(row.description, "pytorch:2.8 · starting");
    assert.deepEqual(row.icon, { id: "loading~spin" });
    assert.equal(only(container("web", "running", {}), { busy: { other: "stopping" } }).description, "pytorch:2.8 · up 3 h");
  });

  const handles: [Verdict, string, string, string][] = [
    ["stale", " · lost GPU access", "warning", "container.running.stale"],
    ["mismatch", " · GPU driver mismatch", "warning", "container.running.stale"],
    ["lost", " · GPU lost", "warning", "container.running"],
    ["unresponsive", " · GPU not answering", "warning", "container.running"],
    ["absent", "", "circle-filled", "container.running"],
    ["ok", "", "circle-filled", "container.running"],
    ["none", "", "circle-filled", "container.running"],
  ];
  for (const [verdict, words, icon, menu] of handles) {
    it(`a handle that is ${verdict}${words && `:${words}`}${menu.endsWith("stale") ? ", with the way out" : ""}`, () => {
      const row = only(container("train", "running", { gpus: { ids: ["1"] } }), {
        handles: { train: health(verdict, "Restart it.") },
      });
      assert.equal(row.description, `pytorch:2.8 · GPU 1${words} · up 3 h`);
      assert.equal(row.icon?.id, icon);
      assert.equal(row.menu, menu);
      assert.equal(row.tooltip?.includes("Restart it."), words !== "");
    });
  }

  it("a restart is not offered for a handle that is being healed, nor for a container that is paused", () => {
    const handles = { train: health("stale") };
    assert.equal(only(container("train", "running", {}), { handles, busy: { train: "restarting" } }).menu, "container.running");
    assert.equal(only(container("train", "paused", {}), { handles }).menu, "container.paused");
  });

  it("an old verdict does not follow a container that has stopped", () => {
    const stopped = container("train", "exited", ended(0, { gpus: { ids: ["1"] } }));
    const row = only(stopped, { handles: { train: health("stale") } });
    assert.equal(row.description, "pytorch:2.8 · GPU 1 · stopped 5 min ago");
    assert.deepEqual(facts(stopped, { handles: { train: health("stale") } })[0], "GPU 1  when it runs");
  });

  const gpus: [string, Details["gpus"], Gpu[], string][] = [
    ["all of one", "all", [card(0)], "GPU 0"],
    ["all of two", "all", [card(0), card(1)], "all GPUs"],
    ["by index", { ids: ["0", "1"] }, [card(0), card(1)], "GPUs 0, 1"],
    ["by count", { count: 2 }, [card(0), card(1)], "GPUs 0, 1"],
    ["by UUID", { ids: ["GPU-1000-aaaa-bbbb"] }, [card(0), card(1)], "GPU 1"],
    ["by the UUID of a card that is not here", { ids: ["GPU-77777777-aaaa"] }, [card(0)], "GPU GPU-77777777"],
  ];
  for (const [title, request, cards, words] of gpus) {
    it(`GPUs ${title}: ${words}`, () =>
      assert.equal(
        only(container("c", "running", { gpus: request }), { gpus: known(...cards) }).description,
        `pytorch:2.8 · ${words} · up 3 h`,
      ));
  }

  const images: [string, string][] = [
    ["nvcr.io/nvidia/pytorch:25.01-py3", "pytorch:25.01-py3"],
    ["localhost:5000/team/app", "app"],
    ["sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2", "669156918375"],
    ["team/app@sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2", "app"],
  ];
  for (const [image, words] of images)
    it(`an image ${image}: ${words}`, () =>
      assert.equal(only(container("c", "running", {}, { image })).description, `${words} · up 3 h`));

  it("what is read aloud tells the same, and who made it", () => {
    const own = container("train", "running", { gpus: "all" }, { labels: { "dev.berth.v": "1", "dev.berth.user": "ann" } });
    assert.equal(only(own).accessibilityLabel, "train, pytorch:2.8, all GPUs, up 3 h, created by Berth");
    assert.equal(only(own).own, true);
    const foreign = only(container("web", "running", {}));
    assert.deepEqual([foreign.accessibilityLabel, foreign.own], ["web, pytorch:2.8, up 3 h", false]);
  });

  it("a tooltip has the long form", () => {
    const long = container("web", "running", {}, { id: "5f57956e7fc4009dd83135f3", image: "nvcr.io/nvidia/pytorch:25.01-py3" });
    assert.equal(
      only(long).tooltip,
      "web\nImage: nvcr.io/nvidia/pytorch:25.01-py3\nState: up 3 h\nId: 5f57956e7fc4\nCreated 1 day ago, not by Berth",
    );
  });
});

describe("who made a container", () => {
  const cases: [string, Record<string, string>, string][] = [
    ["Berth", { "dev.berth.v": "1", "dev.berth.user": "ann" }, "Created by Berth for ann, 1 day ago"],
    ["Berth, of a user unknown", { "dev.berth.v": "1" }, "Created by Berth, 1 day ago"],
    ["Dev Containers", { "devcontainer.local_folder": "/home/ann/x" }, "Created by Dev Containers, 1 day ago"],
    ["Compose", { "com.docker.compose.project": "shop" }, "Created by Compose (shop), 1 day ago"],
    ["somebody", {}, "Created 1 day ago, not by Berth"],
  ];
  for (const [title, labels, wanted] of cases)
    it(title, () => assert.equal(maker(container("c", "running", {}, { labels }), now), wanted));
  it("the time is left out when it is unknown", () => {
    assert.equal(maker(container("c", "running", {}, { created: 0 }), now), "Not created by Berth");
    assert.equal(maker(container("c", "running", {}, { created: 0, labels: { "dev.berth.v": "1" } }), now), "Created by Berth");
  });
});

describe("what unfolds below a container", () => {
  it("are mounts, ports, GPUs and who made it", () => {
    const mounts: Mount[] = [
      { type: "bind", source: "/home/ann/x", target: "/workspace", readOnly: false },
      { type: "bind", source: "/data", target: "/data", readOnly: true },
      { type: "volume", name: "models", source: "/var/lib/docker/volumes/models/_data", target: "/models", readOnly: false },
      { type: "volume", name: anonymous, source: "", target: "/cache", readOnly: false },
      { type: "tmpfs", source: "", target: "/scratch", readOnly: false },
    ];
    const ports = [
      { container: 80, protocol: "tcp", host: { ip: "0.0.0.0", port: 8080 } },
      { container: 80, protocol: "tcp", host: { ip: "::", port: 8080 } },
      { container: 53, protocol: "udp", host: { ip: "127.0.0.1", port: 5353 } },
      { container: 53, protocol: "udp", host: { ip: "::1", port: 5353 } },
      { container: 9000, protocol: "tcp" },
    ];
    const of = container("web", "running", { mounts, gpus: { ids: ["0", "1"] } }, { ports });
    assert.deepEqual(facts(of), [
      "/workspace  /home/ann/x",
      "/data  /data (read-only)",
      "/models  volume models",
      "/cache  anonymous volume",
      "/scratch  tmpfs",
      "80/tcp  on 0.0.0.0:8080",
      "53/udp  on 127.0.0.1:5353",
      "53/udp  on [::1]:5353",
      "9000/tcp  not published",
      "GPUs 0, 1  held",
      "Created 1 day ago, not by Berth",
    ]);
    const ids = (only(of).children ?? []).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("tells how the GPUs are, in words", () => {
    const of = container("train", "running", { gpus: "all" });
    assert.equal(facts(of, { handles: { train: health("ok") } })[0], "All GPUs  ok");
    assert.equal(facts(of, { handles: { train: health("stale") } })[0], "All GPUs  lost GPU access");
    assert.equal(facts(of, { handles: { train: health("absent") } })[0], "All GPUs  no GPU access");
  });

  it("is read aloud without loose ends", () => {
    const labels = (only(container("web", "running", { gpus: "all" })).children ?? []).map(
      ({ accessibilityLabel }) => accessibilityLabel,
    );
    assert.deepEqual(labels, ["All GPUs, held", "Created 1 day ago, not by Berth"]);
  });
});

describe("the images view", () => {
  const image = (id: string, tags: string[], more: Partial<Image> = {}): Image => ({
    ...{ id: `sha256:${id.repeat(32)}`, tags, size: 18_400_000_000, created: now - 40 * day },
    ...more,
  });
  const pytorch = image("aa", ["nvcr.io/nvidia/pytorch:25.01-py3", "mine:1"]);
  const images = [
    image("cc", [], { size: 77_800_000, created: 0 }),
    pytorch,
    image("bb", ["debian:12"], {
      size: 117_000_000,
      details: { architecture: "arm64/v8", os: "linux", entrypoint: [], command: [], env: [], workingDir: "", user: "" },
    }),
  ];
  const containers = [
    container("train", "running", {}, { imageId: pytorch.id }),
    container("old", "exited", ended(1), { imageId: pytorch.id }),
  ];

  it("has every tag with who uses it, and what has no tag last", () => {
    assert.equal(
      renderRows(imageRows(state({ images, containers }), now)),
      [
        "debian  12 · 117 MB · arm64/v8 · 40 days old",
        "mine  1 · 18.4 GB · in use · 40 days old",
        "  train  up 3 h",
        "  old  exited (1) 5 min ago",
        "pytorch  25.01-py3 · 18.4 GB · in use · 40 days old",
        "  train  up 3 h",
        "  old  exited (1) 5 min ago",
        "cccccccccccc  untagged · 77.8 MB",
        "",
      ].join("\n"),
    );
  });

  it("rows have an id and a target of their own, and tell the long form as tooltip", () => {
    const rows = imageRows(state({ images, containers }), now);
    const ids = rows.flatMap((row) => [row.id, ...(row.children ?? []).map(({ id }) => id)]);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      rows.map(({ target, menu }) => [target, menu]),
      [
        [{ image: "debian:12" }, "image.tagged"],
        [{ image: "mine:1" }, "image.tagged"],
        [{ image: "nvcr.io/nvidia/pytorch:25.01-py3" }, "image.tagged"],
        [{ image: `sha256:${"cc".repeat(32)}` }, "image.untagged"],
      ],
    );
    assert.equal(rows[2]?.tooltip, "nvcr.io/nvidia/pytorch:25.01-py3\nId: aaaaaaaaaaaa\nIn use by train, old");
    assert.equal(rows[3]?.tooltip, "Untagged\nId: cccccccccccc\nNot in use");
  });

  it("a registry's port is no version, and a short name stays", () => {
    const rows = imageRows(state({ images: [image("dd", ["localhost:5000/team/app:1.0"]), image("ee", ["r:4"])] }), now);
    assert.equal(renderRows(rows), "app  1.0 · 18.4 GB · 40 days old\nr  4 · 18.4 GB · 40 days old\n");
  });
});

describe("the GPUs view", () => {
  const idle = card(0, { utilization: 0, memoryUsedMiB: 4, memoryTotalMiB: 81559, temperature: 31, architecture: "sm90" });
  const busy = card(1, { utilization: 41, memoryUsedMiB: 18329, memoryTotalMiB: 81559, temperature: 52, architecture: "sm90" });
  const draw = (more: Partial<State>) => renderRows(gpuRows(state(more)));

  it("has what each card does and who holds it", () => {
    const containers = [
      container("perception", "running", { gpus: { ids: ["1"] } }, { image: "nvcr.io/nvidia/vss-core/vss-rt-cv:3.2.1" }),
      container("shared", "paused", { gpus: { ids: [busy.uuid] } }),
      container("stopped", "exited", ended(0, { gpus: "all" })),
      container("cpu", "running", {}),
    ];
    assert.equal(
      draw({ gpus: known(idle, busy), containers }),
      [
        "0  H100 80GB HBM3  0 % · 0 / 79 GB · 31 °C · sm90 · healthy",
        "1  H100 80GB HBM3  41 % · 18 / 79 GB · held by perception, shared · 52 °C · sm90 · healthy",
        "  perception  vss-rt-cv:3.2.1",
        "  shared  pytorch:2.8",
        "",
      ].join("\n"),
    );
  });

  it("leaves out what the card does not tell", () => {
    assert.equal(draw({ gpus: known(card(0, { name: "NVIDIA GB10" })) }), "0  GB10  healthy\n");
  });

  it("has a problem first, with its icon", () => {
    const hot = { severity: "warning" as const, text: "slowed down by heat" };
    const lost = { severity: "error" as const, text: "is lost" };
    const gpus = known({ ...idle, problems: [hot] }, { ...busy, problems: [hot, lost] });
    const rows = gpuRows(state({ gpus }));
    assert.equal(
      renderRows(rows),
      "0  H100 80GB HBM3  slowed down by heat · 0 % · 0 / 79 GB · 31 °C · sm90\n" +
        "1  H100 80GB HBM3  slowed down by heat, is lost · 41 % · 18 / 79 GB · 52 °C · sm90\n",
    );
    assert.deepEqual(
      rows.map(({ icon }) => icon?.id),
      ["warning", "error"],
    );
  });

  it("says in which containers a handle is not well, and how", () => {
    const containers = ["a", "b", "c", "d"].map((name) => container(name, "running", { gpus: "all" }));
    const handles = { a: health("stale"), b: health("ok"), c: health("stale"), d: health("unresponsive") };
    const [row] = gpuRows(state({ gpus: known(card(0)), containers, handles }));
    assert.equal(row?.description, "stale handle in a, c; GPU not answering in d");
    assert.equal(row?.icon?.id, "warning");
    assert.deepEqual(
      row?.children?.map(({ label, description, icon, menu, target }) => [label, description, icon?.id, menu, target]),
      [
        ["a", "pytorch:2.8 · lost GPU access", "warning", "holder.stale", { container: "a" }],
        ["b", "pytorch:2.8", "circle-filled", "holder", undefined],
        ["c", "pytorch:2.8 · lost GPU access", "warning", "holder.stale", { container: "c" }],
        ["d", "pytorch:2.8 · GPU not answering", "warning", "holder", undefined],
      ],
    );
    assert.equal(row?.children?.[0]?.accessibilityLabel, "held by a, lost GPU access");
  });

  it("is read aloud as it reads, with how many hold it", () => {
    const [row] = gpuRows(state({ gpus: known(idle), containers: [container("a", "running", { gpus: "all" })] }));
    assert.equal(row?.accessibilityLabel, "GPU 0, NVIDIA H100 80GB HBM3, 0 %, 0 / 79 GB, held by a, 31 °C, sm90, healthy");
  });

  it("is empty when the GPUs are unknown or none", () => {
    assert.deepEqual(gpuRows(state({ gpus: { state: "none", reason: "" } })), []);
    assert.deepEqual(gpuRows(state({ gpus: { state: "unknown", reason: "" } })), []);
  });
});

describe("a row's id", () => {
  const mounts: Mount[] = [{ type: "bind", source: "/x", target: "/workspace", readOnly: false }];
  const image: Image = { id: "sha256:aa", tags: ["pytorch:2.8"], size: 1, created: 0 };
  const ids = (rows: readonly Row[]): string[] => rows.flatMap((row) => [row.id, ...ids(row.children ?? [])]);

  it("of a container and what is below it stays through everything that can happen to it", () => {
    const gpus = { ids: ["0"] };
    const before = ids([only(container("web", "running", { mounts, gpus }))]);
    const later = [
      only(container("web", "exited", ended(137, { oomKilled: true, mounts, gpus }))),
      only(container("web", "running", { mounts, gpus, health: "unhealthy" }), { handles: { web: health("stale") } }),
      only(container("web", "paused", { mounts, gpus }), { busy: { web: "stopping" } }),
      only(container("web", "restarting", { mounts, gpus }), { gpus: known(card(0)) }),
      only({ ...container("web", "running", { mounts, gpus }), name: "renamed" }),
    ];
    assert.equal(before.length, 4);
    for (const row of later) assert.deepEqual(ids([row]), before);
  });

  it("of an image and of a GPU stays when somebody starts to use it", () => {
    const used = state({ images: [image], containers: [container("a", "running", { gpus: "all" })], gpus: known(card(0)) });
    const unused = { ...used, containers: [] };
    assert.equal(imageRows(used, now)[0]?.id, imageRows(unused, now)[0]?.id);
    assert.equal(gpuRows(used)[0]?.id, gpuRows(unused)[0]?.id);
    assert.equal(imageRows(used, now)[0]?.children?.length, 1);
  });
});

describe("what of a tree is drawn anew", () => {
  const row = (id: string, description = "", children?: Row[]): Row => ({
    id,
    label: id,
    description,
    menu: "",
    ...(children && { children }),
  });
  const before = [row("up", "2", [row("a"), row("b", "", [row("b:port")])]), row("down", "1", [row("c")])];

  it("is nothing when nothing changed", () => {
    assert.deepEqual(changedRows(before, structuredClone(before)), []);
  });

  it("is the one row that changed, on whatever level", () => {
    const after = [row("up", "2", [row("a", "paused"), row("b", "", [row("b:port", "on 80")])]), row("down", "1", [row("c")])];
    assert.deepEqual(changedRows(before, after), ["a", "b:port"]);
    const icons = [{ ...row("i"), icon: { id: "circle", color: "red" } }];
    assert.deepEqual(changedRows(icons, [{ ...row("i"), icon: { id: "circle", color: "green" } }]), ["i"]);
    assert.deepEqual(changedRows(icons, [{ ...row("i"), icon: { id: "circle", color: "red" } }]), []);
    assert.deepEqual(changedRows([row("i")], [{ ...row("i"), own: true }]), ["i"]);
  });

  it("is a row that got children, or lost them", () => {
    assert.deepEqual(changedRows([row("a"), row("b", "", [row("x")])], [row("a", "", [row("y")]), row("b")]), ["a", "b"]);
  });

  it("is everything when a row moves from one list to the other, as that alone keeps it selected", () => {
    const after = [row("up", "1", [row("a")]), row("down", "2", [row("b", "", [row("b:port")]), row("c")])];
    assert.equal(changedRows(before, after), undefined);
  });

  it("is the list when a row is new in it, or gone from it", () => {
    const added = [before[0]!, row("down", "2", [row("c"), row("d")])];
    assert.deepEqual(changedRows(before, added), ["down"]);
    assert.deepEqual(changedRows(added, before), ["down"]);
  });

  it("is the list when its rows change places", () => {
    const after = [row("up", "2", [row("b", "", [row("b:port")]), row("a")]), row("down", "1", [row("c")])];
    assert.deepEqual(changedRows(before, after), ["up"]);
  });

  it("is everything when a list comes or goes", () => {
    assert.equal(changedRows(before, before.slice(1)), undefined);
    assert.equal(changedRows([], before), undefined);
  });

  it("is the list when more of its rows changed than are worth telling one by one", () => {
    const list = (description: string) => [
      row(
        "up",
        "",
        Array.from({ length: 21 }, (_, n) => row(`c${n}`, description)),
      ),
    ];
    assert.deepEqual(changedRows(list("up 1 min"), list("up 2 min")), ["up"]);
  });
});
