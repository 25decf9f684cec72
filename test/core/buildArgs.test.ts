import assert from "node:assert/strict";
import { buildArgs, pullArgs } from "../../src/core/buildArgs.ts";

describe("the arguments of a build", () => {
  it("are those of the compose file, the folder last", () => {
    const { argv, input } = buildArgs(
      {
        context: "/work/thesis",
        dockerfile: "/work/thesis/gpu.Dockerfile",
        args: { CUDA: "12.9" },
        target: "dev",
        labels: { team: "cv" },
        network: "host",
        shmSize: 1024,
        cacheFrom: ["thesis:old"],
        extraHosts: ["hub:10.0.0.1"],
        platforms: ["linux/amd64"],
      },
      "thesis:1",
    );
    assert.equal(
      argv.join(" "),
      "build --force-rm --file /work/thesis/gpu.Dockerfile --tag thesis:1 --target dev --build-arg CUDA=12.9 --label team=cv --network host --shm-size 1024 " +
        "--cache-from thesis:old --add-host hub:10.0.0.1 --platform linux/amd64 /work/thesis",
    );
    assert.equal(input, undefined);
  });

  it("read an inline Dockerfile from standard input", () => {
    const { argv, input } = buildArgs({ context: "/work", dockerfileInline: "FROM debian:12\n" }, "x:1");
    assert.deepEqual(argv, ["build", "--force-rm", "--file", "-", "--tag", "x:1", "/work"]);
    assert.equal(input, "FROM debian:12\n");
  });

  it("name the service's platform, unless the build names its own", () => {
    const argv = (platforms?: string[]) =>
      buildArgs({ context: ".", ...(platforms ? { platforms } : {}) }, "x:1", "linux/arm64").argv;
    assert.deepEqual(argv(), ["build", "--force-rm", "--tag", "x:1", "--platform", "linux/arm64", "."]);
    assert.deepEqual(argv(["linux/amd64", "linux/arm64"]).slice(4, 6), ["--platform", "linux/amd64,linux/arm64"]);
  });

  it("hold no secret: its value is in the environment", () => {
    const { argv, env } = buildArgs({ context: ".", args: { HF_TOKEN: "hf_abcdef", INDEX: "https://ann:pass@pypi/" } }, "x:1");
    assert.deepEqual(argv.slice(4, 8), ["--build-arg", "HF_TOKEN", "--build-arg", "INDEX"]);
    assert.deepEqual(env, { HF_TOKEN: "hf_abcdef", INDEX: "https://ann:pass@pypi/" });
  });
});

describe("the arguments of a pull", () => {
  it("name the image, and the service's platform", () => {
    assert.deepEqual(pullArgs("debian:12"), ["pull", "debian:12"]);
    assert.deepEqual(pullArgs("debian:12", "linux/arm64"), ["pull", "--platform", "linux/arm64", "debian:12"]);
  });
});
