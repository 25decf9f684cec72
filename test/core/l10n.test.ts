// That Berth can be translated: what people see goes through l10n, and translators find it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { containerRows } from "../../src/core/containerRows.ts";
import { renderDeployLog } from "../../src/core/deployLog.ts";
import type { Container, Details } from "../../src/core/engineJson.ts";
import { missingImage } from "../../src/core/explain.ts";
import { chooseFree } from "../../src/core/freeGpus.ts";
import { parseGpus } from "../../src/core/gpu.ts";
import { hostHealth, withoutGpus } from "../../src/core/gpuHealth.ts";
import * as l10n from "../../src/core/l10n.ts";
import { deploySpec, planDeploy } from "../../src/core/plan.ts";
import { renderRows } from "../../src/core/rows.ts";
import { initialState } from "../../src/core/state.ts";

const root = join(import.meta.dirname, "../..");

describe("the texts of package.json", () => {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const nls = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")) as Record<string, string>;

  it("are those of package.nls.json", () => {
    const keys = Array.from(manifest.matchAll(/"%([^%"]+)%"/g), ([, key]) => key!);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(nls).sort());
  });

  it("stand nowhere in package.json itself", () => {
    const { contributes } = JSON.parse(manifest) as { contributes: unknown };
    const plain: string[] = [];
    const look = (value: unknown, key: string): void => {
      if (Array.isArray(value)) value.forEach((item) => look(item, key));
      else if (typeof value === "object" && value !== null) Object.entries(value).forEach(([name, item]) => look(item, name));
      else if (/^(title|name|contents|description|markdownDescription|enumDescriptions|label)$/.test(key))
        plain.push(String(value));
    };
    look(contributes, "");
    // The product's own name is no text.
    assert.deepEqual(
      plain.filter((text) => !/^%.+%$/.test(text) && text !== "Berth"),
      [],
    );
  });
});

describe("the texts of the sources", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && name !== "core/l10n.ts")
    .map((name) => ({ name, text: readFileSync(join(root, "src", name), "utf8") }));
  const bundle = JSON.parse(readFileSync(join(root, "l10n/bundle.l10n.json"), "utf8")) as Record<string, string>;
  /** `core/explain.ts: new UserError("…` for each place where a text has what it must not. */
  const places = (wrong: RegExp) =>
    sources.flatMap(({ name, text }) => Array.from(text.matchAll(wrong), ([found]) => `${name}: ${found}`));

  it("are those of l10n/bundle.l10n.json", () => {
    const calls = sources.flatMap(({ text }) =>
      Array.from(text.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g), ([, literal]) => literal!),
    );
    const texts = [...new Set(calls.map((literal) => JSON.parse(literal) as string))].sort();
    assert.deepEqual(Object.keys(bundle), texts, "l10n/bundle.l10n.json is out of date: run 'npm run l10n'.");
  });

  it("stand in calls that VS Code's tool finds: l10n.t of one literal, and no other name for it", () => {
    assert.deepEqual(places(/l10n\.t\((?!\s*"(?:[^"\\]|\\.)*"\s*[,)]).*/g), []);
    assert.deepEqual(places(/.*\bl10n\b(?!\.(?:t|config)\(|\.(?:bundle|ts)\b| from ").*/g), []);
    assert.deepEqual(places(/.*(?<!\* as l10n )from "[^"]*\/l10n\.ts".*/g), []);
  });

  it("are no bare literals where people read them", () => {
    // A letter begins a text; `$(chip) GPU` and other names of things are none.
    const error = /new (?!Error\b)\w*Error\(\s*(?:\w+, )?["`](?:[A-Za-z']|\$\{\w+\} [a-z]).*/g;
    const shown =
      /\b(?:title|label|detail|description|placeHolder|prompt|openLabel|tooltip|question|reason|doing|done): ["`][A-Za-z'].*/g;
    const call =
      /(?:notify\.\w+|show\w+Message|setStatusBarMessage|alone|confirm|pick|pickMany|pickSome)\((?:place, )?["`][A-Za-z'].*/g;
    assert.deepEqual([...places(error), ...places(shown), ...places(call)], []);
  });
});

const ended: Details = {
  ...{ exitCode: 0, oomKilled: false, running: false, restarting: false, error: "", gpus: "none" },
  ...{ mounts: [], env: [], user: "", workingDir: "", entrypoint: [], command: [] },
};

/** Every text in brackets. */
describe("in another language", () => {
  before(() => {
    const texts = Object.keys(JSON.parse(readFileSync(join(root, "l10n/bundle.l10n.json"), "utf8")) as object);
    l10n.config(Object.fromEntries(texts.map((text) => [text, `[${text}]`])));
  });
  after(() => l10n.config({}));

  it("errors", () => {
    assert.equal(
      missingImage("debian:12"),
      "[There is no image 'debian:12' on this engine: pull it with 'docker pull debian:12', or choose one from the Images view.]",
    );
    assert.throws(() => chooseFree(2, [], [], 0), {
      message: "[[2 free GPUs were asked for], and there is none on this machine: deploy without GPUs.]",
    });
  });

  it("verdicts, and what follows from them", () => {
    const denied = { exitCode: 4, stdout: "", stderr: "Failed to initialize NVML: Insufficient Permissions", timedOut: false };
    const detail =
      "[This user may not use the GPU: the mode of /dev/nvidia* or SELinux denies it (often a missing group: video or render).]";
    assert.deepEqual(withoutGpus(denied), { state: "error", health: { verdict: "absent", detail, answered: true } });
    const lost = parseGpus("Unable to determine the device handle for GPU0000:65:00.0: Unknown Error", []);
    assert.deepEqual(
      lost.map(({ problems }) => problems),
      [[{ severity: "error", text: "[is lost]" }]],
    );
    assert.equal(hostHealth(lost).verdict, "lost");
  });

  it("rows, with their groups, tooltips and what a screen reader says; names and numbers are as they were", () => {
    const now = Date.UTC(2026, 10, 21, 12);
    const box: Container = {
      ...{ id: "b0", name: "box", image: "debian:12", imageId: "", state: "exited", status: "", created: now - 86_400_000 },
      ...{
        ports: [{ container: 80, protocol: "tcp" }],
        labels: { "dev.berth.v": "1" },
        details: { ...ended, finishedAt: now - 5000 },
      },
    };
    const [group] = containerRows({ ...initialState, containers: [box] }, now);
    assert.equal(
      renderRows([group!]),
      "[Stopped]  1\n  box  debian:12 · [[stopped] [5 s] ago]\n    80/tcp  [not published]\n    [Created by Berth, [1 day] ago]\n",
    );
    assert.equal(group?.accessibilityLabel, "[Stopped], [1 container]");
    assert.deepEqual([group?.id, group?.children?.map(({ menu }) => menu)], ["group:Stopped", ["container.stopped"]]);
    assert.equal(
      group?.children?.[0]?.tooltip,
      "box\n[Image: debian:12]\n[State: [[stopped] [5 s] ago]]\n[Id: b0]\n[Created by Berth, [1 day] ago]",
    );
  });

  it("nothing of the deployment log but what the user was told", () => {
    const spec = deploySpec({ image: "debian:12", name: "box", mounts: [], gpus: "none" }, { entrypoint: [] }, "ann");
    const plan = planDeploy(spec, "sha256:1", { start: true });
    assert.equal(plan.title, "[Deploy box]");
    const text = renderDeployLog({
      ...{ plan, started: new Date(0), finished: new Date(1000), outcome: "failed", settings: {}, runCommand: "docker run x" },
      ...{ steps: [], error: missingImage("x") },
    });
    assert.deepEqual(
      text.split("\n").filter((line) => line.includes("[")),
      [missingImage("x")],
    );
  });
});
