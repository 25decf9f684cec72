import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { connectionAgent } from "../../src/engine/connection.ts";
import { connect } from "../../src/engine/engine.ts";
import { sentenceOf } from "./support.ts";

describe("the connection to an engine", () => {
  it("is a word in docker-modem's log, which writes out each call's options: its sockets would be 20 ms of work", () => {
    const local = {
      context: "default",
      host: "unix:///nowhere.sock",
      fromEnvironment: false,
      socketPath: "/nowhere.sock",
      cliArgs: [],
    };
    const { socketPath: _, ...remote } = local;
    for (const endpoint of [local, remote])
      assert.equal(inspect({ agent: connectionAgent(endpoint, {}) }, { showHidden: true, depth: null }), "{ agent: Agent }");
  });

  it("that ends before it is written to is told by what the program said, however late it says it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-docker-"));
    writeFileSync(join(folder, "docker"), "#!/bin/sh\nexec <&-\nsleep 0.3\necho 'no route to host' >&2\nexit 1\n");
    chmodSync(join(folder, "docker"), 0o755);
    const endpoint = { context: "far", host: "tcp://far:2376", fromEnvironment: false, cliArgs: [] };
    const engine = await connect(endpoint, { PATH: `${folder}:/usr/bin:/bin` });
    const said = await sentenceOf(engine.ping());
    assert.equal(said, "The Docker engine at tcp://far:2376 (context far) is out of reach: no route to host");
    engine.close();
    rmSync(folder, { recursive: true });
  });
});
