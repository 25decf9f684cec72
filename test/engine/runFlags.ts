/**
 * What `docker run --help` (28.2) lets a user set and inspect shows, in combinations: the containers of the round trip in
 * runCommand.test.ts. Written by hand from the help and Docker's reference, not from the code.
 */
export interface Combination {
  title: string;
  /** Between `docker create --name …` and the image. */
  options: string[];
  /** Default: busybox. */
  image?: string;
  command?: string[];
  /** The first API version that has it; older engines leave it out. */
  since?: string;
  /** The last API version that has it. */
  until?: string;
  /** What the environment holds, for `-e NAME`. */
  env?: Record<string, string>;
}

const nasty = 'it\'s "here" $HOME `id` \\ *?~ größe €';
const webImage = "berth-lab/roundtrip:1";

/**
 * Has everything that a container inherits from: see `webDockerfile`. The combinations on it show that what is the image's is
 * not repeated, and what differs is.
 */
export const webDockerfile = `FROM berth-lab/busybox:1
ENV MODE=image LEVEL="two words"
LABEL org.example.part=web org.example.note="an image's"
EXPOSE 8080 53/udp
VOLUME /var/lib/web
USER 1000:1000
WORKDIR /srv
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=4 CMD ["true", "-x"]
ENTRYPOINT ["sh", "-c"]
CMD ["sleep 1000"]
`;

export const combinations: Combination[] = [
  { title: "nothing", options: [] },
  { title: "a command", options: [], command: ["sleep", "1000"] },
  {
    title: "a command with everything a shell would touch",
    options: [],
    command: ["echo", nasty, "", "-x", "--", "a\nb", "{a,b}", "#", "!"],
  },
  // Name, host and user
  { title: "host and domain name", options: ["--hostname", "web-1", "--domainname", "example.org"] },
  { title: "user and group, folder", options: ["-u", "1000:1001", "--workdir", "/tmp/my work"] },
  { title: "user by name", options: ["--user", "nobody"] },
  { title: "groups", options: ["--group-add", "44", "--group-add", "video"] },
  { title: "a terminal", options: ["-it"] },
  { title: "standard input kept open", options: ["--interactive"] },
  { title: "an init", options: ["--init"] },
  { title: "no init, said so", options: ["--init=false"] },
  // Start and end
  { title: "restarted unless stopped", options: ["--restart", "unless-stopped"] },
  { title: "restarted always", options: ["--restart=always"] },
  { title: "restarted on failure", options: ["--restart", "on-failure"] },
  { title: "restarted on failure five times", options: ["--restart", "on-failure:5"] },
  { title: "removed when it ends", options: ["--rm"] },
  { title: "its own stop signal and patience", options: ["--stop-signal", "SIGINT", "--stop-timeout", "30"] },
  { title: "no patience", options: ["--stop-timeout", "0"] },
  // Environment and labels
  { title: "variables", options: ["-e", "A=1", "--env", "B=two words", "-e", "EMPTY=", "-e", "URL=http://h/?a=b&c=d"] },
  {
    title: "variables that a shell would touch",
    options: ["-e", `N=${nasty}`, "-e", "LINES=a\nb\\\nc\n", "-e", "DASH=-x", "-e", "Q='\""],
  },
  { title: "a variable from the environment", options: ["-e", "FROM_HERE"], env: { FROM_HERE: "here it is" } },
  { title: "a variable that is not in the environment", options: ["-e", "NOT_THERE"] },
  {
    title: "secrets",
    options: ["-e", "HF_TOKEN=hf_abc'def", "-e", "DB_PASSWORD=p$w d", "-e", "XAUTHORITY=/tmp/x"],
    env: { HF_TOKEN: "hf_abc'def", DB_PASSWORD: "p$w d" },
  },
  {
    title: "an address with a password in it",
    options: ["-e", "DATABASE_URL=postgres://ann:s3cr3t!@db/x"],
    env: { DATABASE_URL: "postgres://ann:s3cr3t!@db/x" },
  },
  {
    title: "the variables that say which GPUs",
    options: ["-e", "NVIDIA_VISIBLE_DEVICES=all", "-e", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"],
  },
  { title: "labels", options: ["-l", "a=1", "--label", "b", "--label", `c=${nasty}`, "--label", "d=x=y", "--label", "e=a\nb"] },
  // Files
  { title: "a folder", options: ["-v", "/tmp:/host"] },
  {
    title: "folders, read-only, with options",
    options: ["-v", "/tmp:/a:ro", "-v", "/tmp:/b:rw", "-v", "/tmp:/c:z", "-v", "/tmp:/d:ro,rslave,z", "-v", "/tmp:/e f:rprivate"],
  },
  { title: "a folder that is not there yet", options: ["-v", "/tmp/berth-round-trip/it's new:/new"] },
  {
    title: "volumes, named and not",
    options: ["-v", "data:/data", "-v", "data:/again:nocopy", "-v", "data:/ro:ro", "-v", "/anonymous", "-v", "/two words"],
  },
  { title: "a volume by a driver", options: ["--volume-driver", "local", "-v", "driven:/data"] },
  { title: "another container's volumes", options: ["--volumes-from", "db", "--volumes-from", "other:ro"] },
  { title: "memory as a folder", options: ["--tmpfs", "/run", "--tmpfs", "/scratch:rw,size=64m,mode=1777"] },
  {
    title: "--mount of a folder",
    options: [
      "--mount",
      "type=bind,source=/tmp,target=/a",
      "--mount",
      "type=bind,src=/tmp,dst=/b,readonly,bind-propagation=rslave",
      "--mount",
      "type=bind,source=/tmp,target=/c,bind-nonrecursive=true",
    ],
  },
  {
    title: "--mount of a folder with a colon and a comma",
    options: ["--mount", 'type=bind,"source=/tmp/berth-a:b,c",target=/x:y'],
  },
  {
    title: "--mount of volumes",
    options: [
      "--mount",
      "source=data,target=/a",
      "--mount",
      "type=volume,target=/b",
      "--mount",
      "type=volume,source=data,target=/c,volume-nocopy,readonly",
    ],
  },
  {
    title: "--mount of a volume that is made for it",
    options: [
      "--mount",
      'type=volume,source=made,target=/a,volume-driver=local,volume-label=team=ml,volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=10m,uid=1000"',
    ],
  },
  {
    title: "--mount of memory",
    options: ["--mount", "type=tmpfs,target=/a", "--mount", "type=tmpfs,target=/b,tmpfs-size=16m,tmpfs-mode=1770"],
  },
  { title: "--mount with a consistency", options: ["--mount", "type=bind,source=/tmp,target=/a,consistency=cached"] },
  { title: "--mount of a part of a volume", options: ["--mount", "source=data,target=/a,volume-subpath=part"], since: "1.45" },
  {
    title: "--mount, read-only in depth or not",
    options: [
      "--mount",
      "type=bind,source=/tmp,target=/a,readonly,bind-recursive=writable",
      "--mount",
      "type=bind,source=/tmp,target=/b,readonly,bind-propagation=rprivate,bind-recursive=readonly",
    ],
    since: "1.44",
  },
  {
    title: "--mount of an image",
    options: [
      "--mount",
      "type=image,source=berth-lab/busybox:1,target=/a",
      "--mount",
      "type=image,source=berth-lab/exits:1,target=/b,image-subpath=bin",
    ],
    since: "1.48",
  },
  { title: "a file system that is not written to", options: ["--read-only", "--tmpfs", "/tmp"] },
  // Network
  { title: "the host's network", options: ["--network", "host"] },
  { title: "no network", options: ["--net", "none"] },
  { title: "another container's network", options: ["--network", "container:db"] },
  { title: "a network of its own", options: ["--network", "net-a"] },
  {
    title: "a network, with names and addresses in it",
    options: [
      "--network",
      "net-a",
      "--network-alias",
      "web",
      "--network-alias",
      "www",
      "--ip",
      "10.199.1.77",
      "--ip6",
      "fd00:199::77",
      "--link-local-ip",
      "169.254.7.7",
    ],
  },
  { title: "a hardware address", options: ["--mac-address", "02:42:ac:11:00:77"], since: "1.44" },
  {
    title: "a hardware address in a network",
    options: ["--network", "net-a", "--mac-address", "02:42:ac:11:00:78"],
    since: "1.44",
  },
  {
    title: "a network by the long form",
    options: ["--network", "name=net-a,alias=web,ip=10.199.1.78,driver-opt=com.example.x=1"],
  },
  {
    title: "a network with a priority",
    options: ["--network", "name=net-a,gw-priority=7,mac-address=02:42:ac:11:00:79"],
    since: "1.48",
  },
  {
    title: "several networks",
    options: [
      "--network",
      "name=net-a,alias=web,ip=10.199.1.79",
      "--network",
      "net-b",
      "--network",
      "name=net-c,alias=c1,alias=c2",
    ],
    since: "1.44",
  },
  { title: "links", options: ["--link", "db:postgres", "--link", "other"] },
  { title: "links in a network", options: ["--network", "net-a", "--link", "db:postgres"] },
  {
    title: "published ports",
    options: [
      "-p",
      "8080:80",
      "-p",
      "127.0.0.1:8443:443",
      "-p",
      "9000",
      "-p",
      "127.0.0.1::9001",
      "-p",
      "5353:53/udp",
      "--publish",
      "[::1]:8081:81",
    ],
  },
  { title: "one port published twice", options: ["-p", "8080:80", "-p", "8081:80"] },
  { title: "a range of ports", options: ["-p", "7000-7002:7000-7002", "-p", "7100-7110:90", "-p", "7200:91/sctp"] },
  { title: "all exposed ports", options: ["-P", "--expose", "80", "--expose", "53/udp", "--expose", "6000-6002"] },
  { title: "exposed ports", options: ["--expose", "80", "-p", "81:81"] },
  {
    title: "hosts",
    options: ["--add-host", "db:10.0.0.1", "--add-host", "host.docker.internal:host-gateway", "--add-host", "six:fd00::1"],
  },
  {
    title: "name servers",
    options: [
      "--dns",
      "10.0.0.2",
      "--dns",
      "10.0.0.3",
      "--dns-search",
      "example.org",
      "--dns-option",
      "ndots:2",
      "--dns-opt",
      "rotate",
    ],
  },
  // GPUs and devices
  { title: "all GPUs", options: ["--gpus", "all"] },
  { title: "two GPUs", options: ["--gpus", "2"] },
  { title: "GPUs by index", options: ["--gpus", '"device=0,1"'] },
  { title: "one GPU by UUID", options: ["--gpus", "device=GPU-5e1f0ba0-7c3d-4a6e-9f10-000000000001"] },
  { title: "GPUs for graphics", options: ["--gpus", "all,capabilities=graphics"] },
  {
    title: "GPUs with capabilities and a driver",
    options: ["--gpus", '"device=0,1","capabilities=compute,utility",driver=nvidia'],
  },
  { title: "GPUs with options", options: ["--gpus", 'count=1,"options=a=1"'] },
  { title: "the nvidia runtime", options: ["--runtime", "nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=0"] },
  { title: "GPUs by CDI", options: ["--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=all"], since: "1.44" },
  {
    title: "CDI beside devices and --gpus",
    options: ["--device", "/dev/null:/dev/nothing:r", "--device", "vendor.com/nic=eth0", "--gpus", "1"],
    since: "1.44",
  },
  {
    title: "devices",
    options: [
      "--device",
      "/dev/null",
      "--device",
      "/dev/zero:/dev/nought",
      "--device",
      "/dev/full:r",
      "--device",
      "/dev/random:/dev/dice:rm",
    ],
  },
  { title: "device rules", options: ["--device-cgroup-rule", "c 195:* rmw", "--device-cgroup-rule", "a *:* rwm"] },
  // Rights
  {
    title: "capabilities",
    options: ["--cap-add", "SYS_ADMIN", "--cap-add", "net_admin", "--cap-drop", "CAP_MKNOD", "--cap-drop", "CHOWN"],
  },
  { title: "all capabilities", options: ["--cap-add", "ALL"] },
  { title: "privileged", options: ["--privileged"] },
  {
    title: "privileged with more",
    options: ["--privileged", "--security-opt", "apparmor=unconfined", "--cap-add", "SYS_PTRACE", "--ipc", "host"],
  },
  {
    title: "security options",
    options: [
      "--security-opt",
      "no-new-privileges",
      "--security-opt",
      "seccomp=unconfined",
      "--security-opt",
      "label=level:s0:c100,c200",
    ],
  },
  { title: "no label", options: ["--security-opt", "label=disable"] },
  { title: "system paths left open", options: ["--security-opt", "systempaths=unconfined"] },
  { title: "the host's namespaces", options: ["--ipc", "host", "--pid", "host", "--uts", "host", "--userns", "host"] },
  { title: "another container's namespaces", options: ["--ipc", "container:db", "--pid", "container:db"] },
  { title: "memory to share", options: ["--ipc", "shareable"] },
  { title: "no shared memory", options: ["--ipc", "none"] },
  { title: "a cgroup namespace of its own", options: ["--cgroupns", "private"] },
  { title: "a cgroup namespace of its own, though privileged", options: ["--cgroupns", "private", "--privileged"] },
  {
    title: "kernel parameters",
    options: ["--sysctl", "net.core.somaxconn=1024", "--sysctl", "net.ipv4.ip_local_port_range=1024 65000"],
  },
  {
    title: "ulimits",
    options: ["--ulimit", "memlock=-1", "--ulimit", "stack=67108864", "--ulimit", "nofile=1024:2048", "--ulimit", "core=0:-1"],
  },
  // Limits
  { title: "shared memory", options: ["--shm-size", "6g"] },
  { title: "shared memory, oddly", options: ["--shm-size", "100000000b"] },
  { title: "memory", options: ["-m", "512m"] },
  { title: "memory without swap", options: ["--memory", "1.5g", "--memory-swap", "1.5g"] },
  { title: "memory with all the swap there is", options: ["-m", "1g", "--memory-swap", "-1", "--memory-swappiness", "10"] },
  { title: "no swappiness", options: ["--memory-swappiness", "0"] },
  {
    title: "memory that is reserved",
    options: ["-m", "1g", "--memory-reservation", "300m", "--oom-kill-disable", "--oom-score-adj", "-500"],
  },
  { title: "the kernel's memory", options: ["-m", "1g", "--kernel-memory", "100m"], until: "1.41" },
  { title: "processors", options: ["--cpus", "1.5", "-c", "512", "--cpuset-cpus", "0-1", "--cpuset-mems", "0"] },
  { title: "processor periods", options: ["--cpu-period", "50000", "--cpu-quota", "25000"] },
  { title: "few processes", options: ["--pids-limit", "100"] },
  { title: "as many processes as it wants", options: ["--pids-limit", "-1"] },
  {
    title: "block devices",
    options: [
      "--device-read-bps",
      "/dev/loop0:10mb",
      "--device-write-bps",
      "/dev/loop0:1048577",
      "--device-read-iops",
      "/dev/loop0:1000",
      "--device-write-iops",
      "/dev/loop1:2000",
    ],
  },
  { title: "block device weights", options: ["--blkio-weight", "300", "--blkio-weight-device", "/dev/loop0:200"] },
  { title: "a cgroup", options: ["--cgroup-parent", "/berth-round-trip"] },
  // Logs, health, the rest
  { title: "logs to nowhere", options: ["--log-driver", "none"] },
  {
    title: "logs with options",
    options: ["--log-opt", "max-size=10m", "--log-opt", "max-file=3", "--log-opt", "tag={{.Name}} x"],
  },
  { title: "logs by another driver", options: ["--log-driver", "local", "--log-opt", "compress=false"] },
  {
    title: "a health check",
    options: [
      "--health-cmd",
      `test -e /ok || echo ${nasty}`,
      "--health-interval",
      "1m30s",
      "--health-timeout",
      "1500ms",
      "--health-start-period",
      "2h",
      "--health-retries",
      "7",
    ],
  },
  {
    title: "a health check that starts eagerly",
    options: ["--health-cmd", "true", "--health-start-interval", "2s"],
    since: "1.44",
  },
  { title: "no health check", options: ["--no-healthcheck"] },
  { title: "annotations", options: ["--annotation", "a=1", "--annotation", "org.example/x=two words"], since: "1.43" },
  { title: "the platform", options: ["--platform", "linux/amd64"] },
  // What an entrypoint does to a command
  { title: "an entrypoint", options: ["--entrypoint", "sleep"], command: ["1000"] },
  { title: "an entrypoint alone", options: ["--entrypoint", "/bin/my entry"] },
  { title: "no entrypoint", options: ["--entrypoint", ""], command: ["sleep", "1000"] },
  // Inherited from an image that has everything
  { title: "an image's own", options: [], image: webImage },
  {
    title: "an image's own, repeated",
    image: webImage,
    options: [
      "-e",
      "MODE=image",
      "-l",
      "org.example.part=web",
      "-u",
      "1000:1000",
      "-w",
      "/srv",
      "--stop-signal",
      "SIGQUIT",
      "--expose",
      "8080",
      "--health-retries",
      "4",
    ],
  },
  {
    title: "other than the image's",
    image: webImage,
    options: [
      "-e",
      "MODE=mine",
      "-e",
      "MORE=1",
      "-l",
      "org.example.note=mine",
      "-u",
      "0",
      "-w",
      "/",
      "--stop-signal",
      "SIGTERM",
      "-p",
      "80:8080",
      "--expose",
      "9",
      "-v",
      "kept:/var/lib/web",
    ],
  },
  { title: "an image's variable taken away", image: webImage, options: ["-e", "MODE"] },
  { title: "another command", image: webImage, options: [], command: ["sleep 2000"] },
  { title: "the image's command, given", image: webImage, options: [], command: ["sleep 1000"] },
  { title: "another entrypoint: the image's command goes", image: webImage, options: ["--entrypoint", "sh"] },
  { title: "another entrypoint with a command", image: webImage, options: ["--entrypoint", "sleep"], command: ["1000"] },
  { title: "the image's entrypoint cleared", image: webImage, options: ["--entrypoint", ""], command: ["sleep", "1000"] },
  { title: "the image's health check, more often", image: webImage, options: ["--health-interval", "7s"] },
  { title: "another health check", image: webImage, options: ["--health-cmd", "wget -q localhost:8080"] },
  { title: "the image's health check switched off", image: webImage, options: ["--no-healthcheck"] },
  { title: "an image by its id", image: "ID", options: [] },
  // What people run
  {
    title: "a GPU server as its handbook says",
    options: [
      ...[
        "--gpus",
        "all",
        "--network",
        "host",
        "--ipc",
        "host",
        "--shm-size",
        "6g",
        "--ulimit",
        "memlock=-1",
        "--ulimit",
        "stack=67108864",
      ],
      ...[
        "-e",
        "NGC_API_KEY=nvapi-123456",
        "-e",
        "DISPLAY=:1",
        "-v",
        "/tmp/.X11-unix:/tmp/.X11-unix",
        "-v",
        "/tmp:/opt/storage",
        "-w",
        "/opt",
      ],
      ...["--restart", "unless-stopped", "--label", "team=ml", "--init"],
    ],
    command: ["tail", "-f", "/dev/null"],
    env: { NGC_API_KEY: "nvapi-123456" },
  },
  {
    title: "a web server in a shell's hands",
    options: [
      "-it",
      "-p",
      "80:80",
      "-e",
      "A=b",
      "-h",
      "web",
      "--log-opt",
      "max-size=1m",
      "--cap-drop",
      "ALL",
      "--cap-add",
      "NET_BIND_SERVICE",
      "--read-only",
      "--tmpfs",
      "/run",
    ],
    command: ["httpd", "-f", "-p", "80"],
  },
];

/** What the image or the engine would do anyway: the command says nothing of it. */
export const defaults: Combination[] = [
  { title: "the default network", options: ["--network", "bridge"] },
  { title: "no restarts", options: ["--restart", "no"] },
  { title: "64 MB of shared memory", options: ["--shm-size", "64m"] },
  { title: "memory shared with nobody", options: ["--ipc", "private"] },
  { title: "the default runtime", options: ["--runtime", "runc"] },
  { title: "the default log driver", options: ["--log-driver", "json-file"] },
  { title: "SIGTERM", options: ["--stop-signal", "SIGTERM"] },
  { title: "the cgroup namespace that this engine gives", options: ["--cgroupns", "host"] },
  { title: "no swappiness of its own", options: ["--memory-swappiness", "-1"] },
  { title: "the image's variables and labels", options: ["-e", "MODE=image", "-l", "org.example.part=web"], image: webImage },
  {
    title: "the image's user, folder, signal and ports",
    options: ["-u", "1000:1000", "-w", "/srv", "--stop-signal", "SIGQUIT", "--expose", "8080"],
    image: webImage,
  },
  { title: "the image's volume", options: ["-v", "/var/lib/web"], image: webImage },
  { title: "the image's health check", options: ["--health-retries", "4", "--health-interval", "30s"], image: webImage },
  { title: "the image's command", options: [], command: ["sleep 1000"], image: webImage },
  { title: "streams that were attached, and a file for the id", options: ["-a", "stdout", "--pull", "never"] },
];
