import assert from "node:assert/strict";
import { runCommand, shownRun } from "../../src/core/dockerRun.ts";
import { isAtLeast, runFromInspect, type Surroundings } from "../../src/core/runFromInspect.ts";
import { parseEngineDefaults, parseRunImage, parseRunInspect } from "../../src/core/runJson.ts";

const id = "0123456789abcdef".repeat(4);
const imageId = `sha256:${"a".repeat(64)}`;

/** Round trips on real engines are in test/engine/runCommand.test.ts; here is what those do not show. */
function inspected({ Config = {}, HostConfig = {}, Networks = {}, Running = false }: Record<string, unknown> = {}) {
  return parseRunInspect({
    Id: id,
    Name: "/web",
    Image: imageId,
    State: { Running },
    Config: { Image: "debian:12", Hostname: id.slice(0, 12), Cmd: ["bash"], Env: ["PATH=/bin"], ...(Config as object) },
    HostConfig: {
      NetworkMode: "default",
      ShmSize: 67108864,
      Runtime: "runc",
      LogConfig: { Type: "json-file", Config: {} },
      ...(HostConfig as object),
    },
    NetworkSettings: { Networks },
  });
}

const image = parseRunImage({ Id: imageId, Os: "linux", Architecture: "amd64", Config: { Cmd: ["bash"], Env: ["PATH=/bin"] } });
const engine = parseEngineDefaults(
  { DefaultRuntime: "runc", LoggingDriver: "json-file", CgroupVersion: "2", Name: "gpu-1" },
  { ApiVersion: "1.51", Os: "linux", Arch: "amd64" },
);

function read(json: Record<string, unknown>, surroundings: Partial<Surroundings> = {}) {
  const { spec, notes } = runFromInspect(inspected(json), { image, namedImage: imageId, engine, ...surroundings });
  return { command: runCommand(spec), notes };
}

const plain = "docker run -d --name web debian:12";

describe("the run command of an inspected container", () => {
  it("says nothing where there is nothing to say", () => assert.deepEqual(read({}), { command: plain, notes: [] }));

  it("names the image by its id when the name means another one by now", () => {
    assert.deepEqual(read({}, { namedImage: "sha256:other" }), {
      command: `docker run -d --name web ${imageId}`,
      notes: ["The image is told by its id: 'debian:12' means another image by now."],
    });
  });

  it("names the image by its id when the name is gone", () => {
    assert.deepEqual(read({}, { namedImage: undefined }), {
      command: `docker run -d --name web ${imageId}`,
      notes: ["The image is told by its id: the name 'debian:12' is gone from the engine."],
    });
  });

  it("tells what the container has when its image is gone", () => {
    assert.deepEqual(read({}, { image: undefined, namedImage: undefined }), {
      command: "docker run -d --name web -e PATH=/bin debian:12 bash",
      notes: [
        "The image debian:12 of this container is gone from the engine: what it set is told as if it had been set for the container.",
      ],
    });
  });

  it("names the platform of an image that is not the engine's", () => {
    const { command } = read(
      {},
      {
        image: parseRunImage({
          Id: imageId,
          Os: "linux",
          Architecture: "arm64",
          Variant: "v8",
          Config: { Cmd: ["bash"], Env: ["PATH=/bin"] },
        }),
      },
    );
    assert.equal(command, "docker run -d --name web --platform linux/arm64/v8 debian:12");
  });

  it("goes by what is the engine's default there", () => {
    const podish = { ...engine, runtime: "nvidia", logDriver: "journald", cgroupVersion: "1" };
    const HostConfig = { Runtime: "nvidia", LogConfig: { Type: "journald", Config: {} }, CgroupnsMode: "host" };
    assert.equal(read({ HostConfig }, { engine: podish }).command, plain);
    assert.equal(
      read({ HostConfig }).command,
      "docker run -d --name web --runtime nvidia --cgroupns host --log-driver journald debian:12",
    );
  });

  const traps: [string, Record<string, unknown>, string][] = [
    [
      "label=disable that --privileged brings",
      { HostConfig: { Privileged: true, SecurityOpt: ["label=disable"] } },
      "--privileged",
    ],
    ["label=disable that --pid host brings", { HostConfig: { PidMode: "host", SecurityOpt: ["label=disable"] } }, "--pid host"],
    ["label=disable by itself", { HostConfig: { SecurityOpt: ["label=disable"] } }, "--security-opt label=disable"],
    ["twice the memory as swap", { HostConfig: { Memory: 1048576, MemorySwap: 2097152 } }, "--memory 1m"],
    ["another swap", { HostConfig: { Memory: 1048576, MemorySwap: 1048576 } }, "--memory 1m --memory-swap 1m"],
    [
      "capabilities as the engine writes them",
      { HostConfig: { CapAdd: ["CAP_SYS_ADMIN"], CapDrop: ["ALL"] } },
      "--cap-add SYS_ADMIN --cap-drop ALL",
    ],
    [
      "a mode of tmpfs, which is decimal",
      { HostConfig: { Mounts: [{ Type: "tmpfs", Target: "/a", TmpfsOptions: { Mode: 0o1770 } }] } },
      "--mount type=tmpfs,target=/a,tmpfs-mode=1770",
    ],
    [
      "the short id among a network's aliases",
      { HostConfig: { NetworkMode: "lab" }, Networks: { lab: { Aliases: ["www", id.slice(0, 12)] } } },
      "--network lab --network-alias www",
    ],
    [
      "a network that is named by its id",
      { HostConfig: { NetworkMode: "f00d" }, Networks: { lab: { NetworkID: "f00d" } } },
      "--network lab",
    ],
    [
      "the hardware address that a running container has in any case",
      { HostConfig: { NetworkMode: "lab" }, Networks: { lab: { MacAddress: "02:42:ac:11:00:02" } }, Running: true },
      "--network lab",
    ],
    [
      "a hardware address that was asked for",
      { Config: { MacAddress: "02:42:ac:11:00:02" }, Running: true },
      "--mac-address 02:42:ac:11:00:02",
    ],
    [
      "the machine's host name on its network",
      { HostConfig: { NetworkMode: "host" }, Config: { Hostname: "gpu-1" } },
      "--network host",
    ],
    [
      "another host name there",
      { HostConfig: { NetworkMode: "host" }, Config: { Hostname: "web" } },
      "--network host --hostname web",
    ],
    [
      "a folder that Compose makes when it is not there",
      {
        HostConfig: {
          Mounts: [{ Type: "bind", Source: "/a", Target: "/b", ReadOnly: true, BindOptions: { CreateMountpoint: true } }],
        },
      },
      "-v /a:/b:ro",
    ],
    ["a variable without value", { Config: { Env: ["PATH=/bin", "http_proxy"] } }, "-e http_proxy"],
    [
      "devices by CDI",
      { HostConfig: { DeviceRequests: [{ Driver: "cdi", Count: 0, DeviceIDs: ["nvidia.com/gpu=0"], Capabilities: null }] } },
      "--device nvidia.com/gpu=0",
    ],
    [
      "GPUs as Compose asks for them",
      {
        HostConfig: {
          DeviceRequests: [{ Driver: "nvidia", Count: 0, DeviceIDs: ["0", "1"], Capabilities: [["gpu"]], Options: null }],
        },
      },
      `--gpus '"device=0,1",driver=nvidia'`,
    ],
    [
      "a restart count that has no meaning",
      { HostConfig: { RestartPolicy: { Name: "always", MaximumRetryCount: 0 } } },
      "--restart always",
    ],
    [
      "null, [] and {}, which are the same",
      { HostConfig: { Binds: [], Dns: null, Sysctls: {}, Devices: [], Ulimits: null, PortBindings: {}, Init: null } },
      "",
    ],
  ];
  for (const [what, json, options] of traps) {
    it(`tells rightly: ${what}`, () =>
      assert.equal(read(json).command, ["docker run -d --name web", options, "debian:12"].filter(Boolean).join(" ")));
  }

  const lacking: [string, Record<string, unknown>, string, string][] = [
    [
      "an entrypoint of several words",
      { Config: { Entrypoint: ["sh", "-c"], Cmd: ["ls"] } },
      "docker run -d --name web --entrypoint sh debian:12 -c ls",
      "The entrypoint has 2 words, and --entrypoint takes one: the others stand in front of the command, so what runs is the same.",
    ],
    [
      "a health check without a shell",
      { Config: { Healthcheck: { Test: ["CMD", "test", "-e", "it's ok"] } } },
      `docker run -d --name web --health-cmd 'test -e '\\''it'\\''\\'\\'''\\''s ok'\\''' debian:12`,
      "The health check runs without a shell in the container; --health-cmd runs the same in one.",
    ],
    [
      "a seccomp profile",
      { HostConfig: { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] } },
      "docker run -d --name web --security-opt seccomp=seccomp.json debian:12",
      "The seccomp profile has to be in a file seccomp.json before this is run: docker inspect --format '{{json .HostConfig.SecurityOpt}}' web shows it.",
    ],
    [
      "a file for the id",
      { HostConfig: { ContainerIDFile: "/run/web.cid" } },
      plain,
      "--cidfile /run/web.cid is left out: the file is there already.",
    ],
    ["what only Windows has", { HostConfig: { CpuCount: 2 } }, plain, "Not expressible: HostConfig.CpuCount."],
    [
      "a field that is not as documented",
      { HostConfig: { Binds: "/a:/b", Memory: 1048576 } },
      "docker run -d --name web --memory 1m debian:12",
      "Not expressible: HostConfig.Binds.",
    ],
    [
      "a request for other devices",
      { HostConfig: { DeviceRequests: [{ Driver: "", Count: 1, DeviceIDs: null, Capabilities: [["tpu"]] }] } },
      plain,
      `Not expressible: the request for devices {"Driver":"","Count":1,"DeviceIDs":null,"Capabilities":[["tpu"]]}.`,
    ],
    [
      "a variable without value",
      { Config: { Env: ["NOBODY"] } },
      "docker run -d --name web -e NOBODY debian:12",
      "Without a value in the container, so to be run where there is none: NOBODY.",
    ],
  ];
  for (const [what, json, command, note] of lacking) {
    it(`says what it cannot tell: ${what}`, () => assert.deepEqual(read(json), { command, notes: [note] }));
  }

  it("connects afterwards to the networks that a container in the default one got later", () => {
    const Networks = { bridge: {}, lab: { Aliases: ["www"], IPAMConfig: { IPv4Address: "10.0.0.9" } } };
    assert.equal(read({ Networks }).command, `${plain} && docker network connect --alias www --ip 10.0.0.9 lab web`);
  });
});

describe("secrets in an inspected container", () => {
  it("come from the environment", () => {
    assert.deepEqual(read({ Config: { Env: ["HF_TOKEN=hf_secret", "DATABASE_URL=postgres://ann:hunter22@db", "A=1"] } }), {
      command: "docker run -d --name web -e HF_TOKEN -e DATABASE_URL -e A=1 debian:12",
      notes: ["Secret, so taken from the environment that this is run in: HF_TOKEN, DATABASE_URL."],
    });
  });

  it("are hidden wherever else they stand, and that is said", () => {
    const { command, notes } = read({
      Config: {
        Env: ["HF_TOKEN=hf_secret", "DATABASE_URL=postgres://ann:hunter22@db", "URL=http://h/?t=hf_secret"],
        Cmd: ["serve", "--token=hf_secret", "--pw", "hunter22"],
        Labels: { "org.example.api-token": "tok_123", note: "hf_secret!" },
        Healthcheck: { Test: ["CMD-SHELL", "curl -H hf_secret"] },
      },
      HostConfig: {
        LogConfig: { Type: "json-file", Config: { "splunk-token": "spl_123" } },
        Mounts: [
          {
            Type: "volume",
            Source: "nas",
            Target: "/a",
            VolumeOptions: { DriverConfig: { Name: "local", Options: { o: "username=ann,password=cifs_123,vers=3" } } },
          },
        ],
      },
    });
    for (const secret of ["hf_secret", "hunter22", "tok_123", "spl_123", "cifs_123"])
      assert.ok(!(command + notes.join()).includes(secret), secret);
    assert.ok(command.endsWith("debian:12 serve '--token=[redacted]' --pw '[redacted]'"), command);
    assert.deepEqual(notes, [
      "Secret, so taken from the environment that this is run in: HF_TOKEN, DATABASE_URL.",
      "A secret stood in a label, a mount, the variable URL, the command, an option of the log driver, the health check: put it back where it says [redacted].",
    ]);
  });

  it("are not ordinary words", () => {
    assert.equal(
      read({ Config: { Env: ["BASIC_AUTH=none"], Cmd: ["--network", "none"] } }).command,
      "docker run -d --name web -e BASIC_AUTH debian:12 --network none",
    );
  });
});

describe("a shown run command", () => {
  it("has the context and the notes above it", () => {
    const { spec } = runFromInspect(inspected(), { image, namedImage: imageId, engine });
    assert.equal(
      shownRun({ spec, notes: ["Not expressible: X."] }, "gpu-server"),
      "# Docker context: gpu-server\n# Not expressible: X.\ndocker run -d \\\n  --name web \\\n  debian:12\n",
    );
  });

  it("is a comment to its end, whatever the engine says, even for a shell that knows no comments", () => {
    const { spec } = runFromInspect(inspected(), { image, namedImage: imageId, engine });
    const shown = shownRun({ spec, notes: ["a\nrm -rf / \r\n`id` $(id) ; id & | > \u2028 !!"] }, "x\ny");
    assert.deepEqual(shown.split("\n").slice(0, 2), ["# Docker context: x y", "# a rm -rf /  ?id? ?(id) ? id ? ? ?   ??"]);
    assert.equal(shown.split("\n")[2], "docker run -d \\");
  });
});

it("versions of the API are compared as numbers", () => {
  assert.deepEqual(
    [isAtLeast("1.44", "1.44"), isAtLeast("1.9", "1.44"), isAtLeast("2.0", "1.44"), isAtLeast("", "1.44")],
    [true, false, true, false],
  );
});
