// Answers as Docker 20.10, 26.1 and 29 give them, cut down to what Berth reads; read from real engines.
import assert from "node:assert/strict";
import { parseContainers, parseImageInspect, parseImages, parseInspect } from "../../src/core/engineJson.ts";

const id = "5f57956e7fc4009dd83135f3262eec316a0c0af9cbf020fa850e1f32fafb99ba";
const imageId = "sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2";
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const listed = {
  Id: id,
  Names: ["/web"],
  Image: "berth-lab/busybox:1",
  ImageID: imageId,
  Command: "tail -f /dev/null",
  Created: 1795227287,
  Ports: [
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { PrivatePort: 9000, Type: "tcp" },
  ],
  Labels: { "dev.berth.v": "1" },
  State: "running",
  Status: "Up 3 seconds (health: starting)",
  HostConfig: { NetworkMode: "default" },
};

const inspected = {
  Id: id,
  Created: "2026-11-21T02:14:47.886915282Z",
  State: {
    ...{ Status: "running", Running: true, Paused: false, Restarting: false, OOMKilled: false, Dead: false, Pid: 8291 },
    ...{ ExitCode: 0, Error: "", StartedAt: "2026-11-21T02:14:48.019441414Z", FinishedAt: "0001-01-01T00:00:00Z" },
    Health: { Status: "starting", FailingStreak: 0, Log: [] },
  },
  Image: imageId,
  Name: "/web",
  HostConfig: { Binds: null, Runtime: "runc", DeviceRequests: null, AutoRemove: false },
  Mounts: [] as object[],
  Config: {
    ...{ Hostname: "5f57956e7fc4", User: "1000", Tty: true, Env: [path, "HF_HOME=/cache"], Cmd: ["-f", "/dev/null"] },
    ...{ Image: "berth-lab/busybox:1", Volumes: null, WorkingDir: "/workspace", Entrypoint: ["tail"], Labels: null },
  },
};

describe("the engine's list of containers", () => {
  it("is read: time in milliseconds, published ports apart from exposed ones", () => {
    assert.deepEqual(parseContainers([listed]), [
      {
        id,
        name: "web",
        image: "berth-lab/busybox:1",
        imageId,
        state: "running",
        status: "Up 3 seconds (health: starting)",
        created: 1795227287000,
        labels: { "dev.berth.v": "1" },
        ports: [
          { container: 80, protocol: "tcp", host: { ip: "0.0.0.0", port: 8080 } },
          { container: 80, protocol: "tcp", host: { ip: "::", port: 8080 } },
          { container: 9000, protocol: "tcp" },
        ],
      },
    ]);
  });

  it("may have null for an empty list or map", () => {
    const [container] = parseContainers([{ ...listed, Names: null, Ports: null, Labels: null }]);
    assert.deepEqual([container?.name, container?.ports, container?.labels], ["5f57956e7fc4", [], {}]);
  });

  it("names a container that others link to by its own name", () => {
    assert.equal(parseContainers([{ ...listed, Names: ["/app/db", "/db"] }])[0]?.name, "db");
  });

  it("never loses the other rows to an odd one, and keeps what little the odd one says", () => {
    const odd = { ...listed, Id: "ab".repeat(32), Names: ["/odd"], Ports: "many", State: "exited" };
    const bare = { Id: "cd".repeat(32) };
    assert.deepEqual(
      parseContainers([bare, odd, null, 7, {}, listed]).map(({ name, state, image }) => [name, state, image]),
      [
        ["cdcdcdcdcdcd", "unknown", ""],
        ["odd", "exited", "berth-lab/busybox:1"],
        ["web", "running", "berth-lab/busybox:1"],
      ],
    );
  });

  it("is empty when the answer is none", () => {
    assert.deepEqual([parseContainers(null), parseContainers({ message: "no" }), parseImages(undefined)], [[], [], []]);
  });
});

describe("an inspected container", () => {
  it("is read", () => {
    assert.deepEqual(parseInspect(inspected), {
      id,
      name: "web",
      image: "berth-lab/busybox:1",
      imageId,
      state: "running",
      status: "",
      created: Date.UTC(2026, 10, 21, 2, 14, 47, 886),
      ports: [],
      labels: {},
      details: {
        startedAt: Date.UTC(2026, 10, 21, 2, 14, 48, 19),
        exitCode: 0,
        oomKilled: false,
        running: true,
        restarting: false,
        error: "",
        health: "starting",
        gpus: "none",
        mounts: [],
        env: [path, "HF_HOME=/cache"],
        user: "1000",
        workingDir: "/workspace",
        entrypoint: ["tail"],
        command: ["-f", "/dev/null"],
      },
    });
  });

  it("may leave empty fields out, as engines since API 1.52 do, or have null in them", () => {
    const { Tty, Image } = inspected.Config;
    const { State } = inspected;
    for (const Config of [
      { Tty, Image },
      { Tty, Image, Env: null, Cmd: null, Entrypoint: null, Labels: null, User: null, WorkingDir: null },
    ]) {
      const { details, labels } = parseInspect({
        ...inspected,
        State: { ...State, Health: null },
        HostConfig: {},
        Mounts: null,
        Config,
      });
      const { env, command, entrypoint, user, workingDir, mounts, gpus } = details;
      assert.deepEqual([env, command, entrypoint, user, workingDir, mounts], [[], [], [], "", "", []]);
      assert.deepEqual([gpus, labels, "health" in details], ["none", {}, false]);
    }
  });

  it("tells when it ran, how it ended, and that it is one of those that --rm removes", () => {
    const State = { ...inspected.State, Status: "exited", Running: false, ExitCode: 137, OOMKilled: true };
    const { details } = parseInspect({
      ...inspected,
      State: { ...State, FinishedAt: "2026-11-21T03:14:48Z" },
      HostConfig: { AutoRemove: true },
    });
    const { finishedAt, exitCode, oomKilled, running, autoRemove } = details;
    assert.deepEqual([finishedAt, exitCode, oomKilled, running], [Date.UTC(2026, 10, 21, 3, 14, 48), 137, true, false]);
    assert.equal(autoRemove, true);
  });

  it("that never ran has neither a start nor an end, and keeps what Docker said of its failed start", () => {
    const never = { Status: "created", Running: false, StartedAt: "0001-01-01T00:00:00Z", Error: "no such device" };
    const { details } = parseInspect({ ...inspected, State: { ...inspected.State, ...never } });
    assert.deepEqual([details.startedAt, details.finishedAt, details.error], [undefined, undefined, "no such device"]);
  });

  it("has mounts of every kind, --tmpfs among them", () => {
    const anonymous = "83cc45f4f4b2fd236a63e6b0bdc733abd6c5c5c96c5e6a59023d3e9edc9e5aa6";
    const Mounts = [
      { Type: "volume", Name: "vol", Source: "/var/lib/docker/volumes/vol/_data", Destination: "/vol", Mode: "z", RW: true },
      { Type: "bind", Source: "/home/ann/x", Destination: "/workspace", Mode: "ro", RW: false, Propagation: "rprivate" },
      { Type: "tmpfs", Source: "", Destination: "/tm", Mode: "", RW: true },
      { Type: "volume", Name: anonymous, Source: "", Destination: "/anon", RW: true },
    ];
    const { details } = parseInspect({ ...inspected, Mounts, HostConfig: { Tmpfs: { "/t": "" } } });
    assert.deepEqual(details.mounts, [
      { type: "volume", name: "vol", source: "/var/lib/docker/volumes/vol/_data", target: "/vol", readOnly: false },
      { type: "bind", source: "/home/ann/x", target: "/workspace", readOnly: true },
      { type: "tmpfs", source: "", target: "/tm", readOnly: false },
      { type: "volume", name: anonymous, source: "", target: "/anon", readOnly: false },
      { type: "tmpfs", source: "", target: "/t", readOnly: false },
    ]);
  });

  it("throws when the answer is none, so that it is not taken for a container", () => {
    assert.throws(() => parseInspect({ message: "No such container: web" }));
  });
});

describe("the GPUs that a container was given", () => {
  const request = (more: object) => [{ Driver: "", Count: 0, DeviceIDs: null, Capabilities: [["gpu"]], Options: {}, ...more }];
  const cdi = (...names: string[]) => [{ Driver: "cdi", Count: 0, DeviceIDs: names, Capabilities: null, Options: null }];
  const visible = "NVIDIA_VISIBLE_DEVICES=";
  const cases: [string, object[] | null, string, string[], unknown][] = [
    ["no --gpus", null, "runc", [], "none"],
    ["--gpus all", request({ Count: -1 }), "runc", [], "all"],
    ["--gpus 2", request({ Count: 2 }), "runc", [], { count: 2 }],
    [`--gpus '"device=0,1"'`, request({ DeviceIDs: ["0", "1"] }), "runc", [], { ids: ["0", "1"] }],
    ["--gpus device=all", request({ DeviceIDs: ["all"] }), "runc", [], "all"],
    ["--gpus all,capabilities=utility", request({ Count: -1, Capabilities: [["gpu", "utility"]] }), "runc", [], "all"],
    ["--device nvidia.com/gpu=0", cdi("nvidia.com/gpu=0"), "runc", [], { ids: ["0"] }],
    ["--device nvidia.com/gpu=all", cdi("nvidia.com/gpu=all"), "runc", [], "all"],
    ["CDI by UUID", cdi("nvidia.com/gpu=GPU-5d1a"), "runc", [], { ids: ["GPU-5d1a"] }],
    ["a CDI device that is no GPU", cdi("vendor.com/net=eth0"), "runc", [], "none"],
    ["the nvidia runtime and a list", null, "nvidia", [`${visible}0,1`], { ids: ["0", "1"] }],
    ["the nvidia runtime and all", null, "nvidia", [`${visible}all`], "all"],
    ["the nvidia runtime, the last variable wins", null, "nvidia", [`${visible}all`, `${visible}1`], { ids: ["1"] }],
    ["the nvidia runtime and CDI names", null, "nvidia", [`${visible}nvidia.com/gpu=1`], { ids: ["1"] }],
    ["the nvidia runtime and void", null, "nvidia", [`${visible}void`], "none"],
    ["the nvidia runtime and none", null, "nvidia", [`${visible}none`], "none"],
    ["the nvidia runtime and nothing", null, "nvidia", [path], "none"],
    ["an image's variable means nothing under runc", null, "runc", [`${visible}all`], "none"],
    ["--gpus beats the variable", request({ DeviceIDs: ["1"] }), "nvidia", [`${visible}all`], { ids: ["1"] }],
  ];
  for (const [title, DeviceRequests, Runtime, Env, wanted] of cases) {
    it(title, () => {
      const { details } = parseInspect({
        ...inspected,
        HostConfig: { DeviceRequests, Runtime },
        Config: { ...inspected.Config, Env },
      });
      assert.deepEqual(details.gpus, wanted);
    });
  }
});

describe("a container on its host's network", () => {
  const row = { Id: "5f57", Names: ["/web"], Image: "a:1", State: "running", Status: "Up", Created: 1 };
  it("is told from the others", () => {
    const hostNetwork = (NetworkMode: string) => parseContainers([{ ...row, HostConfig: { NetworkMode } }])[0]?.hostNetwork;
    assert.deepEqual([hostNetwork("host"), hostNetwork("bridge")], [true, undefined]);
  });
});

describe("the engine's images", () => {
  const row = { Id: imageId, RepoTags: ["a:1", "b:2"], RepoDigests: null, Created: 1795227287, Size: 1985933, Containers: -1 };
  it("are read with all their tags", () => {
    assert.deepEqual(parseImages([row]), [{ id: imageId, tags: ["a:1", "b:2"], size: 1985933, created: 1795227287000 }]);
  });

  it("are read with what they were pulled by", () => {
    const RepoDigests = ["a@sha256:11", "<none>@<none>", "<none>@sha256:22"];
    assert.deepEqual(parseImages([{ ...row, RepoTags: [], RepoDigests }])[0]?.digests, ["a@sha256:11"]);
  });

  it("are untagged by <none>, by an empty list and by null", () => {
    for (const RepoTags of [["<none>:<none>"], [], null]) assert.deepEqual(parseImages([{ ...row, RepoTags }])[0]?.tags, []);
  });

  it("are not lost to an odd row", () => {
    assert.equal(parseImages([{ Id: imageId }, null, row]).length, 1);
  });

  it("tell by an inspect what a container of them starts with", () => {
    const Config = { Cmd: ["sh"], Entrypoint: ["/opt/nvidia/nvidia_entrypoint.sh"], Env: [path], User: "dev", WorkingDir: "/w" };
    assert.deepEqual(parseImageInspect({ Id: imageId, Architecture: "arm64", Variant: "v8", Os: "linux", Config }), {
      id: imageId,
      architecture: "arm64/v8",
      os: "linux",
      entrypoint: ["/opt/nvidia/nvidia_entrypoint.sh"],
      command: ["sh"],
      env: [path],
      workingDir: "/w",
      user: "dev",
    });
  });

  it("tell by an inspect which labels they have", () => {
    const labelsOf = (Labels: unknown) =>
      parseImageInspect({ Id: imageId, Architecture: "amd64", Os: "linux", Config: { Labels } }).labels;
    assert.deepEqual(labelsOf({ "devcontainer.metadata": "[]" }), { "devcontainer.metadata": "[]" });
    for (const none of [{}, null, undefined]) assert.equal(labelsOf(none), undefined);
  });

  it("may leave empty fields out of an inspect, as engines since API 1.52 do", () => {
    for (const Config of [{}, null, undefined, { Cmd: null, Entrypoint: null, Env: null }]) {
      const { entrypoint, command, env, architecture } = parseImageInspect({
        Id: imageId,
        Architecture: "amd64",
        Os: "linux",
        Config,
      });
      assert.deepEqual([entrypoint, command, env, architecture], [[], [], [], "amd64"]);
    }
  });
});
