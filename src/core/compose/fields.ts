import * as l10n from "../l10n.ts";
import * as z from "zod/mini";
import { UserError } from "../errors.ts";

/** The parts that the schemas of compose files are made of. What a schema reads a value to is what its `output` type says. */

/** Mappings with fixed fields, as against those with names of the user's; for the JSON schema. */
export const closed = new Map<unknown, { extensions: boolean }>();

/**
 * A mapping with these fields; another one is a mistake.
 * @param extensions Whether `x-…` fields of anybody may stand there, as in all of Compose's mappings
 */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, { extensions = true } = {}) {
  const names = z.check<Record<string, unknown>>(({ value, issues }) => {
    if (typeof value !== "object" || value === null) return;
    const unknown = Object.keys(value).filter((key) => !Object.hasOwn(shape, key) && !(extensions && key.startsWith("x-")));
    // Not the mapping's own issue: `path` says where the name stands.
    for (const key of unknown)
      issues.push({ code: "custom", path: [key], input: key, params: { unknown: key, known: Object.keys(shape) } });
  });
  // Also when something is wrong with a field that is known.
  names._zod.def.when = () => true;
  const schema = z.looseObject(shape).check(names);
  closed.set(schema, { extensions });
  return schema;
}

/** What an editor shows for the field. */
export function described<T extends z.ZodMiniType>(description: string, schema: T): T {
  // One of its own: the schema may be that of other fields too.
  const own = z.clone(schema);
  const mapping = closed.get(schema);
  if (mapping) closed.set(own, mapping);
  z.globalRegistry.add(own, { description });
  return own;
}

/** One that need not be there. */
export function field<T extends z.ZodMiniType>(description: string, schema: T): z.ZodMiniOptional<T> {
  return described(description, z.optional(schema));
}

/** A value that is read further; what `parse` throws for people becomes an issue. */
export function parsed<T extends z.ZodMiniType, To>(schema: T, parse: (value: z.output<T>) => To) {
  return z.pipe(
    schema,
    z.transform((value: z.output<T>, context): To => {
      try {
        return parse(value);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        context.issues.push({ code: "custom", message: error.message, input: value });
        return z.NEVER;
      }
    }),
  );
}

/** Fields that Compose knows and Berth does not act on. */
export function any<Name extends string>(...names: readonly Name[]): Record<Name, z.ZodMiniOptional<z.ZodMiniAny>> {
  return Object.fromEntries(names.map((name) => [name, z.optional(z.any())])) as Record<Name, z.ZodMiniOptional<z.ZodMiniAny>>;
}

export const text = z.string();
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const flag = parsed(z.union([z.boolean(), z.string()]), (value) => {
  if (typeof value === "boolean") return value;
  if (/^(true|y|yes|on)$/i.test(value)) return true;
  if (/^(false|n|no|off)$/i.test(value)) return false;
  throw new UserError(l10n.t("'{0}' is neither true nor false.", value));
});

export const whole = parsed(z.union([z.number(), z.string()]), (value) => {
  if (!/^-?\d+$/.test(String(value))) throw new UserError(l10n.t("'{0}' is no whole number.", value));
  return Number(value);
});

export const texts = z.array(text);
export const textOrTexts = parsed(z.union([text, texts]), (value) => (typeof value === "string" ? [value] : value));

/** Texts or numbers, as texts. */
export const words = parsed(z.array(z.union([text, z.number()])), (list) => list.map(String));

/** `{ NAME: value }` or `[NAME=value]`. Null: without value. */
export const pairs = parsed(z.union([z.record(z.string(), scalar), texts]), (value): Readonly<Record<string, string | null>> => {
  const entries = Array.isArray(value)
    ? value.map((line): [string, string | null] => {
        const at = line.indexOf("=");
        return at === -1 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
      })
    : Object.entries(value).map(([name, given]): [string, string | null] => [name, given === null ? null : String(given)]);
  return Object.fromEntries(entries);
});

/** The same where a missing value is an empty one. */
export const labels = parsed(pairs, (value) =>
  Object.fromEntries(Object.entries(value).map(([name, given]) => [name, given ?? ""])),
);
