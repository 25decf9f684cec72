import assert from "node:assert/strict";
import { appArgs } from "../../src/core/app.ts";
import { Cancelled, EngineGoneError, UserError } from "../../src/core/errors.ts";
import { findApp, runInside, stopApp } from "../../src/engine/app.ts";
import type { Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import { api, createBox, freshName, removeContainers, runBox, sentenceOf, toolsFor, until, useEngine } from "./support.ts";

const images = ["busybox", "user", "perception", "sh-only", "no-shell"] as const;
const never = new AbortController().signal;

describe("an app inside a container", function () {
  let lab: LabEngine;
  let tools: Tools;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("app", images);
    tools = await toolsFor(lab.env);
  });
  afterEach(() => removeContainers(lab));

  /** The container's own command is not the keep-alive where its image has none. */
  const box = async (image: (typeof images)[number] = "busybox", config: object = {}) =>
    runBox(lab, freshName(), { Image: `berth-lab/${image}:1`, ...config });
  const start = async (id: string, command: string, env?: Record<string, string>) => tools.cli.run(appArgs(id, command, env));
  const inside = async (id: string, command: string) => lab.docker("exec", id, "sh", "-c", command);
  const logged = async (id: string, text: string) =>
    until(`'${text}' in the log`, async () => (await lab.docker("logs", id)).includes(text));
  /** Names of what runs, but for zombies. */
  const names = async (id: string) =>
    (await inside(id, 'for s in /proc/[0-9]*/stat; do { read -r l <$s; } 2>/dev/null && echo "$l"; done'))
      .split("\n")
      .filter((line) => !/\) Z /.test(line))
      .map((line) => /\((.*)\)/.exec(line)?.[1]);

  describe("is started", () => {
    for (const image of ["busybox", "user", "sh-only"] as const)
      it(`with its output in the container's log (${image})`, async () => {
        const id = await box(image, image === "sh-only" ? { Cmd: ["/bin/sh", "-c", "while :; do sleep 1; done"] } : {});
        await start(id, 'echo "out $WHAT"; echo err >&2; exec sleep 1000', { WHAT: 'it\'s "me"' });
        await logged(id, 'out it\'s "me"');
        await logged(id, "err");
        assert.equal(await findApp(tools, id, undefined), true);
      });

    it("with its output in a terminal's log too", async () => {
      const id = await box("busybox", { Tty: true });
      await start(id, "echo told; exec sleep 1000");
      await logged(id, "told");
    });

    it("with its output in a file where another user runs than the container's", async () => {
      const id = await box("user", { User: "root" });
      const [exec = "", ...rest] = appArgs(id, "echo told; exec sleep 1000");
      await tools.cli.run([exec, "-u", "1000", ...rest]);
      await until("the file", async () => (await inside(id, "cat /tmp/berth-app.log 2>/dev/null || :")) === "told");
    });

    it("with its output in a file where the first process is the host's", async () => {
      const id = await box("busybox", { HostConfig: { Init: true, PidMode: "host" } });
      await start(id, "echo told; exec sleep 1000");
      await until("the file", async () => (await inside(id, "cat /tmp/berth-app.log 2>/dev/null || :")) === "told");
      const other = await box();
      await start(other, "exec sleep 1000");
      await until("the other's", async () => findApp(tools, other, "sleep"));
      assert.equal(await stopApp(tools, id, "sleep", 5000), true);
      assert.deepEqual([await findApp(tools, id, "sleep"), await findApp(tools, other, "sleep")], [false, true]);
    });
  });

  describe("is found", () => {
    it("by its name, also when something else started it, and one with #! or a long name", async () => {
      const id = await box("perception");
      assert.equal(await findApp(tools, id, "perception_app"), false);
      await lab.docker("exec", "-d", id, "perception_app");
      await until("perception_app", async () => findApp(tools, id, "perception_app"));
      assert.equal(await findApp(tools, id, "perception_ap"), false);
      assert.equal(await findApp(tools, id, undefined), false);
      await inside(id, "cp /bin/sleep /tmp/a_rather_long_program_name");
      await lab.docker("exec", "-d", id, "/tmp/a_rather_long_program_name", "1000");
      await until("the long one", async () => findApp(tools, id, "a_rather_long_program_name"));
    });

    it("by what it was started with, its children too, and by nothing that only looks like it", async () => {
      const id = await box();
      await lab.docker("exec", "-d", "-e", "MY_BERTH_APP=1", "-e", "A=BERTH_APP=1", "-e", "BERTH_APP=11", id, "sleep", "999");
      assert.equal(await findApp(tools, id, undefined), false);
      await start(id, "(sleep 1000 &)"); // its shell ends, the child goes on
      await until("the child", async () => findApp(tools, id, "no-such"));
    });

    it("is none that has ended and was not reaped", async () => {
      const id = await box("busybox", { HostConfig: { Init: false } });
      await start(id, "(sleep 0.2 &)");
      await until("a zombie", async () => (await inside(id, "cat /proc/[0-9]*/stat 2>/dev/null || :")).includes("(sleep) Z"));
      assert.equal(await findApp(tools, id, "sleep"), false);
    });

    it("is none where there is no shell, where it does not run, where nothing is", async () => {
      const shellless = await box("no-shell", { Cmd: ["1000"] });
      for (const id of [shellless, await createBox(lab), "nobody"]) {
        assert.equal(await findApp(tools, id, "sleep"), false);
        assert.equal(await stopApp(tools, id, "sleep"), false);
      }
      assert.match(await sentenceOf(start(shellless, "true")), /no program 'sh'/);
    });
  });

  describe("is stopped", () => {
    for (const image of ["perception", "user", "busybox", "sh-only"] as const)
      it(`five times in a row (${image})`, async () => {
        const id = await box(image, image === "sh-only" ? { Cmd: ["/bin/sh", "-c", "while :; do sleep 1; done"] } : {});
        const before = await names(id);
        for (let round = 0; round < 5; round++) {
          assert.equal(await stopApp(tools, id, undefined), false);
          await start(id, image === "perception" ? "perception_app" : "sleep 1000 & sleep 1001");
          await until("the app", async () => (await names(id)).length > before.length);
          assert.equal(await stopApp(tools, id, undefined), true);
          assert.deepEqual((await names(id)).sort(), before.sort());
        }
      });

    it("with SIGKILL when it takes no notice, after the time it was given", async () => {
      const id = await box("perception");
      await start(id, "perception_app --ignore-term");
      await logged(id, "listening");
      const began = Date.now();
      assert.equal(await stopApp(tools, id, "perception_app", 700), true);
      assert(Date.now() - began >= 700);
      assert((await lab.docker("logs", id)).includes("SIGTERM ignored"));
      assert.equal(await findApp(tools, id, "perception_app"), false);
    });

    it("and what cannot be ended is told", async () => {
      const id = await box("user", { User: "root", HostConfig: { Init: true, CapDrop: ["KILL"] } });
      await lab.docker("exec", "-d", "-u", "1000", id, "sleep", "1000");
      const said = await sentenceOf(stopApp({ cli: impatient(tools.cli) }, id, "sleep", 100));
      assert.match(
        said,
        /^The app in \w+ cannot be ended \(process \d+\): it may belong to another user, or hang in the driver\. Restart/,
      );
    });

    it("not to the end when that is cancelled: nothing is killed afterwards", async () => {
      const id = await box("perception");
      await start(id, "perception_app --ignore-term");
      await logged(id, "listening");
      const cancel = new AbortController();
      const stopping = stopApp(tools, id, "perception_app", 1000, cancel.signal);
      await logged(id, "SIGTERM ignored");
      cancel.abort();
      await assert.rejects(stopping, Cancelled);
      await until(
        "its last script's end",
        async () => (await lab.docker("top", id, "-eo", "pid,args")).split("berth-end").length === 1,
      );
      assert.equal(await findApp(tools, id, "perception_app"), true);
    });

    it("neither the container's own command nor another program of another name", async () => {
      const id = await box();
      await lab.docker("exec", "-d", id, "sleep", "1000");
      await start(id, "exec sleep 1001");
      await stopApp(tools, id, "nothing");
      assert.deepEqual(
        (await names(id)).filter((name) => name === "sleep" || name === "tail"),
        ["tail", "sleep"],
      );
    });
  });

  describe("a command", () => {
    const argv = (id: string, command: string) => ["exec", id, "sh", "-c", command];

    it("runs to its end, however much it says", async () => {
      const id = await box();
      await runInside(tools, argv(id, "seq 1000000; echo done >/tmp/done"), never);
      assert.equal(await inside(id, "cat /tmp/done"), "done");
    });

    it("that fails is told with its exit code, its cause and its last lines, without secrets", async () => {
      const id = await runBox(lab, "builder", { Env: ["API_TOKEN=s3cr3t-value"] });
      const command = 'exec 2>&1; seq 30; echo "token $API_TOKEN"; printf "\\033[31mred\\033[0m\\n"; nosuch';
      const said = await sentenceOf(runInside(tools, argv(id, command), never));
      const lines = said.split("\n");
      assert.equal(
        lines[0],
        `'${command}' failed in builder with exit code 127. There is no program 'nosuch' inside: mend 'start' under 'app', or the image.`,
      );
      assert.equal(lines[1], "Its last lines:");
      assert.equal(lines.length, 22);
      assert(lines.includes("token [redacted]") && lines.includes("red") && lines.includes("30") && !lines.includes("13"), said);
    });

    it("that says nothing", async () => {
      const id = await runBox(lab, "quiet");
      assert.equal(
        await sentenceOf(runInside(tools, argv(id, "exit 3"), never)),
        "'exit 3' failed in quiet with exit code 3.\nIt wrote nothing.",
      );
    });

    it("is ended inside when it is cancelled, with what it started", async () => {
      for (const command of ["sleep 1000", "sleep 1000 & sleep 1000; echo not this", "trap '' TERM; sleep 1000; sleep 1000"]) {
        const id = await box();
        const cancel = new AbortController();
        const running = runInside(tools, argv(id, command), cancel.signal);
        await until("sleep", async () => (await names(id)).includes("sleep"));
        cancel.abort();
        await assert.rejects(running, Cancelled);
        assert(!(await names(id)).includes("sleep"), command);
      }
    });

    it("is not begun when it is cancelled before", async () => {
      const id = await box();
      await assert.rejects(runInside(tools, argv(id, "touch /tmp/begun"), AbortSignal.abort()), Cancelled);
      assert.equal(await inside(id, "ls /tmp"), "");
    });

    it("whose container stops is told as that", async () => {
      const id = await runBox(lab, "stopping");
      const said = sentenceOf(runInside(tools, argv(id, "sleep 1000"), never));
      await until("sleep", async () => (await names(id)).includes("sleep"));
      await api(lab, "POST", `/containers/${id}/kill`);
      assert.equal(await said, "stopping is exited: 'sleep 1000' could not run to its end.");
      assert.equal(
        await sentenceOf(runInside(tools, argv("nobody", "true"), never)),
        "There is no container 'nobody' on this engine.",
      );
    });

    it("whose engine goes away is told as that", async () => {
      const id = await box();
      const result = runInside(tools, argv(id, "sleep 1000"), never).catch((error: unknown) => error);
      await until("sleep", async () => (await names(id)).includes("sleep"));
      process.kill(lab.pid, "SIGKILL");
      const error = await result;
      await lab.stop();
      await lab.start();
      assert(error instanceof EngineGoneError && error instanceof UserError, String(error));
    });
  });
});

/** Does not wait as long as a driver may take. */
function impatient(cli: Tools["cli"]): Tools["cli"] {
  return {
    ...cli,
    probe: async (args, ...rest) =>
      cli.probe(
        args.map((arg) => (arg === "1000" ? "10" : arg)),
        ...rest,
      ),
  };
}
