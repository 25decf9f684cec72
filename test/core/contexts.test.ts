import assert from "node:assert/strict";
import { contextText, hostProblem, listedContexts, withoutPassword } from "../../src/core/contexts.ts";
import type { EngineContext, EngineState } from "../../src/core/state.ts";

describe("an engine's address", () => {
  // What the docker CLI takes (tried with 28.2): no scheme means TCP, no path the default socket.
  const good = [
    "unix:///var/run/docker.sock",
    "unix://",
    "ssh://gpu-server",
    "ssh://me@gpu-server:2222",
    "ssh://me@gpu-server/run/user/1000/docker.sock",
    "tcp://127.0.0.1:2375",
    "tcp://[::1]:2375",
    "tcp://",
    "gpu-server",
    "gpu-server:2375",
    " tcp://127.0.0.1:2375",
  ];
  for (const host of good) it(`can be ${JSON.stringify(host)}`, () => assert.equal(hostProblem(host), undefined));

  const forms = "use unix://PATH, ssh://USER@HOST or tcp://HOST:PORT";
  const bad: [string, string][] = [
    ["foo://bar", `'foo://bar' is no address of a Docker engine: ${forms}`],
    ["http://gpu-server", `'http://gpu-server' is no address of a Docker engine: ${forms}`],
    ["://", `'://' is no address of a Docker engine: ${forms}`],
    ["tcp://a b", `'tcp://a b' is no address of a Docker engine: ${forms}`],
    ["tcp://:::", `'tcp://:::' is no address of a Docker engine: ${forms}`],
    ["tcp://127.0.0.1:99999", `'tcp://127.0.0.1:99999' is no address of a Docker engine: ${forms}`],
    ["tcp://me:hush@two words", `'tcp://me@two words' is no address of a Docker engine: ${forms}`],
    ["two words", `'two words' is no address of a Docker engine: ${forms}`],
    ["ssh://", `'ssh://' is no address of a Docker engine: ${forms}`],
    ["ssh://me@", `'ssh://me@' is no address of a Docker engine: ${forms}`],
    ["fd://", `'fd://' is no address of a Docker engine: ${forms}`],
    ["npipe:////./pipe/docker", `'npipe:////./pipe/docker' is no address of a Docker engine: ${forms}`],
    ["ssh://me:hush@gpu-server", "'ssh://me@gpu-server' holds a password, which Docker does not take there: use a key instead"],
  ];
  for (const [host, problem] of bad) it(`cannot be ${JSON.stringify(host)}`, () => assert.equal(hostProblem(host), problem));

  it("is shown without a password", () => {
    assert.equal(withoutPassword("tcp://me:hush@gpu-server:2375"), "tcp://me@gpu-server:2375");
    assert.equal(withoutPassword("tcp://me:p@ss/w:rd@gpu-server"), "tcp://me@gpu-server");
    assert.equal(withoutPassword("ssh://me@gpu-server:22"), "ssh://me@gpu-server:22");
    assert.equal(withoutPassword("tcp://[::1]:2375"), "tcp://[::1]:2375");
    assert.equal(withoutPassword("unix:///run/a@b:c.sock"), "unix:///run/a@b:c.sock");
  });
});

describe("what the containers view tells of the context", () => {
  const local: EngineContext = { name: "default", host: "unix:///var/run/docker.sock", chosen: false, fromEnvironment: false };
  const server: EngineContext = { ...local, name: "gpu-server", host: "ssh://me@gpu-server" };
  const ready: EngineState = { status: "ready", context: "", local: true };
  const out = (reason: "unreachable" | "misconfigured" | "silent" | "stopped" | "missing" | "denied"): EngineState => ({
    status: "out",
    reason,
    message: "",
  });
  const cases: [string, EngineContext | undefined, EngineState, string][] = [
    ["nothing before it is known", undefined, { status: "connecting" }, ""],
    ["nothing for this machine's default engine", local, ready, ""],
    ["nothing for it when it is out either", local, out("stopped"), ""],
    ["nothing for a socket of this machine that is the current context", { ...local, name: "rootless" }, ready, ""],
    ["a chosen context", { ...local, name: "rootless", chosen: true }, ready, "rootless"],
    ["that the default one was chosen", { ...local, chosen: true }, ready, "default"],
    ["a chosen one, and how it is reached", { ...server, chosen: true }, ready, "gpu-server (ssh)"],
    ["a current one that is not this machine's", server, ready, "gpu-server (ssh)"],
    ["TCP", { ...server, name: "tls", host: "tcp://10.0.0.7:2376" }, ready, "tls (tcp)"],
    ["DOCKER_HOST elsewhere", { ...local, host: "tcp://10.0.0.7:2375", fromEnvironment: true }, ready, "DOCKER_HOST (tcp)"],
    ["DOCKER_HOST without a scheme", { ...local, host: "10.0.0.7:2375", fromEnvironment: true }, ready, "DOCKER_HOST (tcp)"],
    ["nothing for DOCKER_HOST on this machine", { ...local, host: "unix:///run/d.sock", fromEnvironment: true }, ready, ""],
    ["that it connects", server, { status: "connecting" }, "gpu-server (ssh), connecting…"],
    ["that it is out of reach", server, out("unreachable"), "gpu-server (ssh), out of reach"],
    ["that it gives no answer", server, out("silent"), "gpu-server (ssh), no answer"],
    ["that it is stopped", { ...local, name: "rootless", chosen: true }, out("stopped"), "rootless, not running"],
    ["that it is not there", { ...local, name: "rootless", chosen: true }, out("missing"), "rootless, not running"],
    ["that it refuses", { ...local, name: "rootless", chosen: true }, out("denied"), "rootless, access refused"],
    [
      "that there is no such context",
      { name: "gone", host: "", chosen: true, fromEnvironment: false },
      out("misconfigured"),
      "gone, cannot be used",
    ],
    [
      "that the current one does not exist",
      { name: "gone", host: "", chosen: false, fromEnvironment: false },
      out("misconfigured"),
      "gone, cannot be used",
    ],
  ];
  for (const [what, context, engine, text] of cases) it(what, () => assert.equal(contextText(context, engine), text));
});

describe("the list of contexts to choose from", () => {
  const files = [
    { name: "tcp.one", host: "tcp://me:hush@127.0.0.1:2375", description: "" },
    { name: "gpu-server", host: "ssh://me@gpu-server", description: "Eight H100" },
    { name: "gpu-10", host: "ssh://gpu-10", description: "" },
    { name: "gpu-9", host: "ssh://gpu-9", description: "" },
  ];
  const shown = (...args: Parameters<typeof listedContexts>) =>
    listedContexts(...args).map(({ label, description, detail, value }) =>
      [value, label, description, detail].filter((part) => part !== undefined).join(" | "),
    );

  it("begins with the current one, which is followed; marks the one in use", () => {
    assert.deepEqual(shown(files, { name: "default", host: "unix:///var/run/docker.sock", fromEnvironment: false }, ""), [
      " | Current context (default) | in use · unix:///var/run/docker.sock | Follows 'docker context use' and DOCKER_HOST",
      "default | default | unix:///var/run/docker.sock",
      "gpu-9 | gpu-9 | ssh://gpu-9",
      "gpu-10 | gpu-10 | ssh://gpu-10",
      "gpu-server | gpu-server | ssh://me@gpu-server | Eight H100",
      "tcp.one | tcp.one | tcp://me@127.0.0.1:2375",
    ]);
  });

  it("marks the chosen one", () => {
    const rows = shown(files, { name: "gpu-9", host: "ssh://gpu-9", fromEnvironment: false }, "gpu-server");
    assert.equal(rows[0], " | Current context (gpu-9) | ssh://gpu-9 | Follows 'docker context use' and DOCKER_HOST");
    assert.deepEqual(
      rows.filter((row) => row.includes("in use")),
      ["gpu-server | gpu-server | in use · ssh://me@gpu-server | Eight H100"],
    );
  });

  it("says that DOCKER_HOST is the current one, and what 'default' then stands for", () => {
    const rows = shown([], { name: "default", host: "tcp://10.0.0.7:2375", fromEnvironment: true }, "");
    assert.deepEqual(rows, [
      " | Current context (DOCKER_HOST) | in use · tcp://10.0.0.7:2375 | Follows 'docker context use' and DOCKER_HOST",
      "default | default | tcp://10.0.0.7:2375 | DOCKER_HOST",
    ]);
  });

  it("says of the current one, or of the chosen one, that it does not exist", () => {
    const rows = shown([], { name: "gone", host: "", fromEnvironment: false }, "lost");
    assert.deepEqual(rows, [
      " | Current context (gone) | does not exist | Follows 'docker context use' and DOCKER_HOST",
      "default | default | unix:///var/run/docker.sock",
      "lost | lost | in use · does not exist",
    ]);
  });
});
