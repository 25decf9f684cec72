import assert from "node:assert/strict";
import { hash, labelled, secretEnv, type RunSpec } from "../../src/core/runSpec.ts";

const spec: RunSpec = {
  name: "train",
  image: "pytorch:2.8",
  command: ["python", "train.py"],
  init: false,
  gpus: { ids: ["0"] },
  mounts: [{ source: "/work", target: "/workspace" }],
  labels: { a: "1", b: "2" },
};

describe("a run spec's labels", () => {
  it("are Berth's few, beside the user's", () => {
    const { labels } = labelled(spec, "ann");
    const { "dev.berth.spec": of, ...others } = labels;
    assert.deepEqual(others, { a: "1", b: "2", "dev.berth.v": "1", "dev.berth.name": "train", "dev.berth.user": "ann" });
    assert.match(of ?? "", /^[0-9a-f]{16}$/);
  });

  it("tell what it was made from", () => {
    const { labels } = labelled(spec, "ann", { project: "thesis", service: "train", port: 9000 });
    assert.deepEqual(
      ["project", "service", "port"].map((name) => labels[`dev.berth.${name}`]),
      ["thesis", "train", "9000"],
    );
    assert.equal(labels["dev.berth.spec"], hash(spec));
  });

  it("hold a hash that the labelled spec still has", () => {
    const done = labelled(spec, "ann");
    assert.equal(done.labels["dev.berth.spec"], hash(done));
    assert.equal(hash(labelled(spec, "bob")), hash(done));
  });
});

describe("a run spec's hash", () => {
  it("does not depend on the order in which fields and labels were written", () => {
    const { name, image, ...others } = spec;
    assert.equal(hash({ ...others, labels: { b: "2", a: "1" }, image, name }), hash(spec));
  });

  it("does not depend on the order of variables, nor on the values of secrets", () => {
    const env = { A: "1", HF_TOKEN: "hf_abc", DATABASE_URL: "postgres://ann:one@db" };
    assert.equal(
      hash({ ...spec, env: { DATABASE_URL: "postgres://ann:two@db", HF_TOKEN: null, A: "1" } }),
      hash({ ...spec, env }),
    );
    assert.notEqual(hash({ ...spec, env: { ...env, A: "2" } }), hash({ ...spec, env }));
  });

  const changes: [string, Partial<RunSpec>][] = [
    ["name", { name: "train-2" }],
    ["image", { image: "pytorch:2.9" }],
    ["entrypoint", { entrypoint: "tail" }],
    ["command", { command: ["python", "train.py", "--resume"] }],
    ["init", { init: true }],
    ["gpus", { gpus: { ids: ["1"] } }],
    ["mounts", { mounts: [{ source: "/work", target: "/workspace", readOnly: true }] }],
    ["labels", { labels: { a: "1", b: "3" } }],
  ];
  for (const [field, change] of changes) {
    it(`tells a different ${field}`, () => assert.notEqual(hash({ ...spec, ...change }), hash(spec)));
  }
});

describe("a run spec's secrets", () => {
  it("are what the environment must hold besides", () => {
    const env = { A: "1", HF_TOKEN: "hf_abc", API_KEY: null, DATABASE_URL: "postgres://ann:one@db" };
    assert.deepEqual(secretEnv({ ...spec, env }), { HF_TOKEN: "hf_abc", DATABASE_URL: "postgres://ann:one@db" });
    assert.deepEqual(secretEnv(spec), {});
  });
});
