import assert from "node:assert/strict";
import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseMountinfo } from "../../src/core/mountinfo.ts";
import type { Cli } from "../../src/engine/cli.ts";
import { staleMounts } from "../../src/engine/staleMounts.ts";

/** On the real engine: observe.test.ts. */
describe("folders of the host, beside a file system that hangs", () => {
  let folder: string;
  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), "berth-stale-")))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A mount of FUSE whose program never answers: what asks for anything in it waits. */
  function hang(path: string): { end: () => Promise<void> } {
    const fuse = openSync("/dev/fuse", "r+");
    const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
    const args = ["-i", "-t", "fuse", "-o", options, "hung", path];
    const { status, stderr } = spawnSync("mount", args, { stdio: ["ignore", "pipe", "pipe", fuse] });
    if (status !== 0) throw new Error(String(stderr));
    return {
      async end() {
        closeSync(fuse); // which ends every wait
        await execa("umount", ["--lazy", path]);
      },
    };
  }

  it("are told in time; those that it holds back are unknown, and so not stale", async function () {
    const [moved, hung] = [join(folder, "moved"), join(folder, "hung")];
    mkdirSync(moved);
    mkdirSync(hung);
    let mount;
    try {
      mount = hang(hung);
    } catch {
      this.skip(); // not root, or no FUSE
    }
    try {
      renameSync(moved, `${moved}.old`);
      mkdirSync(moved);
      // As the container's own /proc/self/mountinfo has it.
      const own = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
      const { device, root, path } = own.findLast((it) => folder.startsWith(it.path === "/" ? "/" : `${it.path}/`))!;
      const place = (root === "/" ? "" : root) + (path === "/" ? folder : folder.slice(path.length));
      const stdout = ["moved.old", "x"].map((name, n) => `1 0 ${device} ${place}/${name} /target-${n} rw - x x rw`).join("\n");
      const probe: Cli["probe"] = () => Promise.resolve({ exitCode: 0, stdout, stderr: "", timedOut: false });
      const engine = {
        endpoint: { context: "", host: "", fromEnvironment: false, socketPath: "/none", cliArgs: [] },
        info: () => Promise.resolve({ kernel: release() } as never),
      };
      const mounts = [moved, join(hung, "x")].map((source, n) => ({
        type: "bind" as const,
        source,
        target: `/target-${n}`,
        readOnly: false,
      }));
      const told = staleMounts({ engine, cli: { probe } as Cli }, "box", mounts, 1000);
      const late = new Promise((resolve) => setTimeout(resolve, 10_000, "later").unref());
      assert.deepEqual(await Promise.race([told, late]), ["/target-0"]);
    } finally {
      await mount.end();
    }
  });
});
