import { strict as assert } from "node:assert";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

interface Launched {
  outcome: string;
  container: { id: string; name: string };
  log: string;
}

const launch = (keys: object) => berth<Launched>("launch", { confirm: false, ...keys });
const inside = (name: string, script: string) => docker("exec", name, "sh", "-c", script);
const names = async (name: string) =>
  (await docker("ps", "--all", "--filter", `name=^/${name}`, "--format", "{{.Names}}")).split("\n").filter(Boolean);
const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await look());) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

describe("berth.launch of what is being launched, or did not get up", () => {
  let name = "";
  let folder = "";
  /** What the container sees as /data. */
  let data = "";
  const go = () => writeFile(join(data, "go"), "");
  const waiting = "echo begun >>/data/begun; while [ ! -e /data/go ]; do sleep 0.1; done";
  const write = (...lines: string[]) =>
    writeFile(
      join(folder, "compose.yaml"),
      [
        `services:\n  box:\n    image: berth-lab/busybox:1\n    container_name: ${name}\n    volumes: ["./data:/data"]`,
        ...lines.map((line) => `    ${line}`),
        "",
      ].join("\n"),
    );

  before(() => removeAll());
  beforeEach(async () => {
    name = fresh("again");
    folder = await mkdtemp(join(tmpdir(), "suite-"));
    data = join(folder, "data");
    await mkdir(data);
  });
  afterEach(async () => {
    await removeAll();
    await rm(folder, { recursive: true, force: true });
  });
  const busy = () => `${name} is being launched right now: wait until it is done, or cancel it.`;

  it("the same container is refused until it is up; one beside it is not", async () => {
    await write(`x-berth: { setup: ["${waiting}"] }`);
    const first = launch({ project: folder });
    await until("its setup", () => isThere(join(data, "begun")));
    for (const existing of [undefined, "reuse", "revive", "restart"])
      assert.equal(await rejection(launch({ project: folder, ...(existing === undefined ? {} : { existing }) })), busy());
    assert.equal(await rejection(berth("reuse", { project: folder, container: name, confirm: false })), busy());
    assert.deepEqual(await names(name), [name]);

    const second = launch({ project: folder, existing: "parallel" });
    await until("the setup of the other", async () => /begun\nbegun/.test(await readFile(join(data, "begun"), "utf8")));
    await go();
    assert.deepEqual([(await first).outcome, (await second).outcome], ["created", "parallel"]);
    assert.equal((await launch({ project: folder, existing: "reuse" })).container.id, (await first).container.id);
  });

  it("of two at once that reuse it one does, and the other is refused", async () => {
    await write();
    const { container } = await launch({ project: folder });
    await write(`x-berth: { prepare: ["${waiting}"] }`);
    const both = [1, 2].map(() => launch({ project: folder, existing: "reuse" }));
    assert.equal(await Promise.race(both.map(rejection)), busy());
    await go();
    const done = (await Promise.allSettled(both)).flatMap((one) => (one.status === "fulfilled" ? [one.value.container] : []));
    assert.deepEqual(done, [container]);
    assert.equal(await readFile(join(data, "begun"), "utf8"), "begun\n");
  });

  it("one that exited before its setup is set up when it is reused, and only then", async () => {
    const command = 'command: ["sh", "-c", "test -e /data/go || exit 3; sleep 1000"]';
    await write(command, 'x-berth: { setup: ["echo one >>/set-up", "echo two >>/set-up"] }');
    assert.match(await rejection(launch({ project: folder })), new RegExp(`^${name} exited at once with exit code 3 `));
    assert.equal(await state(name), "exited");

    await go();
    const reuse = async () => readFile((await launch({ project: folder, existing: "reuse" })).log, "utf8");
    const log = await reuse();
    assert.equal(await inside(name, "cat /set-up"), "one\ntwo");
    const note = `${name} was not set up to the end when it was created: its setup is done now, from the beginning.`;
    assert.ok(log.includes(note), log);
    assert.ok(!log.includes("- setup: skipped"), log);

    const again = await reuse();
    assert.ok(again.includes(`- setup: skipped, because it was done when ${name} was created`), again);
    assert.ok(!again.includes("was not set up"), again);
    assert.equal(await inside(name, "cat /set-up"), "one\ntwo");
  });

  it("one whose setup fails at its reuse is set up by the next one, from the beginning", async () => {
    const command = 'command: ["sh", "-c", "test -e /data/go || exit 3; sleep 1000"]';
    const last = (step: string) => write(command, `x-berth: { setup: ["echo one >>/set-up", "${step}"] }`);
    await last("exit 7");
    assert.match(await rejection(launch({ project: folder })), /exit code 3/);
    await go();
    assert.match(await rejection(launch({ project: folder, existing: "reuse" })), /exit code 7/);
    await last("echo two >>/set-up");
    assert.equal((await launch({ project: folder, existing: "reuse" })).outcome, "reused");
    assert.equal(await inside(name, "cat /set-up"), "one\none\ntwo");
  });
});
