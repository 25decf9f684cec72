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

  it("can be an image without a configuration", () => assert.equal(inspectText({ Config: null }), '{\n  "Config": null\n}\n'));
});
