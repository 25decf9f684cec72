import * as l10n from "./l10n.ts";
import type { Question } from "./compose/inputs.ts";

/** What NVIDIA's images tell apart: a PC or server with cards, a Jetson board, and other ARM servers (SBSA: Grace, GB10). */
export type Platform = "x86" | "jetson" | "sbsa";

/**
 * The platform of a machine; undefined where it cannot be told. `tegra`: whether it has /etc/nv_tegra_release, undefined where nobody can look. NVIDIA's
 * kernels for Jetson say so in their release too (`5.15.148-tegra`).
 */
export function platformOf(machine: { architecture: string; kernel: string; tegra: boolean | undefined }): Platform | undefined {
  const architecture = goName(machine.architecture);
  if (architecture === "amd64") return "x86";
  if (architecture !== "arm64") return undefined;
  if (machine.tegra || /-tegra\b/.test(machine.kernel)) return "jetson";
  return machine.tegra === undefined ? undefined : "sbsa";
}

/** The detected platform as the default of an input `platform` that has none of its own and offers it. */
export function withPlatformDefault(questions: readonly Question[], platform: Platform | undefined): readonly Question[] {
  if (platform === undefined) return questions;
  return questions.map((question) =>
    question.id === "platform" && question.default === undefined && question.options?.includes(platform)
      ? { ...question, default: platform }
      : question,
  );
}

/**
 * Why an image made for another architecture is not run; undefined when it can be: of the same architecture, 32-bit x86 on a 64-bit one, unknown,
 * or meant (`platform` names the image's own architecture).
 */
export function foreignImage(
  image: string,
  imageArchitecture: string,
  engineArchitecture: string,
  platform: string | undefined,
): string | undefined {
  const made = goName(imageArchitecture);
  const engine = goName(engineArchitecture);
  const [os = "linux", meant] = platform === undefined ? [] : platform.toLowerCase().split("/");
  // `platform: arm64` leaves out the system.
  const wanted = meant ?? (platform === undefined || os === "linux" ? undefined : os);
  if (made === "" || engine === "") return undefined;
  if (wanted !== undefined) {
    if (goName(wanted) === made) return undefined;
    return l10n.t(
      "The image {0} is made for {1}, and 'platform' asks for {2}: get the image for {2}, or correct 'platform'.",
      image,
      made,
      goName(wanted),
    );
  }
  if (made === engine || (made === "386" && engine === "amd64")) return undefined;
  return l10n.t(
    "The image {0} is made for {1}, and the engine's machine is {2}: take an image for {2}. If it is to be emulated, say so with 'platform: linux/{1}'.",
    image,
    made,
    engine,
  );
}

/** Images say it as Go does, engines as the kernel does (moby, containerd `platforms/database.go`). */
function goName(architecture: string): string {
  const name = architecture.toLowerCase();
  if (name === "x86_64" || name === "x86-64") return "amd64";
  if (name === "aarch64") return "arm64";
  if (/^arm(hf|el|v[5-7]l?)$/.test(name)) return "arm";
  return /^i[3-6]86$/.test(name) ? "386" : name;
}
