import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { tar } from "../../src/core/tar.ts";

/** What GNU tar makes of an archive. */
const unpack = (archive: Uint8Array, ...args: string[]) => execFileSync("tar", args, { input: archive, encoding: "utf8" });

describe("an archive", () => {
  const long = `run/${"folder/".repeat(20)}secret`;
  const archive = tar(
    [
      { path: "run/secrets/key", mode: 0o440, uid: 1000, gid: 100, content: Buffer.from("s3cr3t\n") },
      { path: "run/secrets/Schlüssel", mode: 0o4755, uid: 3_000_000_000, gid: 0, content: Buffer.alloc(512, "x") },
      { path: long, mode: 0o600, uid: 0, gid: 0, content: Buffer.alloc(0) },
    ],
    1_700_000_000.9,
  );
  it("is read by tar as it was meant", () => {
    const listed = unpack(archive, "--list", "--verbose", "--numeric-owner", "--utc", "--quoting-style=literal", "--file=-");
    assert.deepEqual(
      listed
        .trim()
        .split("\n")
        .map((line) => line.split(/ +/)),
      [
        ["-r--r-----", "1000/100", "7", "2023-11-14", "22:13", "run/secrets/key"],
        ["-rwsr-xr-x", "3000000000/0", "512", "2023-11-14", "22:13", "run/secrets/Schlüssel"],
        ["-rw-------", "0/0", "0", "2023-11-14", "22:13", long],
      ],
    );
  });
  it("holds what was put in", () => {
    assert.equal(unpack(archive, "--extract", "--to-stdout", "--file=-", "run/secrets/key"), "s3cr3t\n");
    assert.equal(unpack(archive, "--extract", "--to-stdout", "--file=-", "run/secrets/Schlüssel"), "x".repeat(512));
  });
});
