// The JSON schema that editors complete compose files with.
import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { composeFiles, overridesOf } from "../../../src/core/compose/files.ts";
import { cases } from "../../engine/composeCases.ts";
import { currentSchema, schemaText } from "../../schema.ts";

const root = join(import.meta.dirname, "../../..");
const validate = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(currentSchema()) as object);
const problems = (text: string) =>
  validate(parse(text, { merge: true, logLevel: "silent" }))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

describe("schema/compose.schema.json", () => {
  it("is what the parser's own schemas give", async () => {
    assert.equal(currentSchema(), await schemaText(), "schema/compose.schema.json is out of date: run 'npm run schema'.");
  });

  it("takes what Docker Compose takes", () => {
    for (const { what, compose, override } of cases) {
      // Numbers that YAML 1.2 reads as text are no matter of the schema.
      assert.deepEqual(problems(compose), [], what);
      if (override !== undefined && !override.includes("!")) assert.deepEqual(problems(override), [], what);
    }
  });

  it("takes the example projects", () => {
    const files = readdirSync(join(root, "examples")).map((name) => join(root, "examples", name, "compose.yaml"));
    assert.ok(files.length >= 3);
    for (const file of files) assert.deepEqual(problems(readFileSync(file, "utf8")), [], file);
  });

  it("refuses unknown fields of a service, of x-berth, and of what an option lays over it", () => {
    const unknown = "must NOT have additional properties";
    assert.deepEqual(problems("services: { a: { imagee: x } }"), [`/services/a ${unknown}`]);
    assert.deepEqual(problems("services: { a: { image: x, x-berth: { titel: T } } }"), [`/services/a/x-berth ${unknown}`]);
    const option = "services: { a: { image: x, x-berth: { inputs: [{ id: i, options: { o: { imagee: y } } }] } } }";
    assert.ok(problems(option).includes(`/services/a/x-berth/inputs/0/options/o ${unknown}`));
  });

  it("takes anybody's x- fields, where Compose does", () => {
    assert.deepEqual(problems("x-a: 1\nservices: { a: { image: x, x-b: { c: 1 } } }"), []);
  });

  it("is contributed for every name that a compose file has", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      contributes: { yamlValidation: { fileMatch: string[]; url: string }[] };
    };
    const [{ fileMatch, url } = { fileMatch: [], url: "" }] = manifest.contributes.yamlValidation;
    assert.deepEqual(fileMatch.toSorted(), [...new Set([...composeFiles, ...composeFiles.flatMap(overridesOf)])].sort());
    assert.equal(url, "./schema/compose.schema.json");
  });
});
