// What the sources promise as a whole.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
const nls = JSON.parse(read("package.nls.json")) as Record<string, string>;
/** As VS Code reads it in English: with the texts in place of the keys that stand for them. */
const manifest = JSON.parse(read("package.json"), (_, value: unknown) =>
  typeof value === "string" && /^%.+%$/.test(value) ? nls[value.slice(1, -1)] : value,
) as Manifest;
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name: join("src", name), text: read(join("src", name)) }));

/** Whether a text has the keep-alive's arguments in any spelling: one string, or array elements however they are quoted and broken. */
function spellsKeepAlive(text: string): boolean {
  return /(-f|-F|--follow(=\w+)?)\/dev\/null/.test(text.replace(/[\s'"`,;+\\[\]()]+/g, ""));
}

describe("the keep-alive", () => {
  const spellings = [
    `"tail -f /dev/null"`,
    `["tail", "-f", "/dev/null"]`,
    `['tail','-f','/dev/null']`,
    '[\n  "tail",\n  "-f",\n  "/dev/null",\n]',
    'const args = ["-f", "/dev/null"];',
    "`tail  -f\t/dev/null`",
    `"tail " + "-f " + "/dev/null"`,
    `'{"Cmd":["tail","-f","/dev/null"]}'`,
    `"{\\"Cmd\\":[\\"tail\\",\\"-f\\",\\"/dev/null\\"]}"`,
    `["tail", "--follow", "/dev/null"]`,
  ];
  for (const text of spellings) it(`is found in ${JSON.stringify(text)}`, () => assert.equal(spellsKeepAlive(text), true));
  it("is not found where something else goes to /dev/null", () => {
    for (const text of ["2>/dev/null", "[ -f /dev/nvidia0 ]", "tail -n 1 2>/dev/null", `"/dev/null"`])
      assert.equal(spellsKeepAlive(text), false);
  });

  it("stands in one file", () => {
    assert.deepEqual(
      sources.filter(({ text }) => spellsKeepAlive(text)).map(({ name }) => name),
      ["src/core/keepAlive.ts"],
    );
  });

  it("has no rival: nothing sleeps for ever", () => {
    const sleeps = sources.filter(({ text }) => /sleep[\s'",]+(inf|\d{5,})/.test(text));
    assert.deepEqual(sleeps, []);
  });
});

describe("imports", () => {
  /** Every module that a text imports: static, for types, re-exported, on demand, or required. */
  const imported = (text: string) =>
    Array.from(
      text.matchAll(/(?<!["'`])(?:\bfrom|\bimport|\brequire|\bimport\s*\(|\brequire\s*\()\s*\(?\s*["'`]([^"'`\s,]+)["'`]/g),
      ([, name]) => name!,
    );

  it("are found in every form", () => {
    const forms = [`import "a";`, `import * as x from 'a';`, `import type { X } from "a";`, `export * from "a";`];
    for (const form of [...forms, `await import("a")`, `await import(\n  "a"\n)`, `require("a")`, `let x: import("a").X`])
      assert.deepEqual(imported(form), ["a"], form);
    assert.deepEqual(imported(`["import", "b", "from", "c"]`), []);
  });

  const allowed: [string, (name: string, file: string) => boolean][] = [
    [
      "core",
      (name, file) =>
        name.startsWith("./") ||
        (/^src\/core\/(compose|edit)\//.test(file) && /^\.\.\/\w+\.ts$/.test(name)) ||
        ["zod/mini", "yaml", "node:crypto"].includes(name),
    ],
    ["engine", (name) => name !== "vscode" && !/^\.\.\/(?!core\/)/.test(name)],
    ["ui", (name) => !/^\.\.\/(?!core\/|engine\/)/.test(name)],
  ];
  for (const [folder, may] of allowed) {
    it(`of src/${folder} go only down`, () => {
      const files = sources.filter(({ name }) => name.startsWith(`src/${folder}/`));
      assert.notEqual(files.length, 0);
      assert.deepEqual(
        files.flatMap(({ name, text }) =>
          imported(text)
            .filter((module) => !may(module, name))
            .map((module) => `${name} imports ${module}`),
        ),
        [],
      );
    });
  }
});

describe("commands", () => {
  const contributed = manifest.contributes.commands.map(({ command }) => command).sort();
  /** `export const NAME = command({ id: "berth.…"`, or the same by a function for commands that are alike: id → name. */
  const defined = new Map(
    sources.flatMap(({ text }) =>
      Array.from(
        text.matchAll(/export const (\w+) = \w+\(\s*(?:\{\s*id: )?"(berth\.[\w.]+)"/g),
        ([, name, id]) => [id!, name!] as const,
      ),
    ),
  );
  it("of package.json are those that the sources define", () => {
    assert.deepEqual([...defined.keys()].sort(), contributed);
  });

  it("are all of the one form that this test reads", () => {
    const ids = sources.flatMap(({ text }) =>
      Array.from(text.matchAll(/(?:id: |^export const \w+ = \w+\(\s*)"(berth\.[\w.]+)"/gm), ([, id]) => id!),
    );
    assert.deepEqual(ids.sort(), [...defined.keys()].sort());
  });

  it("that are defined are registered", () => {
    const extension = sources.find(({ name }) => name === "src/extension.ts")?.text ?? "";
    const lists = Array.from(extension.matchAll(/^const \w+ = \[([^\]]+)\];/gm), ([, list]) => list!.split(/[\s,]+/)).flat();
    assert.deepEqual(
      [...defined].filter(([, name]) => !lists.includes(name)),
      [],
    );
  });

  it("on menus, buttons and in welcome texts are there", () => {
    const menus = Object.values(manifest.contributes.menus).flatMap((items) => items.map(({ command }) => command));
    const links = JSON.stringify(manifest.contributes.viewsWelcome).matchAll(/\(command:(berth\.[\w.]+)/g);
    const remedies = sources.flatMap(({ text }) => Array.from(text.matchAll(/command: "(berth\.[\w.]+)"/g), ([, id]) => id!));
    const focus = manifest.contributes.views.berth.map(({ id }) => `${id}.focus`); // VS Code's own
    const used = [...menus, ...Array.from(links, ([, id]) => id!), ...remedies];
    assert.deepEqual(
      used.filter((id) => ![...contributed, ...focus].includes(id)),
      [],
    );
  });
});

interface Manifest {
  contributes: {
    commands: { command: string }[];
    menus: Record<string, { command: string }[]>;
    views: { berth: { id: string }[] };
    viewsWelcome: { contents: string }[];
  };
}
