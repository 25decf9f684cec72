/** Brings all that the tests stand on, one after the other: two that install packages at once get in each other's way. */
import { startEngine } from "./engine.ts";
import { loadImages } from "./images.ts";
import { ensurePackages } from "./packages.ts";
import { browserPath } from "./vscode.ts";
import { ensureVscode } from "./vscodeInstall.ts";

const engine = await startEngine("main");
try {
  await loadImages(engine);
} finally {
  await engine.dispose();
}
await ensureVscode();
await browserPath();
await ensurePackages(["openssl", "openssh-server", "openssh-client"], "to reach a Docker engine by TLS and ssh on this machine");
