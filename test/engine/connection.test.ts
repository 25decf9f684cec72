import assert from "node:assert/strict";
import { inspect } from "node:util";
import { connectionAgent } from "../../src/engine/connection.ts";

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
});
