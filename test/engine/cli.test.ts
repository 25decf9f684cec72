import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancelled, EngineGoneError } from "../../src/core/errors.ts";
import { createCli, type Cli } from "../../src/engine/cli.ts";
import { sentenceOf, until } from "./support.ts";

describe("the docker command line", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "berth-cli-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Berth's hands, with a script in the place of `docker`; `$1` is the verb. */
  function withDocker(script: string): Cli {
    writeFileSync(join(folder, "docker"), `#!/bin/sh\ncd ${folder}\n${script}\n`, { mode: 0o755 });
    const endpoint = { context: "default", host: "unix:///none", fromEnvironment: false, socketPath: "/none", cliArgs: [] };
    return createCli(endpoint, { PATH: `${folder}:${process.env.PATH}` });
  }

  describe("that reads what another one writes", () => {
    const keep = (script: string, timeout = 20_000) =>
      withDocker(`case $1 in\n${script}\nesac`).run(["import", "-", "kept:1"], {}, { from: ["export", "box"], timeout });

    it("gives what it says in the end", async () => {
      assert.equal(await keep("export) echo whole;; import) cat >made; echo sha256:1;;"), "sha256:1");
      assert(existsSync(join(folder, "made")));
    });

    it("and fails: its own error is told, not that the other one could not write any more", async () => {
      const full = "Error response from daemon: write /var/lib/docker/tmp/layer.tar: no space left on device";
      const fails = `import) head -c 1000 >made; echo "${full}" >&2; exit 1;;`;
      for (const writes of ["cat /dev/zero", "head -c 1000000 /dev/zero; echo; echo; sleep 60"])
        assert.equal(
          await sentenceOf(keep(`export) ${writes}; echo "write /dev/stdout: connection reset by peer" >&2; exit 1;;\n${fails}`)),
          "The engine's disk is full: remove images or containers that nobody needs, then try again.",
          writes,
        );
    });

    it("and breaks off: its error is told, and nothing is made of half an output", async () => {
      const script = `export) head -c 100000 /dev/zero; echo "Error response from daemon: No such container: box" >&2; exit 1;;
        import) cat >half; touch made; echo sha256:1;;`;
      assert.equal(await sentenceOf(keep(script)), "There is no container 'box' on this engine.");
      assert(!existsSync(join(folder, "made")));
    });

    it("and reads no further than it needs", async () => {
      const script = `export) head -c 1000000 /dev/zero; touch written;; import) head -c 10 >made; exec 0<&-; echo sha256:1;;`;
      assert.equal(await keep(script), "sha256:1");
      assert(existsSync(join(folder, "written")));
    });

    it("and neither ends: the engine is told to be gone", async () => {
      const hangs = keep("export) echo; sleep 60;; import) cat >made;;", 500);
      await assert.rejects(
        hangs,
        (error) =>
          error instanceof EngineGoneError && error.message === "The Docker engine did not finish 'docker import' within 0.5 s.",
      );
    });
  });

  describe("whose plugin goes on and holds its output", () => {
    /** As buildx does. It would go on for ten minutes. */
    const script = 'sleep 600 &\necho "plugin $!"\nwait';
    /** Ids of the plugins that were started. */
    let plugins: number[];
    let output: string;
    const onOutput = (bytes: Buffer) => {
      output += bytes.toString();
      plugins = [...output.matchAll(/plugin (\d+)/g)].map(([, id]) => Number(id));
    };
    const lives = (id: number) => {
      try {
        return process.kill(id, 0);
      } catch {
        return false;
      }
    };
    beforeEach(() => {
      plugins = [];
      output = "";
    });
    afterEach(() => {
      for (const id of plugins) if (lives(id)) process.kill(id, "SIGKILL");
    });

    it("is cancelled with it, at once", async () => {
      const cancel = new AbortController();
      const building = withDocker(script).stream(["build", "."], { onOutput, signal: cancel.signal });
      await until("the plugin", () => plugins.length === 1);
      cancel.abort();
      await assert.rejects(building, Cancelled);
      await until("its end", () => !plugins.some(lives));
    });

    it("is killed with it when its time is over", async () => {
      const building = withDocker(script).stream(["build", "."], { onOutput, timeout: 1000 });
      await until("the plugin", () => plugins.length === 1);
      assert.equal(await building, undefined);
      await until("its end", () => !plugins.some(lives));
    });

    it("is killed with a probe that takes too long", async () => {
      const { timedOut, stdout } = await withDocker(script).probe(["exec"], 1000);
      onOutput(Buffer.from(stdout));
      assert(timedOut && plugins.length === 1);
      await until("its end", () => !plugins.some(lives));
    });
  });
});
