import assert from "node:assert/strict";
import type { Port } from "../../src/core/engineJson.ts";
import { engineHost, noPort, portUrl, publishedTcp } from "../../src/core/published.ts";

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

describe("why there is no port to open", () => {
  const box = (state: string, ...ports: Port[]) => ({ name: "web", state, ports });
  it("it does not run", () => assert.equal(noPort(box("exited")), "web is exited: its ports can be reached only while it runs."));
  it("it publishes none", () =>
    assert.equal(noPort(box("running")), "web publishes no TCP port: deploy it with one, as in 'docker run -p 8080:80'."));
  it("its port is not published", () =>
    assert.equal(
      noPort(box("running", port(9000))),
      "web does not publish its port 9000: deploy it with one published, as in 'docker run -p 9000:9000'.",
    ));
});
