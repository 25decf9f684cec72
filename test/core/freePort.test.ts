import assert from "node:assert/strict";
import { boundPorts, hostPorts, listedPorts, remapPorts } from "../../src/core/freePort.ts";
import type { PublishedPort } from "../../src/core/runSpec.ts";

describe("ports that a container has", () => {
  it("in the engine's list: published ones, and its app's by the label", () =>
    assert.deepEqual(
      listedPorts({
        ports: [
          { container: 80, protocol: "tcp", host: { ip: "0.0.0.0", port: 8080 } },
          { container: 443, protocol: "tcp" },
        ],
        labels: { "dev.berth.port": "9000" },
      }),
      [8080, 9000],
    ));
  it("not in a label that is no port", () =>
    assert.deepEqual(
      ["", "x", "-1", "0", "90.5"].map((port) => listedPorts({ ports: [], labels: { "dev.berth.port": port } })),
      [[], [], [], [], []],
    ));
  it("in its inspect: those that it takes when it starts, of a range all", () =>
    assert.deepEqual(
      boundPorts({
        HostConfig: {
          PortBindings: {
            "80/tcp": [
              { HostIp: "", HostPort: "8080" },
              { HostIp: "::1", HostPort: "8081" },
            ],
            "53/udp": [{ HostPort: "5300-5302" }],
            "1/tcp": [{ HostPort: "" }, { HostPort: "0" }],
            "2/tcp": null,
          },
        },
      }),
      [8080, 8081, 5300, 5301, 5302],
    ));
  it("none where the engine says something else", () =>
    assert.deepEqual(
      [undefined, {}, { HostConfig: { PortBindings: null } }, { HostConfig: { PortBindings: [] } }].map(boundPorts),
      [[], [], [], []],
    ));
});

describe("ports of a container beside another", () => {
  const ports: PublishedPort[] = [
    { container: 9000, host: "9000" },
    { container: 9000, protocol: "udp", host: "9000" },
    { container: 8554, host: "8554", ip: "127.0.0.1" },
    { container: 7100, host: "7100-7110" },
    { container: 443 },
    { container: 80, host: "0" },
  ];
  it("are asked for once each", () => assert.deepEqual(hostPorts(ports), [9000, 8554, 7100]));
  it("are all others, TCP and UDP still the same, and what had none has none", () => {
    const asked: number[] = [];
    const remapped = remapPorts(ports, (from) => (asked.push(from), from + 1));
    assert.deepEqual(asked, [9000, 8554, 7100]);
    assert.deepEqual(remapped, [
      { container: 9000, host: "9001" },
      { container: 9000, protocol: "udp", host: "9001" },
      { container: 8554, host: "8555", ip: "127.0.0.1" },
      { container: 7100, host: "7101" },
      { container: 443 },
      { container: 80, host: "0" },
    ]);
  });
});
