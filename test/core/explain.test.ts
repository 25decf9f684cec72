// What `docker` writes to stderr, in the words of the engines named; most recorded from them.
import assert from "node:assert/strict";
import { EngineGoneError, UserError } from "../../src/core/errors.ts";
import { explainDocker, missingContainer, missingImage, takenName } from "../../src/core/explain.ts";

const about = { image: "pytorch:2.8", name: "train" };
const oci =
  "Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
const toolkit = "This engine cannot give GPUs to containers: set up the NVIDIA Container Toolkit for it, or deploy without GPUs.";
const port = (n: number) => `Port ${n} is taken on the engine's machine: choose another one.`;

const sentences: [string, string, string][] = [
  [
    "a taken name",
    `Error response from daemon: Conflict. The container name "/web" is already in use by container "5f57956e7fc4009dd83135f3262eec316a0c0af9cbf020fa850e1f32fafb99ba". You have to remove (or rename) that container to be able to reuse that name.`,
    "There is a container named 'web' already: choose another name, or retire that one first.",
  ],
  [
    "a missing image",
    "Error response from daemon: No such image: pytorch:2.8",
    "There is no image 'pytorch:2.8' on this engine: pull it with 'docker pull pytorch:2.8', or choose one from the Images view.",
  ],
  [
    "a missing container",
    "Error response from daemon: No such container: 5f57956e7fc4\nError: failed to start containers: 5f57956e7fc4",
    "There is no container 'train' on this engine.",
  ],
  ["no GPU driver", 'Error response from daemon: could not select device driver "" with capabilities: [[gpu]].', toolkit],
  ["no nvidia runtime (20.10)", "docker: Error response from daemon: Unknown runtime specified nvidia.", toolkit],
  ["no nvidia runtime (28)", "Error response from daemon: unknown or invalid runtime name: nvidia", toolkit],
  [
    "a GPU that is not there",
    `${oci}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: device error: 7: unknown device: unknown\nError: failed to start containers: bad`,
    "There is no GPU '7' on the engine's machine: choose another one.",
  ],
  [
    "a driver that does not load",
    `${oci}error running hook #0: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: initialization error: nvml error: driver not loaded: unknown`,
    "The container got no GPU: initialization error: nvml error: driver not loaded.",
  ],
  [
    "a port of another container (20.10)",
    "WARNING: IPv4 forwarding is disabled. Networking will not work.\ndocker: Error response from daemon: driver failed programming external connectivity on endpoint p2 (655eeec0b011fa0931b5e0414bf638029ba655646775221ca745e2b0de2cf3bf): Bind for 0.0.0.0:8080 failed: port is already allocated\n\nRun 'docker run --help' for more information",
    port(8080),
  ],
  [
    "a port of another program (20.10)",
    "Error response from daemon: driver failed programming external connectivity on endpoint web (655eeec0b011): Error starting userland proxy: listen tcp4 0.0.0.0:9000: bind: address already in use",
    port(9000),
  ],
  [
    "a port of another program (28)",
    "Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint web (655eeec0b011): failed to bind host port for 0.0.0.0:9000:172.17.0.2:80/tcp: address already in use",
    port(9000),
  ],
  [
    "a port of another program on IPv6 (29)",
    "Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint web: failed to bind host port [::]:9000/tcp: address already in use",
    port(9000),
  ],
  [
    "a name that is none for an image",
    "invalid reference format: repository name (library/PyTorch) must be lowercase",
    "'pytorch:2.8' is not an image name: write it as REPOSITORY:TAG, the repository in small letters.",
  ],
  [
    "a folder that is not there",
    'Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /home/ann/my work',
    "The folder /home/ann/my work does not exist on the engine's machine.",
  ],
  [
    "a relative path in the container",
    `Error response from daemon: invalid volume specification: '/nope:x': invalid mount config for type "bind": invalid mount path: 'x' mount path must be absolute`,
    "'x' is not a place for a mount: the path in the container must be absolute.",
  ],
  [
    "a program that is not on the PATH",
    `${oci}exec: "serve": executable file not found in $PATH: unknown`,
    "The container cannot start: its image has no program 'serve'.",
  ],
  [
    "a program that is not at its path",
    `${oci}exec: "/opt/serve": stat /opt/serve: no such file or directory: unknown`,
    "The container cannot start: its image has no program '/opt/serve'.",
  ],
  [
    "a file that is no program",
    `${oci}exec: "/etc/passwd": permission denied: unknown`,
    "The container cannot start: '/etc/passwd' in its image is not a program that may be run.",
  ],
  [
    "a full disk",
    "Error response from daemon: mkdir /var/lib/docker/overlay2/655e: no space left on device",
    "The engine's disk is full: remove images or containers that nobody needs, then try again.",
  ],
  [
    "anything else stays in Docker's words, without its hints",
    "WARNING: IPv4 forwarding is disabled. Networking will not work.\ndocker: Error response from daemon: Unknown runtime specified foo\n\nRun 'docker run --help' for more information",
    "Docker refused: Unknown runtime specified foo",
  ],
  [
    "an option that this docker does not know",
    "unknown flag: --gpus\nSee 'docker create --help'.",
    "Docker refused: unknown flag: --gpus",
  ],
  ["silence", "\n", "Docker refused: it said nothing"],
];

describe("what docker says, in words that help", () => {
  for (const [title, stderr, wanted] of sentences) {
    it(title, () => {
      const error = explainDocker(stderr, about);
      assert.equal(error.message, wanted);
      assert.ok(error instanceof UserError && !(error instanceof EngineGoneError));
    });
  }

  it("names what Docker names when the caller does not know", () => {
    assert.equal(explainDocker("Error: No such image: a:1", {}).message, missingImage("a:1"));
    assert.equal(explainDocker("Error: No such container: web", {}).message, missingContainer("web"));
    assert.equal(explainDocker("Unable to find image 'a:1' locally", {}).message, missingImage("a:1"));
    assert.equal(
      explainDocker("Error response from daemon: pull access denied for a, repository does not exist", {}).message,
      missingImage("a"),
    );
    assert.equal(
      explainDocker("invalid reference format: repository name (library/Bad Name) must be lowercase", {}).message,
      "That is not an image name: write it as REPOSITORY:TAG, the repository in small letters.",
    );
    assert.equal(explainDocker('Conflict. The container name "/a" is already in use', {}).message, takenName("a"));
  });

  it("shows the way to the NVIDIA Container Toolkit", () => {
    const { remedy } = explainDocker('could not select device driver "" with capabilities: [[gpu]]', about);
    assert.equal(remedy?.title, "How to Install");
    assert.match(String(remedy?.args?.[0]), /^https:\/\/docs\.nvidia\.com\/datacenter\/cloud-native\/container-toolkit\//);
  });

  it("is short, however much Docker says", () => {
    assert.ok(explainDocker(`Error response from daemon: ${"x".repeat(5000)}`, about).message.length < 600);
  });
});

describe("an engine that is gone", () => {
  const texts = [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    "error during connect: Get http://docker/v1.41/containers/json: command [ssh gpu1] has exited with exit status 255",
    "dial unix /var/run/docker.sock: connect: connection refused",
    'Post "http://docker/v1.41/containers/create": EOF',
    "unexpected EOF",
    "write unix @->/run/docker.sock: write: broken pipe",
  ];
  for (const stderr of texts) {
    it(stderr, () => {
      const error = explainDocker(stderr, about);
      assert.ok(error instanceof EngineGoneError);
      assert.equal(error.message, "The Docker engine went away.");
    });
  }

  it("refuses the user: the sentence says what to do", () => {
    const error = explainDocker(
      "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json: dial unix /var/run/docker.sock: connect: permission denied",
      about,
    );
    assert.ok(error instanceof EngineGoneError);
    assert.equal(error.message, "Docker refuses your user: join the 'docker' group, then log in again.");
  });
});
