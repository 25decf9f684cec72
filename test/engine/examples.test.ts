import assert from "node:assert/strict";
import { chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { candidates } from "../../src/core/candidates.ts";
import { withAnswers, type Deployment } from "../../src/core/compose/deployment.ts";
import type { Answers } from "../../src/core/compose/inputs.ts";
import { readProject } from "../../src/core/compose/project.ts";
import { devcontainerMetadata } from "../../src/core/devcontainer.ts";
import { x11 } from "../../src/core/display.ts";
import { runCommand } from "../../src/core/dockerRun.ts";
import { isKeepAlive } from "../../src/core/keepAlive.ts";
import { launchSpec, planLaunch, planReuse, type Launching } from "../../src/core/planLaunch.ts";
import { decide } from "../../src/core/reuse.ts";
import { findApp } from "../../src/engine/app.ts";
import type { Executed, Tools } from "../../src/engine/execute.ts";
import { freePort } from "../../src/engine/freePort.ts";
import { observe } from "../../src/engine/observe.ts";
import type { LabEngine } from "../lab/engine.ts";
import { standIns } from "../lab/standIns.ts";
import { carryOut, removeContainers, sentenceOf, toolsFor, until, useEngine } from "./support.ts";

const examples = join(import.meta.dirname, "../../examples");
/** Whose home is mounted; the X server of the tests lets everyone in. */
const uid = process.getuid?.() || 1000;

describe("the example projects, with stand-ins for their images", function () {
  let lab: LabEngine;
  let tools: Tools;
  let home: string;

  before(async function () {
    this.timeout(600_000);
    lab = await useEngine("examples", ["busybox", "perception", "pip", "ros", "vllm"]);
    tools = await toolsFor(lab.env);
  });
  after(() => lab.dispose());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "berth-home-"));
    if (process.getuid?.() === 0) chownSync(home, uid, uid);
  });
  afterEach(async () => {
    await removeContainers(lab);
    rmSync(home, { recursive: true, force: true });
  });

  /** A project of one's own, begun from the example. */
  function project(example: string, env: Record<string, string> = {}): { folder: string; deployment: Deployment } {
    const folder = join(home, example);
    cpSync(join(examples, example), folder, { recursive: true });
    const { deployments, issues } = readProject({
      folder,
      files: [{ path: "compose.yaml", text: readFileSync(join(folder, "compose.yaml"), "utf8") }],
      env: { HOME: home, UID: String(uid), GID: String(uid), ...standIns, ...env },
      naming: { container: "{{project}}-{{service}}", image: "{{project}}-{{service}}", user: "tester", uid: String(uid) },
    });
    assert.deepEqual(issues, []);
    assert.equal(deployments.length, 1);
    return { folder, deployment: deployments[0]! };
  }

  /** As the workbench drafts it. `env`: where the display comes from. `port`: in place of the app's. */
  async function launching(
    deployment: Deployment,
    answers: Answers,
    { env = {}, ...circumstances }: { env?: Record<string, string>; port?: number } = {},
  ): Promise<Launching> {
    const launch = withAnswers(deployment, answers, circumstances);
    const image = await tools.engine.inspectImage(launch.spec.image);
    assert(image, `${launch.spec.image} is not on the engine`);
    const display = launch.display === "x11" ? x11(env) : undefined;
    const metadata = devcontainerMetadata(launch.attach, image.labels?.["devcontainer.metadata"]);
    const origin = { project: deployment.project, service: deployment.service };
    return {
      launch,
      spec: launchSpec(launch, image, {
        user: "tester",
        origin,
        ...(display ? { display } : {}),
        ...(metadata === undefined ? {} : { metadata }),
      }),
      imageId: image.id,
      ...(display ? { display } : {}),
      ready: { interval: 200, timeout: 30_000 },
    };
  }

  const launch = async (...given: Parameters<typeof launching>) => carryOut(planLaunch(await launching(...given)), tools);

  /** What the workbench finds is to be as the example says, so that reuse is offered and nothing told; then it is done. */
  async function reuse(first: Executed, ...given: Parameters<typeof launching>): Promise<Executed> {
    const [deployment] = given;
    const wanted = await launching(...given);
    const found = candidates(deployment, await tools.engine.containers(), await tools.engine.images(), "tester");
    const { app } = wanted.launch;
    const find = async (id: string) => app !== undefined && findApp(tools, id, app.process);
    const [look, ...others] = await observe({ ...tools, findApp: find }, wanted.spec, found);
    assert(look && others.length === 0, "one container is the deployment's");
    const { choices, differences } = decide(wanted.spec, look.observed, tools.hostGpus);
    assert.equal(choices[0]?.existing, "reuse");
    assert.deepEqual(differences, []);
    const plan = planReuse(wanted, look.found, { appRuns: look.appRuns === true, revive: false });
    const reused = await carryOut(plan, tools);
    assert.equal(reused.id, first.id);
    return reused;
  }

  const inside = async (name: string, ...command: string[]) => lab.docker("exec", name, ...command);
  const gpusIn = async (name: string) => (await inside(name, "nvidia-smi", "-L")).split("\n").length;

  /** What runs in it as its first command, without the init. */
  async function assertRuns(name: string, isWanted: (command: string) => boolean): Promise<void> {
    const found = await tools.engine.inspect(name);
    assert.equal(found?.state, "running");
    const { Args, Path } = JSON.parse(await lab.docker("inspect", "--format", "{{json .}}", name)) as {
      Path: string;
      Args: string[];
    };
    assert(isWanted([Path, ...Args].join(" ")), [Path, ...Args].join(" "));
  }

  /** Launched, looked at and removed, twice; the second time it is reused in between. */
  async function twice(
    given: Parameters<typeof launching>,
    look: (launched: Executed, isReused: boolean) => Promise<void>,
  ): Promise<void> {
    for (const isLast of [false, true]) {
      const launched = await launch(...given);
      await look(launched, false);
      if (isLast) await look(await reuse(launched, ...given), true);
      await removeContainers(lab);
    }
  }

  it("are all tried here", () => {
    assert.deepEqual(readdirSync(examples).sort(), ["hello", "perception", "pytorch", "ros", "swe", "vllm"]);
  });

  it("hello: its folder is there, and a script in it runs", async () => {
    const { deployment } = project("hello");
    await twice([deployment, {}], async ({ name }) => {
      assert.equal(name, "hello-hello");
      assert.match(await inside(name, "sh", "hello.sh"), /compose\.yaml\nhello\.sh\nNo GPU in this container\.$/);
      await assertRuns(name, isKeepAlive);
    });
  });

  it("perception: its app answers with the configuration that was asked for, and sees all GPUs", async () => {
    const { deployment } = project("perception");
    const { port } = await freePort(tools, 9000);
    await twice([deployment, { batch: 8 }, { port }], async ({ name, url }) => {
      assert.equal(name, "rtvicv-perception-docker");
      assert.equal(url, `http://localhost:${port}/`);
      assert.match(await (await fetch(`${url}api/v1/ready`)).text(), /ds-ready/);
      assert.match(await inside(name, "cat", "/opt/app/main.txt"), /^batch-size=8$/m);
      assert.equal(await gpusIn(name), 2);
      assert(statSync(join(home, "rtvicv-storage/engines")).isDirectory());
      await assertRuns(name, isKeepAlive);
    });
  });

  describe("pytorch", () => {
    it("has one GPU, the folder, and what is installed from it", async () => {
      const { folder, deployment } = project("pytorch");
      await twice([deployment, {}], async ({ name }, isReused) => {
        assert.equal(name, "pytorch-research");
        assert.equal(await gpusIn(name), 1);
        assert.equal(await inside(name, "pwd"), "/workspace");
        assert.equal(
          await inside(name, "sh", "-c", "cd / && python -c 'import train, tqdm; print(train.__file__)'"),
          "/workspace/train.py",
        );
        await inside(name, "sh", "-c", `echo ${isReused} >checkpoint`);
        assert.equal(readFileSync(join(folder, "checkpoint"), "utf8"), `${isReused}\n`);
        assert.match(await inside(name, "df", "-k", "/dev/shm"), /\b8388608\b/);
        const metadata = await lab.docker("inspect", "--format", '{{index .Config.Labels "devcontainer.metadata"}}', name);
        assert.match(metadata, /"ms-python\.python","ms-toolsai\.jupyter"/);
        await assertRuns(name, isKeepAlive);
      });
    });

    it("has all GPUs, or none, if that is the answer", async () => {
      const { deployment } = project("pytorch");
      const { name } = await launch(deployment, { gpus: "all" });
      assert.equal(await gpusIn(name), 2);
      await removeContainers(lab);
      await launch(deployment, { gpus: "none" });
      await assert.rejects(inside(name, "nvidia-smi", "-L"));
    });
  });

  describe("ros", () => {
    it("is the user's own home, user, network and shared memory", async () => {
      const { deployment } = project("ros", { ROS_DOMAIN_ID: "7" });
      await twice([deployment, {}], async ({ name }) => {
        assert.equal(name, "ros-desktop");
        assert.equal(await inside(name, "sh", "-c", "id -u; pwd; echo $HOME $ROS_DOMAIN_ID"), `${uid}\n${home}\n${home} 7`);
        assert.match(await inside(name, "id"), /\(dialout\).*\(video\)/);
        await inside(name, "touch", "made-inside");
        assert.equal(statSync(join(home, "made-inside")).uid, uid);
        const settings = "{{.HostConfig.NetworkMode}} {{.HostConfig.IpcMode}}";
        assert.equal(await lab.docker("inspect", "--format", settings, name), "host host");
        assert.equal(await gpusIn(name), 2);
        await assertRuns(name, isKeepAlive);
      });
    });

    it("shows no windows where there is no display, and says so", async () => {
      const { deployment } = project("ros");
      assert.equal(
        await sentenceOf(launch(deployment, { windows: "mine" })),
        "There is no display here: DISPLAY is not set. Start VS Code in a desktop session of this machine, or choose what needs no display.",
      );
      await withDisplay(async (display, close) => {
        await close();
        assert.equal(
          await sentenceOf(launch(deployment, { windows: "rviz" }, { env: { DISPLAY: display } })),
          `There is no display socket /tmp/.X11-unix/X${display.slice(1)} in ros-desktop: start an X server on this machine, or launch it without a display.`,
        );
      });
      assert.deepEqual(await tools.engine.containers(), []);
    });

    it("starts RViz on the display that there is", async () => {
      const { deployment } = project("ros");
      await withDisplay(async (DISPLAY) => {
        await twice([deployment, { windows: "rviz" }, { env: { DISPLAY } }], async ({ id, name }) => {
          assert(await findApp(tools, id, "rviz2"), "rviz2 does not run");
          await until("it to be on the display", async () =>
            (await lab.docker("logs", name)).endsWith(`rviz2: on display ${DISPLAY} of an X11 server`),
          );
        });
      });
    });

    it("is told with its own words when RViz cannot go on", async () => {
      const { deployment } = project("ros");
      await withDisplay(
        async (DISPLAY) => {
          const sentence = await sentenceOf(launch(deployment, { windows: "rviz" }, { env: { DISPLAY } }));
          assert.match(sentence, /^The app in ros-desktop ended with exit code 1\./);
          assert.match(sentence, /rviz2: Authorization required/);
        },
        { refuses: "Authorization required" },
      );
    });
  });

  describe("swe", () => {
    /** A repository of two commits, and a change that is not committed. */
    async function repository(): Promise<{ folder: string; deployment: Deployment }> {
      const made = project("swe");
      const git = async (...args: string[]) => {
        const env = { GIT_CONFIG_GLOBAL: "/dev/null", HOME: home };
        const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"];
        return execa("git", [...identity, ...args], { cwd: made.folder, env });
      };
      const write = (name: string, text: string) => writeFileSync(join(made.folder, name), text);
      await git("init", "--quiet");
      write("requirements.txt", "some-library==1.0\n");
      write("code.py", "first\n");
      await git("add", ".");
      await git("commit", "--quiet", "--message", "one");
      write("code.py", "second\n");
      await git("commit", "--quiet", "--all", "--message", "two");
      write("code.py", "not committed\n");
      return made;
    }

    it("is a copy of the repository, whose work a reuse keeps and the folder never sees", async () => {
      const { folder, deployment } = await repository();
      await twice([deployment, {}], async ({ name }, isReused) => {
        assert.equal(name, "swe-repo");
        assert.equal(await inside(name, "cat", "/repo/code.py"), isReused ? "the agent's" : "second");
        await inside(name, "sh", "-c", 'echo "the agent\'s" >/repo/code.py');
        assert.equal(readFileSync(join(folder, "code.py"), "utf8"), "not committed\n");
        await assert.rejects(inside(name, "touch", "/source/x"), /Read-only file system/);
        const env = await inside(name, "env");
        for (const line of ["LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PIP_PROGRESS_BAR=off", "PAGER=cat"])
          assert(env.includes(`${line}\n`), line);
        // Installed at every launch: it is there again although it was removed.
        const library = (await inside(name, "python", "-c", "import some_library; print(some_library.__file__)")).trim();
        await inside(name, "rm", library);
        await assertRuns(name, isKeepAlive);
      });
    });

    it("begins with the commit that is asked for", async () => {
      const { deployment } = await repository();
      const { name } = await launch(deployment, { base: "HEAD~1" });
      assert.equal(await inside(name, "cat", "/repo/code.py"), "first");
    });
  });

  it("vllm: it runs its own command, answers on the published port of this machine alone, and passes its health check", async () => {
    const { port } = await freePort(tools, 8000);
    const { deployment } = project("vllm", { PORT: String(port), HF_TOKEN: "hf_verysecret", MODEL: "org/small" });
    assert(!runCommand((await launching(deployment, {})).spec).includes("hf_verysecret"));
    await twice([deployment, {}], async ({ name }) => {
      assert.equal(name, "vllm-server");
      const ask = async (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
      await until("it to be loaded", async () => (await ask("/health").catch(() => undefined))?.ok === true);
      assert.deepEqual(await (await ask("/v1/models")).json(), { data: [{ id: "org/small", max_model_len: 8192 }] });
      assert.equal(await inside(name, "printenv", "HF_TOKEN"), "hf_verysecret");
      assert.equal(await lab.docker("port", name), `8000/tcp -> 127.0.0.1:${port}`);
      assert.equal(await gpusIn(name), 1);
      // Docker itself asks for the first time after ten seconds.
      await inside(name, "sh", "-c", await lab.docker("inspect", "--format", "{{index .Config.Healthcheck.Test 1}}", name));
      await assertRuns(name, (command) => command === "vllm --model org/small --max-model-len 8192");
    });
  });
});

const sockets = "/tmp/.X11-unix";

/** An X server that knows no more than how a connection begins (X Window System Protocol, "Connection Setup"), for the time of `use`. */
async function withDisplay(
  use: (display: string, close: () => Promise<void>) => Promise<void>,
  { refuses }: { refuses?: string } = {},
): Promise<void> {
  mkdirSync(sockets, { recursive: true, mode: 0o1777 });
  const taken = readdirSync(sockets);
  let number = 90;
  while (taken.includes(`X${number}`)) number++;
  const server: Server = createServer((client) => {
    const text = Buffer.from(refuses ?? "");
    const answer = Buffer.alloc(8 + text.length);
    answer.writeUInt8(refuses === undefined ? 1 : 0, 0);
    answer.writeUInt8(text.length, 1);
    answer.writeUInt16LE(11, 2);
    text.copy(answer, 8);
    client.once("data", () => client.write(answer)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen({ path: `${sockets}/X${number}`, writableAll: true }, resolve));
  const close = async () => new Promise<void>((resolve) => void server.close(() => resolve()));
  try {
    await use(`:${number}`, close);
  } finally {
    if (server.listening) await close();
  }
}
