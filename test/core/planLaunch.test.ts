import assert from "node:assert/strict";
import type { Launch } from "../../src/core/compose/deployment.ts";
import type { Container, Details } from "../../src/core/engineJson.ts";
import { renderPlan, renderSteps, type Plan } from "../../src/core/plan.ts";
import {
  launchSpec,
  planLaunch,
  planPutBack,
  planReplace,
  planReuse,
  planStartApp,
  planStopApp,
  secretsOf,
  type Display,
  type Launching,
} from "../../src/core/planLaunch.ts";

const spec: Launch["spec"] = {
  name: "rtvicv",
  image: "vss-rt-cv:3.2.1",
  init: false,
  labels: {},
  networks: [{ name: "host" }],
  gpus: "all",
  mounts: [{ source: "/home/ann/storage", target: "/opt/storage" }],
};
const perception: Launch = {
  spec,
  keepAlive: true,
  secretFiles: [],
  display: "none",
  setup: ["mkdir -p /opt/storage/engines"],
  prepare: ["build-engine --batch 4"],
  configure: [
    { file: "/opt/app/main.txt", format: "ini", set: { "http-server.http-port": "9000", "streammux.batch-size": "4" } },
  ],
  app: {
    start: "perception_app -c /opt/app/main.txt",
    process: "perception_app",
    port: 9000,
    ready: { http: "/api/v1/ready", contains: "ds-ready", interval: 5000, timeout: 300_000 },
  },
  attach: { folder: "/workspace", user: "root", extensions: ["ms-python.python"] },
  hidden: [],
};
const plain: Launch = { ...perception, setup: [], prepare: [], configure: [], app: undefined as never };
delete (plain as Partial<Launch>).app;

const origin = { project: "cv", service: "perception" };
function launching(launch: Launch = perception, more: Partial<Launching> = {}): Launching {
  return {
    launch,
    spec: launchSpec(launch, { entrypoint: [] }, { user: "ann", origin, ...(more.display ? { display: more.display } : {}) }),
    imageId: "sha256:1234",
    ready: { interval: 5000, timeout: 300_000 },
    ...more,
  };
}

const text = (plan: Plan) => renderPlan(plan).replace(/dev\.berth\.spec=[0-9a-f]{16}/g, "dev.berth.spec=HASH");

function container(state: string, more: Partial<Details> = {}): Container & { details: Details } {
  return {
    ...{ id: "5f57956e7fc4", name: "rtvicv", image: "vss-rt-cv:3.2.1", imageId: "sha256:1234", state, status: "", created: 0 },
    ...{ ports: [], labels: {} },
    details: { gpus: "all", autoRemove: false, ...more } as Details,
  };
}

const labels =
  "--label dev.berth.v=1 --label dev.berth.project=cv --label dev.berth.service=perception --label dev.berth.name=rtvicv " +
  "--label dev.berth.port=9000 --label dev.berth.user=ann --label dev.berth.spec=HASH";
const create =
  "docker create --pull=never --name rtvicv --gpus all --network host -v /home/ann/storage:/opt/storage " +
  `${labels} --init vss-rt-cv:3.2.1 tail -f /dev/null (no container is named rtvicv)`;
const port = (n: number) => `${n}. look whether port 9000 is free (another app there would answer in its place)`;
/** From prepare on, numbered from `n`. */
const fromPrepare = (ref: string, n: number) => [
  `${n}. docker exec ${ref} sh -c 'build-engine --batch 4' (before every start of the app)`,
  `${n + 1}. set http-server.http-port = 9000, streammux.batch-size = 4 in /opt/app/main.txt (before every start of the app)`,
  `${n + 2}. start in it, detached: perception_app -c /opt/app/main.txt (the deployment has an app)`,
  `${n + 3}. wait until /api/v1/ready on port 9000 says ds-ready, for up to 300 s (it takes its time)`,
];

describe("what is to be known before a launch", () => {
  const notes = ["Berth does not act on 'depends_on' (line 3 of compose.yaml)", "Which GPUs are free is unknown from here."];
  it("stands in every plan, as text and for people", () => {
    const told = { ...launching(), notes };
    for (const plan of [
      planLaunch(told),
      planReplace(told, container("running"), { appRuns: false, volumes: false, now: new Date(0) }),
      planReuse(told, container("running"), { appRuns: false, revive: false }),
    ]) {
      assert.ok(text(plan).endsWith(`\nNote: ${notes.join("\nNote: ")}`), text(plan));
      assert.ok(renderSteps(plan).endsWith(`\nNote: ${notes.join("\nNote: ")}`), renderSteps(plan));
    }
  });

  it("is cut where a dialog could not hold it", () => {
    const many = Array.from({ length: 9 }, (_, n) => `note ${n + 1}`);
    const steps = renderSteps(planLaunch({ ...launching(), notes: many }));
    assert.ok(steps.endsWith("\nNote: note 5\nNote: note 6\nand 3 more"), steps);
  });
});

describe("the plan of a launch", () => {
  it("creates, starts, waits until it runs, sets up, prepares, configures, starts the app and waits until it is ready, in this order", () => {
    assert.equal(
      text(planLaunch(launching())),
      [
        "Launch rtvicv",
        `1. ${create}`,
        "2. look for tail in it (it keeps the container running)",
        "3. docker start rtvicv (rtvicv does not run)",
        "4. wait until it runs (a program can fail as soon as it starts)",
        "5. check its GPUs (it was given GPUs)",
        port(6),
        "7. docker exec rtvicv sh -c 'mkdir -p /opt/storage/engines' (once in each container that is created)",
        ...fromPrepare("rtvicv", 8),
      ].join("\n"),
    );
  });

  it("of a deployment without an app is done once it runs", () => {
    const withoutGpu = { ...plain, spec: { ...spec, gpus: "none" as const, mounts: [] } };
    assert.equal(
      text(planLaunch(launching(withoutGpu)))
        .split("\n")
        .slice(2)
        .join("\n"),
      [
        "2. look for tail in it (it keeps the container running)",
        "3. docker start rtvicv (rtvicv does not run)",
        "4. wait until it runs (a program can fail as soon as it starts)",
      ].join("\n"),
    );
  });

  it("runs the service's own command where it has one", () => {
    const own = { ...plain, keepAlive: false, spec: { ...spec, command: ["serve", "--all"] } };
    const [, first, second] = text(planLaunch(launching(own))).split("\n");
    assert.match(first ?? "", / vss-rt-cv:3\.2\.1 serve --all \(/);
    assert.equal(second, "2. docker start rtvicv (rtvicv does not run)");
  });

  it("replaces an entrypoint by the keep-alive, unless that is known to run what it is given", () => {
    const by = (entrypoint: string) => {
      const { spec: whole } = launching({ ...plain, spec: { ...spec, entrypoint } });
      return [whole.entrypoint, ...(whole.command ?? [])].join(" ");
    };
    assert.equal(by("/opt/serve"), "tail -f /dev/null");
    assert.equal(by("/usr/local/bin/docker-entrypoint.sh"), "/usr/local/bin/docker-entrypoint.sh tail -f /dev/null");
  });

  it("looks twice whether GPUs that were free still are", () => {
    const reserved = text(planLaunch(launching(plain, { reserved: ["1"] }))).split("\n");
    assert.deepEqual(
      reserved.filter((line) => line.includes("still its own")),
      [
        "3. look whether GPU 1 is still its own (another deploy can have chosen the same GPUs)",
        "6. look whether GPU 1 is still its own (two deploys can have looked at the same moment)",
      ],
    );
  });

  it("gives secrets to the command's environment, and files of secrets before the start; no value is told", () => {
    const secret = { ...plain, spec: { ...spec, env: { HF_TOKEN: "hf_abcdef" } } };
    const files = [{ variable: "KEY", target: "/run/secrets/key", mode: 0o444, text: "s3cret" }];
    const plan = planLaunch(launching(secret, { secretFiles: files }));
    assert.match(text(plan), /-e HF_TOKEN /);
    assert.match(text(plan), /\n3\. write \/run\/secrets\/key \(the file asks for them\)\n4\. docker start/);
    assert.doesNotMatch(text(plan), /hf_abcdef|s3cret/);
    const [first] = plan.steps;
    assert(first?.kind === "create");
    assert.deepEqual(first.env, { HF_TOKEN: "hf_abcdef" });
  });

  it("knows every value that no text may show", () => {
    const secret = {
      ...plain,
      spec: { ...spec, env: { HF_TOKEN: "hf_abcdef", SITE: "seven" } },
      hidden: ["from_env", "hf_abcdef"],
    };
    const files = [{ variable: "KEY", target: "/run/secrets/key", mode: 0o444, text: "first line\nsecond line\n" }];
    assert.deepEqual(secretsOf(launching(secret, { secretFiles: files })), [
      "hf_abcdef",
      "first line\nsecond line",
      "first line",
      "second line",
      "from_env",
    ]);
  });

  it("tells no value of a key whose last name tells that it is a secret", () => {
    const set = { "main.api_key": "abc", "auth.port": 9000, TOKEN: "def" };
    const plan = planLaunch(launching({ ...plain, configure: [{ file: "/a.ini", format: "ini", set }] }));
    assert.match(text(plan), /set main\.api_key = \[redacted\], auth\.port = 9000, TOKEN = \[redacted\] in \/a\.ini/);
  });

  it("with a display mounts its socket, lets one user in, and looks for it before the app", () => {
    const display: Display = {
      env: { DISPLAY: ":1", XAUTHORITY: "/home/ann/.Xauthority" },
      mounts: [{ source: "/tmp/.X11-unix", target: "/tmp/.X11-unix" }],
      socket: "/tmp/.X11-unix/X1",
      letIn: ["xhost", "+SI:localuser:root"],
    };
    const lines = text(planLaunch(launching({ ...plain, display: "x11" }, { display }))).split("\n");
    assert.match(lines[1] ?? "", / -v \/tmp\/\.X11-unix:\/tmp\/\.X11-unix /);
    assert.match(lines[1] ?? "", / -e DISPLAY=:1 /);
    assert.deepEqual(lines.slice(-2), [
      "6. xhost +SI:localuser:root (its user may open windows, and nobody else)",
      "7. look for /tmp/.X11-unix/X1 in it (windows open through it)",
    ]);
  });

  it("with a display leaves the service's own mount of the sockets and its own DISPLAY as they are", () => {
    const display: Display = {
      env: { DISPLAY: ":1", XAUTHORITY: "/home/ann/.Xauthority" },
      mounts: [
        { source: "/tmp/.X11-unix", target: "/tmp/.X11-unix" },
        { source: "/home/ann/.Xauthority", target: "/home/ann/.Xauthority", readOnly: true },
      ],
      socket: "/tmp/.X11-unix/X1",
    };
    const sockets = { source: "/tmp/.X11-unix", target: "/tmp/.X11-unix", readOnly: true };
    const own = { ...plain, spec: { ...spec, mounts: [sockets], env: { DISPLAY: ":7" } } };
    const { mounts, env } = launching(own, { display }).spec;
    assert.deepEqual(mounts, [sockets, display.mounts[1]]);
    assert.deepEqual(env, { DISPLAY: ":7", XAUTHORITY: "/home/ann/.Xauthority" });
  });
});

describe("the plan of a reuse", () => {
  it("of a running container stops the app, and enters at prepare; it says what it skips", () => {
    assert.equal(
      text(planReuse(launching(), container("running"), { appRuns: true, revive: false })),
      [
        "Reuse rtvicv",
        "1. check its GPUs (its handle may have gone stale)",
        "2. stop perception_app in it (it runs with what was configured before)",
        port(3),
        ...fromPrepare("5f57956e7fc4", 4),
        "Skipped: docker run (rtvicv is there)",
        "Skipped: docker start (rtvicv runs)",
        "Skipped: setup (it was done when rtvicv was created)",
      ].join("\n"),
    );
  });

  it("of a stopped one starts it", () => {
    assert.equal(
      text(planReuse(launching(), container("exited"), { appRuns: false, revive: false })),
      [
        "Reuse rtvicv",
        "1. docker start 5f57956e7fc4 (rtvicv does not run)",
        "2. wait until it runs (a program can fail as soon as it starts)",
        "3. check its GPUs (its handle may have gone stale)",
        port(4),
        ...fromPrepare("5f57956e7fc4", 5),
        "Skipped: docker run (rtvicv is there)",
        "Skipped: setup (it was done when rtvicv was created)",
      ].join("\n"),
    );
  });

  it("of one that was only created sets it up as well", () => {
    const lines = text(planReuse(launching(), container("created"), { appRuns: false, revive: false })).split("\n");
    assert.equal(
      lines[5],
      "5. docker exec 5f57956e7fc4 sh -c 'mkdir -p /opt/storage/engines' (once in each container that is created)",
    );
    assert.deepEqual(lines.slice(10), ["Skipped: docker run (rtvicv is there)"]);
  });

  it("of one that was not set up to the end sets it up, and says so, whatever state it is in", () => {
    const lines = text(planReuse(launching(), container("running"), { appRuns: false, revive: false, setupDue: true })).split(
      "\n",
    );
    const setup =
      "docker exec 5f57956e7fc4 sh -c 'mkdir -p /opt/storage/engines' (it was not done to the end when the container was created)";
    const skipped = ["Skipped: docker run (rtvicv is there)", "Skipped: docker start (rtvicv runs)"];
    const note = "Note: rtvicv was not set up to the end when it was created: its setup is done now, from the beginning.";
    assert.deepEqual(lines.slice(3), [port(3), `4. ${setup}`, ...fromPrepare("5f57956e7fc4", 5), ...skipped, note]);

    for (const [state, revive] of [
      ["exited", false],
      ["created", false],
      ["running", true],
    ] as const) {
      const plan = text(planReuse(launching(), container(state), { appRuns: false, revive, setupDue: true }));
      assert.ok(plan.includes(setup), plan);
      assert.ok(!plan.includes("Skipped: setup"), plan);
    }
  });

  it("says nothing of a setup that the file does not ask for any more", () => {
    const plan = text(planReuse(launching(plain), container("running"), { appRuns: false, revive: false, setupDue: true }));
    assert.doesNotMatch(plan, /set ?up/);
  });

  it("of a paused one lets it go on, and looks for an app in it", () => {
    const lines = text(planReuse(launching(), container("paused"), { appRuns: false, revive: false })).split("\n");
    assert.equal(lines[1], "1. docker unpause 5f57956e7fc4 (rtvicv is paused)");
    assert.equal(lines[4], "4. stop perception_app in it (it may have been started meanwhile)");
  });

  it("of one whose app nobody could look for stops it all the same", () => {
    const lines = text(planReuse(launching(), container("paused"), { appRuns: "unknown", revive: false })).split("\n");
    assert.equal(lines[4], "4. stop perception_app in it (it may run, which could not be told)");
  });

  it("that is taken back starts the app again by the command that it was started by, whatever was seen of it", () => {
    for (const appRuns of [true, false, "unknown"] as const) {
      const { steps } = planReuse(launching(), container("running"), { appRuns, ranBy: "old -c /a", revive: false });
      const stop = steps.find((step) => step.kind === "stopApp");
      assert.equal(stop?.undo?.at(-1), "old -c /a", String(appRuns));
    }
  });

  it("of one that lost its GPU restarts it first: Revive", () => {
    assert.equal(
      text(planReuse(launching(), container("running"), { appRuns: true, revive: true })),
      [
        "Revive rtvicv",
        "1. docker restart 5f57956e7fc4 (a restart heals its GPU handle)",
        "2. wait until it runs (a program can fail as soon as it starts)",
        "3. check its GPUs (its handle may have gone stale)",
        port(4),
        ...fromPrepare("5f57956e7fc4", 5),
        "Skipped: docker run (rtvicv is there)",
        "Skipped: setup (it was done when rtvicv was created)",
      ].join("\n"),
    );
  });
});

describe("the plan of a restart", () => {
  const now = new Date(2026, 10, 21, 9, 30, 5);

  it("sets the old one aside, and removes it only when the new one is up", () => {
    const plan = planReplace(launching(), container("running"), { appRuns: true, volumes: false, now });
    assert.equal(
      text(plan),
      [
        "Restart rtvicv",
        "1. docker rename 5f57956e7fc4 rtvicv-berth-aside (it is kept until the new one is up)",
        "2. docker stop 5f57956e7fc4 (rtvicv is running)",
        `3. ${create}`,
        "4. look for tail in it (it keeps the container running)",
        "5. docker start rtvicv (rtvicv does not run)",
        "6. wait until it runs (a program can fail as soon as it starts)",
        "7. check its GPUs (it was given GPUs)",
        port(8),
        "9. docker exec rtvicv sh -c 'mkdir -p /opt/storage/engines' (once in each container that is created)",
        ...fromPrepare("rtvicv", 10),
        "14. docker rm 5f57956e7fc4 (the new one took its place)",
      ].join("\n"),
    );
    assert.equal(plan.failedName, "rtvicv-failed-20261121_093005");
  });

  it("of one whose app nobody could look for starts that again when it is taken back, unless it is paused again", () => {
    const undo = (state: string) => {
      const plan = planReplace(launching(), container(state), { appRuns: "unknown", ranBy: "old", volumes: false, now });
      const stop = plan.steps.find((step) => step.kind === "stop");
      return (stop?.undo ?? []).map((argv) => argv.at(-1));
    };
    assert.deepEqual([undo("running"), undo("paused")], [["old"], []]);
  });

  it("of a stopped one stops nothing", () => {
    const [, first] = text(planReplace(launching(), container("exited"), { appRuns: false, volumes: false, now })).split("\n");
    assert.equal(first, "1. docker rename 5f57956e7fc4 rtvicv-berth-aside (it is kept until the new one is up)");
  });

  it("removes volumes without a name only when they were seen", () => {
    const plan = planReplace(launching(plain), container("exited"), { appRuns: false, volumes: true, now });
    assert.match(text(plan), /docker rm --volumes 5f57956e7fc4 /);
  });

  it("is refused for one that Docker would remove as soon as it stops", () => {
    assert.throws(
      () => planReplace(launching(), container("running", { autoRemove: true }), { appRuns: false, volumes: false, now }),
      {
        message: "rtvicv was run with --rm: Docker removes it once it stops, so it could not be put back. Retire it first.",
      },
    );
  });
});

describe("the plan of an app", () => {
  it("prepares, configures and starts it in the container that is there", () => {
    assert.equal(
      text(planStartApp(launching(), container("running"))),
      ["Start the app in rtvicv", port(1), ...fromPrepare("5f57956e7fc4", 2)].join("\n"),
    );
  });

  it("sets a container up that never was to the end", () => {
    const [, , setup] = text(planStartApp(launching(), container("running"), { setupDue: true })).split("\n");
    assert.equal(
      setup,
      "2. docker exec 5f57956e7fc4 sh -c 'mkdir -p /opt/storage/engines' (it was not done to the end when the container was created)",
    );
  });

  it("stops it", () => {
    assert.equal(
      text(planStopApp({ process: "perception_app" }, container("running"))),
      "Stop the app in rtvicv\n1. stop perception_app in it (asked for)",
    );
    assert.equal(text(planStopApp({}, container("running"))), "Stop the app in rtvicv\n1. stop the app in it (asked for)");
  });
});

describe("the plan of putting back what a broken-off restart set aside", () => {
  const aside = { ...container("exited"), name: "rtvicv-berth-aside" };

  it("gives it its name, and starts it when that is wanted", () => {
    assert.equal(
      text(planPutBack(aside, "rtvicv", { start: true })),
      [
        "Put rtvicv back",
        "1. docker rename 5f57956e7fc4 rtvicv (it was set aside)",
        "2. docker start 5f57956e7fc4 (rtvicv does not run)",
        "3. wait until it runs (a program can fail as soon as it starts)",
      ].join("\n"),
    );
  });

  it("keeps the new one that did not get done", () => {
    const unfinished = { ...container("running"), id: "aaaa" };
    assert.equal(
      text(planPutBack(aside, "rtvicv", { start: false, unfinished, failedName: "rtvicv-failed-20261121_093005" })),
      [
        "Put rtvicv back",
        "1. docker stop aaaa (of the restart that was broken off)",
        "2. docker rename aaaa rtvicv-failed-20261121_093005 (of the restart that was broken off)",
        "3. docker rename 5f57956e7fc4 rtvicv (it was set aside)",
      ].join("\n"),
    );
  });
});
