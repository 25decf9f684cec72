/** The images that tests run, made on this machine: nothing is pulled, there is no registry. */
import { execa } from "execa";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { asRoot, cacheDir, runAsRoot, systemEnv } from "./cache.ts";
import type { LabEngine } from "./engine.ts";
import { aptSource, ensurePackages } from "./packages.ts";
import { perceptionFiles } from "./perception.ts";
import { pipFiles, rosFiles, vllmFiles } from "./standIns.ts";

/** Each is tagged berth-lab/<name>:1. */
export type ImageName = "busybox" | "python" | keyof typeof variants;

/** Built on top of the two that are imported; `files` go into the build's context, those with a #! as executables. */
const variants = {
  /** Its entrypoint ignores what it is asked to run, so a keep-alive given as a command has no effect: exits 0 at once. */
  swallow: {
    from: "busybox",
    dockerfile: `COPY entrypoint.sh /entrypoint.sh\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["serve"]`,
    files: { "entrypoint.sh": "#!/bin/sh\necho 'nothing to do'\nexit 0\n" },
  },
  /** The docker-entrypoint.sh convention of Docker's official images. */
  "exec-entrypoint": {
    from: "busybox",
    dockerfile: `COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh\nENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]\nCMD ["sh"]`,
    files: { "docker-entrypoint.sh": '#!/bin/sh\nset -e\necho "prepared" >/tmp/prepared\nexec "$@"\n' },
  },
  /** The entrypoint of NVIDIA's images: a banner, then what it was asked to run. */
  "nvidia-entrypoint": {
    from: "busybox",
    dockerfile: `COPY nvidia_entrypoint.sh /opt/nvidia/nvidia_entrypoint.sh\nENTRYPOINT ["/opt/nvidia/nvidia_entrypoint.sh"]\nCMD ["sh"]`,
    files: { "nvidia_entrypoint.sh": "#!/bin/sh\necho '== A GPU container =='\nexec \"$@\"\n" },
  },
  /** One static program and nothing else: no shell to exec, no tail to keep it alive. */
  "no-shell": {
    from: "busybox",
    dockerfile: `FROM scratch\nCOPY --from=base /bin/busybox /bin/sleep\nENTRYPOINT ["/bin/sleep"]\nCMD ["1000000"]`,
  },
  /**
   * A shell, and neither tail nor bash as files: as an entrypoint or by exec they are not found. Within the shell they still
   * work, since Debian's static busybox runs its own applets before it looks at the PATH.
   */
  "sh-only": {
    from: "busybox",
    dockerfile: `FROM scratch\nCOPY --from=base /bin/busybox /bin/sh\nCMD ["/bin/sh"]`,
  },
  /** Says three things on both streams and fails. */
  exits: {
    from: "busybox",
    dockerfile: `CMD ["sh", "-c", "echo one; echo two >&2; echo three; exit 3"]`,
  },
  "anon-volume": { from: "busybox", dockerfile: `VOLUME /data` },
  /** An unprivileged user with a home, as development images have. */
  user: {
    from: "python",
    dockerfile: `RUN useradd --uid 1000 --create-home --shell /bin/bash dev\nENV LANG=C.UTF-8\nUSER 1000\nWORKDIR /home/dev`,
  },
  /** A stand-in for an RT perception service: a configuration with comments, a program that builds an engine, and one that serves and says when it is ready. */
  perception: {
    from: "python",
    dockerfile: `COPY main.txt /opt/app/main.txt\nCOPY perception_app build-engine /usr/local/bin/\nWORKDIR /opt/app`,
    files: perceptionFiles,
  },
  /** Python with a pip that needs no network, for projects and repositories. */
  pip: {
    from: "python",
    dockerfile: `RUN ln -s python3 /usr/bin/python\nCOPY pip /usr/local/bin/pip`,
    files: pipFiles,
  },
  /** A ROS desktop, of which there is rviz2: it opens no window, but connects to the display. */
  ros: {
    from: "python",
    dockerfile: `ENV ROS_DISTRO=jazzy
COPY setup.sh /opt/ros/jazzy/setup.sh
COPY rviz2 /opt/ros/jazzy/bin/rviz2
COPY ros_entrypoint.sh /ros_entrypoint.sh
ENTRYPOINT ["/ros_entrypoint.sh"]
CMD ["bash"]`,
    files: rosFiles,
  },
  /** An inference server whose entrypoint takes the command's arguments. */
  vllm: {
    from: "python",
    dockerfile: `COPY vllm curl /usr/local/bin/\nENTRYPOINT ["vllm"]`,
    files: vllmFiles,
  },
  /** Takes memory until the kernel kills it; refuses to without a limit (docker run --memory), which would take the machine's. */
  oom: {
    from: "busybox",
    dockerfile: `COPY eat.sh /eat.sh\nCMD ["/eat.sh"]`,
    files: {
      "eat.sh": `#!/bin/sh
limit=$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null)
case $limit in max | ???????????*) echo "run it with --memory 32m"; exit 2 ;; esac
taken=0123456789abcdef
while :; do taken=$taken$taken; done
`,
    },
  },
} satisfies Record<string, { from: "busybox" | "python"; dockerfile: string; files?: Record<string, string> }>;

export const allImages = ["busybox", "python", ...Object.keys(variants)] as ImageName[];

/** Marks our images with the recipe they were made by, so that a changed recipe makes them anew. */
const recipe = `berth-lab.recipe=${createHash("sha256")
  .update(readFileSync(import.meta.filename))
  .update(JSON.stringify(variants))
  .digest("hex")
  .slice(0, 12)}`;

/**
 * Makes sure the engine has these images (and those they are made from), `berth-lab/<name>:1` each. Python's takes about a
 * minute the first time on a machine, the others less than a second.
 */
export async function loadImages(engine: LabEngine, names: ImageName[] = allImages): Promise<void> {
  const there = await engine.docker("image", "ls", "--filter", `label=${recipe}`, "--format", "{{.Repository}}:{{.Tag}}");
  const present = new Set(there.split("\n"));
  const load = async (name: ImageName): Promise<void> => {
    if (present.has(tag(name))) return;
    if (name === "busybox") await importImage(engine, name, await busyboxArchive());
    else if (name === "python") await importImage(engine, name, await pythonArchive());
    else {
      await load(variants[name].from);
      await buildVariant(engine, name);
    }
    present.add(tag(name));
  };
  for (const name of names) await load(name);
}

function tag(name: ImageName): string {
  return `berth-lab/${name}:1`;
}

async function importImage(engine: LabEngine, name: "busybox" | "python", archive: string): Promise<void> {
  const changes = [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `CMD ["${name === "python" ? "bash" : "sh"}"]`,
    `LABEL ${recipe}`,
  ];
  await engine.docker("import", ...changes.flatMap((it) => ["--change", it]), archive, tag(name));
}

async function buildVariant(engine: LabEngine, name: keyof typeof variants): Promise<void> {
  const { from, dockerfile, files }: { from: ImageName; dockerfile: string; files?: Record<string, string> } = variants[name];
  await inTemporaryFolder(async (context) => {
    await writeFile(join(context, "Dockerfile"), `FROM ${tag(from)} AS base\n${dockerfile}\nLABEL ${recipe}\n`);
    for (const [file, text] of Object.entries(files ?? {})) await writeFile(join(context, file), text, { mode: 0o755 });
    // The classic builder is in every engine; BuildKit would need a plugin of the CLI.
    const env = { ...engine.env, DOCKER_BUILDKIT: "0" };
    await execa("docker", ["build", "--quiet", "--tag", tag(name), context], { env, extendEnv: false });
  });
}

/** A root filesystem of one static busybox and a link for each of its applets. About 2 MB. */
async function busyboxArchive(): Promise<string> {
  const archive = join(cacheDir, "busybox.tar");
  if (existsSync(archive)) return archive;
  await ensurePackages(["busybox-static"]);
  await inTemporaryFolder(async (folder) => {
    const root = join(folder, "root");
    for (const it of ["bin", "dev", "etc", "proc", "root", "run", "sys", "var"]) await mkdir(join(root, it), { recursive: true });
    await mkdir(join(root, "tmp"));
    await runAsRoot("chmod", "1777", join(root, "tmp"));
    await cp("/bin/busybox", join(root, "bin/busybox"), { dereference: true });
    const { stdout } = await execa("/bin/busybox", ["--list-full"]);
    for (const applet of stdout.split("\n").filter((it) => it !== "bin/busybox")) {
      const link = join(root, applet);
      await mkdir(dirname(link), { recursive: true });
      await symlink(relative(dirname(link), join(root, "bin/busybox")), link);
    }
    await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    await writeFile(join(root, "etc/group"), "root:x:0:\n");
    await pack(root, archive, "--owner=+0", "--group=+0");
  });
  return archive;
}

/** Debian, of this machine's own release and mirror, with what an editor's server and a Python project need. About 200 MB. */
async function pythonArchive(): Promise<string> {
  const { suite, mirror, keyring } = await aptSource();
  const archive = join(cacheDir, `python-${suite}.tar`);
  if (existsSync(archive)) return archive;
  await ensurePackages(["debootstrap"]);
  process.stdout.write(
    `Berth's laboratory makes a ${suite} image with Python from ${new URL(mirror).host}; it takes about a minute.\n`,
  );
  await inTemporaryFolder(async (folder) => {
    const root = join(folder, "root");
    const options = ["--variant=minbase", "--include=bash,python3,git,procps", ...(keyring ? [`--keyring=${keyring}`] : [])];
    await runAsRoot("debootstrap", ...options, suite, root, mirror);
    // Nothing here is needed to run; together they are a third of it.
    const ballast = [
      "var/lib/apt/lists",
      "var/cache/apt",
      "usr/share/doc",
      "usr/share/man",
      "usr/share/locale",
      "usr/share/info",
    ];
    await runAsRoot("rm", "-rf", ...ballast.map((it) => join(root, it)));
    await runAsRoot("mkdir", "-p", join(root, "var/lib/apt/lists/partial"), join(root, "var/cache/apt/archives/partial"));
    await pack(root, archive);
  });
  return archive;
}

/** Packs a root filesystem under another name first, so that an interrupted run leaves no half an archive. */
async function pack(root: string, archive: string, ...options: string[]): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  await runAsRoot("tar", "--create", "--numeric-owner", ...options, `--file=${archive}.part`, "--directory", root, ".");
  await rename(`${archive}.part`, archive);
}

async function inTemporaryFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "berth-lab-"));
  try {
    await use(folder);
  } finally {
    await execa(...asRoot("rm", ["-rf", folder]), { env: systemEnv });
    await rm(folder, { recursive: true, force: true });
  }
}
