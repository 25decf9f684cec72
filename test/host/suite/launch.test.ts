import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { parseRun } from "../../../src/core/parseRun.ts";
import { makeStale } from "../../lab/gpu.ts";
import { berth, docker, fresh, rejection, removeAll, state } from "./support.ts";

interface Launched {
  outcome: string;
  container: { id: string; name: string };
  command: string;
  log: string;
  url: string;
}

const exec = promisify(execFile);
const busybox = "berth-lab/busybox:1";
const workspace = () => vscode.workspace.workspaceFolders![0]!.uri.fsPath;

/** Where the deployment logs are. */
let logs = "";
async function launch(keys: object): Promise<Launched> {
  const launched = await berth<Launched>("launch", { confirm: false, ...keys });
  logs = dirname(launched.log);
  return launched;
}
/** The deployment logs of a container, the oldest first. */
async function logsOf(name: string): Promise<string[]> {
  const files = (await readdir(logs)).filter((file) => file.endsWith(`-${name}.md`) || file.includes(`-${name}-`)).sort();
  return Promise.all(files.map((file) => readFile(join(logs, file), "utf8")));
}
const refused = (keys: object) => rejection(launch(keys));
const inside = (name: string, script: string) => docker("exec", name, "sh", "-c", script);
/** Our containers and whether they run, by name. */
async function containers(name: string): Promise<string[]> {
  const rows = await docker("ps", "--all", "--filter", `name=^/${name}`, "--format", "{{.Names}} {{.State}}");
  return rows.split("\n").filter(Boolean).sort();
}

/** A folder with these services, open nowhere; `more` are its other files. */
const folders: string[] = [];
async function project(services: string, more: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "suite-"));
  folders.push(folder);
  await write(folder, services);
  for (const [name, text] of Object.entries(more)) await writeFile(join(folder, name), text);
  return folder;
}
const write = (folder: string, services: string) => writeFile(join(folder, "compose.yaml"), `services:\n${services}`);

/** The same with the compose file in the folder that is open; resolves once Berth has read it. */
async function openProject(services: string): Promise<void> {
  await write(workspace(), services);
  const service = /^ {2}([\w-]+):/m.exec(services)?.[1];
  await until("the project to be listed", async () =>
    (await rejection(berth("openComposeFile", { project: basename(workspace()), service }))).startsWith("resolved"),
  );
}
async function closeProject(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await rm(join(workspace(), "compose.yaml"), { force: true });
  await until("the project to be gone", async () =>
    /^There is no project/.test(await rejection(berth("openComposeFile", { project: basename(workspace()) }))),
  );
}

/** Files are watched, and apps take their time: looks until it is so. */
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await look());) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(Date.now() < deadline, `waited for ${what}`);
  }
}

/** A port that nobody uses, and that no connection gets by chance. */
async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** A service of one line or several: `box("a", "image: …")`. */
const box = (name: string, ...lines: string[]) =>
  [
    `  ${name}:`,
    `    container_name: ${name}`,
    ...(lines.length > 0 ? lines : [`image: ${busybox}`]).map((it) => `    ${it}`),
    "",
  ].join("\n");

/** A perception service on the host's network. */
const perception = (name: string, port: number, ...lines: string[]) => `  ${name}:
    image: berth-lab/perception:1
    container_name: ${name}
    network_mode: host
    gpus: all
${lines.map((line) => `    ${line}\n`).join("")}    x-berth:
      inputs:
        - { id: batch, prompt: Batch size, type: number, default: 4, min: 1, max: 64 }
      setup: ["echo once >>/tmp/set-up"]
      prepare: ["build-engine --batch {{batch}}"]
      configure:
        - { file: /opt/app/main.txt, format: ini, set: { http-server.http-port: "{{port}}", streammux.batch-size: "{{batch}}" } }
      app:
        start: perception_app -c /opt/app/main.txt --ready-after 0
        process: perception_app
        port: ${port}
        ready: { http: /api/v1/ready, contains: ds-ready, interval: 200ms, timeout: 30s }
      attach: { folder: /opt/app }
`;
const answers = async (url: string) => (await fetch(`${url}api/v1/ready`)).text();
const batchOf = (name: string) => inside(name, "grep batch-size /opt/app/main.txt");

describe("berth.launch, by command with an object", () => {
  before(removeAll);
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
    for (const terminal of vscode.window.terminals) terminal.dispose();
  });

  describe("which deployment is meant", () => {
    const [one, two] = [fresh("one"), fresh("two")];
    let folder = "";
    before(async () => {
      await openProject(box(two));
      folder = await project(`${box(one)}${box(two)}`);
    });
    after(closeProject);
    afterEach(() => removeAll());

    it("by the path of any folder, and its service", async () => {
      const { outcome, container } = await launch({ project: folder, service: one });
      assert.deepEqual([outcome, container.name], ["created", one]);
      assert.equal(await docker("inspect", "--format", "{{.Id}} {{.State.Status}}", one), `${container.id} running`);
      assert.deepEqual(await containers(two), []);
    });

    it("by the name of one that is open, or because it is the only one", async () => {
      for (const keys of [{ project: basename(workspace()) }, {}]) {
        assert.equal((await launch(keys)).container.name, two, JSON.stringify(keys));
        await removeAll();
      }
    });

    it("by a container that is its own, whatever else there is", async () => {
      await openProject(`${box(one)}${box(two)}`);
      await until("the other service to be listed", async () => /Which service/.test(await refused({})));
      for (const keys of [{}, { project: folder }]) {
        const { container } = await launch({ project: folder, service: one });
        const reused = await launch({ ...keys, container: one, existing: "reuse" });
        assert.deepEqual([reused.outcome, reused.container], ["reused", container]);
        const { outcome } = await berth<Launched>("reuse", { ...keys, container: container.id, confirm: false });
        assert.equal(outcome, "reused");
        await removeAll();
      }
      await openProject(box(two));
      await until("the other service to be gone", async () => !/Which service/.test(await refused({})));
      await removeAll();
    });

    it("several that can be meant are named, and none is launched", async () => {
      assert.equal(await refused({ project: folder }), `Which service is meant? Give 'service': one of ${one}, ${two}.`);
      await write(folder, `${box(one)}${box(two, `imagee: ${busybox}`)}`);
      assert.equal(await refused({ project: folder }), `Which service is meant? Give 'service': one of ${one}, ${two}.`);
      await write(folder, `${box(one)}${box(two)}`);
      assert.deepEqual(await containers("suite-"), []);
    });

    it("of one project that is open the services are named", async () => {
      await openProject(`${box(one)}${box(two)}`);
      const sentence = `Which service is meant? Give 'service': one of ${one}, ${two}.`;
      await until("the other service to be listed", async () => (await refused({})) === sentence);
      assert.equal(await refused({ project: "." }), sentence);
      await openProject(box(two));
    });

    it("of several projects of one name the folder decides", async () => {
      const parents = [await mkdtemp(join(tmpdir(), "suite-")), await mkdtemp(join(tmpdir(), "suite-")), workspace()];
      const all = parents.map((parent) => join(parent, "twin"));
      folders.push(...all, ...parents.slice(0, 2));
      for (const [n, twin] of all.entries()) {
        await mkdir(twin);
        await write(twin, box(`suite-twin-${n}`));
      }
      const set = (value: string[] | undefined) =>
        vscode.workspace.getConfiguration("berth").update("projectFolders", value, vscode.ConfigurationTarget.Global);
      try {
        await set(parents.slice(0, 2));
        await until("both to be listed", async () => (await refused({ project: "twins" })).includes("twin, twin"));
        await rm(join(workspace(), "twin"), { recursive: true });
        const told = await refused({ project: "twin" });
        assert.match(told, /^Several projects are named 'twin': give the folder, one of /);
        for (const twin of all.slice(0, 2)) assert.ok(told.includes(twin), told);
        await mkdir(all[2]!);
        await write(all[2]!, box("suite-twin-2"));
        await set(parents);
        await until("the third to be listed", async () => (await refused({ project: "twins" })).includes("twin, twin, twin"));
        // From the folder that is open, `twin` is a path as well.
        assert.equal((await launch({ project: "twin" })).container.name, "suite-twin-2");
        assert.equal((await launch({ project: all[1]! })).container.name, "suite-twin-1");
      } finally {
        await set(undefined);
        await rm(join(workspace(), "twin"), { recursive: true, force: true });
        await until("only the open one to be listed", async () =>
          (await refused({ project: "twins" })).endsWith(`or one of ${basename(workspace())}.`),
        );
      }
    });

    it("wrong ones are told in a sentence, and nothing is made", async () => {
      const file = join(folder, "compose.yaml");
      const [project, service] = [folder, one];
      assert.equal(
        await refused({ project: "nowhere" }),
        `There is no project 'nowhere': give a folder that holds a compose.yaml, or one of ${basename(workspace())}.`,
      );
      assert.equal(await refused({ project, service: "nobody" }), `There is no service 'nobody': ${file} has ${one}, ${two}.`);
      assert.equal(
        await refused({ project, service, inputs: { size: "small" } }),
        "There is no input 'size': this deployment has none.",
      );
      assert.equal(
        await refused({ project, service, existing: "again" }),
        "berth.launch: 'existing' must be 'reuse', 'revive', 'restart' or 'parallel'.",
      );
      assert.equal(
        await refused({ project, service, inputs: ["small"] }),
        "berth.launch: 'inputs' must be answers by the inputs' ids.",
      );
      assert.equal(
        await refused({ project, service, inputs: { size: ["small"] } }),
        "berth.launch: 'inputs.size' must be a text, a number, true or false.",
      );
      assert.equal(await refused({ project, sevice: one }), "berth.launch does not know 'sevice'.");
      assert.equal(
        await refused({ project, service, container: "suite-nobody", existing: "reuse" }),
        "There is no container 'suite-nobody' on this engine.",
      );
      assert.deepEqual(await containers("suite-"), []);
    });

    it("answers that are wrong, missing or of no input are told by the input's name", async () => {
      const asking = await project(
        box(
          one,
          `image: ${busybox}`,
          "x-berth:",
          "  inputs:",
          "    - { id: size, default: small, options: { small: {}, large: {} } }",
          "    - { id: batch, type: number, default: 4, min: 1, max: 64 }",
          '    - { id: label, prompt: Engine label, pattern: "^sm\\\\d+$", message: It looks like sm90. }',
        ),
      );
      const told = (inputs: object) => refused({ project: asking, inputs });
      assert.equal(await told({}), "The input 'label' (Engine label) has no default: give an answer.");
      assert.equal(await told({ label: "sm90", size: "huge" }), "The input 'size': Choose one of small, large.");
      assert.equal(await told({ label: "sm90", batch: 65 }), "The input 'batch': It is at most 64.");
      assert.equal(await told({ label: "90" }), "The input 'label': It looks like sm90.");
      assert.equal(await told({ label: "sm90", bach: 1 }), "There is no input 'bach': this deployment has size, batch, label.");
      assert.deepEqual(await containers("suite-"), []);
      assert.equal((await launch({ project: asking, inputs: { label: "sm90", batch: 8 } })).outcome, "created");
    });

    it("a compose file with a mistake is told with its file, its line and what to do; a service without one is launched", async () => {
      const wrong = await project(`${box(one, `imagee: ${busybox}`)}${box(two)}`);
      assert.equal(
        await refused({ project: wrong, service: one }),
        `Line 4 of ${join(wrong, "compose.yaml")} has a mistake, so nothing is launched from it: Compose has no field 'imagee' here: did you mean 'image'?`,
      );
      assert.equal((await launch({ project: wrong, service: two })).outcome, "created");
      await writeFile(join(wrong, "compose.yaml"), "services:\n  web: [\n");
      assert.match(
        await refused({ project: wrong }),
        new RegExp(`^Line \\d of ${join(wrong, "compose.yaml")} has a mistake, so nothing is launched from it: .+`),
      );
    });
  });

  it("without any project it says what to open", async () => {
    assert.equal(await refused({}), "No folder that is open holds a compose.yaml: open a project's folder, or deploy an image.");
  });

  describe("what it did is told", () => {
    const name = fresh("told");
    const secrets = ["hf_very_secret", "pw_from_the_file"];
    let folder = "";
    let port = 0;
    afterEach(() => removeAll());
    const service = () =>
      perception(
        name,
        port,
        'environment: { HF_TOKEN: hf_very_secret, MODE: "fast & loose" }',
        "env_file: [site.env]",
        'volumes: ["./data:/opt/data"]',
        "shm_size: 128m",
      );
    before(async () => {
      port = await unusedPort();
      folder = await project(service(), { "site.env": "DB_PASSWORD=pw_from_the_file\nSITE=7\n" });
    });

    it("by its result, the docker run that it ran, and the log", async () => {
      const launched = await launch({ project: folder, inputs: { batch: 8 } });
      const { outcome, container, command, log, url } = launched;
      assert.deepEqual([outcome, container.name, url], ["created", name, `http://localhost:${port}/`]);
      assert.match(await answers(url), /ds-ready/);
      assert.equal(await batchOf(name), "batch-size=8");

      // The command is whole, holds no secret, and parses back to what the container has.
      assert.match(command, new RegExp(`^docker run -d --name ${name} `));
      for (const part of [
        "-e HF_TOKEN ",
        "-e DB_PASSWORD ",
        "-e SITE=7 ",
        `-v ${folder}/data:/opt/data`,
        "--network host",
        "--init",
      ])
        assert.ok(command.includes(part), `${part} in ${command}`);
      assert.match(command, / berth-lab\/perception:1 tail -f \/dev\/null$/);
      const { spec, notes } = parseRun(command);
      assert.deepEqual(notes, []);
      assert.deepEqual(spec, parseRun((await berth<Launched>("showRunCommand", { container: name })).command).spec);
      assert.equal(
        await inside(name, "echo $HF_TOKEN $DB_PASSWORD $SITE $MODE"),
        "hf_very_secret pw_from_the_file 7 fast & loose",
      );

      // Pasted in a shell that has the secrets, it makes the very same container.
      const made = async () => {
        const [{ Config, HostConfig }] = JSON.parse(await docker("inspect", name)) as [Record<string, Record<string, unknown>>];
        // What the CLI itself listened to when it made it.
        return {
          HostConfig,
          Config: { ...Config, AttachStdout: false, AttachStderr: false, Env: [...(Config?.Env as string[])].sort() },
        };
      };
      const first = await made();
      await docker("rm", "--force", name);
      const env = { ...process.env, HF_TOKEN: secrets[0], DB_PASSWORD: secrets[1] };
      await exec("sh", ["-c", command], { env });
      assert.deepEqual(await made(), first);

      const text = await readFile(log, "utf8");
      for (const part of [
        `# Deploy ${name}: succeeded`,
        `- Project: ${folder}`,
        `- Service: ${name}`,
        "- GPU: ok",
        "docker run -d \\\n",
        "perception_app -c /opt/app/main.txt --ready-after 0",
        "## File /opt/app/main.txt",
        `http-port=${port}   # where /api/v1/ready answers`,
        "batch-size=8",
        "## Steps",
        "build-engine --batch 8",
      ])
        assert.ok(text.includes(part), `${part} in\n${text}`);
      for (const secret of secrets) assert.ok(!`${text}${JSON.stringify(launched)}`.includes(secret), `${secret} is told`);
    });

    it("also where a secret gets into the app's output, its configuration or an error", async () => {
      const leaky = (setup: string) =>
        write(
          folder,
          service().replace("echo once >>/tmp/set-up", () => setup),
        );
      await leaky("echo loading; echo login $$DB_PASSWORD >&2; exit 3");
      const told = await refused({ project: folder });
      assert.match(told, new RegExp(`failed in ${name} with exit code 3\\.`));
      assert.ok(told.includes("login [redacted]"), told);
      assert.deepEqual(await containers(name), [], "a setup that fails leaves nothing");

      await leaky('echo \\"token = $$HF_TOKEN\\" >>/opt/app/main.txt');
      const first = await launch({ project: folder });
      assert.match(await inside(name, "tail -n 1 /opt/app/main.txt"), /token = hf_very_secret/);
      const again = await launch({ project: folder, existing: "reuse" });
      const written = await logsOf(name);
      assert.deepEqual(
        written.slice(-3).map((text) => text.split("\n", 1)[0]),
        [`# Deploy ${name}: failed`, `# Deploy ${name}: succeeded`, `# Reuse ${name}: succeeded`],
      );
      for (const text of [...written, told, JSON.stringify([first, again])])
        for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} is told in ${text}`);
    });

    it("no secret of the project: of .env, of a secret's file, of an answer; the other answers are", async () => {
      const own = fresh("secrets");
      const values = ["text_of_the_secret", "value_of_dotenv", "hf_answered", "written_in_the_file"];
      const service = (start: string) =>
        box(
          own,
          `image: ${busybox}`,
          "secrets: [db]",
          "x-berth:",
          "  inputs: [{ id: batch, type: number, default: 4 }, { id: hf_token }]",
          `  setup: ["(echo '[main]'; echo api_key = x; echo name = x) >/own.ini", "echo {{hf_token}}"]`,
          "  configure: [{ file: /own.ini, set: { main.api_key: written_in_the_file, main.name: '${API_TOKEN}' } }]",
          `  app: { start: "${start}" }`,
        ) + "secrets: { db: { environment: DB } }\n";
      const dotenv = "DB=text_of_the_secret\nAPI_TOKEN=value_of_dotenv\n";
      const secretive = await project(service("cat /run/secrets/db; echo {{hf_token}}; exit 3"), { ".env": dotenv });
      const keys = { project: secretive, inputs: { hf_token: "hf_answered", batch: 8 } };
      const told = await refused(keys);
      assert.match(told, /^\[redacted\] ?\[redacted\]$/m);
      await removeAll();

      await write(secretive, service("sleep 60"));
      const launched = await launch(keys);
      assert.equal(
        await inside(own, "cat /own.ini /run/secrets/db"),
        "[main]\napi_key = written_in_the_file\nname = value_of_dotenv\ntext_of_the_secret",
      );
      const written = await logsOf(own);
      assert.equal(written.length, 2);
      for (const part of [
        "- Inputs: batch = 8, hf_token = [redacted]",
        "sh -c 'echo [redacted]'",
        "set main.api_key = [redacted], main.name = [redacted] in /own.ini",
        "[main]\napi_key = [redacted]\nname = [redacted]\n",
      ])
        assert.ok(written[1]?.includes(part), `${part} in\n${written[1]}`);
      for (const text of [told, ...written, JSON.stringify(launched)])
        for (const value of values) assert.ok(!text.includes(value), `${value} is told in ${text}`);
    });

    it("a container that exits at once is told, kept, and in the deployment log", async () => {
      const ends = await project(box(name, "image: berth-lab/exits:1", "x-berth: { keep_alive: false }"));
      const told = await refused({ project: ends });
      assert.deepEqual(told.split("\n").slice(0, 2), [
        `${name} exited at once with exit code 3 (not out of memory). The container is kept.`,
        "Its last log lines:",
      ]);
      assert.deepEqual(told.split("\n").slice(2).sort(), ["one", "three", "two"]); // of two streams
      assert.deepEqual(await containers(name), [`${name} exited`]);
      const log = (await logsOf(name)).at(-1) ?? "";
      assert.match(log, new RegExp(`^# Deploy ${name}: failed`));
      assert.ok(log.includes(`${name} exited at once with exit code 3`), log);
      assert.match(log, new RegExp(`- Container: ${name} \\([0-9a-f]{12}\\)`));
    });
  });

  describe("a container that is there", () => {
    const name = fresh("there");
    let folder = "";
    let port = 0;
    /** The next test goes on with it, where the one before left it running. */
    let first: Launched | undefined;
    let there: Launched;
    before(async () => {
      port = await unusedPort();
      folder = await project(perception(name, port));
    });
    beforeEach(async () => {
      await write(folder, perception(name, port));
      await removeAll(first?.container.id);
      if (!first || (await state(first.container.id)) !== "running") first = await launch({ project: folder });
      there = first;
    });
    after(() => removeAll());

    it("is not touched without 'existing', and what can be done is named", async () => {
      assert.equal(
        await refused({ project: folder }),
        `There is a container '${name}' already: give 'existing', one of 'reuse', 'restart', 'parallel'.`,
      );
      assert.equal(
        await refused({ project: folder, existing: "revive" }),
        `${name} cannot be revived: there is nothing to heal. Give 'reuse', 'restart' or 'parallel'.`,
      );
      assert.deepEqual(await containers(name), [`${name} running`]);
      assert.match(await answers(there.url), /ds-ready/);
    });

    it("is reused: the app is configured and started anew, set up it is not; berth.reuse is the same", async () => {
      const pid = () => inside(name, "pidof -x perception_app || pgrep perception_app");
      let before = await pid();
      const calls = [
        () => launch({ project: folder, existing: "reuse", inputs: { batch: 8 } }),
        () => berth<Launched>("reuse", { project: folder, container: name, inputs: { batch: 16 }, confirm: false }),
      ];
      for (const [n, call] of calls.entries()) {
        const { outcome, container, url, command, log } = await call();
        assert.deepEqual([outcome, container, url], ["reused", there.container, there.url]);
        assert.equal(await batchOf(name), `batch-size=${[8, 16][n]}`);
        assert.match(await answers(url), /ds-ready/);
        assert.equal(parseRun(command).spec.name, name);
        assert.match(await readFile(log, "utf8"), new RegExp(`^# Reuse ${name}: succeeded`));
        const now = await pid();
        assert.notEqual(now, before, "the app is another one");
        before = now;
      }
      assert.equal(await inside(name, "cat /tmp/set-up"), "once");
      assert.deepEqual(await containers(name), [`${name} running`]);
    });

    it("is told by its own docker run when it is reused, not by the one that is wanted now", async () => {
      await write(folder, perception(name, port, "shm_size: 128m"));
      const { command } = await launch({ project: folder, existing: "reuse" });
      assert.equal(command, (await berth<Launched>("showRunCommand", { container: name })).command);
      assert.ok(!command.includes("--shm-size"), command);
    });

    it("that is stopped is started for its reuse", async () => {
      await docker("stop", "--time", "0", name);
      const { outcome, container, url } = await launch({ project: folder, existing: "reuse" });
      assert.deepEqual([outcome, container, url], ["reused", there.container, there.url]);
    });

    it("is restarted: a fresh one under its name, the old one gone", async () => {
      await inside(name, "echo mine >/root/work");
      first = await launch({ project: folder, existing: "restart" });
      const { outcome, container, url, log } = first;
      assert.deepEqual([outcome, container.name, url], ["restarted", name, there.url]);
      assert.notEqual(container.id, there.container.id);
      assert.equal(await state(there.container.id), "gone");
      assert.deepEqual(await containers(name), [`${name} running`]);
      assert.equal(await inside(name, "cat /tmp/set-up; ls /root"), "once");
      assert.match(await answers(url), /ds-ready/);
      assert.match(await readFile(log, "utf8"), new RegExp(`^# Restart ${name}: succeeded`));
    });

    it("is left running beside another, and a third, each with a name and a port of its own", async () => {
      const second = await launch({ project: folder, existing: "parallel" });
      const third = await launch({ project: folder, existing: "parallel" });
      const all = [there, second, third];
      assert.deepEqual([second.outcome, third.outcome], ["parallel", "parallel"]);
      for (const { container } of [second, third]) assert.match(container.name, new RegExp(`^${name}-\\d{8}_\\d{6}$`));
      assert.equal(new Set(all.map(({ container }) => container.name)).size, 3);
      assert.equal(new Set(all.map(({ url }) => url)).size, 3);
      for (const { url, container } of all) {
        assert.match(await answers(url), /ds-ready/);
        assert.equal(
          await inside(container.name, "grep ^http-port /opt/app/main.txt | cut -d' ' -f1"),
          `http-port=${new URL(url).port}`,
        );
      }
      assert.equal((await containers(name)).length, 3);

      // One of them is meant by its name: it keeps its port, and the others go on.
      const again = await launch({ project: folder, container: second.container.name, existing: "restart" });
      assert.deepEqual([again.outcome, again.container.name, again.url], ["restarted", second.container.name, second.url]);
      assert.notEqual(again.container.id, second.container.id);
      for (const { url } of all) assert.match(await answers(url), /ds-ready/);
    });

    it("whose GPU handle is stale is not reused, but revived", async () => {
      await makeStale({ env: process.env, docker } as never, there.container.id);
      assert.equal(
        await refused({ project: folder, existing: "reuse" }),
        `${name} cannot be reused: existing container has lost GPU access (stale NVML); reuse is not viable. Give 'revive', 'restart' or 'parallel'.`,
      );
      assert.equal(
        await refused({ project: folder }),
        `There is a container '${name}' already: give 'existing', one of 'revive', 'restart', 'parallel'.`,
      );
      const { outcome, container, url } = await launch({ project: folder, existing: "revive" });
      assert.deepEqual([outcome, container, url], ["revived", there.container, there.url]);
      assert.match(await answers(url), /ds-ready/);
      assert.equal(await inside(name, "cat /tmp/set-up"), "once");
    });

    it("that lacks a mount is not reused, and the mount is named", async () => {
      await write(folder, perception(name, port, 'volumes: ["./models:/models"]'));
      const sentence = `${name} cannot be reused: it lacks the mount ${folder}/models:/models. Give 'restart' or 'parallel'.`;
      assert.equal(await refused({ project: folder, existing: "reuse" }), sentence);
      assert.equal(await rejection(berth("reuse", { project: folder, confirm: false })), sentence);
      first = await launch({ project: folder, existing: "restart" });
      assert.equal(first.outcome, "restarted");
    });

    it("is back, with its app, when the one that is to take its place does not stay up", async () => {
      await write(folder, perception(name, port, 'command: ["sh", "-c", "echo no licence; exit 7"]'));
      const told = await refused({ project: folder, existing: "restart" });
      const match = new RegExp(
        `^${name} exited at once with exit code 7 \\(not out of memory\\)\\. It is kept as (${name}-failed-\\d{8}_\\d{6}); the one before is back\\.\nIts last log lines:\nno licence$`,
      ).exec(told);
      assert.ok(match, told);
      assert.deepEqual(await containers(name), [`${match[1]} exited`, `${name} running`].sort());
      assert.equal(await docker("inspect", "--format", "{{.Id}}", name), there.container.id);
      await until("its app to answer", async () => (await rejection(answers(there.url))).includes("ds-ready"));
      assert.match((await logsOf(name)).at(-1) ?? "", new RegExp(`^# Restart ${name}: failed`));

      // What is kept to be looked at is not taken for the deployment's.
      await write(folder, perception(name, port));
      assert.equal((await launch({ project: folder, existing: "reuse" })).container.id, there.container.id);
    });

    it("is back as well when the new one's app fails, which is kept", async () => {
      await write(folder, perception(name, port).replace("--ready-after 0", "--fail nvml"));
      const told = await refused({ project: folder, existing: "restart" });
      assert.match(told, new RegExp(`It is kept as ${name}-failed-\\d{8}_\\d{6}; the one before is back\\.`));
      assert.match(told, /Failed to initialize NVML/);
      assert.equal(await docker("inspect", "--format", "{{.Id}} {{.State.Status}}", name), `${there.container.id} running`);
      await until("its app to answer", async () => (await rejection(answers(there.url))).includes("ds-ready"));
    });

    it("is attached to, and opens at the deployment's folder", async () => {
      const { outcome, container } = await berth<Launched>("attach", { project: folder, open: "none" });
      assert.deepEqual([outcome, container], ["attached", there.container]);
      assert.deepEqual((await berth<Launched>("attach", { container: name, open: "none" })).container, there.container);
      for (const old of vscode.window.terminals) old.dispose();
      await launch({ project: folder, existing: "reuse", open: "terminal" });
      const terminal = vscode.window.terminals.findLast((it) => it.name === name && it.exitStatus === undefined);
      const { shellArgs } = terminal?.creationOptions as vscode.TerminalOptions;
      assert.ok((shellArgs as string[]).join(" ").includes("--workdir /opt/app"), String(shellArgs));
    });

    it("with a restart that was broken off before is left alone, and that one is named", async () => {
      const aside = `${name}-berth-aside`;
      await docker("run", "-d", "--name", aside, busybox, "sleep", "1000");
      assert.equal(
        await refused({ project: folder, existing: "restart" }),
        `'${aside}' is left of a restart of ${name} that was broken off: remove or rename it first.`,
      );
      const restarts = join(logs, "../restarts");
      await mkdir(restarts, { recursive: true });
      const lock = { pid: process.pid, host: process.env.DOCKER_HOST, name };
      await writeFile(join(restarts, "suite.json"), JSON.stringify(lock));
      assert.equal(
        await refused({ project: folder, existing: "restart" }).finally(() => rm(join(restarts, "suite.json"))),
        `Another window restarts ${name} right now: wait until it is done.`,
      );
      assert.deepEqual(await containers(name), [`${name} running`, `${aside} running`]);
      assert.equal(await docker("inspect", "--format", "{{.Id}}", name), there.container.id);
      assert.match(await answers(there.url), /ds-ready/);

      // Alone it is not taken for the deployment's.
      await docker("rm", "--force", name);
      assert.equal(
        await refused({ project: folder, existing: "reuse" }),
        `There is no container '${name}' yet: launch it first.`,
      );
      assert.equal((await launch({ project: folder })).outcome, "created");
      assert.deepEqual(await containers(name), [`${name} running`, `${aside} running`]);
    });
  });

  describe("other containers that are there, or are not", () => {
    afterEach(() => removeAll());

    it("'reuse' and 'revive' need one that is there", async () => {
      const name = fresh("none");
      const folder = await project(box(name));
      const sentence = `There is no container '${name}' yet: launch it first.`;
      assert.equal(await refused({ project: folder, existing: "reuse" }), sentence);
      assert.equal(await refused({ project: folder, existing: "revive" }), sentence);
      assert.equal(await rejection(berth("reuse", { project: folder, confirm: false })), sentence);
      assert.deepEqual(await containers(name), []);
    });

    it("another user's of the same name is not restarted unasked", async () => {
      const name = fresh("shared");
      const folder = await project(box(name));
      const labels = ["v=1", "user=anna", "project=other"].flatMap((it) => ["--label", `dev.berth.${it}`]);
      const id = await docker("run", "-d", "--init", "--name", name, ...labels, busybox, "tail", "-f", "/dev/null");
      assert.equal(
        await refused({ project: folder }),
        `There is a container '${name}' already: give 'existing', one of 'reuse', 'parallel'.`,
      );
      for (const keys of [{}, { container: name }])
        assert.equal(
          await refused({ project: folder, existing: "restart", ...keys }),
          `${name} is not yours but anna's, and what runs in it is not ended unasked: leave out 'confirm: false', or give 'parallel'.`,
        );
      assert.equal(await docker("inspect", "--format", "{{.Id}} {{.State.Status}}", name), `${id} running`);
      assert.equal((await launch({ project: folder, existing: "parallel" })).outcome, "parallel");
    });

    it("on a bridge network one beside it gets another port of the machine", async () => {
      const name = fresh("bridge");
      const port = await unusedPort();
      const folder = await project(
        box(
          name,
          `image: ${busybox}`,
          `ports: ["${port}:80"]`,
          "x-berth:",
          '  setup: ["mkdir -p /www && echo by {{name}} on {{host_port}} >/www/index.html"]',
          "  app: { start: httpd -f -p 80 -h /www, port: 80, ready: { http: /, contains: by, interval: 200ms } }",
        ),
      );
      const first = await launch({ project: folder });
      const second = await launch({ project: folder, existing: "parallel" });
      assert.equal(first.url, `http://localhost:${port}/`);
      assert.notEqual(second.url, first.url);
      assert.ok(second.command.includes(`-p ${new URL(second.url).port}:80`), second.command);
      for (const { url, container } of [first, second])
        assert.equal(await (await fetch(url)).text(), `by ${container.name} on ${new URL(url).port}\n`);
      const again = await launch({ project: folder, container: second.container.name, existing: "restart" });
      assert.deepEqual([again.outcome, again.url], ["restarted", second.url]);
      assert.equal(await (await fetch(again.url)).text(), `by ${second.container.name} on ${new URL(again.url).port}\n`);
    });

    it("one that Docker Compose made for the service is recognised", async () => {
      const folder = await project(`  web:\n    image: ${busybox}\n`);
      const made = `suite-${basename(folder).toLowerCase()}-web-1`;
      const labels = { project: basename(folder).toLowerCase(), service: "web", "project.working_dir": folder, oneoff: "False" };
      const options = Object.entries(labels).flatMap(([label, value]) => ["--label", `com.docker.compose.${label}=${value}`]);
      const id = await docker("run", "-d", "--init", "--name", made, ...options, busybox, "tail", "-f", "/dev/null");
      assert.equal(
        await refused({ project: folder }),
        `There is a container '${made}' already: give 'existing', one of 'reuse', 'restart', 'parallel'.`,
      );
      const { outcome, container } = await launch({ project: folder, existing: "reuse" });
      assert.deepEqual([outcome, container], ["reused", { id, name: made }]);
      assert.deepEqual((await berth<Launched>("attach", { project: folder, open: "none" })).container, { id, name: made });
    });

    it("one that Docker Compose made gets the ports that the file says now when it is restarted", async () => {
      const port = await unusedPort();
      const folder = await project(`  web:\n    image: ${busybox}\n    ports: ["${port}:80"]\n`);
      const made = `suite-${basename(folder).toLowerCase()}-web-1`;
      const labels = { project: basename(folder).toLowerCase(), service: "web", "project.working_dir": folder, oneoff: "False" };
      const options = Object.entries(labels).flatMap(([label, value]) => ["--label", `com.docker.compose.${label}=${value}`]);
      const before = await unusedPort();
      await docker("run", "-d", "--init", "--name", made, "-p", `${before}:80`, ...options, busybox, "tail", "-f", "/dev/null");
      const { container } = await launch({ project: folder, existing: "restart" });
      assert.equal(container.name, made);
      assert.match(await docker("port", made, "80"), new RegExp(`:${port}$`, "m"));
    });

    it("what of the file is not acted on is told in the log and with the command", async () => {
      const name = fresh("notes");
      const folder = await project(
        `${box(name, `image: ${busybox}`, "depends_on: [db]", 'environment: ["HF_TOKEN=hf_abcdefgh"]')}  db:\n    image: ${busybox}\n`,
      );
      const { log } = await launch({ project: folder, service: name });
      const text = await readFile(log, "utf8");
      assert.match(text, /^## Notes\n\n- Berth does not act on 'depends_on': .* \(line \d+ of compose\.yaml\)$/m);
      assert.match(
        text,
        /^- Docker keeps the value of HF_TOKEN with the container, .*'secrets' in the compose file mounts a file instead\.$/m,
      );
      assert.doesNotMatch(text, /hf_abcdefgh/);
    });
  });

  describe("what is around a container", () => {
    const name = fresh("around");
    afterEach(async () => {
      await closeProject();
      await removeAll();
    });
    const diagnostics = async () => {
      await berth("copyDiagnostics", {});
      return vscode.env.clipboard.readText();
    };

    it("that opens otherwise than it is wanted is told in the log alone", async () => {
      await openProject(box(name, `image: ${busybox}`, "x-berth: { attach: { folder: /nowhere } }"));
      assert.equal((await launch({ open: "terminal" })).outcome, "created");
      const sentence = `There is no folder /nowhere in ${name}, where its project wants to open it: / opens instead.`;
      assert.ok((await diagnostics()).includes(sentence));
      assert.match(
        await refused({ existing: "reuse", open: "window" }),
        new RegExp(`^${name} runs, but: A window in ${name} needs the Dev Containers extension\\.`),
      );
      assert.match(await diagnostics(), /VS Code needs .* in a container, .*The window may not open; a terminal does\./);
    });

    it("a display is mounted without a file to log in with that is not there", async () => {
      const programs = await mkdtemp(join(tmpdir(), "suite-"));
      folders.push(programs);
      await writeFile(join(programs, "xhost"), "#!/bin/sh\n", { mode: 0o755 });
      await mkdir("/tmp/.X11-unix", { recursive: true });
      const socket = "/tmp/.X11-unix/X97";
      await rm(socket, { force: true });
      const server = createServer().listen(socket);
      const { PATH, DISPLAY, XAUTHORITY } = process.env;
      Object.assign(process.env, { PATH: `${programs}:${PATH}`, DISPLAY: ":97", XAUTHORITY: "/nonexistent/xauth" });
      try {
        await openProject(box(name, `image: ${busybox}`, "x-berth: { display: x11 }"));
        assert.equal((await launch({})).outcome, "created");
        assert.equal(await inside(name, "echo $DISPLAY $XAUTHORITY"), ":97");
        assert.equal(await docker("inspect", "--format", "{{range .Mounts}}{{.Source}}{{end}}", name), "/tmp/.X11-unix");
      } finally {
        server.close();
        for (const [key, value] of Object.entries({ PATH, DISPLAY, XAUTHORITY }))
          if (value === undefined) delete process.env[key];
          else process.env[key] = value;
      }
    });
  });

  describe("an image that is not there", () => {
    const name = fresh("image");
    const images: string[] = [];
    afterEach(async () => {
      await removeAll();
      for (const image of images) await docker("image", "rm", image).catch(() => "");
    });
    const built = (folder: string) => {
      const image = `${basename(folder).toLowerCase()}-${name}`;
      images.push(image);
      return image;
    };
    const idOf = (image: string) => docker("image", "inspect", "--format", "{{.Id}}", image);

    it("is pulled; where that fails, what to do is told", async () => {
      const folder = await project(box(name, "image: localhost:1/nobody/nothing:9"));
      assert.match(
        await refused({ project: folder }),
        /^There is no image 'localhost:1\/nobody\/nothing:9' on this engine, and it cannot be pulled: .*connection refused.*\. Correct its name, log in with 'docker login', or give the service a 'build'\.$/,
      );
      assert.equal(
        await refused({ project: folder, rebuild: true }),
        "'rebuild' needs a 'build' in the compose file: the image 'localhost:1/nobody/nothing:9' is only named there.",
      );
      assert.deepEqual(await containers(name), []);
      const log = (await logsOf(name)).at(-1) ?? "";
      assert.match(log, new RegExp(`^# Deploy ${name}: failed`));
      for (const part of [`- Project: ${folder}`, "docker pull localhost:1/nobody/nothing:9", "and it cannot be pulled"])
        assert.ok(log.includes(part), `${part} in\n${log}`);
    });

    it("is built where the file says how; again with 'rebuild'; a build that fails is an error, whatever is there", async () => {
      const dockerfile = (line: string) => `FROM ${busybox}\n${line}\n`;
      const folder = await project(box(name, "build: ."), { Dockerfile: dockerfile("RUN echo 1 >/version") });
      const image = built(folder);
      const first = await launch({ project: folder });
      assert.equal(first.outcome, "created");
      assert.ok(first.command.includes(` ${image} tail -f /dev/null`), first.command);
      assert.equal(await inside(name, "cat /version"), "1");
      const old = await idOf(image);

      await writeFile(join(folder, "Dockerfile"), dockerfile("RUN echo 2 >/version"));
      assert.equal((await launch({ project: folder, existing: "reuse" })).outcome, "reused");
      assert.equal(await idOf(image), old, "an image that is there is not built again");
      assert.equal((await launch({ project: folder, existing: "restart", rebuild: true })).outcome, "restarted");
      assert.equal(await inside(name, "cat /version"), "2");
      const next = await idOf(image);
      assert.notEqual(next, old);

      const exited = await docker("ps", "--all", "--quiet", "--filter", "status=exited");
      await writeFile(join(folder, "Dockerfile"), dockerfile("RUN echo no network here; exit 3"));
      const { id } = JSON.parse(await docker("inspect", "--format", '{"id":"{{.Id}}"}', name)) as { id: string };
      for (const existing of ["restart", "reuse", "parallel"]) {
        const told = await refused({ project: folder, existing, rebuild: true });
        assert.match(told, new RegExp(`^The image '${image}' could not be built: .*returned a non-zero code: 3`), told);
        assert.ok(told.includes("no network here"), told);
      }
      const log = (await logsOf(name)).at(-1) ?? "";
      assert.match(log, new RegExp(`^# Deploy ${name}: failed`));
      for (const part of [`docker build --force-rm --tag ${image} `, "RUN echo no network here; exit 3", "could not be built"])
        assert.ok(log.includes(part), `${part} in\n${log}`);
      assert.equal(await docker("ps", "--all", "--quiet", "--filter", "status=exited"), exited, "nothing is left of the build");
      assert.equal(await idOf(image), next);
      assert.deepEqual(await containers(name), [`${name} running`]);
      assert.equal(await docker("inspect", "--format", "{{.Id}}", name), id);
    });

    it("is built under a name that Docker takes, whatever the folder is called", async () => {
      const parent = await mkdtemp(join(tmpdir(), "suite-"));
      const folder = join(parent, "My Thesis (2)");
      folders.push(parent);
      await mkdir(folder);
      await write(folder, box(name, "build: .").replace(`  ${name}:`, "  Web:"));
      await writeFile(join(folder, "Dockerfile"), `FROM ${busybox}\n`);
      images.push("my-thesis-2-web");
      const { outcome } = await launch({ project: folder });
      assert.equal(outcome, "created");
    });
  });
});

describe("berth.startApp and berth.stopApp", () => {
  const [name, plain, stranger] = [fresh("app"), fresh("plain"), fresh("stranger")];
  let port = 0;
  before(async () => {
    await removeAll();
    port = await unusedPort();
    await openProject(`${perception(name, port)}${box(plain)}`);
  });
  after(async () => {
    await closeProject();
    await removeAll();
  });
  const told = (command: string, container: string) => rejection(berth(command, { container }));

  it("stop the app and start it again as it was launched", async () => {
    const launched = await launch({ service: name, inputs: { batch: 8 } });
    assert.deepEqual(await berth("stopApp", { container: name }), { outcome: "stopped" });
    assert.match(await rejection(answers(launched.url)), /fetch failed/);
    assert.equal(await state(name), "running");
    assert.equal(await told("stopApp", name), `The app does not run in ${name}.`);

    await inside(name, "sed -i s/batch-size=8/batch-size=1/ /opt/app/main.txt");
    assert.deepEqual(await berth("startApp", { container: launched.container.id }), { outcome: "started" });
    assert.match(await answers(launched.url), /ds-ready/);
    assert.equal(await batchOf(name), "batch-size=8", "with the answers of the launch");
    assert.equal(await inside(name, "cat /tmp/set-up"), "once");
    assert.equal(await told("startApp", name), `The app runs in ${name} already: stop it first.`);
  });

  it("of a parallel one mean its own port", async () => {
    const beside = await launch({ service: name, existing: "parallel" });
    await berth("stopApp", { container: beside.container.name });
    assert.match(await answers(`http://localhost:${port}/`), /ds-ready/);
    assert.deepEqual(await berth("startApp", { container: beside.container.name }), { outcome: "started" });
    assert.match(await answers(beside.url), /ds-ready/);
  });

  it("refuse what has no app, does not run, or belongs to no project", async () => {
    await launch({ service: plain });
    await docker("run", "-d", "--name", stranger, busybox, "sleep", "1000");
    await docker("stop", "--time", "0", name);
    for (const command of ["startApp", "stopApp"]) {
      assert.equal(await told(command, plain), `The service '${plain}' has no app: add 'x-berth.app' to its compose file.`);
      assert.equal(
        await told(command, stranger),
        `${stranger} belongs to no project that is open, so Berth does not know its app: open the project's folder.`,
      );
      assert.equal(await told(command, "suite-nobody"), "There is no container 'suite-nobody' on this engine.");
    }
    assert.equal(await told("startApp", name), `${name} does not run, so no app can be started in it: start it first.`);
    assert.equal(await told("stopApp", name), `${name} does not run, and so neither does its app.`);
  });
});
