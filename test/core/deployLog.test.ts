import assert from "node:assert/strict";
import { renderDeployLog, renderImageLog, type DeployRecord } from "../../src/core/deployLog.ts";
import type { Plan, Step } from "../../src/core/plan.ts";

const at = (ms: number) => new Date(Date.UTC(2026, 10, 21, 9, 30, 0) + ms);
const create: Step = { kind: "create", argv: ["create", "--name", "web", "debian:12"], cause: "no container is named web" };
const start: Step = { kind: "start", argv: ["start", "web"], cause: "web does not run" };
const running: Step = { kind: "running", cause: "a program can fail as soon as it starts" };
const plan: Plan = { title: "Deploy web", steps: [create, start, running], container: { name: "web" }, basis: {} };
const record: DeployRecord = {
  plan,
  started: at(0),
  finished: at(2340),
  outcome: "succeeded",
  settings: { Berth: "0.1.0", Context: "default (unix:///var/run/docker.sock)", User: "" },
  runCommand: "docker run -d \\\n  --name web \\\n  debian:12",
  steps: [
    { step: create, started: at(0), finished: at(120), outcome: "done", detail: "5f57956e7fc4" },
    { step: start, started: at(120), finished: at(1300), outcome: "done" },
    { step: running, started: at(1300), finished: at(2340), outcome: "done" },
  ],
};

describe("the deployment log", () => {
  it("of a deploy that succeeded tells everything", () => {
    const health = { verdict: "ok", detail: "The container holds 1 GPU, and it answers." } as const;
    assert.equal(
      renderDeployLog({ ...record, health, container: "web (5f57956e7fc4)" }),
      `# Deploy web: succeeded

- Started: 2026-11-21T09:30:00.000Z
- Took: 2.3 s
- Container: web (5f57956e7fc4)
- Berth: 0.1.0
- Context: default (unix:///var/run/docker.sock)
- User: ?
- GPU: ok (The container holds 1 GPU, and it answers.)

## Command

\`\`\`sh
docker run -d \\
  --name web \\
  debian:12
\`\`\`

## Steps

1. docker create --name web debian:12: done in 0.1 s, because no container is named web (5f57956e7fc4)
2. docker start web: done in 1.2 s, because web does not run
3. wait until it runs: done in 1.0 s, because a program can fail as soon as it starts
`,
    );
  });

  it("of one that failed tells what went wrong once, and which steps did not run", () => {
    const error = "Port 8080 is taken on the engine's machine: choose another one.";
    const failed = { step: start, started: at(120), finished: at(500), outcome: "failed" as const, detail: error };
    const text = renderDeployLog({ ...record, outcome: "failed", steps: [record.steps[0]!, failed], error });
    assert.equal(text.split("\n")[0], "# Deploy web: failed");
    assert.equal(
      text.slice(text.indexOf("## Steps")),
      `## Steps

1. docker create --name web debian:12: done in 0.1 s, because no container is named web (5f57956e7fc4)
2. docker start web: failed in 0.4 s, because web does not run
3. wait until it runs: not run

## Error

\`\`\`text
Port 8080 is taken on the engine's machine: choose another one.
\`\`\`
`,
    );
  });

  it("of one that was cancelled before its first step has no error", () => {
    const text = renderDeployLog({ ...record, outcome: "cancelled", steps: [] });
    assert.match(text, /^# Deploy web: cancelled\n/);
    assert.match(text, /^1\. docker create --name web debian:12: not run$/m);
    assert.ok(!text.includes("## Error"));
  });

  it("tells what was to be known before", () => {
    const text = renderDeployLog({ ...record, plan: { ...plan, notes: ["'depends_on' is not acted on.", "One more."] } });
    assert.ok(text.includes("\n## Notes\n\n- 'depends_on' is not acted on.\n- One more.\n\n## Steps\n"), text);
  });

  it("says that GPUs were not checked", () => assert.match(renderDeployLog(record), /^- GPU: not checked$/m));

  it("keeps a container's last words in their block, whatever they are", () => {
    const error = "web exited at once. Its last log lines:\n```\n# Deploy web: succeeded\n````";
    const text = renderDeployLog({ ...record, outcome: "failed", error });
    assert.ok(text.endsWith(`\n\`\`\`\`\`text\n${error}\n\`\`\`\`\`\n`));
  });

  it("of one whose image could not be had tells the command, what it said, and what went wrong", () => {
    const { started, finished, settings } = record;
    const text = renderImageLog({
      ...{ name: "web", started, finished, outcome: "failed", settings },
      command: "docker pull nobody/nothing:9",
      output: "Error response from daemon: pull access denied\n```",
      error: "There is no image 'nobody/nothing:9' on this engine.",
    });
    assert.equal(
      text,
      `# Deploy web: failed

- Started: 2026-11-21T09:30:00.000Z
- Took: 2.3 s
- Berth: 0.1.0
- Context: default (unix:///var/run/docker.sock)
- User: ?

## Command

\`\`\`sh
docker pull nobody/nothing:9
\`\`\`

## Output

\`\`\`\`text
Error response from daemon: pull access denied
\`\`\`
\`\`\`\`

## Error

\`\`\`text
There is no image 'nobody/nothing:9' on this engine.
\`\`\`
`,
    );
  });
});
