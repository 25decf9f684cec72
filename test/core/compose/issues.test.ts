import assert from "node:assert/strict";
import { berth, project, service, told } from "./support.ts";

describe("a mistake in a compose file, on its line", () => {
  const mistakes: [what: string, text: string, ...told: string[]][] = [
    ["an unknown field", service("imagee: x"), "4:5-11 error: Compose has no field 'imagee' here: did you mean 'image'?"],
    [
      "one that resembles nothing",
      service("flavour: x"),
      "4:5-12 error: Compose has no field 'flavour' here: remove it, or begin its name with 'x-'.",
    ],
    [
      "one of docker run",
      service("shm-size: 1g"),
      "4:5-13 error: Compose has no field 'shm-size' here: did you mean 'shm_size'?",
    ],
    [
      "a key of x-berth outside of it",
      service("setup: [x]"),
      "4:5-10 error: Compose has no field 'setup' here: it belongs under 'x-berth'.",
    ],
    [
      "an unknown field deeper down",
      service("healthcheck: { tset: x }"),
      "4:20-24 error: Compose has no field 'tset' here: did you mean 'test'?",
    ],
    [
      "a wrong type",
      service("hostname: [a]"),
      "4:15-18 error: 'hostname' is text, not a list: write its value without '-' and brackets.",
    ],
    ["a number for a text", service("user: 1000"), "4:11-15 error: 'user' is text: put 1000 in quotes."],
    ["a field without value", service("ports:"), "4:11-11 error: 'ports' is empty: give it a list, or remove it."],
    [
      "a value without space",
      "services:\n  a:\n    image: x\n    healthcheck:\n      test:x\n",
      "5:7-13 error: 'healthcheck' is a mapping, not 'test:x': put a space behind the ':'.",
    ],
    [
      "a port that is none",
      service('ports: ["http:80"]'),
      "4:13-22 error: An entry of 'ports': 'http:80' is not of the form IP:HOST:CONTAINER/PROTOCOL.",
    ],
    [
      "a port in detail, at an address that is none",
      service("ports: [{ target: 80, host_ip: here }]"),
      "4:13-42 error: An entry of 'ports': 'here' is no address of this machine: write one such as 127.0.0.1.",
    ],
    ["what a port lacks", service('ports: [{ published: "80" }]'), "4:13-32 error: 'target' is missing here: add it."],
    [
      "a version that is a number",
      "version: 3.8\nservices: { a: { image: x } }\n",
      "1:1-8 warning: Compose ignores 'version' nowadays: remove it.",
      "1:10-13 error: 'version' is text: put 3.8 in quotes.",
    ],
    [
      "a name of one letter that is another's",
      service("depends_on: [b]"),
      "4:5-15 warning: Berth does not act on 'depends_on': launch the services that it names first.",
      "4:18-19 error: 'b' is not in this file: add it under 'services:', or remove it here.",
    ],
    [
      "a name that is none",
      service("container_name: a b"),
      "4:21-24 error: 'container_name': A container's name has at least two letters, digits, '_', '.' or '-', and starts with a letter or digit.",
    ],
    [
      "a restart policy that is none",
      service("restart: sometimes"),
      "4:14-23 error: 'restart': It is no, always, unless-stopped or on-failure[:N].",
    ],
    [
      "a mount's type",
      service("volumes: [{ type: bnd, source: /a, target: /b }]"),
      "4:23-26 error: 'type' is bind, volume, tmpfs, cluster, npipe or image: did you mean 'bind'?",
    ],
    ["what a mount lacks", service("volumes: [{ type: bind, source: /a }]"), "4:15-41 error: 'target' is missing here: add it."],
    [
      "an undefined variable",
      service('hostname: "a-${NOPE}-b"'),
      "4:18-24 warning: The variable NOPE is not set, and becomes empty here: set it in .env, or give it a default as in ${NOPE:-…}.",
    ],
    [
      "a secret in the command line",
      service('command: [serve, "--key=$API_KEY"]'),
      "4:29-37 warning: The value of API_KEY would be readable in the container's command line or settings: pass it by 'environment' or 'secrets'.",
    ],
    ["a service without anything", "services:\n  a:\n", "2:5-5 error: 'a' is empty: give it a mapping, or remove it."],
    ["no services", "name: x\n", "1:1-2:1 error: There is no service here: add one under 'services:'."],
    [
      "a service's name",
      "services:\n  'a b': { image: x }\n",
      "2:3-8 error: 'a b' cannot be a service's name: use letters, digits, '.', '_' and '-'.",
    ],
    ["no mapping", "- a\n", "1:1-2:1 error: A compose file is a mapping: begin it with 'services:'."],
    [
      "two containers of one name",
      "services:\n  a: { image: x, container_name: web }\n  b: { image: x, container_name: web }\n",
      "3:18-32 error: The service on line 2 has a container of this name too: give this one another.",
    ],
    [
      "GPUs counted and listed",
      service('gpus: [{ count: 2, device_ids: ["0"] }]'),
      "4:12-43 error: 'count' and 'device_ids' exclude each other: keep one of them.",
    ],
    [
      "a command that a shell would end",
      service('command: "a && b"'),
      "4:14-22 warning: No shell runs this, and Compose drops what stands behind '&&': write it as [sh, -c, '…'].",
    ],
    [
      "ports on the host's network",
      service("network_mode: host", 'ports: ["80:80"]'),
      "5:5-10 warning: With 'network_mode: host' no port is published, since the container has the machine's own: remove 'ports', or 'network_mode'.",
    ],
    [
      "another service's network",
      "services:\n  a:\n    image: x\n    network_mode: service:vpn\n  vpn: { image: x }\n",
      "4:5-17 warning: Berth does not act on 'service:vpn': name that service's container, as in 'container:NAME'.",
    ],
    [
      "fields that are not acted on",
      `version: '3'
services:
  a:
    image: x
    depends_on: [b]
    deploy: { replicas: 2, resources: { limits: { cpus: '1' } } }
    build: { context: ., tags: [x] }
    profiles: [p]
    networks: [n]
  b: { image: x, blkio_config: { weight: 300 }, ports: [{ target: 80, name: web }] }
networks: { n: }
volumes: { v: { driver: local } }
`,
      "1:1-8 warning: Compose ignores 'version' nowadays: remove it.",
      "5:5-15 warning: Berth does not act on 'depends_on': launch the services that it names first.",
      "6:15-23 warning: Berth does not act on 'deploy.replicas': a launch makes one container, and can make another beside it.",
      "6:41-47 warning: Berth does not act on 'deploy.resources.limits': write 'mem_limit', 'cpus' and 'pids_limit' instead.",
      "7:26-30 warning: Berth does not act on 'build.tags': build the image with docker compose build if it needs this.",
      "8:5-13 warning: Berth does not act on 'profiles': the service can be launched whatever the profile.",
      "9:5-13 warning: Berth does not act on 'networks': name a network that is there with 'network_mode' instead.",
      "10:18-30 warning: Berth does not act on 'blkio_config': start the service with docker compose if it needs this.",
      "10:71-75 warning: Berth does not act on 'ports.name': it changes nothing for a single container.",
      "11:1-9 warning: Berth does not act on 'networks': name a network that is there with 'network_mode' instead.",
      "12:17-23 warning: Berth does not act on 'driver': make the volume with docker volume create first.",
    ],
    [
      "a form that Compose has not, of a field that is not acted on",
      "services:\n  a:\n    image: x\n    depends_on: { b: { condition: service_health } }\n    scale: many\n  b: { image: x }\n",
      "4:5-15 warning: Berth does not act on 'depends_on': launch the services that it names first.",
      "4:35-49 error: 'condition' is service_started, service_healthy or service_completed_successfully: did you mean 'service_healthy'?",
      "5:5-10 warning: Berth does not act on 'scale': a launch makes one container, and can make another beside it.",
      "5:12-16 error: 'scale': 'many' is no whole number.",
    ],
    [
      "a key that may be newer, of a field that is not acted on",
      service("develop: { watch: [{ path: ., action: sync, target: /x, brandnew: 1 }] }"),
      "4:5-12 warning: Berth does not act on 'develop': mount the folder with 'volumes' to have its changes inside.",
    ],
    [
      "labels of a volume in a mount",
      "services:\n  a:\n    image: x\n    volumes: [{ type: volume, source: v, target: /v, volume: { labels: [a=b] } }]\nvolumes: { v: }\n",
      "4:64-70 warning: Berth does not act on 'volumes.volume.labels': make the volume with docker volume create first.",
    ],
    [
      "what -v and --mount cannot say together",
      service("volumes: [{ type: bind, source: /a, target: /b, bind: { create_host_path: true, recursive: disabled } }]"),
      "4:15-108 warning: Berth does not act on 'recursive' beside 'create_host_path' or 'selinux': remove one of the two.",
    ],
    [
      "rights of a secret that is a file",
      service("secrets: [{ source: tok, mode: 0400 }]") + "secrets: { tok: { file: ./tok } }\n",
      "4:15-42 warning: A secret from a file keeps that file's owner and rights: set them there, and remove 'mode', 'uid' and 'gid' here.",
    ],
    [
      "a secret of a swarm",
      service("secrets: [tok]") + "secrets: { tok: { external: true } }\n",
      "4:15-18 error: The secret 'tok' is external, which only a swarm has: give it 'file' or 'environment' instead.",
    ],
    [
      "devices that are no GPUs",
      service("deploy: { resources: { reservations: { devices: [{ capabilities: [tpu] }] } } }"),
      "4:54-77 warning: Berth does not act on devices other than GPUs: pass their files in with 'devices'.",
    ],
    [
      "a project's name that Compose writes otherwise",
      `name: My Thesis\n${service()}`,
      "1:7-16 warning: Compose makes 'mythesis' of this name: write that, in small letters, digits, '-' and '_'.",
    ],
    [
      "a project's name without a letter",
      `name: "!"\n${service()}`,
      "1:7-10 error: '!' has no letter or digit for a project's name: write one.",
    ],
    [
      "a service of another file",
      service("extends: { file: base.yaml, service: b }"),
      "4:5-12 warning: Berth does not act on 'extends': it reads no other file, so write here what this brings.",
    ],
    [
      "an image that may stand in another file",
      "services:\n  a:\n    extends: { file: base.yaml, service: b }\n",
      "2:3-4 error: 'a' may have its image from another file, which Berth does not read: add 'image' or 'build' here.",
      "3:5-12 warning: Berth does not act on 'extends': it reads no other file, so write here what this brings.",
    ],
    [
      "a service that it extends with a mistake, once and on its line",
      "services:\n  a: { extends: b }\n  b: { image: x, user: 5 }\n",
      "3:24-25 error: 'user' is text: put 5 in quotes.",
    ],
    [
      "a file that only includes others",
      "include: [other.yaml]\n",
      "1:1-8 warning: Berth does not act on 'include': open the folder of that file as a project of its own.",
    ],
    [
      "names that an included file may bring",
      "include: [other.yaml]\nservices: { a: { image: x, depends_on: [b] } }\n",
      "1:1-8 warning: Berth does not act on 'include': open the folder of that file as a project of its own.",
      "2:28-38 warning: Berth does not act on 'depends_on': launch the services that it names first.",
    ],
    [
      "a service that is no container",
      "services:\n  a: { provider: { type: cloud } }\n",
      "2:8-16 warning: Berth does not act on 'provider': start the service with docker compose if it needs this.",
    ],
    ["somebody else's field", service("x-other: { a: 1 }")],
    ["a variable that is not set, in a comment", service("# ${NOPE}")],
  ];
  for (const [what, text, ...expected] of mistakes)
    it(what, () => assert.deepEqual(told(project(text, { env: { API_KEY: "s3cret" } })), expected));
});

describe("a mistake in x-berth, on its line", () => {
  const mistakes: [what: string, text: string, ...told: string[]][] = [
    ["an unknown key", berth("titel: T"), "5:7-12 error: x-berth has no field 'titel' here: did you mean 'title'?"],
    [
      "one that resembles nothing",
      berth("colour: T"),
      "5:7-13 error: x-berth has no field 'colour': it takes title, keep_alive, inputs, display, setup, prepare, configure, app, attach, requires, resources, repository, build, gpu_defaults, requires_gpu.",
    ],
    [
      "an unknown key deeper down",
      berth("app: { start: x, process: x, prot: 1 }"),
      "5:36-40 error: x-berth.app has no field 'prot' here: did you mean 'port'?",
    ],
    ...["requires", "resources", "repository", "build", "gpu_defaults", "requires_gpu"].map((key): [string, string, string] => [
      `a key of later: ${key}`,
      berth(`${key}: { x: 1 }`),
      `5:7-${7 + key.length} warning: '${key}' is not acted on yet.`,
    ]),
    [
      "a mapping for a list of them",
      berth("configure: { file: /etc/app.ini, set: { a: 1 } }"),
      "5:18-55 error: 'configure' is a list, not a mapping: begin each of its entries with '- '.",
    ],
    [
      "a {{name}} with spaces",
      berth("inputs: [{ id: a, default: 1 }]", "prepare: ['x {{ a }}']"),
      "6:20-27 warning: Write {{a}} without spaces: with them it stays as it is.",
    ],
    [
      "x-berth of the file",
      `${service()}x-berth: { title: T }\n`,
      "4:1-8 warning: 'x-berth' belongs under a service: nothing reads it here.",
    ],
    [
      "another spelling of x-berth",
      service("x-Berth: { title: T }"),
      "4:5-12 warning: Nothing reads 'x-Berth': did you mean 'x-berth'?",
    ],
    [
      "attach outside of it, which Compose knows too",
      service("attach: { folder: /w }"),
      "4:5-11 warning: Berth does not act on 'attach': a container always runs in the background.",
      "4:13-27 error: Compose's own 'attach' is true or false: Berth's belongs under 'x-berth'.",
    ],
    [
      "a duplicate input",
      berth("inputs: [{ id: a, default: 1 }, { id: a, default: 2 }]"),
      "5:45-46 error: There are two inputs 'a', the other on line 5: give this one another id.",
    ],
    [
      "an input named like a value of Berth's",
      berth("inputs: [{ id: port, default: 1 }]"),
      "5:22-26 error: {{port}} has a meaning of its own: give the input another id.",
    ],
    [
      "an id that cannot stand between braces",
      berth("inputs: [{ id: a-b, default: 1 }]"),
      "5:22-25 error: 'id': An input's id has letters, digits and '_', and starts with a letter.",
    ],
    [
      "an answer that is a secret in a command or a file",
      service(
        "environment: { HF_TOKEN: '{{hf_token}}' }",
        "command: [serve, '{{hf_token}}']",
        "build: { context: ., args: { TOKEN: '{{hf_token}}' } }",
        "x-berth:",
        "  inputs: [{ id: hf_token }, { id: max_tokens, default: 1 }]",
        "  setup: ['login {{hf_token}} {{max_tokens}}']",
        "  configure: [{ file: /a.ini, set: { a: '{{hf_token}}' } }]",
      ),
      "5:23-35 warning: The answer {{hf_token}} would be readable in a process list or a file: pass it by 'environment', and use the variable.",
      "9:22-34 warning: The answer {{hf_token}} would be readable in a process list or a file: pass it by 'environment', and use the variable.",
      "10:46-58 warning: The answer {{hf_token}} would be readable in a process list or a file: pass it by 'environment', and use the variable.",
    ],
    ["an input without id", berth("inputs: [{ prompt: A }]"), "5:16-29 error: 'id' is missing here: add it."],
    [
      "a default that is no option",
      berth("inputs: [{ id: a, default: c, options: { a: {}, b: {} } }]"),
      "5:34-35 error: 'c' is none of the options: take one of a, b.",
    ],
    [
      "no options",
      berth("inputs: [{ id: a, options: {} }]"),
      "5:34-36 error: There is nothing to choose from: add an option, such as 'small: {}'.",
    ],
    [
      "options as a list",
      berth("inputs: [{ id: a, options: [a, b] }]"),
      "5:34-40 error: 'options' is a mapping, not a list: write its value without '-' and brackets.",
    ],
    [
      "a pattern that is none",
      berth('inputs: [{ id: a, pattern: "(" }]'),
      "5:34-37 error: This is no regular expression (Unterminated group): correct it.",
    ],
    [
      "a default that the pattern refuses",
      berth('inputs: [{ id: a, pattern: "^x", default: y }]'),
      "5:49-50 error: The default would be refused: It has to match ^x.",
    ],
    [
      "a message without pattern",
      berth("inputs: [{ id: a, message: M }]"),
      "5:34-35 warning: 'message' is said when 'pattern' does not match, and there is no 'pattern'.",
    ],
    [
      "min above max",
      berth("inputs: [{ id: a, type: number, min: 5, max: 1 }]"),
      "5:44-45 error: 'min' (5) is larger than 'max' (1): swap them.",
    ],
    ["limits of a text", berth("inputs: [{ id: a, max: 1 }]"), "5:30-31 error: Only a number has limits: add 'type: number'."],
    [
      "a default beyond the limits",
      berth("inputs: [{ id: a, type: number, default: 9, max: 8 }]"),
      "5:48-49 error: The default would be refused: It is at most 8.",
    ],
    ["a type that there is not", berth("inputs: [{ id: a, type: int }]"), "5:31-34 error: 'type' is text or number."],
    ["a display that there is not", berth("display: x12"), "5:16-19 error: 'display' is none or x11: did you mean 'x11'?"],
    [
      "a format that cannot be told",
      berth("configure: [{ file: /etc/app.properties, set: { a: 1 } }]"),
      "5:21-25 error: The format of /etc/app.properties cannot be told from its ending: add 'format', one of ini, json, yaml, toml.",
    ],
    [
      "a file that is no path",
      berth("configure: [{ file: app.ini, set: { a: 1 } }]"),
      "5:27-34 error: 'file': 'file' is a path inside the container, from the root: begin it with '/'.",
    ],
    [
      "ready without port",
      berth("app: { start: x, process: x, ready: { http: /h } }"),
      "5:36-41 error: 'ready' asks the app on its port: add 'port' to 'app'.",
    ],
    [
      "an address for a path",
      berth('app: { start: x, process: x, port: 1, ready: { http: "http://localhost" } }'),
      "5:60-78 error: 'http': It is a path, such as /health: begin it with '/'; host and port are known.",
    ],
    [
      "an interval longer than the timeout",
      berth("app: { start: x, process: x, port: 1, ready: { http: /h, interval: 1m, timeout: 5s } }"),
      "5:64-72 error: 'interval' is longer than 'timeout', so nothing would be asked: make it shorter.",
    ],
    [
      "a time without unit",
      berth("app: { start: x, process: x, port: 1, ready: { http: /h, timeout: 300 } }"),
      "5:73-76 error: 'timeout': A time has a unit: write 300s.",
    ],
    [
      "a port that is none",
      berth("app: { start: x, process: x, port: 70000 }"),
      "5:42-47 error: 'port': '70000' is no port: it is a number from 1 to 65535.",
    ],
    ["an app without start", berth("app: { port: 1 }"), "5:7-10 error: 'start' is missing here: add it."],
    [
      "an app that cannot be found again",
      berth("app: { start: x }"),
      "5:7-10 warning: Without 'process' the app cannot be found again to stop it: add the exact name of its process.",
    ],
    [
      "keep_alive beside a command",
      service("command: [x]", "x-berth: { keep_alive: true }"),
      "5:16-26 warning: The keep-alive runs in place of 'command': remove one of the two.",
    ],
    [
      "an extension that is none",
      berth("attach: { extensions: [python] }"),
      "5:30-36 error: An entry of 'extensions': An extension is named publisher.name, such as ms-python.python.",
    ],
    [
      "a {{name}} of nothing",
      berth("inputs: [{ id: batch, default: 1 }]", 'prepare: ["build {{bach}} {{batch}}"]'),
      "6:24-32 error: There is no input or value {{bach}}: did you mean {{batch}}?",
    ],
    [
      "a {{name}} of nothing outside of x-berth",
      service("hostname: '{{who}}'", "x-berth: { title: T }"),
      "4:16-23 warning: There is no input or value {{who}}: add an input of this id, or remove it. It stays as it is.",
    ],
    [
      "{{port}} without a port",
      berth("prepare: ['echo {{port}}']"),
      "5:23-31 error: {{port}} is the app's port, and there is none: add 'port' to 'x-berth.app'.",
    ],
    [
      "{{host_port}} that nothing publishes",
      berth("app: { start: 'x {{host_port}}', process: x, port: 1 }"),
      "5:24-37 error: {{host_port}} is the port of this machine that leads to the app, and none does: publish the app's port with 'ports'.",
    ],
    [
      "a port that is its own",
      berth("app: { start: x, process: x, port: '{{port}}' }"),
      "5:43-51 error: This is the port that {{port}} stands for: write a number, or an input's {{id}}.",
    ],
    [
      "a {{name}} in quotes",
      berth("inputs: [{ id: a, default: 1 }]", `setup: ["echo '{{a}}'"]`),
      "6:15-29 error: {{a}} stands in quotation marks: leave them out, since Berth quotes the value itself.",
    ],
    [
      "an option that changes the questions",
      berth("inputs: [{ id: a, options: { o: { x-berth: { inputs: [] } } } }]"),
      "5:60-62 error: An option cannot change the questions: move this input to the others.",
    ],
    [
      "a mistake in what an option lays over",
      berth("inputs: [{ id: a, default: p, options: { o: { user: 5 }, p: { imagee: y } } }]"),
      "5:59-60 error: 'user' is text: put 5 in quotes.",
      "5:69-75 error: Compose has no field 'imagee' here: did you mean 'image'?",
    ],
    [
      "an option that is a text",
      berth("inputs: [{ id: a, options: { o: yes } }]"),
      "5:39-42 error: An option holds what it changes: write 'o: {}' when that is nothing.",
    ],
    [
      "a text in braces where none are meant",
      service("working_dir: {{dir}}"),
      "4:19-24 error: A name in front of a ':' is a plain word: put the whole text in quotes if this is no mapping.",
    ],
  ];
  for (const [what, text, ...expected] of mistakes) it(what, () => assert.deepEqual(told(project(text)), expected));
});

describe("several mistakes at once", () => {
  it("are all told, in the order of the lines", () => {
    const text = service(
      "imagee: x",
      'ports: ["99999:1", "x"]',
      "user: 5",
      "x-berth: { titel: T, display: x12, app: { port: x, prot: 1 } }",
    );
    assert.deepEqual(
      told(project(text)).map((line) => line.split(" ")[0]),
      ["4:5-11", "5:13-22", "5:24-27", "6:11-12", "7:16-21", "7:35-38", "7:40-43", "7:53-54", "7:56-60"],
    );
  });
});

describe("issues of several files", () => {
  it("stand in the file that they are in", () => {
    const over = "services:\n  a:\n    user: 5\n    volumes: [data:/d]\n";
    assert.deepEqual(told(project([service("tty: maybe"), over])), [
      "4:10-15 error: 'tty': 'maybe' is neither true nor false.",
      "compose.override.yaml 3:11-12 error: 'user' is text: put 5 in quotes.",
    ]);
  });

  it("keep also the services from being launched that extend the one with the mistake", () => {
    const text =
      "services:\n  a: { extends: b }\n  b: { image: x, volumes: ['none:/d'] }\n  c: { image: x }\n  d: { provider: { type: x } }\n";
    assert.deepEqual(
      project(text).deployments.map(({ service }) => service),
      ["c"],
    );
  });

  it("that are warnings go with each service that they are about, and the file's with all", () => {
    const { deployments } = project(
      [
        "version: '3'",
        "services:",
        "  a: { image: x, depends_on: [b] }",
        "  b: { image: x, environment: ['A=${NONE}'] }",
        "",
      ].join("\n"),
    );
    const file = "1 Compose ignores 'version' nowadays: remove it.";
    assert.deepEqual(
      deployments.map(({ service, warnings }) => [service, ...warnings.map(({ line, message }) => `${line} ${message}`)]),
      [
        ["a", file, "3 Berth does not act on 'depends_on': launch the services that it names first."],
        [
          "b",
          file,
          "4 The variable NONE is not set, and becomes empty here: set it in .env, or give it a default as in ${NONE:-…}.",
        ],
      ],
    );
  });

  it("keep a service from being launched, and only that one", () => {
    const { deployments, services } = project("services:\n  a: { image: x, user: 5 }\n  b: { image: x }\n");
    assert.deepEqual(
      deployments.map(({ service }) => service),
      ["b"],
    );
    assert.deepEqual(
      services.map(({ name }) => name),
      ["a", "b"],
    );
  });

  it("of .env name its line", () => {
    const found = told(project(service(), { dotenv: { path: ".env", text: "A=1\nB C=2\n" } }));
    assert.deepEqual(found, [".env 2:1-3:1 error: 'B C=2' is not of the form NAME=value."]);
  });
});
