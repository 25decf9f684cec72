import assert from "node:assert/strict";
import type { Container, Details } from "../../src/core/engineJson.ts";
import {
  deploySpec,
  planDeploy,
  planPause,
  planRename,
  planRestart,
  planRetire,
  planStart,
  planStop,
  planUnpause,
  renderPlan,
  stepTitle,
} from "../../src/core/plan.ts";
import type { DeployAnswers, Plan } from "../../src/core/plan.ts";
import type { GpuRequest } from "../../src/core/runSpec.ts";

const imageId = "sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2";
const answers: DeployAnswers = { image: "debian:12", name: "web", mounts: [], gpus: "none" };

/** A plan's text; the hash over the run spec is tested elsewhere. */
const text = (plan: Plan) => renderPlan(plan).replace(/dev\.berth\.spec=[0-9a-f]{16}/g, "dev.berth.spec=HASH");
const deployed = (change: Partial<DeployAnswers>, entrypoint: string[] = [], reserved: string[] = []) =>
  text(planDeploy(deploySpec({ ...answers, ...change }, { entrypoint }, "ann"), imageId, { start: true, reserved }));
const labels = (name = "web") =>
  `--label dev.berth.v=1 --label dev.berth.name=${name} --label dev.berth.user=ann --label dev.berth.spec=HASH`;

function container(state: string, gpus: GpuRequest = "none", more: Partial<Details> = {}): Container {
  return {
    ...{ id: "5f57956e7fc4", name: "train", image: "pytorch:2.8", imageId, state, status: "", created: 0, ports: [], labels: {} },
    details: { gpus, ...more } as Details,
  };
}

describe("the plan of a deploy", () => {
  it("keeps a container without a command alive", () => {
    assert.equal(
      deployed({}),
      [
        "Deploy web",
        `1. docker create --pull=never --name web ${labels()} --init debian:12 tail -f /dev/null (no container is named web)`,
        "2. look for tail in it (it keeps the container running)",
        "3. docker start web (web does not run)",
        "4. wait until it runs (a program can fail as soon as it starts)",
      ].join("\n"),
    );
  });

  it("replaces an entrypoint that nobody knows by the keep-alive, and checks the GPUs it gave", () => {
    assert.equal(
      deployed({ name: "train", gpus: { ids: ["0", "1"] }, mounts: [{ source: "/home/ann/x", target: "/workspace" }] }, ["vllm"]),
      [
        "Deploy train",
        `1. docker create --pull=never --name train --gpus '"device=0,1"' -v /home/ann/x:/workspace ${labels("train")} ` +
          "--init --entrypoint tail debian:12 -f /dev/null (no container is named train)",
        "2. look for tail in it (it keeps the container running)",
        "3. docker start train (train does not run)",
        "4. wait until it runs (a program can fail as soon as it starts)",
        "5. check its GPUs (it was given GPUs)",
      ].join("\n"),
    );
  });

  it("looks twice whether chosen GPUs are still free: before the start, and after it", () => {
    assert.equal(
      deployed({ command: ["python", "train it.py"], gpus: { ids: ["1"] } }, [], ["1"]),
      [
        "Deploy web",
        `1. docker create --pull=never --name web --gpus '"device=1"' ${labels()} debian:12 python 'train it.py' (no container is named web)`,
        "2. look whether GPU 1 is still its own (another deploy can have chosen the same GPUs)",
        "3. docker start web (web does not run)",
        "4. wait until it runs (a program can fail as soon as it starts)",
        "5. check its GPUs (it was given GPUs)",
        "6. look whether GPU 1 is still its own (two deploys can have looked at the same moment)",
      ].join("\n"),
    );
  });

  it("names all the chosen GPUs", () => {
    const lines = deployed({ command: ["x"], gpus: { ids: ["1", "3"] } }, [], ["1", "3"]).split("\n");
    assert.equal(lines[2], "2. look whether GPUs 1, 3 are still its own (another deploy can have chosen the same GPUs)");
  });

  it("without a keep-alive runs the image's own command, and has no init", () => {
    assert.equal(
      deployed({ keepAlive: false }, ["serve"]),
      [
        "Deploy web",
        `1. docker create --pull=never --name web ${labels()} debian:12 (no container is named web)`,
        "2. docker start web (web does not run)",
        "3. wait until it runs (a program can fail as soon as it starts)",
      ].join("\n"),
    );
  });

  it("takes an empty command for none: keep-alive", () => assert.equal(deployed({ command: [] }), deployed({})));

  it("keeps the user's own labels", () => {
    assert.equal(
      deployed({ keepAlive: false, labels: { team: "a b" } }).split("\n")[1],
      `1. docker create --pull=never --name web --label 'team=a b' ${labels()} debian:12 (no container is named web)`,
    );
  });

  it("that only creates starts nothing", () => {
    const plan = planDeploy(deploySpec({ ...answers, gpus: "all" }, { entrypoint: [] }, "ann"), imageId, { start: false });
    assert.equal(
      text(plan),
      [
        "Create web",
        `1. docker create --pull=never --name web --gpus all ${labels()} --init debian:12 tail -f /dev/null (no container is named web)`,
        "2. look for tail in it (it keeps the container running)",
      ].join("\n"),
    );
  });

  it("is void once the name is taken or the tag means another image", () => {
    const { basis, container } = planDeploy(deploySpec(answers, { entrypoint: [] }, "ann"), imageId, { start: true });
    assert.deepEqual(basis, { freeName: "web", image: { tag: "debian:12", id: imageId } });
    assert.deepEqual(container, { name: "web" });
  });
});

describe("the plan of a start", () => {
  const cases: [string, Container, string[]][] = [
    ["of one that runs does nothing", container("running", "all"), []],
    [
      "of a stopped one",
      container("exited"),
      ["1. docker start 5f57956e7fc4 (train does not run)", "2. wait until it runs (a program can fail as soon as it starts)"],
    ],
    [
      "of one with GPUs checks them",
      container("created", { count: 1 }),
      [
        "1. docker start 5f57956e7fc4 (train does not run)",
        "2. wait until it runs (a program can fail as soon as it starts)",
        "3. check its GPUs (it was given GPUs)",
      ],
    ],
    [
      "of a paused one lets it go on",
      container("paused"),
      ["1. docker unpause 5f57956e7fc4 (train is paused)", "2. wait until it runs (a program can fail as soon as it starts)"],
    ],
  ];
  for (const [title, of, steps] of cases)
    it(title, () => assert.equal(text(planStart(of)), ["Start train", ...steps].join("\n")));
});

describe("the plan of a stop", () => {
  for (const state of ["running", "paused", "restarting"])
    it(`stops one that is ${state}`, () =>
      assert.equal(text(planStop(container(state))), `Stop train\n1. docker stop 5f57956e7fc4 (train is ${state})`));
  for (const state of ["exited", "created", "dead"])
    it(`does nothing to one that is ${state}`, () => assert.equal(text(planStop(container(state))), "Stop train"));
});

describe("the plan of a retire", () => {
  const keepAs = { image: "train:kept-1", changes: ['CMD ["serve"]'], filesOnly: false };
  const commit = `docker commit --change 'CMD ["serve"]' 5f57956e7fc4 train:kept-1 (its changes are to be kept)`;
  const cases: [string, Plan, string[]][] = [
    [
      "stops and removes",
      planRetire(container("running", "all"), { volumes: false }),
      ["Retire train", "1. docker stop 5f57956e7fc4 (train is running)", "2. docker rm 5f57956e7fc4 (asked for)"],
    ],
    [
      "of a stopped one only removes, under the verb that was asked for",
      planRetire(container("exited"), { volumes: true }, "Remove"),
      ["Remove train", "1. docker rm --volumes 5f57956e7fc4 (asked for)"],
    ],
    [
      "keeps what programs write at their end; the image that the kept one stands on stays",
      planRetire(container("running"), { volumes: true, removeImage: "pytorch:2.8", keepAs }),
      [
        "Retire train",
        "1. docker stop 5f57956e7fc4 (train is running)",
        `2. ${commit}`,
        "3. docker rm --volumes 5f57956e7fc4 (asked for)",
      ],
    ],
    [
      "keeps the files alone of one that has secrets",
      planRetire(container("exited"), {
        volumes: false,
        keepAs: { image: "train:kept-1", changes: ["ENV HF_TOKEN="], filesOnly: true },
      }),
      [
        "Retire train",
        "1. docker export 5f57956e7fc4 | docker import --change 'ENV HF_TOKEN=' - train:kept-1 (its files are to be kept, its secrets not)",
        "2. docker rm 5f57956e7fc4 (asked for)",
      ],
    ],
    [
      "removes the image last",
      planRetire(container("exited"), { volumes: false, removeImage: "pytorch:2.8" }),
      ["Retire train", "1. docker rm 5f57956e7fc4 (asked for)", "2. docker image rm pytorch:2.8 (asked for)"],
    ],
    [
      "keeps one that was run with --rm first: it is gone once it stops",
      planRetire(container("running", "none", { autoRemove: true }), { volumes: false, keepAs }),
      ["Retire train", `1. ${commit}`, "2. docker stop 5f57956e7fc4 (train is running)", "3. docker rm 5f57956e7fc4 (asked for)"],
    ],
  ];
  for (const [title, plan, lines] of cases) it(title, () => assert.equal(text(plan), lines.join("\n")));

  it("is void once the container is in another state", () => {
    for (const plan of [planRetire(container("exited"), { volumes: false }), planStart(container("exited"))])
      assert.deepEqual(plan.basis, { state: { id: "5f57956e7fc4", state: "exited" } });
  });
});

it("a step has a name while it runs", () => {
  const spec = deploySpec({ ...answers, gpus: { ids: ["0"] } }, { entrypoint: [] }, "ann");
  const deploy = planDeploy(spec, imageId, { start: true, reserved: ["0"] });
  const retire = planRetire(container("running"), {
    volumes: false,
    keepAs: { image: "a:b", changes: [], filesOnly: false },
  });
  assert.deepEqual([...deploy.steps, ...retire.steps].map(stepTitle), [
    ...[
      "creating",
      "looking for its keep-alive",
      "reserving GPUs",
      "starting",
      "waiting until it runs",
      "checking GPUs",
      "reserving GPUs",
    ],
    ...["stopping", "keeping as an image", "removing"],
  ]);
});

describe("the plans of everyday actions", () => {
  const id = "5f57956e7fc4";
  const cases: [string, Plan, string[]][] = [
    [
      "restart: the same container, running again",
      planRestart(container("running")),
      ["Restart train", `1. docker restart ${id} (asked for)`, "2. wait until it runs (a program can fail as soon as it starts)"],
    ],
    [
      "restart with GPUs: its handle is another one afterwards",
      planRestart(container("running", "all")),
      [
        "Restart train",
        `1. docker restart ${id} (asked for)`,
        "2. wait until it runs (a program can fail as soon as it starts)",
        "3. check its GPUs (it was given GPUs)",
      ],
    ],
    ["pause", planPause(container("running", "all")), ["Pause train", `1. docker pause ${id} (asked for)`]],
    ["unpause", planUnpause(container("paused", "all")), ["Unpause train", `1. docker unpause ${id} (train is paused)`]],
    [
      "rename",
      planRename(container("exited"), "train-old"),
      ["Rename train to train-old", `1. docker rename ${id} train-old (no container is named train-old)`],
    ],
  ];
  for (const [name, plan, lines] of cases) it(name, () => assert.equal(renderPlan(plan), lines.join("\n")));

  it("rename is void once somebody else took the name, whatever state the container is in", () => {
    assert.deepEqual(planRename(container("running"), "x1").basis, { freeName: "x1" });
  });
});
