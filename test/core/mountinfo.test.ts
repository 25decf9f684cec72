import assert from "node:assert/strict";
import { isStale, parseMountinfo } from "../../src/core/mountinfo.ts";

/** As a container says it on ext4 (/dev/vda, whole), after `rm -r a; mkdir a`, `mv b b.old; mkdir b`, and an editor's save of f. */
const inside = parseMountinfo(`75 74 0:42 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
92 74 254:0 /srv/a//deleted /a rw,relatime - ext4 /dev/vda rw,discard
93 74 254:0 /srv/b.old /b rw,relatime - ext4 /dev/vda rw,discard
94 74 254:0 /srv/f//deleted /f rw,relatime master:1 - ext4 /dev/vda rw,discard
95 74 254:0 /srv/c /c rw,relatime - ext4 /dev/vda rw,discard
96 74 8:1 /ann/my\\040data /d rw,relatime - ext4 /dev/sda1 rw
97 74 254:0 /srv/c /e rw,relatime - ext4 /dev/vda rw,discard
98 97 254:0 /srv/gone//deleted /e rw,relatime - ext4 /dev/vda rw,discard
`);
const outside = parseMountinfo(`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
31 27 8:1 / /home rw,relatime - ext4 /dev/sda1 rw
32 27 0:50 / /homes rw,relatime - nfs server:/x rw
`);

describe("a folder of the host in a container", () => {
  const cases: [what: string, target: string, source: string, stale: boolean][] = [
    ["deleted and made again", "/a", "/srv/a", true],
    ["moved away, and another in its place", "/b", "/srv/b", true],
    ["a file that an editor saved", "/f", "/srv/f", true],
    ["as it was", "/c", "/srv/c", false],
    ["on a file system of its own, with a space in its name", "/d", "/home/ann/my data", false],
    ["mounted over: what is on top counts", "/e", "/srv/c", true],
    ["its source is on another file system by now", "/c", "/homes/c", false],
    ["not mounted at all", "/nowhere", "/srv/nowhere", false],
  ];
  for (const [what, target, source, stale] of cases)
    it(`${what}: ${stale ? "stale" : "not stale"}`, () => assert.equal(isStale(target, inside, source, outside), stale));
  it("seen from another machine: only what was deleted", () =>
    assert.deepEqual(
      ["/a", "/b", "/c", "/f"].map((target) => isStale(target, inside)),
      [true, false, false, true],
    ));
  it("the whole file system", () =>
    assert.equal(isStale("/host", [{ device: "254:0", root: "/", path: "/host" }], "/", outside), false));
  it("within a part of a file system (btrfs)", () => {
    const part = [{ device: "0:30", root: "/@home", path: "/home" }];
    assert.equal(isStale("/d", [{ device: "0:30", root: "/@home/ann", path: "/d" }], "/home/ann", part), false);
    assert.equal(isStale("/d", [{ device: "0:30", root: "/@home/bob", path: "/d" }], "/home/ann", part), true);
  });
});
