import assert from "node:assert/strict";
import { appArgs, endArgs, findArgs, isApp, isAppStart, parseFound } from "../../src/core/app.ts";
import { causesOf } from "../../src/core/appFailure.ts";
import { parseAnswer } from "../../src/core/askInside.ts";

describe("an app's start", () => {
  const args = appArgs("box", "serve --port 9000", { DISPLAY: ":1" });
  it("is detached, marked, and given its variables and its command as one word", () => {
    assert.deepEqual(args.slice(0, 9), ["exec", "-d", "-e", "BERTH_APP=1", "-e", "DISPLAY=:1", "box", "sh", "-c"]);
    assert.deepEqual(args.slice(10), ["berth-app", "serve --port 9000"]);
  });
  it("is known again by what the engine keeps of it", () => {
    const words = args.slice(7);
    assert.equal(isApp(words), true);
    assert.equal(isAppStart(`exec_start: ${words.join(" ")}`), true);
    assert.equal(isAppStart(`exec_create: ${words.join(" ")}`), false);
    for (const other of [findArgs("box", {}), endArgs("box", {}, "TERM", 1)]) {
      assert.equal(isApp(other.slice(2)), false);
      assert.equal(isAppStart(`exec_start: ${other.slice(2).join(" ")}`), false);
    }
  });
});

describe("the search for an app", () => {
  it("looks for the part of a name that Linux keeps, and tells ids", () => {
    assert.deepEqual(findArgs("box", { process: "perception_app_main" }).slice(-2), ["perception_app_", "BERTH_APP=1"]);
    assert.deepEqual(endArgs("box", {}, "TERM", 2000).slice(-4), ["", "BERTH_APP=1", "TERM", "200"]);
    assert.deepEqual(parseFound("found 7 12\nleft 12\n"), { found: ["7", "12"], left: ["12"] });
    assert.deepEqual(parseFound("found\n"), { found: [], left: [] });
    assert.equal(parseFound("OCI runtime exec failed"), undefined);
  });
});

describe("why an app failed", () => {
  const one = (log: string, ending = {}) => causesOf(log, ending).join(" | ");
  const cases: [string, string, object?][] = [
    [
      "x\nFailed to initialize NVML: Unknown Error\n",
      "The container cannot use its GPU (NVML: Unknown Error): revive it, which restarts it, then start the app again.",
    ],
    [
      "Failed to initialize NVML: Driver/library version mismatch",
      "The NVIDIA driver was updated while it ran (driver/library version mismatch): restart the machine, or reload the driver.",
    ],
    ["nvdsinfer: status=100", "CUDA found no GPU (error 100): check the container's GPU; revive it, or launch it with GPUs."],
    ["status=1003", ""],
    [
      "RuntimeError: CUDA error: no CUDA-capable device is detected",
      "CUDA found no GPU (error 100): check the container's GPU; revive it, or launch it with GPUs.",
    ],
    [
      "torch.OutOfMemoryError: CUDA out of memory. Tried",
      "The GPU's memory is full: free it, choose another GPU, or make the batch smaller.",
    ],
    [
      "ERROR: cannot listen on port 9000: [Errno 98] Address already in use",
      "Port 9000 is taken: end what listens there, or launch in parallel, which chooses a free one.",
    ],
    [
      "OSError: [Errno 98] Address already in use",
      "Port 9001 is taken: end what listens there, or launch in parallel, which chooses a free one.",
      { port: 9001 },
    ],
    [
      "bind: Address already in use",
      "The port that it wants to listen on is taken: end what listens there, or give it another one.",
    ],
    [
      "listen tcp 0.0.0.0:8000: bind: address already in use",
      "Port 8000 is taken: end what listens there, or launch in parallel, which chooses a free one.",
    ],
    [
      "app: error while loading shared libraries: libnvinfer.so.10: cannot open shared object file: No such file",
      "The image lacks the library libnvinfer.so.10: install it in the image, or choose another one.",
    ],
    [
      "Please accept the license by setting ACCEPT_EULA=Y.",
      "It wants its licence accepted: read what it says, and set the variable that it asks for under 'environment'.",
    ],
    ["sh: 1: perception_app: not found", "There is no program 'perception_app' inside: mend 'start' under 'app', or the image."],
    ["bash: line 1: frob: command not found", "There is no program 'frob' inside: mend 'start' under 'app', or the image."],
    ["sh: nosuch: not found", "There is no program 'nosuch' inside: mend 'start' under 'app', or the image."],
    ["", "Exit code 127 means that a program was not found: mend the command, or the image.", { exitCode: 127 }],
    [
      "",
      "The container ran out of memory (OOM killed): give it more, or make the batch smaller.",
      { oomKilled: true, exitCode: 137 },
    ],
    ["", "Exit code 137 means that it was killed (SIGKILL), perhaps for want of memory.", { exitCode: 137 }],
    ["all is well\nGET /license 200\nnot found: /favicon.ico\n404 page not found", "", { exitCode: 1 }],
  ];
  for (const [log, cause, ending] of cases)
    it(`${JSON.stringify(log.slice(0, 50))} ${ending ? JSON.stringify(ending) : ""}`, () =>
      assert.equal(one(log, ending), cause));
  it("looks at the last 200 lines only", () => {
    assert.equal(one(`status=100\n${"x\n".repeat(199)}`), "");
    assert.notEqual(one(`status=100\n${"x\n".repeat(198)}`), "");
  });
});

describe("an answer from inside", () => {
  it("is told apart from none", () => {
    assert.deepEqual(parseAnswer("ds-ready: YES\nberth-status 200\n", ""), { status: 200, body: "ds-ready: YES" });
    assert.deepEqual(parseAnswer("\nberth-status 503", ""), { status: 503, body: "" });
    assert.deepEqual(parseAnswer("\nberth-status 000", "curl: (7) Connection refused"), {
      error: "curl: (7) Connection refused",
    });
    assert.deepEqual(parseAnswer("", ""), { error: "no answer" });
    assert.equal(parseAnswer("berth-status none\n", ""), undefined);
    assert.equal(parseAnswer('OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown', ""), undefined);
  });
});
