import assert from "node:assert/strict";
import { isKeepAlive, keepAlive } from "../../src/core/keepAlive.ts";

const asCommand = { command: ["tail", "-f", "/dev/null"], init: true };
const asEntrypoint = { entrypoint: "tail", command: ["-f", "/dev/null"], init: true };

describe("the keep-alive", () => {
  const entrypoints: [string, string[], object][] = [
    ["an image without an entrypoint is told to run it", [], asCommand],
    ["NVIDIA's script prepares the environment and execs it", ["/opt/nvidia/nvidia_entrypoint.sh"], asCommand],
    ["the script of Docker's official images too", ["docker-entrypoint.sh"], asCommand],
    ["so does an init", ["/usr/bin/tini", "--"], asCommand],
    ["an init without a sign", ["tini"], asCommand],
    ["an init before such a script", ["/usr/bin/tini", "-g", "--", "/opt/nvidia/nvidia_entrypoint.sh"], asCommand],
    ["an init before a program that nobody knows", ["/usr/bin/dumb-init", "--", "/entrypoint"], asEntrypoint],
    ["a program", ["python3", "-m", "vllm.entrypoints.openai.api_server"], asEntrypoint],
    ["a shell would read it as a script", ["/bin/bash"], asEntrypoint],
    ["sh -c would take its first word only", ["/bin/sh", "-c"], asEntrypoint],
    ["a script that was given its program already", ["docker-entrypoint.sh", "mongod"], asEntrypoint],
    ["a script that only ends alike", ["/my-docker-entrypoint.sh"], asEntrypoint],
  ];
  for (const [title, entrypoint, wanted] of entrypoints) {
    it(`${title}: [${entrypoint.join(" ")}]`, () => assert.deepEqual(keepAlive(entrypoint), wanted));
  }

  const lines: [string, boolean][] = [
    ["tail -f /dev/null", true],
    ["/usr/bin/tail -f /dev/null", true],
    ["/sbin/docker-init -- tail -f /dev/null", true],
    ["/sbin/docker-init -- python train.py", true], // the init only: python has a line of its own
    ["/dev/init -- tail -f /dev/null", true],
    ["tail -f /var/log/train.log", false],
    ["tail -f /dev/null.log", false],
    ["sh -c python train.py; /usr/bin/tail -f /dev/null", false],
    ["mytail -f /dev/null", false],
    ["/sbin/init", false], // systemd in a container is somebody's choice
    ["python train.py", false],
  ];
  for (const [line, wanted] of lines) {
    it(`${wanted ? "knows" : "is not"}: ${line}`, () => assert.equal(isKeepAlive(line), wanted));
  }
});
