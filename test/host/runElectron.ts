/** Runs test/host/suite in desktop VS Code, where one can be had. Says so plainly where none can. */
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { join } from "node:path";
import { startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { sampleFolder } from "./support.ts";

const repository = join(import.meta.dirname, "../..");

async function desktop(): Promise<string | undefined> {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return undefined;
  return downloadAndUnzipVSCode({ cachePath: join(repository, ".vscode-test") }).catch(() => undefined);
}

const vscodeExecutablePath = await desktop();
if (vscodeExecutablePath === undefined) {
  console.log(
    "Not run in desktop VS Code: it cannot be downloaded, or there is no display. The same suite ran in the VS Code server.",
  );
} else {
  const engine = await startEngine("host");
  await loadImages(engine);
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: repository,
      extensionTestsPath: join(repository, "out/test/suite.cjs"),
      launchArgs: [await sampleFolder(), "--disable-workspace-trust", "--disable-extensions"],
      extensionTestsEnv: engine.env as Record<string, string>,
    });
  } finally {
    await engine.dispose();
  }
}
