import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNvidiaSmi } from "../../src/engine/nvidiaSmi.ts";

// Stand-ins: small sh scripts in the place of nvidia-smi, run for real. Each run leaves its arguments in `calls`.
let folder: string;
const calls = () => (existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n") : []);
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

function install(script: string): void {
  const path = join(folder, "nvidia-smi");
  writeFileSync(path, `#!/bin/sh\ncd ${folder}\necho "$*" >> calls\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Answers from files, as the real one does: unknown fields are refused. The first and the last row can be changed between calls. */
function installWorking(): void {
  write(
    "help",
    ["index", "uuid", "driver_version", "utilization.gpu", "name"].map((field) => `"${field}"\nAbout it.\n`).join("\n"),
  );
  write("row", "0, GPU-a, 550.163.01, 41, NVIDIA H100\n");
  install(`
case "$1" in
  --help-query-gpu) /bin/cat help ;;
  -L) /bin/cat list ;;
  *retired*) if [ -e old ]; then /bin/cat row; else echo 'Field "retired_pages.pending" is not a valid field to query.'; exit 2; fi ;;
  *) /bin/cat row ;;
esac`);
}

const create = (timeoutMs = 10_000) => createNvidiaSmi({ timeoutMs: () => timeoutMs, env: { PATH: folder } });

describe("this machine's GPUs", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "berth-smi-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are read, and the fields are learnt only once", async () => {
    installWorking();
    const smi = create();
    const first = await smi.read();
    assert.equal(first.state === "known" && first.gpus[0]?.utilization, 41);
    write("row", "0, GPU-a, 550.163.01, 7, NVIDIA H100\n");
    const second = await smi.read();
    assert.equal(second.state === "known" && second.gpus[0]?.utilization, 7);
    assert.deepEqual(calls(), [
      "--help-query-gpu",
      "--query-gpu=index,uuid,driver_version,utilization.gpu,name --format=csv,noheader,nounits",
      "--query-gpu=index,uuid,driver_version,utilization.gpu,name --format=csv,noheader,nounits",
    ]);
    assert.deepEqual(await smi.check(), { verdict: "ok", detail: "1 GPU answers." });
  });

  it("are read by one process for all who ask at the same time", async () => {
    installWorking();
    const smi = create();
    const [one, two, health] = await Promise.all([smi.read(), smi.read(), smi.check()]);
    assert.deepEqual(one, two);
    assert.equal(health.verdict, "ok");
    assert.equal(calls().length, 2);
  });

  it("are read one process after the other", async () => {
    installWorking();
    write("row", "0, GPU-a, 550.163.01, 41, NVIDIA H100\n");
    const working = readFileSync(join(folder, "nvidia-smi"), "utf8").split("\n").slice(3).join("\n");
    install(`/bin/mkdir busy || { echo "not alone" >> calls; exit 1; }\n${working}\n/bin/rmdir busy`);
    const smi = create();
    const [gpus, health] = await Promise.all([smi.read(), smi.check()]);
    assert.equal(gpus.state, "known");
    assert.equal(health.verdict, "ok");
    assert.ok(!calls().includes("not alone"));
  });

  it("are still read when a driver update took a field away: the fields are learnt again", async () => {
    installWorking();
    write("old", "");
    write("help", '"uuid"\n\n"retired_pages.pending"\n\n"name"\n');
    write("row", "0, GPU-a, No, NVIDIA H100\n");
    const smi = create();
    assert.equal((await smi.read()).state, "known");
    rmSync(join(folder, "old"));
    write("help", '"uuid"\n\n"utilization.gpu"\n\n"name"\n');
    write("row", "0, GPU-a, 41, NVIDIA H100\n");
    const gpus = await smi.read();
    assert.equal(gpus.state === "known" && gpus.gpus[0]?.utilization, 41);
  });

  it("have the fields of a driver that replaced the one they were learnt from", async () => {
    installWorking();
    const smi = create();
    await smi.read();
    write("row", "0, GPU-a, 590.48.01, 41, NVIDIA H100\n");
    await smi.read();
    write("help", '"driver_version"\n\n"temperature.gpu"\n');
    write("row", "0, GPU-a, 590.48.01, 52, NVIDIA H100\n");
    const gpus = await smi.read();
    assert.equal(gpus.state === "known" && gpus.gpus[0]?.temperature, 52);
  });

  it("have their MIG devices, for which one more run is made", async () => {
    installWorking();
    write("help", '"mig.mode.current"\n');
    write("row", "0, GPU-a, Enabled, NVIDIA H200\n");
    write("list", "GPU 0: NVIDIA H200 (UUID: GPU-a)\n  MIG 1g.18gb     Device  0: (UUID: MIG-b)\n");
    const gpus = await create().read();
    assert.deepEqual(gpus.state === "known" && gpus.gpus[0]?.mig, [{ uuid: "MIG-b", profile: "1g.18gb", index: 0 }]);
  });

  it("are shown when one of them is lost and only stderr says so", async () => {
    installWorking();
    const script = readFileSync(join(folder, "nvidia-smi"), "utf8");
    install(
      script.split("\n").slice(3).join("\n") +
        '\ncase "$1" in --query-gpu=*)\necho "Unable to determine the device handle for GPU1: 0000:44:00.0: Unknown Error" >&2; exit 255;; esac',
    );
    const smi = create();
    const gpus = await smi.read();
    assert.deepEqual(
      gpus.state === "known" && gpus.gpus.map(({ index, problems }) => [index, ...problems.map(({ text }) => text)]),
      [[0], [1, "is lost"]],
    );
    assert.equal((await smi.check()).verdict, "lost");
  });

  it("are none without nvidia-smi, and found once it is installed", async () => {
    const smi = create();
    assert.equal((await smi.read()).state, "none");
    assert.equal((await smi.check()).verdict, "absent");
    installWorking();
    assert.equal((await smi.read()).state, "known");
  });

  it("are a fault to show when the driver does not fit", async () => {
    install('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    const gpus = await create().read();
    assert.equal(gpus.state === "error" && gpus.health.verdict, "mismatch");
  });

  it("do not answer when nvidia-smi hangs; when it answers again so does Berth", async () => {
    install("exec /bin/sleep 1000");
    let timeoutMs = 50;
    const smi = createNvidiaSmi({ timeoutMs: () => timeoutMs, env: { PATH: folder } });
    const gpus = await smi.read();
    assert.equal(gpus.state === "error" && gpus.health.verdict, "unresponsive");
    timeoutMs = 10_000;
    installWorking();
    // The killed process is gone at once, or a little later: until then no other is started.
    let again = await smi.read();
    for (const end = Date.now() + 1500; again.state !== "known" && Date.now() < end;) {
      await new Promise(setImmediate);
      again = await smi.read();
    }
    assert.equal(again.state, "known");
  });

  it("do not keep waiting one who gave up", async () => {
    install("exec /bin/sleep 1000");
    const smi = create(300);
    const other = smi.read();
    const aborting = new AbortController();
    const mine = smi.read(aborting.signal);
    aborting.abort(new Error("enough"));
    await assert.rejects(mine, /enough/);
    assert.equal((await other).state, "error");
    await assert.rejects(smi.read(aborting.signal), /enough/);
  });

  it("do not fill the memory when nvidia-smi chatters without end", async () => {
    install("while :; do echo 0123456789012345678901234567890123456789; done");
    const gpus = await create().read();
    assert.equal(gpus.state === "error" && gpus.health.verdict, "unresponsive");
  });

  it("are not waited for, nor asked again, while a hung driver keeps nvidia-smi from dying", async function () {
    // A frozen process of a v1 freezer cgroup does not die of SIGKILL either, like one in state D.
    const freezer = `/sys/fs/cgroup/freezer/berth-${process.pid}`;
    try {
      mkdirSync(freezer);
    } catch {
      this.skip();
    }
    try {
      install(`echo $$ > ${freezer}/tasks\necho FROZEN > ${freezer}/freezer.state\necho thawed`);
      const smi = create(300);
      assert.equal((await smi.read()).state, "error");
      assert.equal((await smi.check()).verdict, "unresponsive");
      assert.deepEqual(calls(), ["--help-query-gpu"]);
    } finally {
      writeFileSync(`${freezer}/freezer.state`, "THAWED");
      for (const end = Date.now() + 1000; readFileSync(`${freezer}/tasks`, "utf8") !== "" && Date.now() < end;) {
        await new Promise(setImmediate);
      }
      rmdirSync(freezer);
    }
  });
});
