import assert from "node:assert/strict";
import type { Container, Image } from "../../src/core/engineJson.ts";
import { imageRemoval } from "../../src/core/imageRemoval.ts";
import type { Losses } from "../../src/core/losses.ts";
import { prunable } from "../../src/core/prune.ts";
import { fullList, severalText } from "../../src/core/removal.ts";

const box = (name: string, state: string, more: Partial<Container> = {}): Container => ({
  ...{ id: `id-${name}`, name, image: "pytorch:2.8", imageId: "sha256:aa", state, status: "", created: 0, ports: [] },
  labels: { "dev.berth.v": "1" },
  ...more,
});
const nothing: Losses = { files: [], temporary: [], processes: [], volumes: [] };

describe("what is said before several containers go", () => {
  it("is a line for each, with all that is lost", () => {
    const going = [
      { container: box("train-7", "running"), lost: { ...nothing, files: ["/a", "/b"], processes: ["python train.py"] } },
      { container: box("train-8", "exited", { labels: {} }), lost: nothing },
      { container: box("db", "paused"), lost: { ...nothing, temporary: ["/tmp/x"], volumes: ["/data", "/log"] } },
    ];
    assert.equal(
      severalText(going),
      [
        "train-7: running; 2 changed files, 1 process would be lost.",
        "train-8: stopped, not created by Berth; nothing in it would be lost.",
        "db: paused; 1 file in caches and temporary folders, 2 anonymous volumes would be lost.",
        "",
        "Files in mounts stay.",
      ].join("\n"),
    );
  });

  it("counts those that do not fit in a dialog", () => {
    const going = Array.from({ length: 15 }, (_, n) => ({ container: box(`b${n}`, "exited"), lost: nothing }));
    const lines = severalText(going).split("\n");
    assert.equal(lines.length, 13);
    assert.equal(lines.at(-1), "and 3 more; the full list tells of each.");
  });

  it("in full has every path, however long", () => {
    const files = Array.from({ length: 30 }, (_, n) => `/work/${"x".repeat(120)}/${n}`);
    const temporary = Array.from({ length: 9 }, (_, n) => `/tmp/${n}`);
    const text = fullList([{ container: box("train-7", "running"), lost: { ...nothing, files, temporary } }]);
    for (const path of [...files, ...temporary]) assert.ok(text.includes(`  ${path}\n`) || text.endsWith(`  ${path}`), path);
    assert.ok(text.startsWith("train-7 (pytorch:2.8)\n30 files changed in the container:\n"));
  });
});

describe("removing an image", () => {
  const image = (id: string, ...tags: string[]): Image => ({ id: `sha256:${id}`, tags, size: 3_200_000_000, created: 0 });
  const images = [image("aa", "pytorch:2.8"), image("bb", "vllm:1", "vllm:latest"), image("cc")];
  const remove = (reference: string, ...containers: Container[]) => imageRemoval(reference, images, containers);

  it("says what goes", () =>
    assert.deepEqual(remove("pytorch:2.8"), {
      reference: "pytorch:2.8",
      text: "pytorch:2.8: 3.2 GB, less what it shares with other images.",
    }));
  it("of one of several names takes the name only, even when it is in use", () =>
    assert.deepEqual(remove("vllm:1", box("serve", "running", { imageId: "sha256:bb" })), {
      reference: "vllm:1",
      text: "vllm:1: only this name goes; the image stays as vllm:latest.",
    }));
  it("without a name goes by its id", () =>
    assert.deepEqual(remove("sha256:cc"), {
      reference: "sha256:cc",
      text: "cc: 3.2 GB, less what it shares with other images.",
    }));
  it("that a container stands on is refused", () =>
    assert.deepEqual(remove("pytorch:2.8", box("train", "exited"), box("train-2", "running")), {
      problem: "The image pytorch:2.8 is in use by train, train-2: retire that first.",
    }));
  it("that is not there is refused", () =>
    assert.deepEqual(remove("nope:1"), { problem: "There is no image 'nope:1' on this engine." }));
});

describe("what can be pruned", () => {
  const images: Image[] = [
    { id: "sha256:aa", tags: ["pytorch:2.8"], size: 3_000_000_000, created: 0 },
    { id: "sha256:bb", tags: ["vllm:1", "vllm:2"], size: 5_000_000_000, created: 0 },
    { id: `sha256:${"c".repeat(64)}`, tags: [], size: 700_000_000, created: 0 },
  ];
  const containers = [
    box("train-10", "exited", { status: "Exited (0) 3 hours ago" }),
    box("train-9", "created", { labels: {}, imageId: "sha256:other" }),
    box("serve", "running"),
    box("paused", "paused"),
    box("going", "removing"),
    box("odd", "unknown"),
  ];

  it("is what stopped, and images that no container uses; only layers that nothing refers to are ticked", () => {
    assert.deepEqual(
      prunable(containers, images).map(
        ({ kind, label, description, picked }) => `${picked ? "x" : "-"} ${kind} ${label}: ${description}`,
      ),
      [
        "- container train-9: pytorch:2.8 · never started · not created by Berth",
        "- container train-10: pytorch:2.8 · Exited (0) 3 hours ago",
        "x untagged cccccccccccc: 700 MB",
        "- image vllm:1: 5 GB",
        "- image vllm:2: 5 GB",
      ],
    );
  });
});
