import assert from "node:assert/strict";
import { inspectText } from "../../src/core/inspectText.ts";

describe("what the engine says of a container, as it is shown", () => {
  it("is indented, and whole", () => {
    const json = { Id: "5f57", Config: { Env: ["LANG=C.UTF-8"], Labels: null }, Ports: [80], Up: true };
    assert.deepEqual(JSON.parse(inspectText(json)), json);
    assert.match(inspectText(json), /^\{\n {2}"Id": "5f57",\n/);
  });

  it("has no secret value, wherever it turns up", () => {
    const json = {
      Config: {
        Env: ["HF_TOKEN=hf_very_secret", "PIN_SECRET=12", "XAUTHORITY=/root/.Xauthority"],
        Cmd: ["serve", "--token=hf_very_secret", "--header", "Bearer hf_very_secret"],
        Labels: { api_key: "abc", note: "uses hf_very_secret" },
      },
      Args: ["NGC_API_KEY=nv1"],
    };
    const text = inspectText(json);
    for (const secret of ["hf_very_secret", "=12", '"abc"', "nv1"]) assert.ok(!text.includes(secret), secret);
    assert.ok(text.includes("HF_TOKEN=[redacted]"));
    assert.ok(text.includes("XAUTHORITY=/root/.Xauthority"));
  });

  it("has no secret that a command line tells", () => {
    const words = [
      ...["serve", "--token=tok-1", "--api-key=tok-2", "--password", "tok-3", "--auth", "--verbose", "--max-tokens", "512"],
      ...["sh", "-c", "exec serve --secret 'tok 4' --port 80 && X_TOKEN=tok-5 run 'http://h/?api_key=tok-6&page=2'"],
    ];
    const shown = [
      ...["serve", "--token=[redacted]", "--api-key=[redacted]", "--password", "[redacted]", "--auth", "--verbose"],
      ...["--max-tokens", "512", "sh", "-c"],
      "exec serve --secret [redacted] --port 80 && X_TOKEN=[redacted] run 'http://h/?api_key=[redacted]&page=2'",
    ];
    assert.deepEqual(JSON.parse(inspectText({ Config: { Cmd: words }, Args: words })), { Config: { Cmd: shown }, Args: shown });
  });

  it("has no password of an address, a label or a file server", () => {
    const json = {
      Config: { Env: ["DB=postgres://ann:tok-1@db/x"], Labels: { "com.acme.api-key": "tok-2", from: "https://ann:tok-3@h/y" } },
      HostConfig: {
        Mounts: [{ VolumeOptions: { DriverConfig: { Options: { o: "addr=nas,username=ann,password=tok-4,vers=3" } } } }],
      },
    };
    assert.deepEqual(JSON.parse(inspectText(json)), {
      Config: {
        Env: ["DB=postgres://ann:[redacted]@db/x"],
        Labels: { "com.acme.api-key": "[redacted]", from: "https://ann:[redacted]@h/y" },
      },
      HostConfig: {
        Mounts: [{ VolumeOptions: { DriverConfig: { Options: { o: "addr=nas,username=ann,password=[redacted],vers=3" } } } }],
      },
    });
  });

  it("can be an image without a configuration", () => assert.equal(inspectText({ Config: null }), '{\n  "Config": null\n}\n'));
});
