import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Circumstances, withAnswers } from "../../../src/core/compose/deployment.ts";
import { type Answers, answerProblem, answersText, withoutSecrets } from "../../../src/core/compose/inputs.ts";
import { runCommand } from "../../../src/core/dockerRun.ts";
import { berth, only, project, service, told } from "./support.ts";

const example = (name: string) => readFileSync(join(import.meta.dirname, "../../../examples", name, "compose.yaml"), "utf8");

/** The launch of the only deployment. */
const launch = (text: string, answers: Answers = {}, circumstances?: Circumstances, more?: Parameters<typeof project>[1]) =>
  withAnswers(only(project(text, more)), answers, circumstances);

function refusal(text: string, answers: Answers, circumstances?: Circumstances): string {
  try {
    launch(text, answers, circumstances);
  } catch (error) {
    assert.equal((error as Error).name, "UserError");
    return (error as Error).message;
  }
  return "launched";
}

describe("a deployment with its questions answered", () => {
  it("is the product page's example, filled in", () => {
    const { spec, ...rest } = launch(
      example("perception"),
      { sink: "eglsink", batch: 8, label: "sm90_trt-llm-2.0_cuda13" },
      { port: 9001 },
    );
    assert.equal(
      runCommand(spec),
      `docker run -d --name rtvicv-perception-docker --gpus all --network host -v /home/ann/rtvicv-storage:/opt/storage --shm-size 6g berth-lab/perception:1`,
    );
    assert.deepEqual(rest, {
      keepAlive: true,
      secretFiles: [],
      display: "x11",
      setup: ["mkdir -p /opt/storage/engines"],
      prepare: ["build-engine --batch 8 --label sm90_trt-llm-2.0_cuda13"],
      configure: [
        { file: "/opt/app/main.txt", format: "ini", set: { "http-server.http-port": "9001", "streammux.batch-size": "8" } },
      ],
      app: {
        start: "perception_app -c /opt/app/main.txt --sink eglsink",
        process: "perception_app",
        port: 9001,
        ready: { http: "/api/v1/ready", contains: "ds-ready", interval: 5000, timeout: 300_000 },
      },
      attach: { folder: "/workspace", user: "root", extensions: ["ms-python.python"] },
      hidden: [],
    });
  });

  it("is the same every time, and leaves the deployment as it was", () => {
    const deployment = only(project(example("perception")));
    const before = JSON.stringify(deployment);
    assert.deepEqual(withAnswers(deployment, { batch: 8 }), withAnswers(deployment, { batch: "8" }));
    assert.equal(JSON.stringify(deployment), before);
  });

  const overlaid = service(
    "environment: { A: '1', B: '1' }",
    'volumes: ["./small:/model"]',
    "shm_size: 1g",
    "x-berth:",
    "  setup: [one]",
    "  inputs:",
    "    - id: size",
    "      default: small",
    "      options:",
    "        small:",
    '        large: { shm_size: 2g, environment: [B=2], volumes: ["./large:/model"], x-berth: { setup: [two] } }',
    "    - id: who",
    "      default: me",
    "      options: { me: {}, you: { environment: { B: '3', WHO: '{{who}}' } } }",
  );

  it("has what its options lay over it, by Compose's rules, in the order of the questions", () => {
    const parts = (answers: Answers) => {
      const { spec, setup } = launch(overlaid, answers);
      return { env: spec.env, shm: spec.shmSize, mounts: spec.mounts.map(({ source }) => source), setup };
    };
    const small = { shm: 2 ** 30, mounts: ["/work/demo/small"], setup: ["one"] };
    const large = { shm: 2 ** 31, mounts: ["/work/demo/large"], setup: ["one", "two"] };
    assert.deepEqual(parts({}), { ...small, env: { A: "1", B: "1" } });
    assert.deepEqual(parts({ size: "large" }), { ...large, env: { A: "1", B: "2" } });
    assert.deepEqual(parts({ size: "large", who: "you" }), { ...large, env: { A: "1", B: "3", WHO: "you" } });
  });

  const questions = berth(
    "inputs:",
    "  - { id: model, prompt: Which model }",
    "  - { id: batch, type: number, default: 4, min: 1, max: 64 }",
    '  - { id: label, default: sm90_cuda12, pattern: "^sm\\\\d+_cuda[\\\\d.]+$", message: It looks like sm90_cuda12. }',
    "  - { id: sink, default: a, options: { a: {}, b: {} } }",
    'setup: ["fetch {{model}}"]',
  );
  const refusals: [Answers, string][] = [
    [{}, "The input 'model' (Which model) has no default: give an answer."],
    [{ model: "x", batch: "many" }, "The input 'batch': 'many' is not a number."],
    [{ model: "x", batch: 0 }, "The input 'batch': It is at least 1."],
    [{ model: "x", batch: 65 }, "The input 'batch': It is at most 64."],
    [{ model: "x", label: "sm90; rm -rf /" }, "The input 'label': It looks like sm90_cuda12."],
    [{ model: "x", sink: "c" }, "The input 'sink': Choose one of a, b."],
    [{ model: "x\ny" }, "The input 'model': Write it on one line."],
    [{ model: "x", size: 1 }, "There is no input 'size': this deployment has model, batch, label, sink."],
    [{ model: "x", constructor: 1 }, "There is no input 'constructor': this deployment has model, batch, label, sink."],
  ];
  for (const [answers, message] of refusals)
    it(`refuses ${JSON.stringify(answers)}`, () => assert.equal(refusal(questions, answers), message));

  it("tells its answers in a line, defaults too, and remembers them, without those that are secrets", () => {
    const { questions: asked } = only(
      project(berth("inputs: [{ id: batch, type: number, default: 4 }, { id: sink, default: fakesink }, { id: hf_token }]")),
    );
    const given = { batch: 8, hf_token: "hf_abc" };
    assert.equal(answersText(asked, given), "batch = 8, sink = fakesink, hf_token = [redacted]");
    assert.equal(answersText([], {}), "");
    assert.deepEqual(withoutSecrets(given), { batch: 8 });
  });

  it("tells what is wrong with an answer while it is typed", () => {
    const [, batch] = only(project(questions)).questions;
    assert.equal(answerProblem(batch!, "12"), undefined);
    assert.equal(answerProblem(batch!, "1e3"), "'1e3' is not a number.");
  });

  it("has values of Berth's own", () => {
    const text = service(
      'ports: ["8080:80", "9000"]',
      "x-berth:",
      "  app: { start: x, process: x, port: 80 }",
      '  setup: ["{{name}} {{project}} {{service}} {{user}} {{uid}} {{port}} {{host_port}}"]',
    );
    assert.deepEqual(launch(text).setup, ["demo-a demo a ann 1000 80 8080"]);
    const parallel = launch(text, {}, { name: "demo-a-2", hostPort: 8081 });
    assert.deepEqual(parallel.setup, ["demo-a-2 demo a ann 1000 80 8081"]);
    assert.equal(parallel.spec.name, "demo-a-2");
  });

  it("has the app's own port as the machine's on the host's network", () => {
    const text = service("network_mode: host", "x-berth: { app: { start: 'x {{port}} {{host_port}}', process: x, port: 80 } }");
    assert.equal(launch(text, {}, { port: 81 }).app?.start, "x 81 81");
  });

  it("needs to be told a port that Docker chooses", () => {
    const text = service('ports: ["80"]', "x-berth: { app: { start: 'x {{host_port}}', process: x, port: 80 } }");
    assert.equal(refusal(text, {}), "{{host_port}} is not known: nothing publishes the app's port on a port that is said.");
    assert.equal(launch(text, {}, { hostPort: 8080 }).app?.start, "x 8080");
  });

  it("may have answers where numbers belong", () => {
    const text = service(
      'ports: ["{{outer}}:{{inner}}"]',
      "cpus: '{{n}}'",
      "x-berth:",
      "  inputs: [{ id: outer, type: number }, { id: inner, type: number, default: 80 }, { id: n, type: number }]",
      "  app: { start: 'serve {{port}}', process: serve, port: '{{inner}}' }",
    );
    assert.deepEqual(told(project(text)), []);
    const { spec, app } = launch(text, { outer: 8000, n: 1.5 });
    assert.deepEqual([spec.ports, spec.cpus, app?.start], [[{ container: 80, host: "8000" }], 1.5, "serve 80"]);
    assert.match(
      refusal(text, { outer: 99999, n: 1 }),
      /^An entry of 'ports': There is no port 99999: the last one is 65535\. \(line 4 of compose\.yaml\)$/,
    );
  });

  it("leaves what is no input, and Go's and Jinja's templates, as they are", () => {
    const text = service('command: ["{{.Name}}", "{{ messages }}", "{{{x}}}"]', "x-berth: { inputs: [{ id: x, default: '1' }] }");
    assert.deepEqual(launch(text).spec.command, ["{{.Name}}", "{{ messages }}", "{1}"]);
    assert.deepEqual(launch(service('command: ["{{x}}"]')).spec.command, ["{{x}}"]);
  });

  it("reads env files, below 'environment', and says which one is missing", () => {
    const text = service("env_file: [a.env, { path: /b.env, required: false }]", "environment: { A: here }");
    assert.deepEqual(only(project(text)).envFiles, [
      { path: "/work/demo/a.env", required: true, raw: false },
      { path: "/b.env", required: false, raw: false },
    ]);
    assert.equal(refusal(text, {}, {}), "The env file /work/demo/a.env is not there: make it, or set 'required: false'.");
    assert.deepEqual(launch(text, {}, { envFiles: new Map([["/work/demo/a.env", "A=file\nB=$A\n"]]) }).spec.env, {
      A: "here",
      B: "here",
    });
  });

  it("has env files that only an option brings among those to read", () => {
    const text = service("x-berth: { inputs: [{ id: i, default: n, options: { n: {}, y: { env_file: y.env } } }] }");
    assert.deepEqual(
      only(project(text)).envFiles.map(({ path }) => path),
      ["/work/demo/y.env"],
    );
  });
});

describe("an answer in a shell command", () => {
  const nasty = [
    "a b",
    "$(touch /tmp/berth-injected)",
    "`id`",
    "'; id; '",
    '"; id; "',
    "\\",
    "a'b",
    "*",
    "-x",
    "#",
    "~",
    "!x",
    "",
  ];

  it("is one word to the shell, whatever it holds", () => {
    const text = berth("inputs: [{ id: v }]", "setup: ['printf %s {{v}}x']", "prepare: ['printf %s \"$(printf %s a)\"{{v}}']");
    for (const v of nasty) {
      const { setup, prepare } = launch(text, { v });
      assert.equal(execFileSync("sh", ["-c", setup[0]!], { encoding: "utf8" }), `${v}x`);
      assert.equal(execFileSync("sh", ["-c", prepare[0]!], { encoding: "utf8" }), `a${v}`);
    }
  });

  it("is one word of a command that is written as text, and itself in a list", () => {
    for (const v of nasty.filter((one) => one !== "")) {
      const both = (command: string) =>
        launch(service(`command: ${command}`, "x-berth: { inputs: [{ id: v }] }"), { v }).spec.command;
      assert.deepEqual(both("serve {{v}} --x"), ["serve", v, "--x"]);
      assert.deepEqual(both('[serve, "{{v}}"]'), ["serve", v]);
    }
  });

  const quoted = "'x; id'";
  const lists: [field: string, list: string, wanted: string[]][] = [
    ["command", '[sh, -c, "echo {{v}}"]', ["sh", "-c", `echo ${quoted}`]],
    ["command", '[/bin/bash, -lc, "echo {{v}}"]', ["/bin/bash", "-lc", `echo ${quoted}`]],
    ["command", '[dash, -ec, "echo {{v}}"]', ["dash", "-ec", `echo ${quoted}`]],
    ["command", '[bash, -o, pipefail, -c, "echo {{v}}"]', ["bash", "-o", "pipefail", "-c", `echo ${quoted}`]],
    ["command", '[bash, --rcfile, /rc, -c, "echo {{v}}"]', ["bash", "--rcfile", "/rc", "-c", `echo ${quoted}`]],
    ["command", '[sh, -c, -e, "echo {{v}}"]', ["sh", "-c", "-e", `echo ${quoted}`]],
    ["command", '[env, A=1, ash, -c, "echo {{v}}"]', ["env", "A=1", "ash", "-c", `echo ${quoted}`]],
    ["command", '[zsh, -c, "echo $$1 {{v}}", me, "{{v}}"]', ["zsh", "-c", `echo $1 ${quoted}`, "me", "x; id"]],
    ["command", '[ksh, run.sh, -c, "{{v}}"]', ["ksh", "run.sh", "-c", "x; id"]],
    ["command", '[serve, -c, "{{v}}"]', ["serve", "-c", "x; id"]],
    ["command", '[/opt/bash/serve, -c, "{{v}}"]', ["/opt/bash/serve", "-c", "x; id"]],
    ["command", '["{{v}}", sh]', ["x; id", "sh"]],
    ["entrypoint: [bash, -c], command", '["echo {{v}}", "{{v}}"]', ["-c", `echo ${quoted}`, "x; id"]],
    ["entrypoint: bash -c, command", '["echo {{v}}"]', ["-c", `echo ${quoted}`]],
    ["entrypoint", '[sh, -c, "echo {{v}}"]', ["-c", `echo ${quoted}`]],
  ];
  for (const [field, list, wanted] of lists)
    it(`is one word of what a shell in a list runs, and itself elsewhere: ${field}: ${list}`, () => {
      const lines = `${field}: ${list}`.replace(", command", "\n    command");
      const { spec } = launch(service(lines, "x-berth: { inputs: [{ id: v }] }"), { v: "x; id" });
      assert.deepEqual(spec.command, wanted);
    });

  it("is quoted in a health check too", () => {
    const check = (test: string) =>
      launch(service(`healthcheck: { test: ${test} }`, "x-berth: { inputs: [{ id: v }] }"), { v: "a b" }).spec.healthcheck;
    assert.deepEqual(check("'test {{v}}'"), { test: "test 'a b'" });
    assert.deepEqual(check("[CMD-SHELL, 'test {{v}}']"), { test: "test 'a b'" });
    assert.deepEqual(check("[CMD, test, '{{v}}']"), { test: "test 'a b'" });
    assert.deepEqual(check("[CMD, sh, -c, 'test {{v}}']"), { test: `sh -c 'test '\\''a b'\\'''` });
  });

  const wrong: [string, string][] = [
    [`echo "{{v}}"`, "{{v}} stands in quotation marks: leave them out, since Berth quotes the value itself."],
    [`echo 'a {{v}}'`, "{{v}} stands in quotation marks: leave them out, since Berth quotes the value itself."],
    ["echo `x {{v}}`", "{{v}} cannot stand in backquotes: write $(…) instead of them."],
    ["echo \\{{v}}", "Leave out the backslash in front of {{v}}: Berth quotes the value itself."],
    ["cat <<END\n{{v}}\nEND", "{{v}} cannot stand in a here document (<<): assign it to a shell variable before."],
  ];
  for (const [command, message] of wrong)
    it(`cannot stand in ${JSON.stringify(command)}`, () => {
      const found = told(project(berth("inputs: [{ id: v, default: '1' }]", `setup: [${JSON.stringify(command)}]`)));
      assert.deepEqual(
        found.map((line) => line.replace(/^\S+ /, "")),
        [`error: ${message}`],
      );
    });

  it("cannot stand in quotation marks in a list either, where a shell runs it", () => {
    const found = (command: string) =>
      told(project(service(`command: ${command}`, "x-berth: { inputs: [{ id: v, default: '1' }] }")));
    assert.deepEqual(found(`[sh, -c, "echo '{{v}}'"]`), [
      "4:23-37 error: {{v}} stands in quotation marks: leave them out, since Berth quotes the value itself.",
    ]);
    assert.deepEqual(found(`[echo, "'{{v}}'"]`), []);
  });
});

describe("a project", () => {
  it("names its containers by the file, else by the naming setting", () => {
    const { deployments } = project("services:\n  a: { image: org/app:1 }\n  b: { image: x, container_name: mine-$USER }\n", {
      env: { USER: "ann" },
      naming: { container: "{{user}}-{{image}}-{{service}}", image: "", user: "ann", uid: "1000" },
      project: "My Thesis",
    });
    assert.deepEqual(
      deployments.map(({ name, project: of, composeProject }) => [name, of, composeProject]),
      [
        ["ann-app-a", "My Thesis", "demo"],
        ["mine-ann", "My Thesis", "demo"],
      ],
    );
  });

  it("has its folder as PWD, as in a shell there, wherever this process stands", () => {
    const { spec } = launch(service('volumes: ["${PWD}/data:/data"]', "environment: [PWD]"), {}, undefined, {
      env: { PWD: "/elsewhere" },
    });
    assert.deepEqual([spec.mounts, spec.env], [[{ source: "/work/demo/data", target: "/data" }], { PWD: "/work/demo" }]);
  });

  it("calls an image that it builds as Compose does", () => {
    const { preview } = only(project("services:\n  a:\n    build: .\n"));
    assert.deepEqual([preview.spec.image, preview.build], ["demo-a", { context: "/work/demo" }]);
  });

  const keepAlives: [string, boolean, ...string[]][] = [
    ["without a command", true],
    ["with a command", false, "command: [x]"],
    ["with an entrypoint", false, "entrypoint: [x]"],
    ["with an empty command", true, "command: []"],
    ["told to", true, "x-berth: { keep_alive: true }"],
    ["told not to", false, "x-berth: { keep_alive: false }"],
  ];
  for (const [what, expected, ...lines] of keepAlives)
    it(`keeps a service ${what} ${expected ? "alive" : "as it is"}`, () =>
      assert.equal(only(project(service(...lines))).preview.keepAlive, expected));

  it("can be looked at before anything is answered", () => {
    const text = service('ports: ["{{p}}:80"]', "x-berth: { inputs: [{ id: p, type: number, min: 8000 }] }");
    assert.deepEqual(only(project(text)).preview.spec.ports, [{ container: 80, host: "8000" }]);
    assert.equal(only(project(service("hostname: '{{h}}'", "x-berth: { inputs: [{ id: h }] }"))).preview.spec.hostname, "{{h}}");
  });

  it("hands a secret's value to the environment alone", () => {
    const { preview } = only(project(service("environment: { API_KEY: }"), { env: { API_KEY: "s3cret" } }));
    assert.equal(preview.spec.env?.API_KEY, "s3cret");
    assert.ok(!runCommand(preview.spec).includes("s3cret"));
  });

  it("knows the values that are shown nowhere: of variables and answers whose names tell", () => {
    const env = { HOME: "/home/ann", NGC_API_KEY: "nvapi-1", SITE: "seven" };
    const dotenv = { path: ".env", text: "DB_PASSWORD=hunter2\nMODE=fast\nNGC_API_KEY=overruled\n" };
    const text = berth("inputs: [{ id: hf_token, default: '' }, { id: batch, default: '1234' }]");
    const deployment = only(project(text, { env, dotenv }));
    assert.deepEqual(withAnswers(deployment, { hf_token: " hf_abc " }).hidden.toSorted(), [
      "hf_abc",
      "hunter2",
      "nvapi-1",
      "overruled",
    ]);
    assert.deepEqual(withAnswers(deployment, {}).hidden.toSorted(), ["hunter2", "nvapi-1", "overruled"]);
  });

  it("can be read while it is typed: whatever is there so far, or is spoilt on one line", function () {
    this.timeout(20_000); // some 250 texts
    for (const name of ["perception", "vllm"]) {
      const text = example(name);
      const lines = text.split("\n");
      const spoilt = ["", " 5", " [x, { a: b }]"].flatMap((value) =>
        lines.map((_, n) => lines.map((line, m) => (m === n ? line.replace(/:.*/, `:${value}`) : line)).join("\n")),
      );
      const typed = Array.from({ length: Math.floor(text.length / 17) }, (_, n) => text.slice(0, n * 17));
      for (const one of [...typed, ...spoilt])
        for (const { line, column, endLine } of project(one).issues)
          assert.ok(line >= 1 && column >= 1 && endLine <= one.split("\n").length + 1, one);
    }
  });

  it("has the title, questions and places that are shown", () => {
    const deployment = only(project(example("perception")));
    assert.equal(deployment.title, "RT perception");
    assert.deepEqual(
      deployment.questions.map(({ id, prompt, type, options }) => [id, prompt, type, options]),
      [
        ["sink", "Output sink", "text", ["fakesink", "eglsink"]],
        ["batch", "Batch size", "number", undefined],
        ["label", "Engine label", "text", undefined],
      ],
    );
  });
});
