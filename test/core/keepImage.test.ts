import assert from "node:assert/strict";
import type { Details, ImageDetails } from "../../src/core/engineJson.ts";
import { blanked, keepAs } from "../../src/core/keepImage.ts";

const base: ImageDetails = {
  ...{ architecture: "amd64", os: "linux", entrypoint: [], command: ["bash"], env: ["PATH=/usr/bin"], workingDir: "", user: "" },
};
const details = (more: Partial<Details>): Details => ({
  ...{ exitCode: 0, oomKilled: false, running: false, restarting: false, error: "", gpus: "none", mounts: [] },
  ...{ env: ["PATH=/usr/bin"], user: "", workingDir: "", entrypoint: [], command: [], ...more },
});

const plain = (kept: Details) => ({ labels: {}, details: kept });
const plainDetails = (more: Partial<Details>) => plain(details(more));

describe("keeping a container as an image", () => {
  it("that was kept alive starts as the image it was made from", () => {
    const kept = details({ entrypoint: ["tail"], command: ["-f", "/dev/null"] });
    assert.deepEqual(keepAs("a:kept", plain(kept), { ...base, entrypoint: ["vllm"], command: [] }), {
      image: "a:kept",
      changes: ['ENTRYPOINT ["vllm"]', "CMD []"],
      filesOnly: false,
    });
  });

  it("the keep-alive as a mere command is none of the image's either", () => {
    const entrypoint = ["/opt/nvidia/nvidia_entrypoint.sh"];
    const kept = details({ entrypoint, command: ["tail", "-f", "/dev/null"] });
    assert.deepEqual(keepAs("a:kept", plain(kept), { ...base, entrypoint }).changes, [
      'ENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]',
      'CMD ["bash"]',
    ]);
  });

  it("with a command of its own keeps that", () => {
    assert.deepEqual(keepAs("a:kept", plainDetails({ command: ["python", "train.py"] }), base).changes, []);
  });

  it("whose image is gone keeps what it had", () => {
    assert.deepEqual(keepAs("a:kept", plainDetails({ command: ["tail", "-f", "/dev/null"] }), undefined).changes, []);
  });

  it("with secrets keeps its files only, and no secret's value", () => {
    const env = ["PATH=/usr/bin:/opt", "HF_TOKEN=hf_abc", 'NOTE=a "b" $HOME \\', "DB_PASSWORD=p"];
    const kept = details({ env, workingDir: "/app", user: "dev", entrypoint: ["serve"], command: ["--all"] });
    assert.deepEqual(keepAs("a:kept", plain(kept), base), {
      image: "a:kept",
      changes: [
        'ENV PATH="/usr/bin:/opt"',
        "ENV HF_TOKEN=",
        'ENV NOTE="a \\"b\\" \\$HOME \\\\"',
        "ENV DB_PASSWORD=",
        "WORKDIR /app",
        "USER dev",
        'ENTRYPOINT ["serve"]',
        'CMD ["--all"]',
      ],
      filesOnly: true,
    });
    assert.deepEqual(blanked(kept), ["HF_TOKEN", "DB_PASSWORD"]);
  });

  it("does not pass it off as made by Berth", () => {
    const kept = { labels: { "dev.berth.v": "1", "dev.berth.user": "ann", team: "x" }, details: details({ command: ["serve"] }) };
    assert.deepEqual(keepAs("a:kept", kept, base).changes, ["LABEL dev.berth.v=", "LABEL dev.berth.user="]);
  });

  it("redacts a secret that the command repeats", () => {
    const kept = plainDetails({ env: ["API_KEY=sk-verysecret"], command: ["serve", "--api-key", "sk-verysecret"] });
    assert.deepEqual(keepAs("a:kept", kept, base).changes.at(-1), 'CMD ["serve","--api-key","[redacted]"]');
  });

  it("a password in an address is a secret too", () => {
    const kept = details({ env: ["DATABASE_URL=postgres://ann:hunter2@db/x"] });
    const { changes, filesOnly } = keepAs("a:kept", plain(kept), base);
    assert.equal(filesOnly, true);
    assert.ok(changes.includes("ENV DATABASE_URL="));
    assert.deepEqual(blanked(kept), ["DATABASE_URL"]);
  });
});
