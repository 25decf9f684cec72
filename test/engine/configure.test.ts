import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Edit } from "../../src/core/compose/deployment.ts";
import { Cancelled, EngineGoneError } from "../../src/core/errors.ts";
import { configure, writeBack, writeSecretFiles } from "../../src/engine/configure.ts";
import type { Tools } from "../../src/engine/execute.ts";
import type { LabEngine } from "../lab/engine.ts";
import { perceptionFiles } from "../lab/perception.ts";
import { createBox, freshName, removeContainers, runBox, sentenceOf, toolsFor, useEngine } from "./support.ts";

const never = new AbortController().signal;
const main = "/opt/app/main.txt";
const mainText = perceptionFiles["main.txt"];

describe("configuration inside a container", function () {
  let lab: LabEngine;
  let tools: Tools;
  let folder: string;
  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("app", ["busybox", "user", "perception", "no-shell"]);
    tools = await toolsFor(lab.env);
  });
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "berth-configure-"))));
  afterEach(async () => {
    await removeContainers(lab);
    rmSync(folder, { recursive: true, force: true });
  });

  const box = async (image = "perception", config: object = {}) =>
    runBox(lab, freshName(), { Image: `berth-lab/${image}:1`, ...config });
  const inside = async (id: string, command: string) => lab.docker("exec", "-u", "0", id, "sh", "-c", command);
  const ini = (file: string, set: Edit["set"]): Edit => ({ file, format: "ini", set });
  const port = { "http-server.http-port": "9001" };

  it("changes the named keys and nothing else, and can be put back", async () => {
    const id = await box();
    const written = await configure(tools, id, [ini(main, { ...port, "streammux.batch-size": 4 })], never);
    const after = mainText.replace("http-port=9000 ", "http-port=9001 ").replace("batch-size=1\n", "batch-size=4\n");
    assert.deepEqual(written, [{ file: main, before: mainText, after }]);
    assert.equal(await inside(id, `cat ${main}`), after.trimEnd());
    await writeBack(tools, id, written);
    assert.equal(await inside(id, `cat ${main}`), mainText.trimEnd());
    assert.equal(await inside(id, "ls -A /opt/app /tmp /dev/shm"), "/dev/shm:\n\n/opt/app:\nmain.txt\n\n/tmp:");
  });

  it("writes a file that two edits name once, with both, and leaves one alone that is right already", async () => {
    const id = await box();
    await inside(id, "touch -d 2001-01-01 /opt/app/main.txt; cp -p /opt/app/main.txt /opt/app/other.txt");
    const written = await configure(
      tools,
      id,
      [ini(main, port), ini("/opt/app/other.txt", { "http-server.http-port": 9000 }), ini(main, { "sink0.type": "eglsink" })],
      never,
    );
    assert.deepEqual(
      written.map(({ file, before, after }) => [file, before === after]),
      [
        [main, false],
        ["/opt/app/other.txt", true],
      ],
    );
    assert.equal(
      await inside(id, "grep -E '^(type|http-port)' /opt/app/main.txt"),
      "http-port=9001   # where /api/v1/ready answers\ntype=eglsink",
    );
    assert.equal(await inside(id, "date -r /opt/app/other.txt +%Y"), "2001");
  });

  it("keeps owner, mode, links, and every byte that is no UTF-8", async () => {
    const id = await box("user");
    await inside(
      id,
      String.raw`mkdir /cfg; printf '\357\273\277# 20 \260C\r\nport=1\r\n' >/cfg/real; chown 1000:7 /cfg/real; chmod 640 /cfg/real; ln -s real /cfg/link; ln /cfg/real /cfg/hard`,
    );
    const [written] = await configure(tools, id, [ini("/cfg/link", { port: 2 })], never);
    assert.equal(
      await inside(id, "od -An -c /cfg/hard | tr -s ' \\n' ' '"),
      ` 357 273 277 # 2 0 260 C \\r \\n p o r t = 2 \\r \\n `,
    );
    assert.equal(await inside(id, "stat -c '%u:%g %a %F' /cfg/real /cfg/link"), "1000:7 640 regular file\n0:0 777 symbolic link");
    await writeBack(tools, id, [written!]);
    assert.match(await inside(id, "od -An -c /cfg/hard | tr -s ' \\n' ' '"), /260 C .* = 1 /);
    const said = await sentenceOf(configure(tools, id, [ini("/cfg/link", { port: "ж" })], never));
    assert.equal(said, "/cfg/link is not UTF-8, so only plain letters can be written to it.");
  });

  it("reaches files and folders that are mounted, and a tmpfs", async () => {
    for (const name of ["one.yaml", "two.json"])
      writeFileSync(join(folder, name), name.endsWith("json") ? '{ "a": 1 }\n' : "a: 1 # one\n");
    const inode = statSync(join(folder, "one.yaml")).ino;
    const Binds = [`${folder}/one.yaml:/etc/one.yaml`, `${folder}:/data`];
    const id = await box("busybox", { HostConfig: { Init: true, Binds, Tmpfs: { "/quick": "" }, ReadonlyRootfs: true } });
    await inside(id, "echo 'a = 1' >/quick/three.toml");
    await configure(
      tools,
      id,
      [
        { file: "/etc/one.yaml", format: "yaml", set: { a: 2 } },
        { file: "/data/two.json", format: "json", set: { a: 2 } },
        { file: "/quick/three.toml", format: "toml", set: { a: 2 } },
      ],
      never,
    );
    assert.deepEqual(
      [
        readFileSync(join(folder, "one.yaml"), "utf8"),
        readFileSync(join(folder, "two.json"), "utf8"),
        await inside(id, "cat /quick/three.toml"),
      ],
      ["a: 2 # one\n", '{ "a": 2 }\n', "a = 2"],
    );
    assert.equal(statSync(join(folder, "one.yaml")).ino, inode);
  });

  it("is done by the container's user where root may not", async () => {
    const id = await box("user", { HostConfig: { Init: true, CapDrop: ["ALL"] } });
    await lab.docker("exec", id, "sh", "-c", "umask 077; mkdir ~/cfg; echo 'a=1' >~/cfg/x.ini");
    await configure(tools, id, [ini("/home/dev/cfg/x.ini", { a: 2 })], never);
    assert.equal(await lab.docker("exec", id, "cat", "/home/dev/cfg/x.ini"), "a=2");
  });

  describe("writes nothing", () => {
    const nothingWritten = async (edits: readonly Edit[], sentence: RegExp | string) => {
      const id = await box();
      const said = await sentenceOf(configure(tools, id, [ini(main, port), ...edits], never));
      if (typeof sentence === "string") assert.equal(said, sentence);
      else assert.match(said, sentence);
      assert.equal(await inside(id, `cat ${main}`), mainText.trimEnd());
    };
    it("when a key is missing", () =>
      nothingWritten(
        [ini(main, { "http-server.nope": 1 })],
        "/opt/app/main.txt has no key 'http-server.nope': mend 'set' under 'configure', or the file in the image.",
      ));
    it("when a file is missing", () =>
      nothingWritten(
        [ini("/opt/app/nope.ini", port)],
        "There is no file /opt/app/nope.ini in the container: mend 'file' under 'configure', or the image.",
      ));
    it("when a folder stands for a file", () =>
      nothingWritten([ini("/opt/app", port)], "/opt/app cannot be read: Is a directory."));
    it("when it is not what it should be", () =>
      nothingWritten(
        [{ file: main, format: "json", set: { a: 1 } }],
        /^\/opt\/app\/main\.txt cannot be edited: it is not valid JSON/,
      ));
  });

  it("puts back what was written when a later file cannot be", async () => {
    writeFileSync(join(folder, "x.ini"), "a=1\n");
    const id = await box("perception", { HostConfig: { Init: true, Binds: [`${folder}/x.ini:/opt/x.ini:ro`] } });
    const said = await sentenceOf(configure(tools, id, [ini(main, port), ini("/opt/x.ini", { a: 2 })], never));
    assert.equal(said, "/opt/x.ini cannot be written: Read-only file system.");
    assert.equal(await inside(id, `cat ${main}`), mainText.trimEnd());
  });

  it("leaves the old text when the new one breaks off on its way, and when there is no room for it", async () => {
    const id = await box("busybox", {
      HostConfig: { Init: true, Tmpfs: { "/small": "size=64k", "/tmp": "size=64k" }, ShmSize: 65536 },
    });
    await inside(id, "echo 'a=1' >/small/x.ini; seq 10000 | head -c 60000 | sed 's/^/#/' >>/small/x.ini || :");
    const before = await inside(id, "md5sum /small/x.ini");
    const long = "x".repeat(200_000);
    assert.match(
      await sentenceOf(configure(tools, id, [ini("/small/x.ini", { a: long })], never)),
      /^\/small\/x\.ini cannot be written: /,
    );
    assert.equal(await inside(id, "md5sum /small/x.ini"), before);
    // The CLI ends in the middle, as when a window closes: its input comes to an end too early.
    const halved: Tools["cli"] = {
      ...tools.cli,
      stream: async (args, options) =>
        tools.cli.stream(args, options.input === undefined ? options : { ...options, input: options.input.slice(0, 10) }),
    };
    const other = await box();
    const said = await sentenceOf(configure({ cli: halved }, other, [ini(main, port)], never));
    assert.equal(said, "/opt/app/main.txt cannot be written: The new text did not arrive.");
    assert.equal(await inside(other, `cat ${main}`), mainText.trimEnd());
  });

  it("is put back when it is cancelled between two files", async () => {
    const id = await box();
    await inside(id, "cp /opt/app/main.txt /opt/app/other.txt");
    const cancel = new AbortController();
    let writes = 0;
    const cancelling: Tools["cli"] = {
      ...tools.cli,
      stream: async (args, options) => {
        const result = await tools.cli.stream(args, options);
        if (options.input !== undefined && ++writes === 1) cancel.abort();
        return result;
      },
    };
    await assert.rejects(
      configure({ cli: cancelling }, id, [ini(main, port), ini("/opt/app/other.txt", port)], cancel.signal),
      Cancelled,
    );
    assert.equal(writes, 2); // the second puts back
    assert.equal(await inside(id, "cat /opt/app/main.txt"), mainText.trimEnd());
  });

  it("needs a shell, a container that runs, and an engine, and says so", async () => {
    const shellless = await box("no-shell", { Cmd: ["1000"] });
    assert.equal(
      await sentenceOf(configure(tools, shellless, [ini("/x.ini", port)], never)),
      "/x.ini cannot be edited: the image has no shell (sh), which 'configure' needs.",
    );
    assert.match(await sentenceOf(configure(tools, await createBox(lab), [ini("/x.ini", port)], never)), /is not running$/);
    const id = await box();
    await lab.stop();
    const error = await configure(tools, id, [ini(main, port)], never).catch((thrown: unknown) => thrown);
    await lab.start();
    assert(error instanceof EngineGoneError, String(error));
  });

  describe("secrets from variables", () => {
    it("stand in their files when it starts, by nobody's arguments", async () => {
      const seen: string[] = [];
      const cli: Tools["cli"] = {
        ...tools.cli,
        run: async (args, ...rest) => {
          seen.push(...args);
          return tools.cli.run(args, ...rest);
        },
      };
      const id = await createBox(lab, freshName(), { Image: "berth-lab/user:1" });
      const home = await inside(await box("user"), "stat -c '%u:%g %a %n' /home/dev");
      await writeSecretFiles({ cli }, id, [
        { target: "/run/secrets/key", mode: 0o440, uid: "1000", gid: "1000", text: "s3cr3t-value\nof two lines" },
        { target: "/home/dev/deep/down/token", mode: 0o444, text: "t0k3n" },
        { target: "/var/run/secrets/linked", mode: 0o400, uid: "3000000000", text: "" },
      ]);
      assert(!seen.join().includes("s3cr3t"));
      await lab.docker("start", id);
      assert.equal(
        await lab.docker("exec", id, "cat", "/run/secrets/key", "/home/dev/deep/down/token"),
        "s3cr3t-value\nof two linest0k3n",
      );
      assert.equal(
        await inside(
          id,
          "stat -c '%u:%g %a %n' /run/secrets/key /home/dev/deep/down/token /run/secrets/linked /home/dev /home/dev/deep /run",
        ),
        [
          "1000:1000 440 /run/secrets/key",
          "0:0 444 /home/dev/deep/down/token",
          "3000000000:0 400 /run/secrets/linked",
          home,
          "0:0 755 /home/dev/deep",
          "0:0 755 /run",
        ].join("\n"),
      );
    });

    it("cannot stand in one that is read only, and need numbers for owners", async () => {
      const id = await createBox(lab, freshName(), { HostConfig: { ReadonlyRootfs: true } });
      assert.equal(
        await sentenceOf(writeSecretFiles(tools, id, [{ target: "/run/secrets/key", mode: 0o444, text: "s3cr3t" }])),
        "Secrets from variables cannot be written into a container that is read only: take them from files (secrets: … file).",
      );
      assert.equal(
        await sentenceOf(writeSecretFiles(tools, id, [{ target: "/k", mode: 0o444, uid: "dev", text: "s3cr3t" }])),
        "The owner of the secret /k is 'dev': write 'uid' and 'gid' as numbers.",
      );
    });
  });
});
