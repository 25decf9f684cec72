import type { RunSpec } from "../../src/core/runSpec.ts";

/** A random number in [0, 1) each time; the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pieces = [
  ...[
    "a",
    "Z",
    "0",
    "word",
    " ",
    "  ",
    "'",
    '"',
    "$",
    "$HOME",
    "${X}",
    "$(id)",
    "`",
    "\\",
    "\\\n",
    "\n",
    "\t",
    "\r",
    "!",
    "#",
    "&",
    ";",
    "|",
  ],
  ...[
    "<",
    ">",
    "(",
    ")",
    "*",
    "?",
    "[",
    "]",
    "{",
    "}",
    "~",
    "=",
    ",",
    ":",
    "/",
    "-",
    "--",
    "%",
    "^",
    "@",
    "ß",
    "€",
    "日本",
    "👍",
    "\u0001",
    "é",
  ],
];

/** Any run spec in its one canonical form, with nasty texts wherever a text may be nasty. */
export function randomSpec(random: () => number): RunSpec {
  const int = (max: number) => Math.floor(random() * max);
  const pick = <T>(choices: readonly T[]): T => choices[int(choices.length)]!;
  const times = <T>(max: number, make: () => T): T[] => Array.from({ length: 1 + int(max) }, make);
  const nasty = () => times(6, () => pick(pieces)).join("");
  const without = (chars: RegExp) => `x${nasty().replaceAll(chars, "")}`;
  const word = () => times(3, () => pick(["a", "b", "c", "x", "0", "7"])).join("");
  /** Without what splits the key from the value. */
  const key = () => pick([word(), without(/[=\n\r]/g), "__proto__", "constructor", "1"]);
  const map = (name = key, value = nasty) => Object.fromEntries(times(3, () => [name(), value()] as const));
  const list = (make = nasty) => times(3, make);
  const size = () => pick([1, 1023, 1024, 67108864, 6 * 1024 ** 3, 100_000_000, int(2 ** 40)]);
  const path = () => `/${without(/[:,\n\r"]/g)}`;
  const ip = () => `10.${int(256)}.${int(256)}.${int(256)}`;
  const csvField = () => without(/\r/g);

  const optional: { [Field in keyof RunSpec]?: () => NonNullable<RunSpec[Field]> } = {
    platform: () => pick(["linux/amd64", "linux/arm64/v8"]),
    entrypoint: () => pick(["", nasty()]),
    command: () => list(() => pick(["", "-x", "--", "--name", nasty()])),
    user: nasty,
    groupAdd: () => list(),
    workingDir: nasty,
    tty: () => true,
    interactive: () => true,
    restart: () => pick(["always", "on-failure:3"]),
    autoRemove: () => true,
    stopSignal: word,
    stopTimeout: () => int(100),
    healthcheck: () =>
      pick<NonNullable<RunSpec["healthcheck"]>>([
        "none",
        { test: nasty(), interval: int(10_000), retries: int(9) },
        { timeout: int(1e9), startPeriod: int(1e9) / 1e6, startInterval: 3_600_000 },
      ]),
    // The value of a secret is not in a command, so a name that looks like one has none here.
    env: () =>
      Object.fromEntries(
        times(4, () =>
          pick([
            [`V${key()}`, pick([nasty().replaceAll("://", ""), "", null])],
            ["HF_TOKEN", null],
          ] as const),
        ),
      ),
    annotations: () => map(),
    volumesFrom: () => list(),
    volumeDriver: word,
    tmpfs: () => map(path, () => pick(["", "size=64m,mode=1777"])),
    readOnly: () => true,
    storageOptions: () => map(),
    hostname: nasty,
    domainname: nasty,
    networks: () =>
      pick<() => NonNullable<RunSpec["networks"]>>([
        () => [{ name: "default", mac: "02:42:ac:11:00:02" }],
        () => [pick([{ name: "host" }, { name: "none" }, { name: "container:x" }])],
        () => [
          pick([
            {
              name: word(),
              aliases: list(word),
              ip: ip(),
              ip6: "fd00::1",
              linkLocalIps: ["169.254.1.1"],
              mac: "02:42:ac:11:00:03",
            },
            {
              name: word(),
              aliases: [csvField()],
              driverOptions: map(() => without(/[=\r]/g), csvField),
              gatewayPriority: int(9) - 4,
            },
          ]),
          ...pick([[], [{ name: word() }, { name: word(), aliases: list(csvField), linkLocalIps: ["169.254.1.2"] }]]),
        ],
      ])(),
    ports: () =>
      times(3, () => ({
        container: 1 + int(65535),
        ...pick([{}, { protocol: pick(["udp", "sctp"]) }]),
        ...pick([{}, { host: String(int(65536)) }, { host: "8000-8010" }]),
        ...pick([{}, { ip: pick(["127.0.0.1", "::1", "fe80::1"]) }]),
      })),
    publishAll: () => true,
    expose: () => list(() => `${1 + int(65535)}${pick(["", "/udp"])}`),
    links: () => list(word),
    extraHosts: () => list(() => `${word()}:${pick([ip(), "fd00::1", "host-gateway"])}`),
    dns: () => list(ip),
    dnsSearch: () => list(word),
    dnsOptions: () => list(word),
    runtime: word,
    devices: () =>
      list(() =>
        pick(["/dev/fuse", "/dev/a:/dev/b", "/dev/a:r", "/dev/a:/dev/b:rw", "vendor.com/gpu=all", `/dev/${without(/[:/=]/g)}`]),
      ),
    deviceCgroupRules: () => list(() => "c 195:* rmw"),
    privileged: () => true,
    capAdd: () => list(() => pick(["SYS_ADMIN", "ALL"])),
    capDrop: () => list(() => "MKNOD"),
    securityOpt: () => list(),
    ipc: word,
    pid: word,
    uts: word,
    userns: word,
    cgroupns: word,
    cgroupParent: nasty,
    isolation: word,
    sysctls: () => map(),
    ulimits: () => map(word, () => pick(["-1", "1024", "1:2", "0:-1"])),
    shmSize: size,
    memory: size,
    memorySwap: () => pick([-1, size()]),
    memoryReservation: size,
    kernelMemory: size,
    memorySwappiness: () => int(101),
    oomKillDisable: () => true,
    oomScoreAdj: () => int(2001) - 1000,
    cpus: () => pick([1, 0.5, 1.25, 0.001]),
    cpuShares: () => int(1024),
    cpuPeriod: () => int(100_000),
    cpuQuota: () => int(100_000),
    cpuRtPeriod: () => int(100_000),
    cpuRtRuntime: () => int(100_000),
    cpusetCpus: () => "0-1,3",
    cpusetMems: () => "0",
    pidsLimit: () => pick([-1, 100]),
    blkioWeight: () => 10 + int(990),
    blkioWeightDevices: () => ({ "/dev/sda": 10 + int(990) }),
    deviceReadBps: () => ({ "/dev/sda": size(), [path()]: size() }),
    deviceWriteBps: () => ({ "/dev/sdb": size() }),
    deviceReadIops: () => ({ "/dev/sda": int(9999) }),
    deviceWriteIops: () => ({ "/dev/sda": int(9999) }),
    logDriver: word,
    logOptions: () => map(),
  };

  const mount = () =>
    pick([
      () => ({ source: path(), target: path() }),
      () => ({ source: word(), target: path(), readOnly: true, options: [pick(["z", "rslave", "nocopy"])] }),
      () => ({ target: path() }),
      () => ({
        type: "bind",
        source: `/${csvField()}`,
        target: `/${csvField()}`,
        readOnly: true,
        options: ["bind-propagation=rslave", "consistency=cached"],
      }),
      () => ({ type: "volume", target: path(), options: ["volume-nocopy", `volume-label=a=${csvField()}`, "volume-opt=o=a,b"] }),
      () => ({ type: "tmpfs", target: path(), options: ["tmpfs-size=16777216", "tmpfs-mode=1770"] }),
    ])();

  const gpus = pick<RunSpec["gpus"]>([
    "none",
    "all",
    { count: int(9) },
    { ids: list(() => pick(["0", "1", "GPU-5d1a", "0:1"])) },
  ]);
  const details = {
    ...pick([{}, { driver: "nvidia" }]),
    ...pick([{}, { capabilities: list(() => pick(["compute", "utility"])) }]),
    ...pick([{}, { options: map(word, csvField) }]),
  };
  const isInit = random() < 0.5;
  return {
    name: pick(["", word(), "web-1"]),
    image: pick(["debian:12", "nvcr.io/nvidia/pytorch:25.01-py3", "sha256:0123", "host:5000/a@sha256:0123"]),
    init: isInit,
    ...(!isInit && random() < 0.3 ? { noInit: true } : {}),
    gpus,
    ...(gpus !== "none" && Object.keys(details).length > 0 ? { gpuDetails: details } : {}),
    mounts: random() < 0.5 ? [] : times(3, mount),
    labels: random() < 0.5 ? {} : map(),
    ...Object.fromEntries(
      Object.entries(optional)
        .filter(() => random() < 0.25)
        .map(([field, make]) => [field, make()]),
    ),
  };
}
