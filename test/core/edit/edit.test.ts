import assert from "node:assert/strict";
import { edit } from "../../../src/core/edit/edit.ts";
import { formatOf, type Format, type Value } from "../../../src/core/edit/format.ts";

type Set = Record<string, Value>;
interface Case {
  what: string;
  format: Format;
  before: string;
  set: Set;
  after: string;
}

const cases: Case[] = [
  {
    what: "an INI file: the named keys, and nothing else",
    format: "ini",
    before: "# main\n[http-server]\nenable=1\nhttp-port=9000   ; default\n\n[streammux]\nbatch-size = 4\nwidth: 1920\n",
    set: { "http-server.http-port": "9001", "streammux.batch-size": 8, "streammux.width": "1280" },
    after: "# main\n[http-server]\nenable=1\nhttp-port=9001   ; default\n\n[streammux]\nbatch-size = 8\nwidth: 1280\n",
  },
  {
    what: "an INI file with Windows line ends, an empty value, and a key before any section",
    format: "ini",
    before: "mode=\r\n[a.b]\r\nkey = x\r\n",
    set: { mode: "fast", "a.b.key": "y" },
    after: "mode=fast\r\n[a.b]\r\nkey = y\r\n",
  },
  {
    what: "an INI value with a '#' in it",
    format: "ini",
    before: "[ui]\ncolor=#ff0000\nurl=http://h/#top # note\n",
    set: { "ui.url": "http://x/#end" },
    after: "[ui]\ncolor=#ff0000\nurl=http://x/#end # note\n",
  },
  {
    what: "an INI key that stands in two sections, and twice in one: the first of its section",
    format: "ini",
    before: "[a]\nport=1\nport=2\n[b]\nport=3\n",
    set: { "a.port": 9, "b.port": 8 },
    after: "[a]\nport=9\nport=2\n[b]\nport=8\n",
  },
  {
    what: "a JSON file: layout and order stay, a number stays a number",
    format: "json",
    before: '{\n    "server" : { "port":8000,  "host": "0.0.0.0" },\n  "models": [ {"name": "a"}, {"name": "b"} ]\n}\n',
    set: { "server.port": "9001", "models.1.name": 'say "hi"' },
    after: '{\n    "server" : { "port":9001,  "host": "0.0.0.0" },\n  "models": [ {"name": "a"}, {"name": "say \\"hi\\""} ]\n}\n',
  },
  {
    what: "a JSON text that looks like a number stays a text",
    format: "json",
    before: '{"tag": "1", "debug": false, "none": null}',
    set: { tag: "2", debug: "true", none: "x" },
    after: '{"tag": "2", "debug": true, "none": "x"}',
  },
  {
    what: "a JSON key with dots in it",
    format: "json",
    before: '{"editor.fontSize": 12, "a": {"b.c": {"d": 1}}}',
    set: { "editor.fontSize": 14, "a.b.c.d": 2 },
    after: '{"editor.fontSize": 14, "a": {"b.c": {"d": 2}}}',
  },
  {
    what: "a YAML file: comments, quotes of others and indentation stay",
    format: "yaml",
    before: "# served\nserver:\n    port: 8000   # http\n    host: '0.0.0.0'\nlist:\n- name: a\n- name: b # second\n",
    set: { "server.port": "9001", "list.1.name": "c: d" },
    after: "# served\nserver:\n    port: 9001   # http\n    host: '0.0.0.0'\nlist:\n- name: a\n- name: \"c: d\" # second\n",
  },
  {
    what: "a YAML text that would be read as something else gets quotes",
    format: "yaml",
    before: 'version: "1.0"\nname: x\nanswer: maybe\n',
    set: { version: "2.0", name: "null", answer: "no" },
    after: 'version: "2.0"\nname: "null"\nanswer: "no"\n',
  },
  {
    what: "a YAML switch stays one, whichever word it is",
    format: "yaml",
    before: "debug: yes\ncache: true\n",
    set: { debug: "false", cache: "off" },
    after: "debug: false\ncache: off\n",
  },
  {
    what: "a TOML file: tables, dotted keys, comments",
    format: "toml",
    before: '# cfg\ntitle = "x" # t\n[server]\nport = 8000\ntls.enabled = false\n\n[a."b.c"]\nd = 1\n',
    set: { title: 'say "y"', "server.port": "9001", "server.tls.enabled": "true", "a.b.c.d": 2 },
    after: '# cfg\ntitle = "say \\"y\\"" # t\n[server]\nport = 9001\ntls.enabled = true\n\n[a."b.c"]\nd = 2\n',
  },
  {
    what: "a TOML array of tables, and values over several lines",
    format: "toml",
    before:
      'text = """\nport = 1\n"""\nlist = [ # l\n  "a = 1", # one\n  2,\n]\n[[m]]\nname = "a"\n[[m]]\nname = \'b\'\n[m.sub]\nx = 0x10\n',
    set: { "m.1.name": "c", "m.1.sub.x": "17", "m.0.name": "z" },
    after:
      'text = """\nport = 1\n"""\nlist = [ # l\n  "a = 1", # one\n  2,\n]\n[[m]]\nname = "z"\n[[m]]\nname = "c"\n[m.sub]\nx = 17\n',
  },
  {
    what: "a TOML value that is a list is replaced whole, and a text that looks like a number stays one",
    format: "toml",
    before: 'tag = "1"\nwhen = 2026-11-21\n[x]\nports = [1,\n 2] # two\n',
    set: { tag: "2", "x.ports": 3 },
    after: 'tag = "2"\nwhen = 2026-11-21\n[x]\nports = 3 # two\n',
  },
];

describe("edits of a configuration file", () => {
  for (const { what, format, before, set, after } of cases)
    it(what, () => assert.equal(edit(`/app/x.${format}`, before, format, set), after));

  it("twice is the same as once", () => {
    for (const { format, before, set } of cases) {
      const once = edit("f", before, format, set);
      assert.equal(edit("f", once, format, set), once);
    }
  });
});

describe("an edit that cannot be made is a sentence, before the app starts", () => {
  const refused: [string, string, Format, Set, string][] = [
    [
      "a key that is not there",
      "[http-server]\nport=1\n",
      "ini",
      { "http-server.http-port": 1 },
      "/app/f has no key 'http-server.http-port': mend 'set' under 'configure', or the file in the image.",
    ],
    [
      "several",
      '{"a": 1, "b": {"c": 1}}',
      "json",
      { x: 1, "b.d": 1, a: 2 },
      "/app/f has no keys 'x', 'b.d': mend 'set' under 'configure', or the file in the image.",
    ],
    [
      "a key that holds more keys",
      "server:\n  port: 1\n",
      "yaml",
      { server: 1 },
      "/app/f has no key 'server': mend 'set' under 'configure', or the file in the image.",
    ],
    [
      "a key in another table",
      "[a]\nport = 1\n",
      "toml",
      { port: 1 },
      "/app/f has no key 'port': mend 'set' under 'configure', or the file in the image.",
    ],
  ];
  for (const [what, text, format, set, sentence] of refused)
    it(what, () => assert.throws(() => edit("/app/f", text, format, set), { message: sentence }));

  it("a file that is no JSON", () =>
    assert.throws(() => edit("/app/f", "{ // c\n}", "json", { a: 1 }), {
      message: /^\/app\/f cannot be edited: it is not valid JSON: .*\.$/,
    }));
  it("a file that is no YAML", () =>
    assert.throws(() => edit("/app/f", "a: [1\nb: }", "yaml", { a: 1 }), {
      message: /^\/app\/f cannot be edited: it is not valid YAML: .*\.$/,
    }));
});

describe("the format of a file", () => {
  for (const [file, format] of [
    ["/a/main.txt", undefined],
    ["/a/main.ini", "ini"],
    ["/a/main.CFG", "ini"],
    ["main.conf", "ini"],
    ["x.json", "json"],
    ["x.yaml", "yaml"],
    ["x.yml", "yaml"],
    ["pyproject.toml", "toml"],
    ["toml", undefined],
  ] as const)
    it(`${file}: ${format ?? "not told by its ending"}`, () => assert.equal(formatOf(file), format));
});
