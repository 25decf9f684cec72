import assert from "node:assert/strict";
import { createRecent, renderDiagnostics, type DiagnosticFacts } from "../../src/core/diagnostics.ts";

const facts: DiagnosticFacts = {
  time: new Date("2026-11-21T05:40:00Z"),
  berth: "0.1.0",
  vscode: "1.139.1 (Visual Studio Code, remote: ssh-remote)",
  node: "22.20.0",
  system: "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-28-amd64 x64",
  machine: "laptop",
  trusted: true,
  settings: [],
  context: { name: "default", host: "unix:///var/run/docker.sock", chosen: false, fromEnvironment: false },
  cli: "Docker version 28.2.2, build e6534b4",
  engine: {
    version: "28.5.2",
    apiVersion: "1.51",
    minApiVersion: "1.24",
    machine: "laptop",
    system: "Debian GNU/Linux 12 (bookworm)",
    kernel: "6.1.0-28-amd64",
    architecture: "x86_64",
    storageDriver: "overlay2",
    cgroupDriver: "systemd",
    cgroupVersion: "2",
    runtimes: ["io.containerd.runc.v2", "nvidia", "runc"],
    defaultRuntime: "runc",
    rootless: false,
    cdiSpecDirs: ["/etc/cdi", "/var/run/cdi"],
    containers: { total: 7, running: 2 },
    images: 12,
    warnings: [],
  },
  gpus: {
    state: "known",
    gpus: [
      { index: 0, uuid: "GPU-1", name: "NVIDIA H100 80GB HBM3", driver: "550.54.15", memoryTotalMiB: 81559, problems: [] },
      {
        index: 1,
        uuid: "GPU-2",
        name: "NVIDIA H100 80GB HBM3",
        driver: "550.54.15",
        memoryTotalMiB: 81559,
        problems: [{ severity: "error", text: "GPU is lost" }],
      },
    ] as never,
  },
  problems: [
    {
      time: new Date("2026-11-21T05:38:00Z"),
      level: "error",
      text: "berth.deploy: There is no image 'a:1' on this engine.\nmore",
    },
    { time: new Date("2026-11-21T05:39:00Z"), level: "warning", text: "The Docker engine is not running." },
  ],
  secrets: [],
};

describe("diagnostics", () => {
  it("tell versions, context, engine, GPUs and what went wrong", () => {
    assert.equal(
      renderDiagnostics(facts),
      `Berth diagnostics, 2026-11-21T05:40:00.000Z

Berth: 0.1.0
VS Code: 1.139.1 (Visual Studio Code, remote: ssh-remote)
Node: 22.20.0
System: Debian GNU/Linux 12 (bookworm), Linux 6.1.0-28-amd64 x64
Workspace: trusted
Settings: all as they come

Docker context: default (the current one)
Address: unix:///var/run/docker.sock
Docker CLI: Docker version 28.2.2, build e6534b4
Engine: 28.5.2, API 1.51 (down to 1.24)
Engine's machine: laptop, Debian GNU/Linux 12 (bookworm), 6.1.0-28-amd64, x86_64
Storage driver: overlay2
Cgroups: version 2, driver systemd
Runtimes: io.containerd.runc.v2, nvidia, runc (default: runc)
CDI: /etc/cdi, /var/run/cdi
Containers: 7, 2 of them running
Images: 12

This machine's GPUs: 2, driver 550.54.15
  0: NVIDIA H100 80GB HBM3, 81559 MiB
  1: NVIDIA H100 80GB HBM3, 81559 MiB, GPU is lost

Last warnings and errors:
  2026-11-21T05:38:00.000Z error: berth.deploy: There is no image 'a:1' on this engine.
    more
  2026-11-21T05:39:00.000Z warning: The Docker engine is not running.
`,
    );
  });

  it("tell what is missing in words", () => {
    assert.equal(
      renderDiagnostics({
        ...facts,
        trusted: false,
        settings: ['berth.open = "terminal" (user)', 'berth.context = "gpu-server" (workspace)'],
        context: { name: "gpu-server", host: "ssh://me:hush@gpu-server:2222", chosen: true, fromEnvironment: false },
        cli: "The 'docker' command is not installed on this machine.",
        engine: "The Docker engine at ssh://me@gpu-server:2222 (context gpu-server) does not answer.",
        gpus: { state: "none", reason: "There is no NVIDIA driver on this machine." },
        problems: [],
      }),
      `Berth diagnostics, 2026-11-21T05:40:00.000Z

Berth: 0.1.0
VS Code: 1.139.1 (Visual Studio Code, remote: ssh-remote)
Node: 22.20.0
System: Debian GNU/Linux 12 (bookworm), Linux 6.1.0-28-amd64 x64
Workspace: not trusted
Settings: berth.open = "terminal" (user), berth.context = "gpu-server" (workspace)

Docker context: gpu-server (chosen in Berth)
Address: ssh://gpu-server:2222
Docker CLI: The 'docker' command is not installed on this machine.
Engine: The Docker engine at ssh://gpu-server:2222 (context gpu-server) does not answer.

This machine's GPUs: There is no NVIDIA driver on this machine.

Last warnings and errors: none since this window opened
`,
    );
  });

  const lines = (change: Partial<DiagnosticFacts>, start: string) =>
    renderDiagnostics({ ...facts, ...change })
      .split("\n")
      .filter((line) => line.startsWith(start));
  const engine = facts.engine as Exclude<DiagnosticFacts["engine"], string>;

  it("tell DOCKER_HOST, and a context that does not exist", () => {
    const { context } = facts;
    assert.deepEqual(lines({ context: { ...context, fromEnvironment: true } }, "Docker context"), [
      "Docker context: default (DOCKER_HOST)",
    ]);
    assert.deepEqual(lines({ context: { ...context, name: "gone", host: "" } }, "Address"), [
      "Address: there is no such context",
    ]);
  });

  it("tell an engine's odd ways", () => {
    const odd = { ...engine, rootless: true, cdiSpecDirs: [], warnings: ["WARNING: No swap limit support"] };
    assert.deepEqual(lines({ engine: odd }, "Rootless"), ["Rootless: yes"]);
    assert.deepEqual(lines({ engine: odd }, "CDI"), ["CDI: none"]);
    assert.deepEqual(lines({ engine: odd }, "Engine's warnings"), ["Engine's warnings: WARNING: No swap limit support"]);
  });

  it("wonder about a socket whose engine runs on a machine of another name", () => {
    const elsewhere = { ...engine, machine: "docker-desktop" };
    assert.deepEqual(lines({ engine: elsewhere }, "Note"), [
      "Note: the socket is on this machine, 'laptop', and the engine calls its own 'docker-desktop': a VM, a container, or a forwarded socket?",
    ]);
    const remote = { ...facts.context, host: "ssh://gpu-server" };
    assert.deepEqual(lines({ engine: elsewhere, context: remote }, "Note"), []);
    assert.deepEqual(lines({}, "Note"), []);
  });

  it("tell GPUs that nobody can see, or that are in trouble", () => {
    assert.deepEqual(lines({ gpus: "nvidia-smi gave no answer within 15 s." }, "This machine's GPUs"), [
      "This machine's GPUs: nvidia-smi gave no answer within 15 s.",
    ]);
    assert.deepEqual(
      lines({ gpus: { state: "error", health: { verdict: "mismatch", detail: "Reboot." } } }, "This machine's GPUs"),
      ["This machine's GPUs: mismatch: Reboot."],
    );
  });

  it("hold no secret, no password and no user of another machine", () => {
    const text = renderDiagnostics({
      ...facts,
      problems: [
        { time: facts.time, level: "error", text: "The engine at ssh://me@gpu-server is out of reach; HF_TOKEN hf_very_secret" },
        {
          time: facts.time,
          level: "error",
          text: "pull from https://robot:hush@registry.example/v2 failed; tcp://ann:p@10.0.0.7",
        },
      ],
      secrets: ["hf_very_secret", "BEGIN\nsecond line\nEND"],
    });
    assert.doesNotMatch(text, /hf_very_secret|second line|hush|robot|ann:|me@/);
    assert.match(text, /ssh:\/\/gpu-server is out of reach; HF_TOKEN \[redacted\]/);
    assert.match(text, /https:\/\/registry\.example\/v2 failed; tcp:\/\/10\.0\.0\.7/);
  });
});

describe("the last few", () => {
  it("are kept, the oldest first", () => {
    const recent = createRecent<number>(3);
    assert.deepEqual(recent.all(), []);
    for (const n of [1, 2, 3, 4, 5]) recent.add(n);
    assert.deepEqual(recent.all(), [3, 4, 5]);
  });
});
