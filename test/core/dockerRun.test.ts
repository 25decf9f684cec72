import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createArgs, runCommand, runCommandLines } from "../../src/core/dockerRun.ts";
import type { RunSpec } from "../../src/core/runSpec.ts";

const plain: RunSpec = { name: "web", image: "debian:12", init: false, gpus: "none", mounts: [], labels: {} };
const full: RunSpec = {
  name: "train",
  image: "pytorch:2.8",
  entrypoint: "tail",
  command: ["-f", "/dev/null"],
  init: true,
  gpus: { ids: ["0", "1"] },
  mounts: [
    { source: "/home/ann/my work", target: "/workspace" },
    { source: "/data", target: "/data", readOnly: true },
  ],
  labels: { "dev.berth.v": "1", note: "it's $HOME" },
};

/** What `docker` would be called with if the text were pasted in a shell. */
function pasted(shell: string, text: string): string[] {
  return execFileSync(shell, ["-c", `docker() { printf '%s\\0' "$@"; }\n${text}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

describe("docker run", () => {
  it("says no more than the spec does", () => {
    assert.equal(runCommand(plain), "docker run -d --name web debian:12");
  });

  it("shows everything that a container is given, with one option a line", () => {
    assert.equal(
      runCommandLines(full),
      [
        "docker run -d \\",
        "  --name train \\",
        `  --gpus '"device=0,1"' \\`,
        "  -v '/home/ann/my work:/workspace' \\",
        "  -v /data:/data:ro \\",
        "  --label dev.berth.v=1 \\",
        `  --label 'note=it'\\''s $HOME' \\`,
        "  --init \\",
        "  --entrypoint tail \\",
        "  pytorch:2.8 -f /dev/null",
      ].join("\n"),
    );
  });

  it("has Berth's own labels on one line", () => {
    const labels = { note: "mine", "dev.berth.v": "1", "dev.berth.project": "cv", "dev.berth.user": "ann", team: "cv" };
    assert.equal(
      runCommandLines({ ...plain, labels }),
      [
        "docker run -d \\",
        "  --name web \\",
        "  --label note=mine \\",
        "  --label dev.berth.v=1 --label dev.berth.project=cv --label dev.berth.user=ann \\",
        "  --label team=cv \\",
        "  debian:12",
      ].join("\n"),
    );
  });

  it("is on one line the same command", () => {
    assert.equal(
      runCommand(full),
      `docker run -d --name train --gpus '"device=0,1"' -v '/home/ann/my work:/workspace' -v /data:/data:ro ` +
        `--label dev.berth.v=1 --label 'note=it'\\''s $HOME' --init --entrypoint tail pytorch:2.8 -f /dev/null`,
    );
  });

  it("runs detached what the create creates, never with --rm and never with a pull", () => {
    const args = createArgs(full);
    assert.deepEqual(args.slice(0, 2), ["create", "--pull=never"]);
    assert.deepEqual(pasted("sh", runCommand(full)), ["run", "-d", ...args.slice(2)]);
    assert.ok(!args.includes("--rm"));
  });

  const gpus: [string, RunSpec["gpus"], string[]][] = [
    ["none", "none", []],
    ["all", "all", ["--gpus", "all"]],
    ["a count", { count: 2 }, ["--gpus", "2"]],
    ["an index, in quotes of its own", { ids: ["3"] }, ["--gpus", '"device=3"']],
    ["a list, in quotes of its own: docker reads it as CSV", { ids: ["0", "GPU-5d1a"] }, ["--gpus", '"device=0,GPU-5d1a"']],
  ];
  for (const [title, request, wanted] of gpus) {
    it(`asks for GPUs: ${title}`, () => {
      assert.deepEqual(createArgs({ ...plain, gpus: request }), [
        ...["create", "--pull=never", "--name", "web"],
        ...wanted,
        "debian:12",
      ]);
    });
  }

  const mounts: [string, RunSpec["mounts"][number], string[]][] = [
    ["a folder", { source: "/a", target: "/b" }, ["-v", "/a:/b"]],
    ["read-only", { source: "/a", target: "/b", readOnly: true }, ["-v", "/a:/b:ro"]],
    ["with a comma", { source: "/a,b", target: "/b" }, ["-v", "/a,b:/b"]],
    ["with a colon, which -v would split at", { source: "/a:b", target: "/b" }, ["--mount", "type=bind,source=/a:b,target=/b"]],
    [
      "with a colon and a comma, read-only",
      { source: "/a:b,c", target: "/b", readOnly: true },
      ["--mount", 'type=bind,"source=/a:b,c",target=/b,readonly'],
    ],
    ["with a colon and a double quote", { source: '/a:"b"', target: "/t" }, ["--mount", 'type=bind,"source=/a:""b""",target=/t']],
  ];
  for (const [title, mount, wanted] of mounts) {
    it(`mounts a folder: ${title}`, () => {
      assert.deepEqual(createArgs({ ...plain, mounts: [mount] }).slice(4, -1), wanted);
    });
  }

  it("can be pasted, whatever the values are", () => {
    const spec: RunSpec = {
      ...full,
      mounts: [{ source: '/it\'s "here" $(x) `y`\\', target: "/größe\n*" }],
      labels: { empty: "", line: "a\nb \\\n c", bang: "a!b" },
      command: ["", "-x", "--", "~", "a b", "$1", "{a,b}", "#"],
    };
    const wanted = ["run", "-d", ...createArgs(spec).slice(2)];
    for (const shell of ["sh", "bash"]) {
      assert.deepEqual(pasted(shell, runCommand(spec)), wanted);
      assert.deepEqual(pasted(shell, runCommandLines(spec)), wanted);
    }
  });
});
