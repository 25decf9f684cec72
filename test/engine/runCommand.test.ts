import assert from "node:assert/strict";
import { execa } from "execa";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, runCommandLines } from "../../src/core/dockerRun.ts";
import { parseRun } from "../../src/core/parseRun.ts";
import { isAtLeast } from "../../src/core/runFromInspect.ts";
import { secretEnv } from "../../src/core/runSpec.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { EngineRun } from "../../src/engine/readRun.ts";
import type { LabEngine } from "../lab/engine.ts";
import { api, freshName, removeContainers, toolsFor, useEngine } from "./support.ts";
import { combinations, defaults, webDockerfile, type Combination } from "./runFlags.ts";

const engineName = process.env.BERTH_TEST_ENGINE_NAME ?? "main";
const busybox = "berth-lab/busybox:1";

let lab: LabEngine;
let engine: Engine;
let apiVersion = "";
let cgroups = "";

before(async function () {
  this.timeout(180_000);
  lab = await useEngine(engineName);
  ({ engine } = await toolsFor(lab.env));
  apiVersion = (JSON.parse(await api(lab, "GET", "/version")) as { ApiVersion: string }).ApiVersion;
  cgroups = (JSON.parse(await api(lab, "GET", "/info")) as { CgroupVersion: string }).CgroupVersion;
  const context = await mkdtemp(join(tmpdir(), "berth-roundtrip-"));
  await writeFile(join(context, "Dockerfile"), webDockerfile);
  await execa("docker", ["build", "--quiet", "--tag", "berth-lab/roundtrip:1", context], {
    env: { ...lab.env, DOCKER_BUILDKIT: "0" },
    extendEnv: false,
  });
  await rm(context, { recursive: true });
  await mkdir("/tmp/berth-a:b,c", { recursive: true }); // --mount wants it there
  for (const name of ["db", "other"]) await lab.docker("create", "--name", name, "-v", "/shared", busybox, "sleep", "1000");
  for (const [name, subnet] of [
    ["net-a", "10.199.1.0/24"],
    ["net-b", "10.199.2.0/24"],
    ["net-c", "10.199.3.0/24"],
  ] as const) {
    await lab.docker("network", "rm", name).catch(() => undefined);
    const six = name === "net-a" ? ["--ipv6", "--subnet", "fd00:199::/64"] : [];
    await lab.docker("network", "create", "--subnet", subnet, ...six, name);
  }
});

afterEach(async () => {
  const ids = (await lab.docker("ps", "--all", "--quiet", "--filter", "name=^/(rt|default)-")).split("\n").filter(Boolean);
  if (ids.length > 0) await lab.docker("rm", "--force", "--volumes", ...ids);
});

after(async () => {
  await removeContainers(lab);
  engine?.close();
  for (const folder of ["/tmp/berth-a:b,c", "/tmp/berth-round-trip"]) await rm(folder, { recursive: true, force: true });
  await lab?.docker("network", "rm", "net-a", "net-b", "net-c");
  await lab?.docker("image", "rm", "berth-lab/roundtrip:1");
  const volumes = (await lab.docker("volume", "ls", "--quiet")).split("\n").filter(Boolean);
  if (volumes.length > 0) await lab.docker("volume", "rm", ...volumes);
});

const isFor = ({ since = "0", until = "999.0" }: Combination) => isAtLeast(apiVersion, since) && isAtLeast(until, apiVersion);

async function create({ options, image = busybox, command = [], env = {} }: Combination, name: string): Promise<void> {
  const from = image === "ID" ? await lab.docker("image", "inspect", "--format", "{{.Id}}", busybox) : image;
  await execa("docker", ["create", "--name", name, ...options, from, ...command], {
    env: { ...lab.env, ...env },
    extendEnv: false,
  });
}

async function runOf(name: string): Promise<EngineRun> {
  const run = await engine.runOf(name);
  assert(run, `there is no container ${name}`);
  return run;
}

/** Pastes the command into a shell: the container is made under another name, and not started. */
async function paste(text: string, from: string, to: string, env: NodeJS.ProcessEnv): Promise<void> {
  const script = text.replace(/^docker run -d/m, "docker create --pull=never").replaceAll(from, to);
  await execa("sh", ["-s"], { input: script, env: { ...lab.env, ...env }, extendEnv: false });
}

type Json = Record<string, unknown>;

/** An inspect without id, name and times, without what the engine derives from them, and without the order of what has none. */
async function comparable(name: string): Promise<Json> {
  const text = await api(lab, "GET", `/containers/${name}/json`);
  const { Id } = JSON.parse(text) as { Id: string };
  const json = JSON.parse(text.replaceAll(Id, "ID").replaceAll(Id.slice(0, 12), "ID").replaceAll(name, "NAME")) as Json & {
    Config: Json;
    HostConfig: Json;
    NetworkSettings: { Networks: Record<string, Json> };
    Mounts: { Name?: string; Source: string; Destination: string }[];
  };
  for (const key of ["Created", "State", "GraphDriver", "RestartCount"]) delete json[key];
  // The command line hands -v over in any order, and the words of one have none either.
  const binds = (json.HostConfig.Binds ?? []) as string[];
  json.HostConfig.Binds = binds
    .map((bind) =>
      bind
        .split(":")
        .map((part, n) => (n === 2 ? part.split(",").sort().join() : part))
        .join(":"),
    )
    .sort();
  for (const mount of json.Mounts) {
    // An anonymous volume has a name of its own.
    if (/^[0-9a-f]{64}$/.test(mount.Name ?? "")) Object.assign(mount, { Name: "ANONYMOUS", Source: "" });
  }
  (json.HostConfig.Links as string[] | null)?.sort();
  json.Mounts.sort((a, b) => (a.Destination < b.Destination ? -1 : 1));
  // Of a variable that was taken away, of one that came from the environment, of an image's: the order is none.
  json.Config.Env = ((json.Config.Env ?? []) as string[]).toSorted();
  return json;
}

describe("container → command → container", () => {
  for (const combination of combinations) {
    it(combination.title, async function () {
      if (!isFor(combination)) return this.skip(); // another engine's
      const [first, second, third] = [freshName("rt-a"), freshName("rt-b"), freshName("rt-c")];
      await create(combination, first);
      const { spec, oneNetwork, notes } = await runOf(first);
      const env = { ...combination.env };
      for (const [name, text] of [
        [second, runCommandLines(spec, { oneNetwork })],
        [third, runCommand(spec, { oneNetwork })],
      ] as const) {
        await paste(text, first, name, env);
        assert.deepEqual(await comparable(name), await comparable(first), text);
      }
      const withoutSecrets = {
        ...spec,
        ...(spec.env
          ? {
              env: Object.fromEntries(
                Object.entries(spec.env).map(([key, value]) => [key, key in secretEnv(spec) ? null : value]),
              ),
            }
          : {}),
      };
      if (!oneNetwork || (spec.networks?.length ?? 0) < 2)
        assert.deepEqual(parseRun(runCommand(spec, { oneNetwork })), { spec: withoutSecrets, notes: [] });
      for (const secret of Object.values(secretEnv(spec)))
        assert.ok(!(runCommand(spec) + notes.join()).includes(secret), "a secret is shown");
    });
  }
});

describe("a command says nothing of what is a default:", () => {
  for (const combination of defaults) {
    it(combination.title, async function () {
      const name = freshName("default");
      const options = combination.options.includes("--cgroupns")
        ? ["--cgroupns", cgroups === "2" ? "private" : "host"]
        : combination.options;
      await create({ ...combination, options }, name);
      const { spec, notes } = await runOf(name);
      assert.deepEqual([runCommand(spec), notes], [`docker run -d --name ${name} ${combination.image ?? busybox}`, []]);
    });
  }
});
