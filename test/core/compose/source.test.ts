import assert from "node:assert/strict";
import { find, placeOf, toData } from "../../../src/core/compose/nodes.ts";
import { parseSource } from "../../../src/core/compose/source.ts";

const wrong = (text: string) => parseSource("f", text).issues.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe("a YAML file", () => {
  const mistakes: [what: string, text: string, ...told: string[]][] = [
    ["a tab", "a:\n\tb: 1\n", "2:1 YAML is indented with spaces: replace this tab."],
    ["a key twice", "a:\n  b: 1\n  b: 2\n", "3:3 'b' stands twice here, first on line 2: keep one of them."],
    [
      "an entry that slipped to the right",
      "args:\n  - nvidia\n    - x11\n    - user\n",
      "3:5 '- x11' continues the line above, since it is indented further: move it below the '-' of the other entries.",
    ],
    ["a quotation mark without end", 'a: "x\nb: 1\n', "1:4 The quotation mark has no end: add it."],
    ["a bracket without end", "a: [1, 2\nb: 3\n", "2:1 The list or mapping in brackets has no end, or lacks a comma: add it."],
    ["two colons", "a: b: c\n", "1:4 There are two ': ' on this line: put a value that holds one in quotes."],
    ["an alias of nothing", "a: *none\n", "1:4 There is no anchor (&name) of this name above: write one, or the value itself."],
    [
      "a lone text among names",
      "a: 1\nb\n",
      "2:1 Something is missing here: a ':' behind a name, or the same indentation as the lines above.",
    ],
    ["a character that cannot begin a text", "a: @x\n", "1:4 A plain text cannot begin with this character: put it in quotes."],
    [
      "an escape that is none",
      'a: "\\q"\n',
      "1:5 Between double quotes a backslash begins an escape, and this is none: double it, or use single quotes.",
    ],
    [
      "a merge of something else",
      "a:\n  <<: 5\n",
      "2:3 '<<' takes a mapping, or a list of them: usually an alias such as *defaults.",
    ],
    [
      "a second document",
      "a: 1\n---\nb: 1\n",
      "2:1 A second document begins here: Berth reads one in a file, so give it a file of its own.",
    ],
    [
      "a mapping as name",
      "? { a: 1 }\n: 2\n",
      "1:3 A name in front of a ':' is a plain word: put the whole text in quotes if this is no mapping.",
    ],
    ["an alias within itself", "a: &a\n  b: *a\n", "2:6 '*a' holds itself: an alias can only repeat what is complete above it."],
  ];
  for (const [what, text, ...told] of mistakes) it(`with ${what}`, () => assert.deepEqual(wrong(text), told));

  it("that repeats itself without end is refused, quickly", () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array<string>(10).fill(`*l${n}`).join(", ")}]`);
    assert.deepEqual(wrong(["l0: &l0 [x, y]", ...levels, ""].join("\n")), [
      "1:1 The aliases in this file repeat so much that it cannot be read: write some of it out.",
    ]);
  });

  it("keeps the places of values, also of those that an alias or a merge brings", () => {
    const { root } = parseSource("f", 'base: &base\n  image: "debian"\na:\n  <<: *base\n  name:   web # comment\nb: *base\n');
    assert.ok(root);
    const at = (...path: string[]) => {
      const { line, column, endLine, endColumn } = placeOf(root, path);
      return [line, column, endLine, endColumn];
    };
    assert.deepEqual(at("base", "image"), [2, 10, 2, 18]);
    assert.deepEqual(at("a", "image"), [2, 10, 2, 18]);
    assert.deepEqual(at("a", "name"), [5, 11, 5, 14]);
    assert.deepEqual(at("b", "image"), [2, 10, 2, 18]);
    assert.equal(find(root, ["a", "none"]), undefined);
  });

  it("has explicit values before merged ones, and earlier merges before later ones", () => {
    const { root } = parseSource("f", "x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2 }\nz:\n  <<: [*x, *y]\n  a: 0\n");
    assert.deepEqual(toData(find(root, ["z"])!), { a: 0, b: 1, c: 2 });
  });

  it("that is empty, or comments alone, is nothing and no mistake", () => {
    assert.deepEqual(parseSource("f", ""), { issues: [] });
    assert.deepEqual(wrong("# nothing yet\n"), []);
  });

  it("takes a name such as __proto__ like any other", () => {
    const { root } = parseSource("f", "__proto__: { a: 1 }\nconstructor: 2\n");
    assert.deepEqual(Object.entries(toData(root!) as object), [
      ["__proto__", { a: 1 }],
      ["constructor", 2],
    ]);
  });
});
