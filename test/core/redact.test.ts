import assert from "node:assert/strict";
import { isSecretName, redact, secretValues } from "../../src/core/redact.ts";

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
