import assert from "node:assert/strict";
import type { Container, Image } from "../../src/core/engineJson.ts";
import { changedSince, imageNamed, imagesGoing, shortList } from "../../src/core/imageRemoval.ts";
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

describe("removing images", () => {
  const image = (id: string, tags: string[], digests: string[] = []): Image => ({
    ...{ id: `sha256:${id}`, tags, size: 3_200_000_000, created: 0 },
    ...(digests.length > 0 ? { digests } : {}),
  });
  const digest = `vllm@sha256:${"d".repeat(64)}`;
  const images = [
    image("aa", ["pytorch:2.8"], [`pytorch@sha256:${"a".repeat(64)}`]),
    image("bb", ["vllm:1", "vllm:2", "vllm:latest"]),
    image("cc", []),
    image("dd", [], [digest]),
  ];
  const remove = (references: readonly string[], ...containers: Container[]) => {
    const { going, staying } = imagesGoing(references, images, containers);
    return [...going.map(({ text }) => text), ...staying.map(({ text }) => `(${text})`)];
  };

  it("says what goes", () =>
    assert.deepEqual(imagesGoing(["pytorch:2.8"], images, []), {
      going: [
        {
          reference: "pytorch:2.8",
          id: "sha256:aa",
          label: "pytorch:2.8",
          stays: false,
          text: "pytorch:2.8: 3.2 GB, less what it shares with other images.",
        },
      ],
      staying: [],
    }));
  it("of one of several names takes the name only, even when it is in use", () =>
    assert.deepEqual(remove(["vllm:1"], box("serve", "running", { imageId: "sha256:bb" })), [
      "vllm:1: only this name goes; the image stays as vllm:2, vllm:latest.",
    ]));
  it("of some of several names says what stays after all of them", () =>
    assert.deepEqual(remove(["vllm:1", "vllm:2"], box("serve", "running", { imageId: "sha256:bb" })), [
      "vllm:1: only this name goes; the image stays as vllm:latest.",
      "vllm:2: only this name goes; the image stays as vllm:latest.",
    ]));
  it("of all names, each once, takes the image", () =>
    assert.deepEqual(remove(["vllm:1", "vllm:latest", "vllm:2", "vllm:1"]), [
      "vllm:1: this name goes, and the image with vllm:2.",
      "vllm:latest: this name goes, and the image with vllm:2.",
      "vllm:2: the image goes with its last name: 3.2 GB, less what it shares with other images.",
    ]));
  it("of all names of one in use takes none", () =>
    assert.deepEqual(remove(["vllm:1", "vllm:latest", "vllm:2"], box("serve", "exited", { imageId: "sha256:bb" })), [
      "(vllm:1 stays: in use by serve.)",
      "(vllm:latest stays: in use by serve.)",
      "(vllm:2 stays: in use by serve.)",
    ]));
  it("without a name goes by its id", () => {
    assert.deepEqual(remove(["sha256:cc"]), ["cc: 3.2 GB, less what it shares with other images."]);
    assert.equal(imagesGoing(["sha256:cc"], images, []).going[0]?.reference, "sha256:cc");
  });
  it("by the id of one that has a name goes by that", () => {
    assert.deepEqual(remove(["sha256:aa"]), ["pytorch:2.8: 3.2 GB, less what it shares with other images."]);
    assert.deepEqual(remove(["sha256:dd"]), ["vllm@sha256:dddddddddddd: 3.2 GB, less what it shares with other images."]);
    assert.equal(imagesGoing(["sha256:dd"], images, []).going[0]?.reference, digest);
  });
  it("by the id of one that has several names is refused", () =>
    assert.deepEqual(remove(["sha256:bb"]), ["(The image bb has several names: remove them one by one.)"]));
  it("that containers stand on is refused, and the others go", () => {
    const users = [box("train", "exited"), box("train-2", "running")];
    assert.deepEqual(remove(["pytorch:2.8", "sha256:cc"], ...users), [
      "cc: 3.2 GB, less what it shares with other images.",
      "(pytorch:2.8 stays: in use by train, train-2.)",
    ]);
    assert.equal(
      imagesGoing(["pytorch:2.8"], images, users).staying[0]?.problem,
      "The image pytorch:2.8 is in use by train, train-2: retire that first.",
    );
  });
  it("that is not there is refused", () =>
    assert.deepEqual(remove(["nope:1"]), ["(There is no image 'nope:1' on this engine.)"]));

  describe("just before it goes", () => {
    const look = (reference: string, now: readonly Image[], ...containers: Container[]) => {
      const [going] = imagesGoing([reference], images, []).going;
      return changedSince(going!, now, containers);
    };
    it("is as it was", () => {
      for (const reference of ["pytorch:2.8", "vllm:1", "sha256:cc", "sha256:dd"])
        assert.equal(look(reference, images), undefined, reference);
    });
    it("its name means another one", () =>
      assert.equal(
        look("pytorch:2.8", [image("aa", []), image("ee", ["pytorch:2.8"])]),
        "pytorch:2.8 means another image by now: look again.",
      ));
    it("it is gone", () => {
      assert.equal(look("pytorch:2.8", [image("aa", ["other:1"])]), "There is no image 'pytorch:2.8' on this engine.");
      assert.equal(look("sha256:cc", []), "There is no image 'cc' on this engine.");
    });
    it("its name is its last one, though the image was to stay", () =>
      assert.equal(look("vllm:1", [image("bb", ["vllm:1"])]), "vllm:1 is the image's last name by now: look again."));
    it("without a name it got one", () =>
      assert.equal(look("sha256:cc", [image("cc", ["kept:1"])]), "The image cc is named kept:1 by now: look again."));
    it("without a name it got a user", () =>
      assert.equal(
        look("sha256:cc", images, box("train", "created", { imageId: "sha256:cc" })),
        "The image cc is in use by train: retire that first.",
      ));
  });

  describe("named by a person", () => {
    const found: [string, string][] = [
      ["pytorch:2.8", "pytorch:2.8"],
      ["vllm", "vllm:latest"],
      ["docker.io/library/vllm:1", "vllm:1"],
      ["docker.io/vllm", "vllm:latest"],
      [digest, digest],
      [`sha256:${"c".repeat(12)}`, `sha256:${"c".repeat(64)}`],
      ["c".repeat(12), `sha256:${"c".repeat(64)}`],
      ["cccc", "cccc"],
      ["host:5000/vllm", "host:5000/vllm"],
    ];
    for (const [named, reference] of found)
      it(`${named.slice(0, 30)} is ${reference.slice(0, 30)}`, () =>
        assert.equal(imageNamed(named, [...images, image("c".repeat(64), [])]), reference));
  });
});

describe("what is told in a dialog", () => {
  it("is all of it, or twelve lines and how many more there are", () => {
    const lines = Array.from({ length: 14 }, (_, n) => `line ${n}`);
    assert.equal(shortList(lines.slice(0, 12)), lines.slice(0, 12).join("\n"));
    assert.equal(shortList(lines), [...lines.slice(0, 12), "and 2 more; the full list tells of each."].join("\n"));
    assert.equal(shortList(lines, 6).split("\n").at(-1), "and 8 more; the full list tells of each.");
  });
});

describe("what can be pruned", () => {
  const images: Image[] = [
    { id: "sha256:aa", tags: ["pytorch:2.8"], size: 3_000_000_000, created: 0 },
    { id: "sha256:bb", tags: ["vllm:1", "vllm:2"], size: 5_000_000_000, created: 0 },
    { id: `sha256:${"c".repeat(64)}`, tags: [], size: 700_000_000, created: 0 },
    { id: "sha256:dd", tags: [], digests: [`nim@sha256:${"d".repeat(64)}`], size: 9_000_000_000, created: 0 },
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
        "- image nim@sha256:dddddddddddd: 9 GB",
        "- image vllm:1: 5 GB",
        "- image vllm:2: 5 GB",
      ],
    );
  });
});
