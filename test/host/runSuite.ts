/** Runs test/host/suite in the extension host of the VS Code server, on an engine with sample images. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEngine } from "../lab/engine.ts";
import { loadImages } from "../lab/images.ts";
import { runSuite, startServer } from "../lab/vscode.ts";
import { everything, sampleFolder } from "./support.ts";

const repository = join(import.meta.dirname, "../..");
const engine = await startEngine("host");
await loadImages(engine);
const dataDir = await mkdtemp(join(tmpdir(), "berth-vscode-"));
const folder = await sampleFolder();
const counts = process.env.BERTH_TEST_COUNTS ? { BERTH_TEST_COUNTS: process.env.BERTH_TEST_COUNTS } : {};
const server = await startServer({ dataDir, driver: true, env: { ...engine.env, ...counts } });
try {
  const options = { folder, extension: repository, tests: join(repository, "out/test/suite.cjs") };
  process.exitCode = await runSuite(server, options, (line) => {
    if (line.startsWith("test: ")) console.log(line.slice("test: ".length));
  });
} finally {
  await server.stop();
  await rm(dataDir, everything);
  await rm(folder, everything);
  await engine.dispose();
}
