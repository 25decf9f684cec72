import assert from "node:assert/strict";
import { blankSecrets, isSecretName, redact, secretTexts, secretValues } from "../../src/core/redact.ts";

const secret = [
  ...["NGC_API_KEY", "NGC_CLI_API_KEY", "DOCKER_PASSWORD", "AUTHORIZATION", "AWS_SECRET_ACCESS_KEY", "GITLAB_TOKEN"],
  ...[
    "HF_TOKEN",
    "OPENAI_API_KEY",
    "TEXT_API_KEY",
    "WANDB_APIKEY",
    "db_password",
    "Client_Secret",
    "BASIC_AUTH",
    "GCP_CREDENTIALS",
  ],
  ...["TOKEN", "SSH_PRIVATE_KEY", "PGPASSWORD", "MYSQL_PWD", "com.acme.api-key", "splunk-token"],
];
const plain = [
  ...[
    "XAUTHORITY",
    "PATH",
    "HOME",
    "DISPLAY",
    "TOKENIZERS_PARALLELISM",
    "MAX_TOKENS",
    "AUTHOR",
    "CUDA_VISIBLE_DEVICES",
    "KEYMAP",
  ],
  ...["AUTHORIZATION_URL_COUNT", "SECRETARY", "PGPASSFILE", "PWD", "org.opencontainers.image.authors", "max-tokens"],
];

describe("secrets", () => {
  for (const name of secret) it(`${name} is one by its name`, () => assert.equal(isSecretName(name), true));
  for (const name of plain) it(`${name} is none`, () => assert.equal(isSecretName(name), false));

  it("are the values of such variables; a value may hold a '='", () => {
    assert.deepEqual(
      secretValues(["PATH=/usr/bin", "HF_TOKEN=hf_abc=def", "API_KEY=", "DB_PASSWORD=abc", "TOKEN", "=TOKEN", "A_SECRET=four"]),
      ["hf_abc=def", "four"],
    );
  });

  it("of several lines are their lines too, but neither the short ones nor a key's first and last", () => {
    const lines = [
      "-----BEGIN PRIVATE KEY-----",
      "MIGHAgEAMBMGByqGSM49",
      "AgEGCCqGSM49AwEHBG0w",
      "abc=",
      "-----END PRIVATE KEY-----",
    ];
    for (const end of ["\n", "\r\n", "\\n"]) {
      const key = lines.join(end);
      assert.deepEqual(secretValues([`PRIVATE_KEY=${key}`]), [key, "MIGHAgEAMBMGByqGSM49", "AgEGCCqGSM49AwEHBG0w"]);
    }
  });

  it("are redacted wherever they turn up, in a URL too", () => {
    const text = "GET https://ann:p%40ss%2Fword@host/?t=p%40ss%2Fword\nlogged in with p@ss/word.";
    assert.equal(redact(text, ["p@ss/word"]), "GET https://ann:[redacted]@host/?t=[redacted]\nlogged in with [redacted].");
  });

  it("are redacted whole, when one is the beginning of another", () => {
    assert.equal(redact("key=abcdef short=abcd", ["abcd", "abcdef"]), "key=[redacted] short=[redacted]");
  });

  it("are no patterns", () => assert.equal(redact("a.c abc $&", ["a.c", "$&"]), "[redacted] abc [redacted]"));
  it("leave a text without them as it is", () => assert.equal(redact("nothing here", ["hf_abc"]), "nothing here"));
});

describe("a password in an address", () => {
  it("is a secret, whatever the variable is called; the rest of the address is none", () => {
    const secrets = secretValues([
      "DATABASE_URL=postgres://ann:hunter2!@db:5432/x",
      "HOME_URL=http://ann@host/",
      "REPO=git@host:x",
    ]);
    assert.deepEqual(secrets, ["hunter2!"]);
    assert.equal(redact("connecting to postgres://ann:hunter2!@db", secrets), "connecting to postgres://ann:[redacted]@db");
  });
});

describe("the text of a secret's file", () => {
  it("is one whole and line by line, without the newline at its end", () => {
    assert.deepEqual(secretTexts(["hunter2\n", "abc", "user: ann\r\nkey: s3cr3t\n"]), [
      "hunter2",
      "user: ann\r\nkey: s3cr3t",
      "user: ann",
      "key: s3cr3t",
    ]);
  });
});

describe("a configuration file without its secrets", () => {
  const files: [what: string, text: string, blanked: string][] = [
    ["INI", "[main]\nport = 80\napi_key = abc def ; mine\nurl=x\n", "[main]\nport = 80\napi_key = [redacted]\nurl=x\n"],
    ["INI with dots, of Windows", "db.password=abc\r\nauth.port=80\r\n", "db.password=[redacted]\r\nauth.port=80\r\n"],
    ["INI that begins with a brace", "password = {abc}!\nb = [c\n", "password = [redacted]\nb = [c\n"],
    ["a comment", "# token: abc\n", "# token: [redacted]\n"],
    ["nothing set", "token =\nport = 80\n", "token =\nport = 80\n"],
    ["other keys", "max_tokens: 5\nauthor: ann\n", "max_tokens: 5\nauthor: ann\n"],
    ["YAML", "a:\n  - token: abc\n    b: 1\n", "a:\n  - token: [redacted]\n    b: 1\n"],
    ["YAML, quoted", "token: 'a''b' # mine\nb: 1\n", "token: [redacted] # mine\nb: 1\n"],
    ["YAML over lines", 'token: "a\n  b"\nc: 1\n', "token: [redacted]\nc: 1\n"],
    ["YAML in braces", 'a: { token: "x, y", b: 1 }\n', "a: { token: [redacted], b: 1 }\n"],
    ["YAML, a block", "key:\n  private_key: |\n    one\n\n    two\n  b: 1\n", "key:\n  private_key: |\n    [redacted]\n  b: 1\n"],
    ["YAML, on the next line", "token:\n  abc\nb: 1\n", "token:\n  [redacted]\nb: 1\n"],
    ["YAML, a mapping", "auth:\n  user: ann\n  password: abc\n", "auth:\n  user: ann\n  password: [redacted]\n"],
    [
      "JSON on a line",
      '{"a": 1, "api_key": "x\\"y", "token": 12, "b": 2}',
      '{"a": 1, "api_key": [redacted], "token": [redacted], "b": 2}',
    ],
    ["JSON, a list", '{"token": ["a", "b"], "b": 2}', '{"token": [redacted], "b": 2}'],
    ["JSON, an object", '{\n  "auth": {\n    "secret": "x"\n  }\n}\n', '{\n  "auth": {\n    "secret": [redacted]\n  }\n}\n'],
    ["TOML", 'token = "abc"\nb = 1\n', "token = [redacted]\nb = 1\n"],
    ["TOML over lines", 'secret = """\nabc\n"""\nb = 1\n', "secret = [redacted]\nb = 1\n"],
    ["TOML in braces", "a = { token = 'x', b = 1 }\n", "a = { token = [redacted], b = 1 }\n"],
  ];
  for (const [what, text, blanked] of files) it(what, () => assert.equal(blankSecrets(text), blanked));
});
