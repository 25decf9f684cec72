import assert from "node:assert/strict";
import { devcontainerMetadata } from "../../src/core/devcontainer.ts";

describe("the label that Dev Containers reads when it attaches", () => {
  const python = ["ms-python.python"];
  type Case = [title: string, attach: Parameters<typeof devcontainerMetadata>[0], image: string | undefined, wanted: unknown];
  const none = { shutdownAction: "none" };
  const cases: Case[] = [
    ["nothing to say", { extensions: [] }, undefined, undefined],
    ["a folder alone, which it ignores", { folder: "/work", extensions: [] }, undefined, undefined],
    ["a user", { user: "root", extensions: [] }, undefined, [{ remoteUser: "root", ...none }]],
    ["extensions", { extensions: python }, undefined, [{ customizations: { vscode: { extensions: python } }, ...none }]],
    [
      "both",
      { user: "dev", folder: "/work", extensions: ["a.b", "c.d"] },
      undefined,
      [{ remoteUser: "dev", customizations: { vscode: { extensions: ["a.b", "c.d"] } }, ...none }],
    ],
    ["nothing beyond the image's", { extensions: [] }, '[{"remoteUser":"vscode"}]', undefined],
    [
      "both the image's and its own, which count last",
      { user: "dev", extensions: [] },
      '[{"id":"ghcr.io/x/git:1"},{"remoteUser":"vscode","remoteEnv":{"A":"1"}}]',
      [{ id: "ghcr.io/x/git:1" }, { remoteUser: "vscode", remoteEnv: { A: "1" } }, { remoteUser: "dev", ...none }],
    ],
    [
      "an image's single entry",
      { user: "dev", extensions: [] },
      '{"init":true}',
      [{ init: true }, { remoteUser: "dev", ...none }],
    ],
    ["an image's label that is no JSON", { user: "dev", extensions: [] }, "[{", [{ remoteUser: "dev", ...none }]],
    ["an image's label that is no list", { user: "dev", extensions: [] }, '"x"', [{ remoteUser: "dev", ...none }]],
    [
      "entries that are none",
      { user: "dev", extensions: [] },
      '[1,null,["x"],{"init":true}]',
      [{ init: true }, { remoteUser: "dev", ...none }],
    ],
    [
      "an image that has its container stopped with the window",
      { extensions: [] },
      '[{"shutdownAction":"stopContainer"}]',
      [{ shutdownAction: "stopContainer" }, none],
    ],
    [
      "an image that has it stay",
      { extensions: [] },
      '[{"shutdownAction":"stopContainer"},{"shutdownAction":"none"}]',
      undefined,
    ],
  ];
  for (const [title, attach, image, wanted] of cases)
    it(title, () => {
      const label = devcontainerMetadata(attach, image);
      assert.deepEqual(label === undefined ? undefined : JSON.parse(label), wanted);
    });
});
