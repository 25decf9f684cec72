import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { attachAuthority, attachFolder, missingForServer, serverNeedsScript, terminalArgs } from "../../src/core/attach.ts";
import type { Mount } from "../../src/core/engineJson.ts";

describe("the address that Dev Containers attaches through", () => {
  const context = { context: "gpu-server", host: "ssh://gpu1", fromEnvironment: false };

  /** The JSON text behind the hex, decoded byte by byte. */
  function decode(authority: string): string {
    const [, hex = ""] = authority.match(/^attached-container\+((?:[0-9a-f]{2})+)$/) ?? [];
    return new TextDecoder().decode(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
  }

  it("names the container and the context", () => {
    assert.equal(decode(attachAuthority("web", context)), '{"containerName":"/web","settings":{"context":"gpu-server"}}');
  });

  it("names the host when DOCKER_HOST chose the engine", () => {
    const fromEnvironment = { context: "default", host: "tcp://10.0.0.7:2376", fromEnvironment: true };
    assert.equal(
      decode(attachAuthority("web", fromEnvironment)),
      '{"containerName":"/web","settings":{"host":"tcp://10.0.0.7:2376"}}',
    );
  });

  it("is lower-case hex of these bytes, as another program writes them", () => {
    // printf '{"containerName":"/a1","settings":{"context":"default"}}' | od -An -tx1
    assert.equal(
      attachAuthority("a1", { ...context, context: "default" }),
      "attached-container+7b22636f6e7461696e65724e616d65223a222f6131222c2273657474696e6773223a7b22636f6e74657874223a2264656661756c74227d7d",
    );
  });

  it("holds a context in any script", () => {
    assert.equal(
      decode(attachAuthority("web", { ...context, context: "größe" })),
      '{"containerName":"/web","settings":{"context":"größe"}}',
    );
  });
});

describe("the folder that opens", () => {
  const mount = (target: string): Mount => ({ type: "bind", source: "/home/ann/x", target, readOnly: false });
  it("is the project's mount", () => {
    assert.equal(attachFolder({ mounts: [mount("/data"), mount("/workspace")], workingDir: "/app" }), "/workspace");
  });
  it("is else where the image's programs start", () =>
    assert.equal(attachFolder({ mounts: [mount("/data")], workingDir: "/app" }), "/app"));
  it("is the root when the image says nothing", () => assert.equal(attachFolder({ mounts: [], workingDir: "" }), "/"));
});

describe("a terminal in a container", () => {
  it("is docker exec itself, in a folder", () => {
    assert.deepEqual(terminalArgs("aa11", "/bin/bash", { folder: "/my work" }), [
      ...["exec", "--interactive", "--tty", "--workdir", "/my work", "aa11", "/bin/bash"],
    ]);
  });
  it("as the deployment's user", () => {
    assert.deepEqual(terminalArgs("aa11", "/bin/sh", { folder: "/", user: "1000:1000" }), [
      ...["exec", "--interactive", "--tty", "--workdir", "/", "--user", "1000:1000", "aa11", "/bin/sh"],
    ]);
  });
});

describe("what VS Code Server needs in a container", () => {
  const lines = (...output: string[]) => `${output.join("\n")}\n`;
  const cases: [string, string | undefined, string[]][] = [
    ["Debian 12", lines("libc glibc 2.36", "libstdc++ GLIBCXX_3.4.30", "libgcc", "tar"), []],
    ["the oldest that does", lines("libc glibc 2.28", "libstdc++ GLIBCXX_3.4.25", "libgcc", "tar"), []],
    ["without getconf", lines("libc ldd (Debian GLIBC 2.36-9+deb12u10) 2.36", "libstdc++ GLIBCXX_3.4.30", "libgcc", "tar"), []],
    [
      "Ubuntu 22.04 without getconf",
      lines("libc ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35", "libstdc++ GLIBCXX_3.4.30", "tar"),
      [],
    ],
    [
      "more lines of ldd than the first",
      lines("libc ldd (GNU libc) 2.34", "Copyright (C) 2021 Free Software Foundation, Inc.", "libstdc++ GLIBCXX_3.4.29", "tar"),
      [],
    ],
    ["CR line ends, as from a terminal", "libc glibc 2.36\r\nlibstdc++ GLIBCXX_3.4.30\r\nlibgcc\r\ntar\r\n", []],
    ["a later glibc", lines("libc glibc 3.0", "libstdc++ GLIBCXX_3.4.33", "tar"), []],
    ["Alpine as it comes", lines("libc musl", "tar"), ["libstdc++", "libgcc"]],
    ["Alpine with both", lines("libc musl", "libstdc++ GLIBCXX_3.4.32", "libgcc", "tar"), []],
    ["Alpine with libgcc only", lines("libc musl", "libgcc", "tar"), ["libstdc++"]],
    [
      "CentOS 7",
      lines("libc glibc 2.17", "libstdc++ GLIBCXX_3.4.19", "libgcc", "tar"),
      ["glibc 2.28 (it has 2.17)", "libstdc++ 3.4.25"],
    ],
    ["Ubuntu 18.04", lines("libc glibc 2.27", "libstdc++ GLIBCXX_3.4.25", "libgcc", "tar"), ["glibc 2.28 (it has 2.27)"]],
    [
      "Ubuntu 18.04 without getconf",
      lines("libc ldd (Ubuntu GLIBC 2.27-3ubuntu1.6) 2.27", "libstdc++ GLIBCXX_3.4.25", "libgcc", "tar"),
      ["glibc 2.28 (it has 2.27)"],
    ],
    ["busybox", lines("libc none", "tar"), ["glibc 2.28", "libstdc++"]],
    ["a shell that says nothing", "", ["glibc 2.28", "libstdc++", "tar"]],
    ["no tar, as on UBI micro", lines("libc glibc 2.34", "libstdc++ GLIBCXX_3.4.29", "libgcc"), ["tar"]],
    ["no shell", undefined, ["a shell"]],
  ];
  for (const [title, output, wanted] of cases) {
    it(`${title}: ${wanted.join(", ") || "nothing is missing"}`, () => assert.deepEqual(missingForServer(output), wanted));
  }

  it("is found on this machine by the script itself", () => {
    const output = execFileSync("sh", ["-c", serverNeedsScript], { encoding: "utf8" });
    assert.deepEqual(missingForServer(output), []);
    assert.match(output, /^libc glibc 2\.\d+\nlibstdc\+\+ GLIBCXX_3\.4\.\d+\nlibgcc\ntar\n$/);
  });

  it("the script ends well, and says what is not there, where there is nothing but a shell", () => {
    const output = execFileSync("/bin/sh", ["-c", serverNeedsScript], {
      encoding: "utf8",
      env: { PATH: "/nowhere" },
      stdio: "pipe",
    });
    assert.ok(!output.includes("tar"));
    assert.deepEqual(missingForServer(output).includes("tar"), true);
  });
});
