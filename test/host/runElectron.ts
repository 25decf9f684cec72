/** Runs test/host/suite in desktop VS Code as well, where one can be had; says plainly where none can, and why. */
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { execa } from "execa";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { hasProgram } from "../lab/packages.ts";
import { sampleFolder } from "./support.ts";

const repository = join(import.meta.dirname, "../..");
const hasDisplay = process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

if (hasDisplay) await runSuite();
else if (hasProgram("xvfb-run")) {
  const again = [process.execPath, import.meta.filename];
  const { exitCode } = await execa("xvfb-run", ["--auto-servernum", ...again], { stdio: "inherit", reject: false });
  process.exitCode = exitCode ?? 1;
} else notRun("there is no display, and no xvfb-run to make one.");

async function runSuite(): Promise<void> {
  const vscodeExecutablePath =
    (await installed()) ??
    (await downloadAndUnzipVSCode({ cachePath: join(repository, ".vscode-test"), timeout: 20_000 }).catch((error: unknown) =>
      notRun(`it is not installed, and cannot be downloaded (${error instanceof Error ? error.message : String(error)}).`),
    ));
  if (!vscodeExecutablePath) return;
  const engine = await startEngine("host");
  try {
    await loadImages(engine);
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: repository,
      extensionTestsPath: join(repository, "out/test/suite.cjs"),
      launchArgs: [
        await sampleFolder(),
        "--disable-workspace-trust",
        "--disable-extensions",
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ],
      extensionTestsEnv: engine.env,
    });
  } finally {
    await engine.dispose();
  }
}

/** The program behind `code`, which itself only hands over to a VS Code that runs already. */
async function installed(): Promise<string | undefined> {
  const { stdout } = await execa("sh", ["-c", "command -v code"], { reject: false });
  if (!stdout) return undefined;
  const folder = join(realpathSync(stdout), "../..");
  const candidates = [join(folder, "code"), join(folder, "../../MacOS/Electron")];
  return candidates.find((it) => existsSync(it));
}

function notRun(why: string): undefined {
  console.log(`Not run in desktop VS Code: ${why} The same suite ran in the VS Code server.`);
}
