import { execa } from "execa";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../src/engine/engine.ts";
import { followLogs, type Note } from "../../src/engine/logs.ts";
import type { LabEngine } from "../lab/engine.ts";
import { endWatches, freshName, removeContainers, sentenceOf, startProxy, toolsFor, until, useEngine, watch } from "./support.ts";

const busybox = "berth-lab/busybox:1";

describe("following a container's log", () => {
  let lab: LabEngine;
  let engine: Engine;
  before(async () => {
    lab = await useEngine("logs");
    ({ engine } = await toolsFor(lab.env));
  });
  afterEach(() => removeContainers(lab));
  after(async () => {
    engine.close();
    await lab.dispose();
  });

  interface Followed {
    lines: string[];
    notes: Note[];
    stop: () => void;
    end: Promise<void>;
  }

  async function follow(name: string, tail = 1000, its = engine): Promise<Followed> {
    const stop = new AbortController();
    const lines: string[] = [];
    const notes: Note[] = [];
    const { id } = (await engine.inspect(name)) ?? assert.fail(`${name} is not there`);
    const sink = { line: (text: string) => void lines.push(text), note: (note: Note) => void notes.push(note) };
    return { lines, notes, stop: () => stop.abort(), end: followLogs(its, { id, name }, tail, sink, stop.signal) };
  }

  /** A container that logs what is written to its file /say, line by line. */
  async function speaker(name: string, ...options: string[]): Promise<(text: string) => Promise<string>> {
    const script = "touch /say; echo up; exec tail -n +1 -f /say";
    await lab.docker("run", "-d", "--init", "--name", name, ...options, busybox, "sh", "-c", script);
    return (text) => lab.docker("exec", name, "sh", "-c", 'printf "%b" "$1" >> /say', "say", text);
  }

  for (const terminal of [false, true]) {
    it(`tells what was logged and what comes${terminal ? ", of a container with a terminal" : ""}`, async () => {
      const name = freshName();
      const say = await speaker(name, ...(terminal ? ["--tty"] : []));
      await say("one\\n");
      const { lines, stop, end } = await follow(name);
      await until("the first lines", () => lines.includes("one"));
      await say("two ✓\\n\\033[31mthree\\033[0m\\n");
      await until("the lines that come", () => lines.includes("three"));
      stop();
      await end;
      assert.deepEqual(lines, ["up", "one", "two ✓", "three"]);
    });
  }

  it("begins with the last lines only, as many as were asked for", async () => {
    const name = freshName();
    await lab.docker("run", "-d", "--name", name, busybox, "sh", "-c", "seq 1 50; exec sleep 1000");
    const { lines, stop, end } = await follow(name, 3);
    await until("the last lines", () => lines.includes("50"));
    stop();
    await end;
    assert.deepEqual(lines, ["48", "49", "50"]);
  });

  for (let round = 1; round <= 5; round++) {
    it(`goes on over restarts, and tells each line once (round ${round} of 5)`, async () => {
      const name = freshName();
      await lab.docker(
        "run",
        "-d",
        "--init",
        "--name",
        name,
        busybox,
        "sh",
        "-c",
        "echo x >> /starts; echo start $(wc -l < /starts); exec sleep 1000",
      );
      const { lines, notes, stop, end } = await follow(name);
      await until("the first start", () => lines.length === 1);
      await lab.docker("restart", name);
      await until("the second start", () => lines.length === 2);
      assert.ok(
        notes.some(({ kind }) => kind === "started"),
        "the restart is told, however fast it was",
      );
      await lab.docker("stop", name);
      await until("the note of the end", () => notes.length > 0 && notes.at(-1)?.kind === "ended");
      await lab.docker("start", name);
      await until("the third start", () => lines.length === 3);
      stop();
      await end;
      assert.deepEqual(lines, ["start 1", "start 2", "start 3"]);
      assert.deepEqual(
        notes.slice(-2).map((note) => note.kind),
        ["ended", "started"],
      );
    });
  }

  it("tells how it ended, and ends itself when the container is gone", async () => {
    const name = freshName();
    await lab.docker("run", "-d", "--name", name, busybox, "sh", "-c", "echo no GPU; exit 3");
    const { lines, notes, end } = await follow(name);
    await until("the end", () => notes.length > 0);
    assert.deepEqual(notes, [{ kind: "ended", exitCode: 3, oomKilled: false }]);
    await lab.docker("rm", name);
    await end;
    assert.deepEqual(lines, ["no GPU"]);
    assert.deepEqual(notes.at(-1), { kind: "gone" });
  });

  it("goes over to the container that takes its place", async () => {
    const name = freshName();
    await lab.docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", "echo old; exec sleep 1000");
    const { lines, notes, stop, end } = await follow(name);
    await until("the old one", () => lines.includes("old"));
    await lab.docker("rename", name, `${name}-old`);
    await lab.docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", "echo new; exec sleep 1000");
    await lab.docker("rm", "--force", `${name}-old`);
    await until("the new one", () => lines.includes("new"));
    stop();
    await end;
    assert.ok(notes.some(({ kind }) => kind === "replaced"));
    assert.deepEqual(lines, ["old", "new"]);
  });

  it("shows no secret of the container's environment", async () => {
    const name = freshName();
    await lab.docker(
      "run",
      "-d",
      "-e",
      "HF_TOKEN=hf_very_secret",
      "--name",
      name,
      busybox,
      "sh",
      "-c",
      "echo token=$HF_TOKEN; env",
    );
    const { lines, notes, stop, end } = await follow(name);
    await until("the end", () => notes.length > 0);
    stop();
    await end;
    assert.ok(lines.includes("token=[redacted]"), lines.join("\n"));
    assert.doesNotMatch(lines.join("\n"), /hf_very_secret/);
  });

  it("goes on after its stream was cut, without a gap and nothing twice", async () => {
    const proxy = await startProxy(lab);
    const { engine: through } = await toolsFor(proxy.env);
    const name = freshName();
    const say = await speaker(name);
    const { lines, stop, end } = await follow(name, 1000, through);
    await until("the first line", () => lines.includes("up"));
    for (let n = 1; n <= 5; n++) {
      await say(`${n}\\n`);
      proxy.cut();
      await say(`${n} after the cut\\n`);
      await until(`line ${n}`, () => lines.includes(`${n} after the cut`));
    }
    stop();
    await end;
    assert.equal(lines.join("\n"), await lab.docker("logs", name));
    through.close();
    proxy.close();
  });

  it("is not held up by an answer that breaks off", async () => {
    const proxy = await startProxy(lab);
    const { engine: through } = await toolsFor(proxy.env);
    const name = freshName();
    await lab.docker(
      "run",
      "-d",
      "--init",
      "--name",
      name,
      busybox,
      "sh",
      "-c",
      "trap 'printf bye; exit 3' TERM; echo up; while :; do sleep 0.1; done",
    );
    const { lines, notes, stop, end } = await follow(name, 1000, through);
    await until("the first line", () => lines.includes("up"));
    // The next time that its log is asked for is for its last words.
    let broken = 0;
    proxy.onAnswer = (line) => (line.endsWith("/logs") && ++broken === 1 ? "begun" : true);
    await lab.docker("kill", "--signal", "TERM", name);
    await until("its end", () => notes.some(({ kind }) => kind === "ended"));
    stop();
    await end;
    assert.ok(broken > 1);
    assert.deepEqual(lines, ["up", "bye"]);
    through.close();
    proxy.close();
  });

  it("says that the engine went away, and goes on when it is back", async () => {
    const name = freshName();
    await lab.docker(
      "run",
      "-d",
      "--init",
      "--restart",
      "always",
      "--name",
      name,
      busybox,
      "sh",
      "-c",
      "echo up; exec sleep 1000",
    );
    const { lines, notes, stop, end } = await follow(name);
    await until("the first line", () => lines.length === 1);
    await lab.stop();
    await until("the note", () => notes.some(({ kind }) => kind === "engineGone"));
    await lab.start();
    await until("the line of the new start", () => lines.length === 2);
    stop();
    await end;
    assert.ok(notes.some(({ kind }) => kind === "engineBack"));
  });

  for (const terminal of [false, true]) {
    it(`tells a line over the engine's 16 KB as one, without a secret over the border${terminal ? ", of a terminal" : ""}`, async () => {
      const name = freshName();
      const script =
        "head -c 16380 /dev/zero | tr '\\0' a; printf $HF_TOKEN; head -c 24000 /dev/zero | tr '\\0' b; echo; echo next";
      const options = ["--name", name, "-e", "HF_TOKEN=hf_very_secret", ...(terminal ? ["--tty"] : [])];
      await lab.docker("run", "-d", ...options, busybox, "sh", "-c", script);
      const { lines, notes, stop, end } = await follow(name);
      await until("the end", () => notes.length > 0);
      stop();
      await end;
      assert.deepEqual(lines, [`${"a".repeat(16_380)}[redacted]${"b".repeat(24_000)}`, "next"]);
    });
  }

  it("goes on within a long line when its stream was cut there, without a gap and nothing twice", async () => {
    const proxy = await startProxy(lab);
    const { engine: through } = await toolsFor(proxy.env);
    const name = freshName();
    const script =
      "echo up; head -c 40000 /dev/zero | tr '\\0' a; while [ ! -e /go ]; do sleep 0.1; done; echo end; echo next; exec sleep 1000";
    await lab.docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", script);
    const { lines, stop, end } = await follow(name, 1000, through);
    await until("what there is of the line, after a second of silence", () => lines.length === 2);
    const asked = proxy.requests.length;
    proxy.cut();
    await until("following goes on", () => proxy.requests.slice(asked).some((line) => line.endsWith("/logs")));
    await lab.docker("exec", name, "touch", "/go");
    await until("the next line", () => lines.includes("next"));
    stop();
    await end;
    assert.deepEqual(lines, ["up", "a".repeat(32_768), `${"a".repeat(40_000 - 32_768)}end`, "next"]);
    through.close();
    proxy.close();
  });

  it("shows where a progress bar stands that writes carriage returns only, as often as the engine hands something over", async () => {
    const name = freshName();
    // 24 characters each: 1000 of them fill the engine's buffer of 16 KB once.
    const script = 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); printf "%18d/1000\\r" $i; done; exec sleep 1000';
    await lab.docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", script);
    const { lines, stop, end } = await follow(name);
    await until("where it stands", () => lines.length > 0);
    await lab.docker("stop", name);
    await until("where it stood at last", () => lines.some((line) => line.trim() === "1000/1000"));
    stop();
    await end;
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /^ *\d{1,4}(\/1000)?$/);
  });

  it("shows a question without a newline at the latest when the container ends: until then the engine keeps it", async () => {
    const name = freshName();
    await lab.docker("run", "-d", "--init", "--name", name, busybox, "sh", "-c", "echo up; printf 'Continue? '; exec sleep 1000");
    const { lines, stop, end } = await follow(name);
    await until("the first line", () => lines.includes("up"));
    await lab.docker("stop", name);
    await until("the question", () => lines.includes("Continue? "));
    stop();
    await end;
  });

  it("shows no line of a private key", async () => {
    const name = freshName();
    const key = ["-----BEGIN PRIVATE KEY-----", "MIGHAgEAMBMGByqGSM49", "AgEGCCqGSM49AwEHBG0w", "-----END PRIVATE KEY-----"].join(
      "\n",
    );
    await lab.docker("run", "-d", "-e", `PRIVATE_KEY=${key}`, "--name", name, busybox, "sh", "-c", 'echo "$PRIVATE_KEY"');
    const { lines, notes, stop, end } = await follow(name);
    await until("the end", () => notes.length > 0);
    stop();
    await end;
    assert.deepEqual(lines, ["-----BEGIN PRIVATE KEY-----", "[redacted]", "[redacted]", "-----END PRIVATE KEY-----"]);
  });

  it("cuts a line of 50 MB, in little memory", async () => {
    const name = freshName();
    const script = "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo next";
    await lab.docker("run", "-d", "--name", name, busybox, "sh", "-c", script);
    const before = process.memoryUsage().rss;
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
    const { lines, stop, end } = await follow(name);
    await until("the next line", () => lines.includes("next"));
    clearInterval(timer);
    stop();
    await end;
    assert.deepEqual(
      lines.map((line) => line.length),
      [1_000_000 + " [cut: the line is longer than 1 MB]".length, 4],
    );
    assert.ok(most - before < 150_000_000, `grew by ${Math.round((most - before) / 1e6)} MB`);
  });

  it("stays with the engine that has the container when another context is selected", async () => {
    const proxy = await startProxy(lab);
    const folder = mkdtempSync(join(tmpdir(), "berth-contexts-"));
    const env: NodeJS.ProcessEnv = { ...lab.env, DOCKER_CONFIG: folder };
    delete env.DOCKER_HOST;
    const create = (context: string, host: string) =>
      execa("docker", ["context", "create", context, "--docker", `host=${host}`], { env, extendEnv: false });
    await create("first", proxy.env.DOCKER_HOST ?? "");
    await create("second", "unix:///var/run/berth-no-engine.sock");
    let context = "first";
    const { feed } = watch(env, () => context);
    const name = freshName();
    const say = await speaker(name);
    const first = await feed.engine();
    const { lines, notes, stop, end } = await follow(name, 1000, first);
    await until("the first line", () => lines.includes("up"));
    context = "second";
    assert.notEqual(await feed.engine(), first); // which lets go of the first one's connections
    await say("still there\n");
    await until("the next line", () => lines.includes("still there"));
    proxy.cut();
    await say("after a cut too\n");
    await until("the line after the cut", () => lines.includes("after a cut too"));
    stop();
    await end;
    assert.deepEqual([lines, notes], [["up", "still there", "after a cut too"], []]);
    endWatches();
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("says it when the engine keeps no log of the container", async () => {
    const name = freshName();
    await lab.docker("run", "-d", "--init", "--log-driver", "none", "--name", name, busybox, "sleep", "1000");
    const { end } = await follow(name);
    assert.match(await sentenceOf(end), /^Configured logging driver does not support reading/);
  });
});
