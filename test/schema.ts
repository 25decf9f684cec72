/** `npm run schema`: the JSON schema that editors complete compose files with, from the schemas that the parser reads them with. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import * as z from "zod/mini";
import { closed } from "../src/core/compose/fields.ts";
import { file, service } from "../src/core/compose/schema.ts";

export const schemaPath = join(import.meta.dirname, "../schema/compose.schema.json");

type Json = Record<string, unknown>;

/** What is in schema/compose.schema.json when it is up to date. */
export async function schemaText(): Promise<string> {
  z.globalRegistry.add(service, { id: "service" });
  const made = z.toJSONSchema(file, {
    target: "draft-7",
    io: "input",
    override({ zodSchema, jsonSchema }) {
      // In the editor a `$VAR` may still stand there.
      delete jsonSchema.pattern;
      const mapping = closed.get(zodSchema);
      if (!mapping) return;
      jsonSchema.additionalProperties = false;
      if (mapping.extensions) jsonSchema.patternProperties = { "^x-": {} };
      // In an override, or in an option, a part of x-berth may stand alone.
      else delete jsonSchema.required;
    },
  }) as Json;
  // An option of an input holds parts of a service.
  const text = JSON.stringify(made, (key, value: unknown) => {
    if (key !== "options" || (value as Json).description === undefined) return value;
    return { ...(value as Json), additionalProperties: { anyOf: [{ $ref: "#/definitions/service" }, { type: "null" }] } };
  });
  const { $schema, ...rest } = JSON.parse(text) as Json;
  const all = {
    $schema,
    title: "Compose file with x-berth",
    description: "The Compose Specification, and what Berth reads besides.",
    ...rest,
  };
  return format(JSON.stringify(all), { ...(await resolveConfig(schemaPath)), parser: "json" });
}

export const currentSchema = (): string => readFileSync(schemaPath, "utf8");

if (import.meta.main) writeFileSync(schemaPath, await schemaText());
