import assert from "node:assert/strict";
import type { Port } from "../../src/core/engineJson.ts";
import { engineHost, hostNetworkPort, noPort, portMeant, portUrl, publishedTcp, unreachable } from "../../src/core/published.ts";

const port = (container: number, host?: number, ip = "0.0.0.0", protocol = "tcp"): Port => ({
  container,
  protocol,
  ...(host === undefined ? {} : { host: { ip, port: host } }),
});

describe("ports that a browser can open", () => {
  it("are the published TCP ones, each once, by the container's own number", () => {
    const ports = [port(9000, 9123), port(9000, 9123, "::"), port(80, 8080), port(53, 5353, "0.0.0.0", "udp"), port(7000)];
    assert.deepEqual(publishedTcp(ports), [
      { container: 80, host: 8080 },
      { container: 9000, host: 9123 },
    ]);
  });

  it("keep the address that they are published on, unless that is all of them", () => {
    const ports = [port(80, 18080, "127.0.0.5"), port(80, 18081, "::"), port(80, 18082, ""), port(80, 18083, "fd00::7")];
    assert.deepEqual(publishedTcp(ports), [
      { container: 80, host: 18080, ip: "127.0.0.5" },
      { container: 80, host: 18081 },
      { container: 80, host: 18082 },
      { container: 80, host: 18083, ip: "fd00::7" },
    ]);
    assert.equal(portUrl({ container: 80, host: 18080, ip: "127.0.0.5" }, "localhost"), "http://127.0.0.5:18080/");
    assert.equal(portUrl({ container: 80, host: 18083, ip: "fd00::7" }, "gpu-1"), "http://[fd00::7]:18083/");
  });

  it("on a loopback address are reached on the engine's machine only", () => {
    for (const ip of ["127.0.0.5", "::1"]) {
      const only = { container: 80, host: 18080, ip };
      assert.equal(unreachable(only, "localhost"), undefined);
      assert.equal(unreachable(only, "127.0.0.1"), undefined);
      assert.equal(
        unreachable(only, "gpu-1"),
        `Port 18080 is published on ${ip} of gpu-1 only, which cannot be reached from here: forward it with 'ssh -L', or publish it on another address.`,
      );
    }
    assert.equal(unreachable({ container: 80, host: 18080, ip: "10.0.0.7" }, "gpu-1"), undefined);
    assert.equal(unreachable({ container: 80, host: 18080 }, "gpu-1"), undefined);
  });

  it("are meant by the host's number first, then by the container's", () => {
    const ports = publishedTcp([port(3000, 8080), port(8080, 3000), port(80, 9000)]);
    assert.deepEqual(portMeant(3000, ports), { container: 8080, host: 3000 });
    assert.deepEqual(portMeant(8080, ports), { container: 3000, host: 8080 });
    assert.deepEqual(portMeant(80, ports), { container: 80, host: 9000 });
    assert.equal(portMeant(81, ports), undefined);
  });

  const urls: [string, number, number, string][] = [
    ["localhost", 80, 8080, "http://localhost:8080/"],
    ["gpu-1", 8443, 30443, "https://gpu-1:30443/"],
    ["::1", 9000, 9000, "http://[::1]:9000/"],
  ];
  for (const [host, container, published, url] of urls)
    it(url, () => assert.equal(portUrl({ container, host: published }, host), url));

  const hosts: [string, string][] = [
    ["unix:///var/run/docker.sock", "localhost"],
    ["ssh://ann@gpu-1:2222", "gpu-1"],
    ["tcp://10.0.0.7:2376", "10.0.0.7"],
    ["tcp://[fd00::7]:2376", "fd00::7"],
    ["nonsense", "localhost"],
  ];
  for (const [endpoint, host] of hosts) it(`of ${endpoint} are at ${host}`, () => assert.equal(engineHost(endpoint), host));
});

describe("the port on the host's network", () => {
  const box = (labels: Record<string, string>, hostNetwork = true, state = "running") => ({ labels, hostNetwork, state });
  const labels = { "dev.berth.v": "1", "dev.berth.port": "9000" };
  const table: [string, Parameters<typeof hostNetworkPort>[0], number | undefined][] = [
    ["is the one of Berth's label", box(labels), 9000],
    ["is known while it is paused", box(labels, true, "paused"), 9000],
    ["is none of one that does not run", box(labels, true, "exited"), undefined],
    ["is none of one on a bridge, which publishes its own", box(labels, false), undefined],
    ["is not believed of others", box({ "dev.berth.port": "9000" }), undefined],
    ["is not known without the label", box({ "dev.berth.v": "1" }), undefined],
    ["is no port that there is not", box({ ...labels, "dev.berth.port": "99999" }), undefined],
    ["is no text", box({ ...labels, "dev.berth.port": "" }), undefined],
  ];
  for (const [title, of, wanted] of table) it(title, () => assert.equal(hostNetworkPort(of), wanted));
});

describe("why there is no port to open", () => {
  const box = (state: string, ...ports: Port[]) => ({ name: "web", state, ports });
  it("it does not run", () => assert.equal(noPort(box("exited")), "web is exited: its ports can be reached only while it runs."));
  it("it publishes none", () =>
    assert.equal(noPort(box("running")), "web publishes no TCP port: deploy it with one, as in 'docker run -p 8080:80'."));
  it("it uses the network of its host", () =>
    assert.equal(
      noPort({ ...box("running"), hostNetwork: true }),
      "web uses the network of its host, where no port is published: give 'port', the one that it listens on.",
    ));
  it("its port is not published", () =>
    assert.equal(
      noPort(box("running", port(9000))),
      "web does not publish its port 9000: deploy it with one published, as in 'docker run -p 9000:9000'.",
    ));
});
