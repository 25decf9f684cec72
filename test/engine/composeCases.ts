/** Compose files that Docker Compose and Berth read side by side. */

interface Case {
  what: string;
  compose: string;
  override?: string;
  dotenv?: string;
  env?: Record<string, string>;
  files?: Record<string, string>;
  /** What it needs came after Debian 13's Compose. */
  since?: string;
}

/** A service `a` with these lines. */
const service = (...lines: string[]) =>
  ["services:", "  a:", "    image: debian:12", ...lines.map((line) => `    ${line}`), ""].join("\n");
const env = (...lines: string[]) => service("environment:", ...lines.map((line) => `  ${line}`));

/** One after the other, so that a failure names the value. */
const values: [string, string][] = [
  ["a variable", '"$SET"'],
  ["in braces", '"a${SET}b"'],
  ["with what follows it", '"$SET-$SET.${SET}_"'],
  ["not set", '"x${UNSET}y$UNSET"'],
  ["a default for an empty one", '"${EMPTY:-d}"'],
  ["a default for an unset one only", '"${EMPTY-d}${UNSET-d}"'],
  ["an empty default", '"${UNSET:-}x"'],
  ["a default not needed", '"${SET:-d}"'],
  ["a default with an operator in it", '"${UNSET:-x?y}${UNSET-x:-y}${UNSET:-a-b:?c}"'],
  ["a default with a variable in it", '"${UNSET:-$SET}${UNSET:-${SET}}"'],
  ["nested defaults", '"${UNSET:-${EMPTY:-${SET}}}"'],
  ["a default with braces", `'\${UNSET:-{"a":1}} tail}'`],
  ["a brace that opens only", "'${UNSET:-{a} x'"],
  ["two defaults on a line", "'${UNSET:-a} mid ${UNSET:-b} }'"],
  ["an instead", '"${SET:+i}${SET+i}${EMPTY:+i}${EMPTY+i}${UNSET:+i}${UNSET+i}"'],
  ["an instead with a variable", '"${SET:+y${SET}}"'],
  ["a required one that is there", '"${SET:?m}${SET?m}${EMPTY?m}"'],
  ["a doubled dollar", '"$$SET $${SET} $$$SET $$$$"'],
  ["a lone dollar", '"$"'],
  ["a dollar and a digit", '"$1 a$ b $-"'],
  ["a command of a shell", '"$(pwd) `x`"'],
  ["a dollar and a letter that is no ASCII", '"$éa"'],
  ["a default with a lone dollar", '"${UNSET:-$}${UNSET:-$$SET}"'],
  ["a plain text", "plain ${SET} text"],
  ["single quotes", "'${SET} it''s'"],
  ["an octal number", "0777"],
  ["a number with groups", "1_000"],
  ["hexadecimal", "0x1F"],
  ["octal with o", "0o17"],
  ["zero and an eight", "08"],
  ["an exponent", "1e3"],
  ["a trailing zero", "1.10"],
  ["a large number", "12345678901234567890"],
  ["a number that JavaScript cannot hold", "9007199254740993"],
  ["a negative number", "-5"],
  ["true", "true"],
  ["True", "True"],
  ["yes", "yes"],
  ["off", "off"],
  ["null", "~"],
  ["nothing", ""],
  ["an empty text", '""'],
  ["a version", "1.2.3"],
  ["a time", "12:30:45"],
  ["a number in quotes", '"0777"'],
  ["a tagged text", "!!str 0777"],
  ["a folded text", ">-\n        a\n        b"],
  ["a literal text", "|\n        a ${SET}\n        b"],
  ["an escape", '"a\\tb\\u00e9"'],
];

const dotenv = `# comment
A=1
B = spaced value   
C="double # no comment" # comment
D='single $A "q"'
export E=exp
F=a#b
G=a #b
H="multi
line"
I='multi
single'
J=$A-\${A:-x}
K="esc \\n \\t \\" \\$A \\\\ x"
L='it\\'s'
M: yaml
N=
O
P="$A \${Q:-dflt}"
R=a\\nb
S=a'b'c
T="a"
V=\\$A
W="x"	# comment behind a tab
X=two words
Y=\${UNSET:-\${A}}
Z=a$
`;
const names = [..."ABCDEFGHIJKLMNOPRSTVWXYZ"];

export const cases: readonly Case[] = [
  ...values.map(([what, value]) => ({
    what: `the value of a variable: ${what}`,
    compose: env(`V: ${value}`),
    env: { SET: "1", EMPTY: "" },
  })),
  { what: "a .env file", compose: env(...names.map((name) => `${name}:`)), dotenv, env: { O: "outside", Q: "" } },
  { what: "the environment before .env", compose: env("V: $V"), dotenv: "V=file\nW=$V\n", env: { V: "shell" } },
  { what: "variables of .env that come from the environment", compose: env("W:"), dotenv: "V=file\nW=$V\n", env: { V: "shell" } },
  { what: "a .env with line ends of Windows", compose: env("A:", "B:"), dotenv: 'A=1\r\nB="x"\r\n' },
  {
    what: "env_file, and environment above it",
    since: "2.27",
    compose: service("env_file: [one.env, two.env]", "environment: { A: here, P: , N: }"),
    files: { "one.env": "A=1\nB=1\nC=${A} $SHELLVAR\nP=file\n", "two.env": "B=2\nD=${C}\nE\nSHELLVAR=file\n" },
    env: { SHELLVAR: "shell", E: "e", P: "shell" },
  },
  { what: "one env_file", compose: service("env_file: ./one.env"), files: { "one.env": "A=1\n" } },
  { what: "an env_file that may be missing", compose: service("env_file: [{ path: no.env, required: false }]") },
  {
    what: "environment as a list",
    compose: service('environment: [A, B, "C=", "D=a=b", "E=${SET}"]'),
    env: { SET: "1", A: "outside" },
  },
  { what: "environment of numbers and truths", compose: env("A: 1", "B: 2.5", "C: true", "D: null") },
  { what: "the same variable twice in a list", compose: service("environment: [A=1, B=1, A=2]") },

  { what: "a command as text", compose: service("command: echo \"a b\" 'c d' e\\ f g") },
  { what: "a command with a variable of the container", compose: service('command: sh -c "echo $$HOME"') },
  { what: "a command that a shell would end", compose: service('command: "echo a; echo b"') },
  { what: "a command with an and", compose: service('command: "echo a && echo b"') },
  { what: "a command as list", compose: service('command: ["sh", "-c", "echo a; echo b"]') },
  { what: "an empty command", compose: service('command: ""') },
  { what: "an entrypoint as text", compose: service("entrypoint: /bin/sh -c", "command: [ls]") },
  { what: "an entrypoint as list", compose: service("entrypoint: [python, -m, http.server]") },
  { what: "a command over lines", compose: service("command: >", "  python -m", "  http.server") },

  {
    what: "ports in the short syntax",
    compose: service(
      'ports: ["80", 81, "8080:82", "127.0.0.1:83:83/udp", "9000-9001:90-91", "7000-7010:70", "[::1]:84:84", "127.0.0.1::85", "86-87", "88/udp"]',
    ),
  },
  {
    what: "ports in the long syntax",
    compose: service(
      'ports: [{ target: 80 }, { target: 81, published: "8081", protocol: udp }, { target: 82, published: "8000-8010", host_ip: 127.0.0.1 }]',
    ),
  },
  {
    what: "a port from a variable",
    compose: service('ports: ["${P}:80", { target: "${T}", published: "${P}" }]'),
    env: { P: "8000", T: "90" },
  },
  { what: "the same port twice", compose: service('ports: ["80:80", "80:80"]') },
  { what: "ports in base sixty", compose: service('ports: ["22:22"]', "expose: [3000, '4000']") },
  {
    what: "volumes in the short syntax",
    compose:
      service(
        'volumes: ["./data:/data:ro,z", "../up:/up", "cache:/c", "~/x:/x", "/abs:/abs:rw", "/anon", ".:/here", "/p:/p:rshared", "cache:/n:nocopy"]',
      ) + "volumes: { cache: }\n",
  },
  {
    what: "folders that end with a slash",
    compose: `${service(
      'volumes: ["./data/:/data/", "cache:/c//d/../e/", { type: bind, source: ./l/, target: /l/ }]',
    )}volumes: { cache: }\n`,
  },
  {
    what: "volumes in the long syntax",
    compose:
      service(
        "volumes:",
        "  - { type: bind, source: ./l, target: /l }",
        "  - { type: bind, source: l2, target: /l2, read_only: true, bind: { propagation: rslave } }",
        "  - { type: bind, source: /c, target: /c, bind: { create_host_path: true } }",
        "  - { type: bind, source: /z, target: /z, bind: { selinux: Z } }",
        "  - { type: tmpfs, target: /t, tmpfs: { size: 10m, mode: 0777 } }",
        "  - { type: volume, source: v, target: /v, volume: { nocopy: true } }",
        "  - { type: volume, target: /anon }",
      ) + "volumes: { v: { name: real } }\n",
  },
  {
    what: "volumes with names of their own",
    compose:
      service('volumes: ["va:/a", "vb:/b", "vc:/c"]') +
      "volumes:\n  va: {}\n  vb: { external: true }\n  vc: { external: true, name: outer }\n",
  },
  {
    what: "the project's name, in front of volumes",
    compose: `name: my_project\n${service('volumes: ["va:/a"]')}volumes: { va: }\n`,
  },
  {
    what: "the project's name from the environment",
    compose: service('volumes: ["va:/a"]') + "volumes: { va: }\n",
    dotenv: "COMPOSE_PROJECT_NAME=other\n",
  },
  {
    what: "the project's name from the environment, before that of the file",
    compose: `name: filed\n${service('volumes: ["va:/a"]')}volumes: { va: }\n`,
    env: { COMPOSE_PROJECT_NAME: "outside" },
  },
  {
    what: "the project's name within the file",
    compose: service(
      "container_name: $COMPOSE_PROJECT_NAME-a",
      "environment: [COMPOSE_PROJECT_NAME]",
      "command: 'echo ${COMPOSE_PROJECT_NAME}'",
    ),
    override: "name: my_project\n",
  },
  {
    what: "a project's name of other letters",
    compose: `name: My.Thesis\n${service('volumes: ["va:/a"]')}volumes: { va: }\n`,
  },
  {
    what: "the project's name with a variable",
    compose: `name: "p-\${N:-x}"\n${service('volumes: ["va:/a"]')}volumes: { va: }\n`,
  },
  { what: "tmpfs", compose: service('tmpfs: ["/run", "/tmp:size=64m,mode=1777"]') },
  { what: "tmpfs as text", compose: service("tmpfs: /run") },

  { what: "gpus: all", since: "2.30", compose: service("gpus: all") },
  {
    what: "gpus as a list",
    since: "2.30",
    compose: service('gpus: [{ device_ids: ["0", "GPU-1"], capabilities: [gpu, utility] }]'),
  },
  { what: "gpus by number", since: "2.30", compose: service("gpus: [{ driver: nvidia, count: 2 }]") },
  { what: "gpus with options", since: "2.30", compose: service("gpus: [{ count: all, options: { a: b } }]") },
  {
    what: "reserved GPUs by the driver's own capability",
    compose: service(
      "deploy: { resources: { reservations: { devices: [{ driver: nvidia, capabilities: [nvidia-compute] }] } } }",
    ),
  },
  { what: "an empty deploy", compose: service("deploy:") },
  ...["count: 1", "count: all", "count: -1", 'device_ids: ["0", "3"]', "driver: nvidia"].map((which) => ({
    what: `reserved GPUs, ${which}`,
    compose: service(`deploy: { resources: { reservations: { devices: [{ ${which}, capabilities: [gpu] }] } } }`),
  })),
  {
    what: "reserved GPUs by variables",
    compose: service('deploy: { resources: { reservations: { devices: [{ count: "${N}", capabilities: [gpu, compute] }] } } }'),
    env: { N: "2" },
  },

  {
    what: "sizes",
    compose: service("shm_size: 6g", "mem_limit: 1.5gb", "memswap_limit: -1", 'mem_reservation: "${M:-512m}"', "cpus: '1.5'"),
  },
  { what: "no limit", compose: service("mem_limit: 1g", "memswap_limit: 0", "cpus: 0.000") },
  {
    what: "a tmpfs without limit",
    compose: service("volumes: [{ type: tmpfs, target: /t, tmpfs: { size: 0 } }]"),
  },
  { what: "a size in bytes", compose: service("shm_size: 67108864", "cpus: 2") },
  { what: "a time in several units", compose: service("stop_grace_period: 1m30s", "stop_signal: SIGINT") },
  { what: "a time of half a second", compose: service("stop_grace_period: 1500ms") },
  {
    what: "limits",
    compose: service(
      "ulimits: { memlock: -1, nofile: { soft: 1024, hard: 2048 }, nproc: '5' }",
      "pids_limit: 100",
      "cpuset: 0-3",
      "oom_score_adj: -500",
    ),
  },
  {
    what: "truths in words",
    compose: service('init: "true"', "tty: yes", "privileged: 'on'", "read_only: 'no'", "stdin_open: true"),
  },
  { what: "truths by variables", compose: service('init: "${I}"', 'privileged: "${P:-false}"'), env: { I: "true" } },
  { what: "no init", compose: service("init: false") },
  { what: "restart: no, without quotes", compose: service("restart: no") },
  { what: "restart on failure", compose: service("restart: on-failure:3") },
  {
    what: "rights",
    compose: service(
      "cap_add: [SYS_ADMIN, NET_ADMIN]",
      "cap_drop: [ALL]",
      "security_opt: [seccomp=unconfined]",
      "ipc: host",
      "pid: host",
      "group_add: [video, 44]",
      "userns_mode: host",
      "uts: host",
    ),
  },
  {
    what: "devices",
    compose: service("devices: ['/dev/a', '/dev/b:/dev/c:r', '/dev/d:/dev/e']", 'device_cgroup_rules: ["c 189:* rmw"]'),
  },
  {
    what: "devices in the long syntax",
    since: "2.27",
    compose: service(
      "devices: [{ source: /dev/a, target: /dev/b, permissions: r }, { source: /dev/c, target: /dev/c, permissions: rw }]",
    ),
  },
  { what: "labels as a list", compose: service("labels: [a=b, c, d=e=f]", "annotations: [x=y]") },
  { what: "labels as a mapping", compose: service("labels: { a: 1, b: true, c: , d: x y }") },
  {
    what: "names and name servers",
    compose: service(
      'extra_hosts: ["a:1.2.3.4", "b=::1", "host.docker.internal:host-gateway"]',
      "dns: 8.8.8.8",
      "dns_search: [a.b]",
      "dns_opt: [ndots:1]",
      "hostname: h",
      "domainname: d",
    ),
  },
  { what: "names as a mapping", compose: service('extra_hosts: { a: 1.2.3.4, b: "::1" }', "dns: [8.8.8.8, 1.1.1.1]") },
  { what: "the host's network", compose: service("network_mode: host") },
  { what: "another container's network", compose: service('network_mode: "container:vpn"') },
  { what: "kernel parameters", compose: service("sysctls: { net.core.somaxconn: 1024 }") },
  { what: "kernel parameters as a list", compose: service("sysctls: [net.core.somaxconn=1024, a.b=0]") },
  {
    what: "a health check as text",
    compose: service(
      "healthcheck: { test: curl -f http://localhost, interval: 1m30s, timeout: 10s, retries: 3, start_period: 40s }",
    ),
  },
  {
    what: "a health check as a list",
    compose: service('healthcheck: { test: ["CMD", "curl", "-f", "a b"], start_interval: 2s, start_period: 5s }'),
  },
  { what: "a health check of a shell", compose: service('healthcheck: { test: ["CMD-SHELL", "curl a || exit 1"] }') },
  { what: "a health check whose command is the image's", compose: service("healthcheck: { test: [], interval: 5s }") },
  { what: "no health check", compose: service("healthcheck: { disable: true }") },
  { what: "no health check, by NONE", compose: service('healthcheck: { test: ["NONE"] }') },
  {
    what: "where it runs",
    compose: service(
      "platform: linux/amd64",
      "runtime: nvidia",
      'user: "1000:1000"',
      "working_dir: /w",
      "cgroup_parent: p",
      "cgroup: host",
    ),
  },
  { what: "logging", compose: service('logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }') },
  {
    what: "secrets",
    compose:
      service("secrets: [tok, { source: tok, target: other }, { source: var, target: /x/y, mode: 0440, uid: '1' }]") +
      "secrets:\n  tok: { file: ./tok.txt }\n  var: { environment: TOK }\n",
    env: { TOK: "x" },
    files: { "tok.txt": "x" },
  },
  { what: "a build as text", compose: "services:\n  a:\n    image: x\n    build: ./docker\n" },
  {
    what: "a build in detail",
    compose: `services:
  a:
    image: x
    build:
      context: .
      dockerfile: docker/Dockerfile.gpu
      args: { CUDA: 12.4, TOKEN: , ARCH: "\${ARCH:-sm90}" }
      target: dev
      labels: [a=b]
      network: host
      cache_from: [x:cache]
      shm_size: 2g
      platforms: [linux/amd64]
      additional_contexts: { base: ../base }
      extra_hosts: ["a=1.2.3.4"]
`,
  },
  { what: "a build from an address", compose: "services:\n  a:\n    image: x\n    build: https://github.com/ann/x.git#main\n" },

  {
    what: "anchors, aliases and merge keys",
    compose: `x-common: &common
  restart: unless-stopped
  environment: &env { A: 1, B: 2 }
  image: debian:12
x-more: &more { working_dir: /w, restart: always }
services:
  a:
    <<: *common
    hostname: a
  b:
    <<: [*common, *more]
    environment:
      <<: *env
      B: 3
`,
  },
  {
    what: "services that extend another",
    compose: `services:
  a:
    extends: { service: b }
    environment: { A: 2 }
    cap_add: [NET_ADMIN]
    volumes: ["./other:/data"]
    ports: !reset []
    x-berth: { title: A }
  b:
    extends: c
    image: debian:12
    environment: [A=1, B=1]
    cap_add: [SYS_ADMIN]
    volumes: ["./data:/data", "./b:/b"]
    ports: ["80:80"]
  c:
    image: debian:11
    command: [x]
    user: ann
`,
  },
  {
    what: "a service that extends another, and an override of both",
    since: "2.27",
    compose: "services:\n  a: { extends: b, hostname: h }\n  b: { image: x, user: u }\n",
    override: "services:\n  a: { user: v }\n  b: { user: w, tty: true }\n",
  },
  {
    what: "an override: forms of what Berth does not act on",
    since: "2.27",
    compose: `services:
  a: { image: x, depends_on: [b], networks: [n], deploy: { labels: [a=1] } }
  b: { image: x }
networks: { n: { labels: { a: 1 } } }
volumes: { v: { labels: [a=1] } }
`,
    override: `services:
  a: { depends_on: { b: { condition: service_started } }, networks: { n: { aliases: [x] } }, deploy: { labels: { a: 2 } } }
networks: { n: { labels: [a=2] } }
volumes: { v: { labels: { b: 1 } } }
`,
  },
  {
    what: "an override: the same name of a machine again",
    since: "2.27",
    compose: service('extra_hosts: ["a=1.2.3.4"]'),
    override: "services:\n  a:\n    extra_hosts: { a: [1.2.3.4, 4.3.2.1] }\n",
  },
  {
    what: "an override: single values, mappings and lists",
    compose: service(
      "environment: { A: 1, B: 2 }",
      "labels: [a=1]",
      "cap_add: [SYS_ADMIN]",
      "dns: 8.8.8.8",
      "tmpfs: /run",
      'ports: ["80:80"]',
      "security_opt: [a]",
      "group_add: [x]",
    ),
    override: `services:
  a:
    image: debian:13
    environment: [B=3, C=4]
    labels: { a: 2, b: 1 }
    cap_add: [SYS_ADMIN, NET_ADMIN]
    dns: [1.1.1.1, 8.8.8.8]
    tmpfs: [/run, /tmp]
    ports: ["80:80", "81:81"]
    security_opt: [b]
    group_add: [y]
  b:
    image: other
`,
  },
  {
    what: "an override: command, entrypoint and health check's test are replaced",
    compose: service("command: [a, b]", "entrypoint: [c]", 'healthcheck: { test: ["CMD", "a"], interval: 5s }'),
    override: 'services:\n  a:\n    command: [x]\n    entrypoint: y z\n    healthcheck: { test: ["CMD", "b"], retries: 2 }\n',
  },
  {
    what: "an override: volumes by their target, in either syntax",
    compose: service('volumes: ["./a:/data", "./b:/b"]'),
    override: 'services:\n  a:\n    volumes: ["./other:/data:ro", { type: bind, source: ./c, target: /b }]\n',
  },
  {
    what: "an override: ports in the long syntax",
    compose: service('ports: [{ target: 80, published: "8000" }]'),
    override: 'services:\n  a:\n    ports: [{ target: 80, published: "8000" }, { target: 80, published: "8001" }]\n',
  },
  {
    what: "an override: devices by their target",
    compose: service("devices: ['/dev/a:/dev/x', '/dev/b']"),
    override: "services:\n  a:\n    devices: ['/dev/c:/dev/x']\n",
    since: "2.27",
  },
  {
    what: "an override: ulimits",
    compose: service("ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 5 }"),
    override: "services:\n  a:\n    ulimits: { nofile: 7, memlock: -1 }\n",
  },
  {
    what: "an override: env_file in either syntax",
    compose: service("env_file: one.env"),
    override: "services:\n  a:\n    env_file: [two.env]\n",
    files: { "one.env": "A=1\nB=1\n", "two.env": "B=2\n" },
  },
  {
    what: "an override: names of machines",
    compose: service('extra_hosts: ["a:1.2.3.4"]'),
    override: "services:\n  a:\n    extra_hosts: { b: 5.6.7.8 }\n",
  },
  {
    what: "an override: kernel parameters",
    compose: service("sysctls: { a.b: 1 }"),
    override: "services:\n  a:\n    sysctls: [a.b=2, c.d=3]\n",
  },
  {
    what: "an override: logging of the same driver",
    compose: service("logging: { driver: json-file, options: { max-size: 1m } }"),
    override: 'services:\n  a:\n    logging: { options: { max-file: "3" } }\n',
  },
  {
    what: "an override: logging of another driver",
    compose: service("logging: { driver: json-file, options: { max-size: 1m } }"),
    override: "services:\n  a:\n    logging: { driver: journald }\n",
  },
  {
    what: "an override: a build in either syntax",
    compose: "services:\n  a:\n    image: x\n    build: ./one\n",
    override: "services:\n  a:\n    build: { target: dev, args: [A=1] }\n",
  },
  {
    what: "an override: GPUs are appended",
    compose: service("deploy: { resources: { reservations: { devices: [] } } }"),
    override: "services:\n  a:\n    deploy: { resources: { reservations: { devices: [{ count: 1, capabilities: [gpu] }] } } }\n",
  },
  {
    what: "an override: secrets by their target",
    compose: service("secrets: [tok]") + "secrets: { tok: { file: ./a }, two: { file: ./b } }\n",
    override: "services:\n  a:\n    secrets: [{ source: two, target: /run/secrets/tok }]\n",
    files: { a: "", b: "" },
  },
  {
    what: "an override: !reset",
    compose: service('ports: ["80:80"]', "environment: { A: 1, B: 2 }", "command: [x]", "init: true"),
    override: "services:\n  a:\n    ports: !reset []\n    environment: { A: !reset null }\n    command: !reset null\n",
  },
  {
    what: "an override: !override",
    compose: service('ports: ["80:80"]', "environment: { A: 1, B: 2 }"),
    override: 'services:\n  a:\n    ports: !override ["81:81"]\n    environment: !override { C: 3 }\n',
  },
  {
    what: "an override: empty values",
    compose: service("command: [x]", "hostname: h", "environment: { A: 1 }"),
    override: "services:\n  a:\n    environment: { A: , B: 1 }\n",
  },
  {
    what: "an override: x-berth is merged like the rest",
    since: "2.27",
    compose: service("x-berth: { title: T, setup: [a], app: { start: x, process: x, port: 1 }, display: none }"),
    override: "services:\n  a:\n    x-berth: { setup: [b], app: { port: 2 }, display: x11 }\n",
  },
  {
    what: "x-berth with variables",
    compose: service('x-berth: { title: "T ${SET}", prepare: ["echo $$HOME ${SET}"] }'),
    env: { SET: "1" },
  },
];

/** What both refuse, and Berth's only error. */
export const refused: readonly [what: string, compose: string, message: string, since?: string][] = [
  ["an unknown field", service("imagee: x"), "4: Compose has no field 'imagee' here: did you mean 'image'?"],
  [
    "an unknown field of the file",
    `${service()}servcies: {}\n`,
    "4: Compose has no field 'servcies' here: did you mean 'services'?",
  ],
  ["a number as user", service("user: 1000"), "4: 'user' is text: put 1000 in quotes."],
  ["a number in a command", service("command: [a, 1]"), "4: An entry of 'command' is text: put 1 in quotes."],
  ["a text for a list", service("cap_add: SYS_ADMIN"), "4: 'cap_add' is a list, not 'SYS_ADMIN': write it as [SYS_ADMIN]."],
  [
    "a list in a variable",
    service("environment: { A: [1] }"),
    "4: 'A' is text, a number or true or false, not a list: write its value without '-' and brackets.",
  ],
  [
    "a port that there is not",
    service('ports: ["99999:1"]'),
    "4: An entry of 'ports': There is no port 99999: the last one is 65535.",
  ],
  ["ranges that do not fit", service('ports: ["1-3:1-2"]'), "4: An entry of 'ports': '1-3:1-2' has ranges of different lengths."],
  ["a size", service("shm_size: 1.5x"), "4: 'shm_size': '1.5x' is not a size such as 512m or 6g."],
  ["a number of CPUs", service("cpus: many"), "4: 'cpus': 'many' is no number."],
  ["a truth", service("init: maybe"), "4: 'init': 'maybe' is neither true nor false."],
  ["a time without unit", service("stop_grace_period: 5"), "4: 'stop_grace_period' is text: put 5 in quotes."],
  [
    "a date",
    env("A: 2001-12-14"),
    "5: 2001-12-14 without quotes is a date for Compose, which takes none here: put it in quotes.",
    "2.27",
  ],
  [
    "a volume that is not declared",
    service('volumes: ["data:/data"]'),
    "4: The volume 'data' is not declared: add it under 'volumes:' at the end of the file, or write './data' for a folder.",
  ],
  [
    "a secret that is not declared",
    service("secrets: [tok]"),
    "4: The secret 'tok' is not declared: add it under 'secrets:' at the end of the file, with 'file' or 'environment'.",
  ],
  [
    "neither image nor build",
    "services:\n  a:\n    command: x\n",
    "2: 'a' has neither an image nor a build: add 'image', or 'build: .' for the Dockerfile here.",
  ],
  [
    "a health check that begins wrongly",
    service("healthcheck: { test: [curl, x] }"),
    "4: 'test': A list begins with CMD, CMD-SHELL or NONE: put CMD in front, or write the command as one text.",
  ],
  ["a required variable", service("hostname: ${NO:?say which}"), "4: The variable NO needs a value: say which"],
  [
    "a required variable in a default that is not needed",
    service("hostname: ${HOME:-${NO:?say which}}"),
    "4: The variable NO needs a value: say which",
  ],
  ["a key twice", service("image: x"), "4: 'image' stands twice here, first on line 3: keep one of them."],
  [
    "a quotation mark without end in a command",
    service(`command: 'a "b'`),
    `4: 'command': The quotation mark " has no end: add it.`,
  ],
  [
    "a GPU request without capabilities",
    service("deploy: { resources: { reservations: { devices: [{ count: 1 }] } } }"),
    "4: A device request needs its capabilities: add 'capabilities: [gpu]'.",
  ],
  ["a version that is a number", `version: 3.8\n${service()}`, "1: 'version' is text: put 3.8 in quotes."],
  ["volumes without any", `${service()}volumes:\n`, "4: 'volumes' is empty: give it a mapping, or remove it."],
  ["a broken limit", service("ulimits: { nproc: 1.5 }"), "4: 'nproc': '1.5' is no whole number."],
  [
    "a size below nothing",
    service("volumes: [{ type: tmpfs, target: /t, tmpfs: { size: -1 } }]"),
    "4: 'size': '-1' is less than nothing: write a size such as 512m or 6g.",
  ],
  [
    "a score beyond its bounds",
    service("oom_score_adj: 2000"),
    "4: 'oom_score_adj': '2000' is beyond -1000 to 1000: write a number between them.",
  ],
  [
    "a way to pull that there is not",
    service("pull_policy: sometimes"),
    "4: 'pull_policy': It is always, never, missing, build, daily, weekly or every_TIME.",
  ],
  [
    "a dependency without condition",
    `${service("depends_on: { b: { restart: true } }")}  b: { image: x }\n`,
    "4: 'condition' is missing here: add it.",
  ],
  [
    "an address that is none",
    service("ports: [{ target: 80, host_ip: here }]"),
    "4: An entry of 'ports': 'here' is no address of this machine: write one such as 127.0.0.1.",
    "2.27",
  ],
  [
    "a name that is a number",
    service("environment: { 1: a }"),
    "4: '1' without quotes is no text, and Compose takes no other name: put it in quotes.",
  ],
  [
    "an option that is a number",
    service("x-berth: { inputs: [{ id: n, options: { 1: {} } }] }"),
    "4: '1' without quotes is no text, and Compose takes no other name: put it in quotes.",
  ],
  [
    "options of the storage as a list",
    service("storage_opt: [size=1g]"),
    "4: 'storage_opt' is a mapping, not a list: write its value without '-' and brackets.",
  ],
  [
    "a network beside network_mode",
    `${service("network_mode: host", "networks: [n]")}networks: { n: }\n`,
    "5: 'network_mode' and 'networks' exclude each other: keep one of them.",
  ],
  [
    "a network of nothing",
    `${service("networks: [fornt]")}networks: { front: }\n`,
    "4: 'fornt' is not in this file: did you mean 'front'?",
  ],
  [
    "a dependency on nothing",
    service("depends_on: [db]"),
    "4: 'db' is not in this file: add it under 'services:', or remove it here.",
  ],
  [
    "the network of no service",
    service("network_mode: service:vpn"),
    "4: 'vpn' is not in this file: add it under 'services:', or remove it here.",
  ],
  [
    "a config of nothing",
    service("configs: [{ source: c, target: /c }]"),
    "4: 'c' is not in this file: add it under 'configs:', or remove it here.",
  ],
  [
    "two Dockerfiles",
    service("build: { dockerfile: x, dockerfile_inline: FROM x }"),
    "4: 'dockerfile' and 'dockerfile_inline' exclude each other: keep one of them.",
  ],
  [
    "a platform that is not built",
    service("platform: linux/amd64", "build: { context: ., platforms: [linux/arm64] }"),
    "5: 'linux/amd64', the service's platform, is not among them: add it.",
  ],
  [
    "several containers of one name",
    service("container_name: web", "scale: 2"),
    "5: Only one container can have the name of 'container_name': remove one of the two.",
  ],
  [
    "two limits of memory",
    service("mem_limit: 8g", "deploy: { resources: { limits: { memory: 4g } } }"),
    "4: 'mem_limit' and 'deploy.resources.limits.memory' say different things: write both alike, or remove 'limits'.",
  ],
  [
    "two mounts at one place",
    service("tmpfs: /data:size=1g", 'volumes: ["./data:/data"]'),
    "5: Something is mounted at /data already, on line 4: remove one of the two.",
    "2.27",
  ],
  [
    "a driver of an external volume",
    `${service()}volumes: { v: { external: true, driver: local } }\n`,
    "4: 'external' and 'driver' exclude each other: keep one of them.",
  ],
  [
    "a secret from two places",
    `${service()}secrets: { s: { file: ./s, environment: S } }\n`,
    "4: 'file' and 'environment' exclude each other: keep one of them.",
  ],
  [
    "an extension of nothing",
    "services:\n  a: { image: x, extends: bse }\n  base: { image: x }\n",
    "2: There is no service 'bse' in this file to extend: did you mean 'base'?",
  ],
  [
    "services that extend each other",
    "services:\n  a: { image: x, extends: b }\n  b: { image: x, extends: a }\n",
    "3: 'a' extends this service in its turn: remove 'extends' from one of them.",
  ],
  ["an extension that names no service", service("extends: { }"), "4: 'service' is missing here: add it."],
  ["a service that is no mapping", "services:\n  a: debian\n", "2: 'a' is a mapping, not 'debian'."],
];
