import assert from "node:assert/strict";
import type { Details, Mount } from "../../src/core/engineJson.ts";
import { losses, nothingLost, renderLosses, type Change } from "../../src/core/losses.ts";

/** Lines of `docker diff`. */
function changes(...lines: string[]): Change[] {
  return lines.map((line) => ({ kind: "CAD".indexOf(line.charAt(0)) as 0 | 1 | 2, path: line.slice(2) }));
}
const mount = (target: string, more: Partial<Mount> = {}): Mount => ({
  type: "bind",
  source: "/x",
  target,
  readOnly: false,
  ...more,
});
const container = (...mounts: Mount[]) => ({ details: { mounts } as unknown as Details });
const files = (lines: string[], ...mounts: Mount[]) => losses(changes(...lines), [], container(...mounts)).files;
const anonymous = "83cc45f4f4b2fd236a63e6b0bdc733abd6c5c5c96c5e6a59023d3e9edc9e5aa6";

describe("files that go with a container", () => {
  it("are those of a diff, without folders that only hold one", () => {
    assert.deepEqual(
      files(["C /etc", "C /etc/passwd", "C /opt", "A /opt/new", "A /opt/new/deep", "A /opt/new/deep/f", "C /root"]),
      ["/etc/passwd", "/opt/new/deep/f", "/root"],
    );
  });

  it("an empty new folder is one", () => assert.deepEqual(files(["C /opt", "A /opt/results"]), ["/opt/results"]));
  it("a deleted folder is one", () =>
    assert.deepEqual(files(["C /usr", "C /usr/share", "D /usr/share/doc"]), ["/usr/share/doc"]));
  it("a name that starts like a folder's is not in it", () =>
    assert.deepEqual(files(["A /opt/a", "A /opt/ab"]), ["/opt/a", "/opt/ab"]));

  it("are none right after a keep-alive container with a GPU, a health check and mounts was created (Docker 20.10)", () => {
    const lines = [
      "A /opt",
      "A /tm",
      "C /usr",
      "C /usr/bin",
      "A /usr/bin/nvidia-smi",
      "A /anon",
      "A /workspace",
      "A /vol",
      "C /sbin",
    ];
    const mounts = [mount("/workspace"), mount("/vol"), mount("/anon"), mount("/tm"), mount("/t"), mount("/opt/data")];
    assert.deepEqual(files([...lines, "A /sbin/docker-init", "A /t", "A /opt/data"], ...mounts), []);
  });

  it("a file named like the beginning of a mount is one", () =>
    assert.deepEqual(files(["A /dat", "A /data"], mount("/data")), ["/dat"]));

  it("a folder beside a mount is one", () =>
    assert.deepEqual(files(["A /data", "A /data/in", "A /data/out"], mount("/data/in")), ["/data/out"]));

  const noise = [
    ...[
      "/tmp/.X11-unix/X0",
      "/tmp/vscode-git-1a2b.sock",
      "/run/nginx.pid",
      "/var/run/x",
      "/var/cache/apt/pkgcache.bin",
      "/var/log/dpkg.log",
      "/var/lib/dpkg/status",
    ],
    ...["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/etc/ld.so.cache"],
    ...["/app/__pycache__/main.cpython-312.pyc", "/app/main.pyc"],
    ...["/root/.cache/pip/http", "/root/.vscode-server/bin/x/node", "/home/dev/.cursor-server/x", "/root/.bash_history"],
    ...["/sbin/docker-init", "/usr/sbin/docker-init", "/usr/bin/nvidia-smi", "/usr/bin/nvidia-cuda-mps-control"],
    ...["/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.54.15", "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/lib64/libcuda.so"],
    ...["/usr/lib/aarch64-linux-gnu/libnvidia-ptxjitcompiler.so.1", "/usr/lib/x86_64-linux-gnu/libcudadebugger.so.1"],
    ...["/usr/lib/x86_64-linux-gnu/vdpau/libvdpau_nvidia.so.1", "/usr/lib/firmware/nvidia/550.54.15/gsp_ga10x.bin"],
    ...["/usr/share/nvidia/nvoptix.bin", "/etc/vulkan/icd.d/nvidia_icd.json"],
  ];
  for (const path of noise) it(`${path} is not the user's`, () => assert.deepEqual(files([`A ${path}`]), []));

  it("in caches and temporary folders are told apart: a model that took hours can be among them", () => {
    const kept = ["/root/.cache/huggingface/model.safetensors", "/tmp/ckpt/last.pt", "/var/log/train.csv", "/var/tmp/x"];
    const lost = losses(changes("A /root/train.py", ...kept.map((path) => `A ${path}`)), [], container());
    assert.deepEqual(lost.files, ["/root/train.py"]);
    assert.deepEqual(lost.temporary, kept);
    assert.equal(
      renderLosses(lost),
      [
        "1 file changed in the container:",
        "  /root/train.py",
        "4 files in caches and temporary folders:",
        "  /root/.cache/huggingface/model.safetensors",
        "  /tmp/ckpt/last.pt",
        "  and 2 more",
      ].join("\n"),
    );
  });

  const work = [
    ...["/root/train.py", "/home/dev/notes.ipynb", "/opt/model.pt", "/etc/passwd", "/var/lib/postgresql/data/x", "/workspace/x"],
    ...["/tmpfile", "/etc/hosts.allow", "/root/.config/wandb/settings", "/root/.ssh/id_ed25519", "/usr/bin/my-nvidia-tool"],
    ...["/opt/build/libcudakernels.so", "/usr/local/lib/python3.12/dist-packages/nvidia/cuda_runtime/lib/libcudart.so.12"],
    ...["/usr/local/lib/libnvidia-mine.so"],
  ];
  for (const path of work) it(`${path} is the user's`, () => assert.deepEqual(files([`A ${path}`]), [path]));
});

describe("processes that end with a container", () => {
  it("are all but the keep-alive, its init and an attached editor", () => {
    const lines = [
      "/sbin/docker-init -- tail -f /dev/null",
      "tail -f /dev/null",
      "python train.py --epochs 90",
      "sh /root/.vscode-server/bin/abc/bin/code-server --start-server",
      "/root/.vscode-server/bin/abc/node /root/.vscode-server/bin/abc/out/server-main.js",
      "tail -f /var/log/train.log",
    ];
    assert.deepEqual(losses([], lines, container()).processes, ["python train.py --epochs 90", "tail -f /var/log/train.log"]);
  });
});

describe("volumes that go with a container", () => {
  it("are those without a name", () => {
    const mounts = [
      mount("/named", { type: "volume", name: "models" }),
      mount("/data", { type: "volume", name: anonymous }),
      mount("/workspace"),
      mount("/short", { type: "volume", name: anonymous.slice(0, 63) }),
    ];
    assert.deepEqual(losses([], [], container(...mounts)).volumes, ["/data"]);
  });
});

describe("the words for what goes", () => {
  it("name every kind", () => {
    const lost = losses(
      changes("A /opt/a", "A /opt/b"),
      ["python train.py"],
      container(mount("/data", { type: "volume", name: anonymous })),
    );
    assert.equal(nothingLost(lost), false);
    assert.equal(
      renderLosses(lost),
      [
        "2 files changed in the container:",
        "  /opt/a",
        "  /opt/b",
        "1 process running:",
        "  python train.py",
        "1 anonymous volume:",
        "  /data",
      ].join("\n"),
    );
  });

  it("count what there is no room for", () => {
    const lines = Array.from({ length: 11 }, (_, n) => `A /opt/${String(n).padStart(2, "0")}`);
    const text = renderLosses(losses(changes(...lines), [], container()), 2);
    assert.equal(text, "11 files changed in the container:\n  /opt/00\n  /opt/01\n  and 9 more");
  });

  it("cut what is long, and keep what has line breaks on its line", () => {
    const text = renderLosses(losses([], ["x".repeat(300), "sh -c echo one\n  echo two"], container()));
    assert.equal(text, `2 processes running:\n  ${"x".repeat(99)}…\n  sh -c echo one echo two`);
  });

  it("are none when nothing goes", () => {
    const lost = losses(changes("A /run/x"), ["tail -f /dev/null"], container(mount("/workspace")));
    assert.equal(nothingLost(lost), true);
    assert.equal(renderLosses(lost), "");
  });

  for (const [what, lost] of [
    ["a file", losses(changes("D /etc/motd"), [], container())],
    ["a cached file", losses(changes("A /tmp/x"), [], container())],
    ["a process", losses([], ["python"], container())],
    ["a volume", losses([], [], container(mount("/data", { type: "volume", name: anonymous })))],
  ] as const)
    it(`${what} alone is something`, () => assert.equal(nothingLost(lost), false));
});
