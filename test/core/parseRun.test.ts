import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createArgs, runCommand, runCommandLines } from "../../src/core/dockerRun.ts";
import { parseRun } from "../../src/core/parseRun.ts";
import type { RunSpec } from "../../src/core/runSpec.ts";
import { randomSpec, seeded } from "./randomSpec.ts";

const plain: RunSpec = { name: "", image: "debian:12", init: false, gpus: "none", mounts: [], labels: {} };

describe("a pasted docker run", () => {
  const ways: [string, string, Partial<RunSpec>][] = [
    ["as it is", "docker run debian:12", {}],
    ["with sudo", "sudo docker run debian:12", {}],
    ["with sudo's options and a prompt", "$ sudo -E docker run debian:12", {}],
    ["with variables in front", "DOCKER_BUILDKIT=1 docker run debian:12", {}],
    ["as docker container run", "docker container run debian:12", {}],
    ["as docker create", "docker create debian:12", {}],
    ["with a context", "docker --context gpu -l debug run debian:12", {}],
    ["by its path", "/usr/bin/docker run debian:12", {}],
    ["below a comment", "# on gpu-1:\n\ndocker run debian:12\n", {}],
    ["on continued lines", "docker run \\\n  --name web \\\r\n  --init \\\n  debian:12", { name: "web", init: true }],
    ["with a comment behind", "docker run debian:12 # the latest", {}],
    [
      "with = and without",
      "docker run --name=web --hostname h --domainname=a=b debian:12",
      { name: "web", hostname: "h", domainname: "a=b" },
    ],
    ["with short flags together", "docker run -it debian:12", { interactive: true, tty: true }],
    ["with -d among them", "docker run -dit --rm debian:12", { interactive: true, tty: true, autoRemove: true }],
    [
      "with a value at the end of short flags",
      "docker run -itw /a -p80:80 -e=A=1 debian:12",
      { interactive: true, tty: true, workingDir: "/a", ports: [{ container: 80, host: "80" }], env: { A: "1" } },
    ],
    ["with a command that looks like options", "docker run debian:12 ls --name x -la", { command: ["ls", "--name", "x", "-la"] }],
    ["with -- before the image", "docker run -i -- debian:12 -x", { interactive: true, command: ["-x"] }],
    ["with switches said no to", "docker run --privileged=false --init=false -t=true debian:12", { noInit: true, tty: true }],
    ["with an empty entrypoint", 'docker run --entrypoint "" debian:12 ls', { entrypoint: "", command: ["ls"] }],
    ["with single quotes", `docker run -e 'A=it'\\''s $HOME' debian:12`, { env: { A: "it's $HOME" } }],
    ["with double quotes", 'docker run -e "A=a \\"b\\" \\$c \\\\ \\n" debian:12', { env: { A: 'a "b" $c \\ \\n' } }],
    ["with a value over lines", "docker run -e 'A=1\n2' debian:12", { env: { A: "1\n2" } }],
    ["with words that are empty", "docker run debian:12 '' \"\"", { command: ["", ""] }],
    [
      "with variables passed on",
      'docker run -e TERM -e HF_TOKEN=$HF_TOKEN -e "K=${K}" debian:12',
      { env: { TERM: null, HF_TOKEN: null, K: null } },
    ],
    ["with what is the command line's own", "docker run --pull always --cidfile /x -q -a stdin --sig-proxy=false debian:12", {}],
    [
      "with older spellings",
      "docker run --net host --dns-opt rotate --net-alias a debian:12",
      { networks: [{ name: "host", aliases: ["a"] }], dnsOptions: ["rotate"] },
    ],
    [
      "with the network behind what is about it",
      "docker run --ip 10.0.0.2 --network a debian:12",
      { networks: [{ name: "a", ip: "10.0.0.2" }] },
    ],
    [
      "with no network, but about it",
      "docker run --mac-address 02:42:ac:11:00:02 debian:12",
      { networks: [{ name: "default", mac: "02:42:ac:11:00:02" }] },
    ],
    [
      "with sizes and times",
      "docker run -m 1.5GB --shm-size 64MiB --memory-swap -1 --health-interval 1m30s --health-timeout 1.5s debian:12",
      { memory: 1610612736, shmSize: 67108864, memorySwap: -1, healthcheck: { interval: 90000, timeout: 1500 } },
    ],
    [
      "with ranges of ports",
      "docker run -p 8000-8001:80-81/udp -p 127.0.0.1::90 -p [::1]:1:2 -p 91 --expose 6000-6001 debian:12",
      {
        ports: [
          { container: 80, protocol: "udp", host: "8000" },
          { container: 81, protocol: "udp", host: "8001" },
          { container: 90, ip: "127.0.0.1" },
          { container: 2, ip: "::1", host: "1" },
          { container: 91 },
        ],
        expose: ["6000", "6001"],
      },
    ],
    [
      "with ports in the long form",
      "docker run -p published=8080,target=80,protocol=udp debian:12",
      { ports: [{ container: 80, protocol: "udp", host: "8080" }] },
    ],
    [
      "with mounts",
      "docker run -v /a:/b:ro,z -v data:/d:nocopy -v /anonymous --mount type=bind,src=/x,dst=/y,ro,bind-propagation=rslave --mount src=v,target=/w debian:12",
      {
        mounts: [
          { source: "/a", target: "/b", readOnly: true, options: ["z"] },
          { source: "data", target: "/d", options: ["nocopy"] },
          { target: "/anonymous" },
          { type: "bind", source: "/x", target: "/y", readOnly: true, options: ["bind-propagation=rslave"] },
          { type: "volume", source: "v", target: "/w" },
        ],
      },
    ],
    [
      "with memory as folders",
      "docker run --tmpfs /run --tmpfs /tmp:size=1g,mode=1777 debian:12",
      { tmpfs: { "/run": "", "/tmp": "size=1g,mode=1777" } },
    ],
    [
      "with devices",
      "docker run --device /dev/a --device /dev/b:/dev/b:rwm --device /dev/c:r --device /dev/d:/dev/e:rw --device nvidia.com/gpu=0 debian:12",
      { devices: ["/dev/a", "/dev/b", "/dev/c:r", "/dev/d:/dev/e:rw", "nvidia.com/gpu=0"] },
    ],
    [
      "with GPUs",
      `docker run --gpus '"device=0,1","capabilities=compute,utility"' debian:12`,
      { gpus: { ids: ["0", "1"] }, gpuDetails: { capabilities: ["compute", "utility"] } },
    ],
    ["with one GPU without inner quotes", "docker run --gpus device=0 debian:12", { gpus: { ids: ["0"] } }],
    [
      "with a GPU by driver",
      "docker run --gpus driver=nvidia debian:12",
      { gpus: { count: 1 }, gpuDetails: { driver: "nvidia" } },
    ],
    [
      "with limits",
      "docker run --ulimit memlock=-1:-1 --ulimit nofile=1:2 --cap-add cap_sys_admin --cap-drop all --sysctl a.b=c debian:12",
      { ulimits: { memlock: "-1", nofile: "1:2" }, capAdd: ["SYS_ADMIN"], capDrop: ["ALL"], sysctls: { "a.b": "c" } },
    ],
    [
      "with hosts",
      "docker run --add-host a=10.0.0.1 --add-host 'b:[::1]' --add-host c:host-gateway debian:12",
      { extraHosts: ["a:10.0.0.1", "b:::1", "c:host-gateway"] },
    ],
    ["with a label that has no value", "docker run -l a -l b=c=d debian:12", { labels: { a: "", b: "c=d" } }],
    ["with the health check off", "docker run --no-healthcheck debian:12", { healthcheck: "none" }],
  ];
  for (const [how, text, wanted] of ways) {
    it(how, () => assert.deepEqual(parseRun(text), { spec: { ...plain, ...wanted }, notes: [] }));
  }

  const notes: [string, string, Partial<RunSpec>, string[]][] = [
    [
      "a variable is left as it is",
      'docker run -v "$HOME/x":/x -e A=${B} debian:12',
      { mounts: [{ source: "$HOME/x", target: "/x" }], env: { A: "${B}" } },
      [
        "$HOME in '$HOME/x:/x' is not filled in: a shell would have done that.",
        "${B} in 'A=${B}' is not filled in: a shell would have done that.",
      ],
    ],
    [
      "a command in a command is never run",
      "docker run -u $(id -u):$(id -g) -w `pwd` debian:12 echo '$(not this)'",
      { user: "$(id -u):$(id -g)", workingDir: "`pwd`", command: ["echo", "$(not this)"] },
      [
        "$(id -u), $(id -g) in '$(id -u):$(id -g)' is not filled in: a shell would have done that.",
        "`pwd` in '`pwd`' is not filled in: a shell would have done that.",
      ],
    ],
    [
      "a file of variables is not read",
      "docker run --env-file .env debian:12",
      {},
      ["--env-file .env: the variables in that file are not taken over."],
    ],
    [
      "what follows is left out",
      "docker run debian:12 ls && rm -rf /",
      { command: ["ls"] },
      ["What follows the command is left out: && rm -rf /"],
    ],
    [
      "a second line is left out",
      "docker run debian:12\ndocker logs -f web",
      {},
      ["What follows the command is left out: docker logs -f web"],
    ],
  ];
  for (const [what, text, wanted, said] of notes) {
    it(what, () => assert.deepEqual(parseRun(text), { spec: { ...plain, ...wanted }, notes: said }));
  }

  const wrong: [string, string, string][] = [
    ["another program", "podman run debian:12", "That is no 'docker run' command: paste one that begins with 'docker run'."],
    [
      "another command of docker",
      "docker exec -it web sh",
      "That is no 'docker run' command: paste one that begins with 'docker run'.",
    ],
    ["nothing", "  \n", "That is no 'docker run' command: paste one that begins with 'docker run'."],
    [
      "a name that happens to be run",
      "docker logs run",
      "That is no 'docker run' command: paste one that begins with 'docker run'.",
    ],
    [
      "an option there is not",
      "docker run --name web \\\n  --gpsu all debian:12",
      "docker run has no option '--gpsu' (line 2, column 3).",
    ],
    ["a short one there is not", "docker run -itz debian:12", "docker run has no option '-z' (line 1, column 12)."],
    ["no image", "docker run --name web", "The image is missing: it stands behind the options of docker run."],
    ["a value that is missing", "docker run --name", "'--name' line 1, column 12 needs a value."],
    ["a size", "docker run -m lots debian:12", "-m (line 1, column 15): 'lots' is not a size such as 512m or 6g."],
    [
      "a time",
      "docker run --health-interval 5 debian:12",
      "--health-interval (line 1, column 30): '5' is not a time such as 30s or 1m30s.",
    ],
    ["a number", "docker run --cpus=many debian:12", "--cpus (line 1, column 12): 'many' is not a number."],
    ["a switch", "docker run --init=maybe debian:12", "--init (line 1, column 12): 'maybe' is neither true nor false."],
    [
      "a port",
      "docker run -p http:80 debian:12",
      "-p (line 1, column 15): 'http:80' is not of the form IP:HOST:CONTAINER/PROTOCOL.",
    ],
    [
      "ranges that do not fit",
      "docker run -p 1-3:1-2 debian:12",
      "-p (line 1, column 15): '1-3:1-2' has ranges of different lengths.",
    ],
    [
      "several GPUs without inner quotes",
      "docker run --gpus device=0,1 debian:12",
      "--gpus (line 1, column 19): 'device=0,1' says twice which GPUs: a list of devices needs inner quotes (\"device=0,1\").",
    ],
    [
      "GPUs twice",
      "docker run --gpus 1 --gpus all debian:12",
      "--gpus (line 1, column 28): it is given twice: name all GPUs in one.",
    ],
    [
      "a volume",
      "docker run -v a:b:c:d debian:12",
      "-v (line 1, column 15): 'a:b:c:d' is not of the form SOURCE:TARGET:OPTIONS.",
    ],
    [
      "a mount without target",
      "docker run --mount type=bind,source=/a debian:12",
      "--mount (line 1, column 20): 'type=bind,source=/a' has no target.",
    ],
    ["a quote without end", "docker run -e 'A=1 debian:12", "The quotation mark ' on line 1, column 15 has no end: add it."],
    ["a double one", 'docker run \\\n "debian:12', 'The quotation mark " on line 2, column 2 has no end: add it.'],
  ];
  for (const [what, text, words] of wrong) {
    it(`refuses ${what}`, () => assert.throws(() => parseRun(text), { name: "UserError", message: words }));
  }
});

describe("a rendered run spec, parsed", () => {
  const specs = Array.from({ length: 500 }, (_, seed) => ({ seed, spec: randomSpec(seeded(seed)) }));

  it("is the same again, on one line", () => {
    for (const { seed, spec } of specs) assert.deepEqual({ seed, ...parseRun(runCommand(spec)) }, { seed, spec, notes: [] });
  });

  it("is the same again, with one option a line", () => {
    for (const { seed, spec } of specs) assert.deepEqual({ seed, ...parseRun(runCommandLines(spec)) }, { seed, spec, notes: [] });
  });

  it("is what a shell makes of it", () => {
    const script = `docker() { printf '%s\\0' "$@" END; }\n${specs.map(({ spec }) => runCommandLines(spec)).join("\n")}`;
    const wanted = specs.flatMap(({ spec }) => ["run", "-d", ...createArgs(spec).slice(2), "END"]);
    assert.deepEqual(execFileSync("sh", ["-s"], { input: script, encoding: "utf8" }).split("\0").slice(0, -1), wanted);
  });

  it("holds a path with a colon as --mount tells it", () => {
    const { spec } = parseRun(runCommand({ ...plain, mounts: [{ source: "/a:b", target: "/c" }] }));
    assert.deepEqual(spec.mounts, [{ type: "bind", source: "/a:b", target: "/c" }]);
  });

  it("holds no secret's value, wherever it came from", () => {
    const env = { HF_TOKEN: "hf_abc", DATABASE_URL: "postgres://ann:pw@db/x", MODE: "x" };
    assert.equal(runCommand({ ...plain, env }), "docker run -d -e HF_TOKEN -e DATABASE_URL -e MODE=x debian:12");
    assert.ok(
      !createArgs({ ...plain, env })
        .join(" ")
        .includes("hf_abc"),
    );
    assert.deepEqual(parseRun(runCommand({ ...plain, env })).spec.env, { HF_TOKEN: null, DATABASE_URL: null, MODE: "x" });
  });
});
