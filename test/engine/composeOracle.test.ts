// Docker Compose itself says what a compose file means: `docker compose config`, which needs no engine.
import assert from "node:assert/strict";
import { execa } from "execa";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { withAnswers } from "../../src/core/compose/deployment.ts";
import type { Answers } from "../../src/core/compose/inputs.ts";
import { toData } from "../../src/core/compose/nodes.ts";
import { type Project, readProject } from "../../src/core/compose/project.ts";
import { dockerCompose } from "../lab/compose.ts";
import { cases, refused } from "./composeCases.ts";
import { expected, unescaped, understood } from "./composeModel.ts";

/** Debian 13's, and a newer one: it knows `gpus`, and more. */
const suites = ["trixie", "sid"];

interface Files {
  compose: string;
  override?: string;
  dotenv?: string;
  env?: Record<string, string>;
  /** Others beside them. */
  files?: Record<string, string>;
}

/** `answers`: with which Berth does what Compose does, where that is not the default. */
type Example = Files & { what: string; since?: string; answers?: Answers };
const exampleFolder = join(import.meta.dirname, "../../examples");
const examples = readdirSync(exampleFolder).map((name): Example => {
  const compose = readFileSync(join(exampleFolder, name, "compose.yaml"), "utf8");
  return {
    what: `the example project ${name}`,
    compose,
    ...(/^ +gpus:/m.test(compose) ? { since: "2.30" } : {}),
    ...(name === "pytorch" ? { answers: { gpus: "none" } } : {}),
  };
});

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "berth-compose-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const environment = (files: Files): Record<string, string> => ({ HOME: "/home/ann", ...files.env });

async function write({ compose, override, dotenv, files = {} }: Files): Promise<void> {
  const all = { "compose.yaml": compose, "compose.override.yaml": override, ".env": dotenv, ...files };
  for (const [name, text] of Object.entries(all)) if (text !== undefined) await writeFile(join(folder, name), text);
}

async function config(program: string, files: Files, ...options: string[]) {
  const env = { PATH: process.env.PATH, ...environment(files) };
  return execa(program, ["config", ...options], { cwd: folder, env, extendEnv: false, reject: false });
}

function ours({ compose, override, dotenv, ...files }: Files): Project {
  return readProject({
    folder,
    files: [
      { path: "compose.yaml", text: compose },
      ...(override === undefined ? [] : [{ path: "compose.override.yaml", text: override }]),
    ],
    env: environment({ compose, ...files }),
    ...(dotenv === undefined ? {} : { dotenv: { path: ".env", text: dotenv } }),
    naming: { container: "{{project}}-{{service}}", image: "{{project}}-{{service}}", user: "ann", uid: "1000" },
  });
}

const errors = ({ issues }: Project) =>
  issues.filter(({ severity }) => severity === "error").map(({ line, message }) => `${line}: ${message}`);

for (const suite of suites) {
  describe(`compose files as Docker Compose of Debian ${suite} reads them`, () => {
    let program: string;
    before(async function () {
      this.timeout(300_000);
      program = await dockerCompose(suite);
    });

    for (const { what, since, answers = {}, ...files } of [...cases, ...examples] as Example[]) {
      if (since !== undefined && suite === "trixie") continue;
      it(what, async () => {
        await write(files);
        const { stdout, stderr, exitCode } = await config(program, files, "--format", "json");
        assert.equal(exitCode, 0, stderr);
        const model = unescaped(JSON.parse(stdout)) as Parameters<typeof expected>[0];
        const project = ours(files);
        assert.deepEqual(errors(project), []);
        const texts = new Map(Object.entries(files.files ?? {}).map(([name, text]) => [join(folder, name), text]));
        assert.deepEqual(project.deployments.map(({ service }) => service).sort(), Object.keys(model.services).sort());
        for (const deployment of project.deployments) {
          assert.equal(deployment.composeProject, model.name);
          const { spec, build, secretFiles } = withAnswers(deployment, answers, { envFiles: texts });
          assert.deepEqual(understood(spec, build, secretFiles), expected(model, deployment.service), deployment.service);
        }
        if (!files.compose.includes("x-berth")) return;
        const { stdout: text } = await config(program, files);
        const { services } = unescaped(parse(text, { merge: false })) as { services: Record<string, Record<string, unknown>> };
        for (const { service, source } of project.deployments)
          assert.deepEqual((toData(source.node) as Record<string, unknown>)["x-berth"], services[service]?.["x-berth"]);
      });
    }

    for (const { what, compose } of examples)
      it(`${what} warns of nothing`, () => assert.deepEqual(ours({ compose }).issues, []));

    for (const [what, compose, message, since] of refused) {
      if (since !== undefined && suite === "trixie") continue;
      it(`refuses ${what}, as Berth does`, async () => {
        await write({ compose });
        const { exitCode, stdout } = await config(program, { compose }, "--quiet");
        assert.notEqual(exitCode, 0, `Compose takes it: ${stdout}`);
        assert.deepEqual(errors(ours({ compose })), [message]);
      });
    }
  });
}
