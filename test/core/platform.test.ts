import assert from "node:assert/strict";
import type { Question } from "../../src/core/compose/inputs.ts";
import { foreignImage, platformOf, withPlatformDefault, type Platform } from "../../src/core/platform.ts";

describe("the platform of a machine", () => {
  const cases: [string, string, string, boolean | undefined, Platform | undefined][] = [
    ["a PC", "x86_64", "6.1.0-28-amd64", false, "x86"],
    ["a PC, as Go says it", "amd64", "", undefined, "x86"],
    ["a Jetson, by its file", "aarch64", "5.10.120", true, "jetson"],
    ["a Jetson elsewhere, by its kernel", "aarch64", "5.15.148-tegra", undefined, "jetson"],
    ["a Jetson elsewhere with a real-time kernel", "aarch64", "5.10.120-rt70-tegra", undefined, "jetson"],
    ["an ARM server", "arm64", "6.8.0-1013-nvidia-64k", false, "sbsa"],
    ["an ARM machine elsewhere", "aarch64", "6.8.0", undefined, undefined],
    ["something else", "riscv64", "6.8.0", false, undefined],
    ["an engine that says nothing", "", "", undefined, undefined],
  ];
  for (const [what, architecture, kernel, tegra, expected] of cases)
    it(what, () => assert.equal(platformOf({ architecture, kernel, tegra }), expected));
});

describe("the default of an input 'platform'", () => {
  const question = (more: Partial<Question>): Question => ({
    ...{ id: "platform", prompt: "Platform", type: "text", at: { line: 1, column: 1, length: 1, path: "compose.yaml" } as never },
    ...more,
  });
  const defaultOf = (more: Partial<Question>, platform?: Platform) => withPlatformDefault([question(more)], platform)[0]?.default;
  const options = ["x86", "jetson", "sbsa"];

  it("is the detected one", () => assert.equal(defaultOf({ options }, "jetson"), "jetson"));
  it("is the file's own where it has one", () => assert.equal(defaultOf({ options, default: "x86" }, "jetson"), "x86"));
  it("is none that is not offered", () => assert.equal(defaultOf({ options: ["x86", "sbsa"] }, "jetson"), undefined));
  it("is none where nothing is known", () => assert.equal(defaultOf({ options }), undefined));
  it("is none for what is typed", () => assert.equal(defaultOf({}, "x86"), undefined));
  it("is none for another input", () => assert.equal(defaultOf({ id: "sink", options }, "x86"), undefined));
});

describe("an image of another architecture", () => {
  const foreign = (made: string, engine: string, platform?: string) => foreignImage("vss:3", made, engine, platform);

  it("is refused, with a way out", () =>
    assert.equal(
      foreign("arm64", "x86_64"),
      "The image vss:3 is made for arm64, and the engine's machine is amd64: take an image for amd64. If it is to be emulated, say so with 'platform: linux/arm64'.",
    ));
  it("is refused the other way round", () =>
    assert.equal(
      foreign("amd64", "aarch64"),
      "The image vss:3 is made for amd64, and the engine's machine is arm64: take an image for arm64. If it is to be emulated, say so with 'platform: linux/amd64'.",
    ));
  it("is refused where the service asks for a third", () =>
    assert.equal(
      foreign("amd64", "x86_64", "linux/arm64"),
      "The image vss:3 is made for amd64, and 'platform' asks for arm64: get the image for arm64, or correct 'platform'.",
    ));
  const meant: [string, string, string, string?][] = [
    ["the same, by other names", "amd64", "x86_64"],
    ["the same on ARM", "arm64", "aarch64"],
    ["the same on 32-bit ARM", "arm", "armv7l"],
    ["32-bit x86, which runs on a 64-bit one", "386", "x86_64"],
    ["an image that does not say", "", "x86_64"],
    ["an engine that does not say", "arm64", ""],
    ["emulation that is meant", "arm64", "x86_64", "linux/arm64"],
    ["emulation that is meant, with a variant", "arm", "x86_64", "linux/arm/v7"],
    ["emulation that is meant, without the system", "arm64", "x86_64", "arm64"],
    ["a platform that is the engine's own", "amd64", "x86_64", "linux/amd64"],
    ["a platform in other words", "amd64", "x86_64", "linux/x86_64"],
    ["a system alone", "amd64", "x86_64", "linux"],
  ];
  for (const [what, made, engine, platform] of meant)
    it(`is not: ${what}`, () => assert.equal(foreign(made, engine, platform), undefined));
  it("is 32-bit ARM on 64-bit ARM, which not every one runs", () =>
    assert.match(foreign("arm", "aarch64") ?? "", /made for arm,/));
});
