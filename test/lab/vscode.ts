/** A real VS Code without a desktop: its server, and a browser for the window. */
import { execa } from "execa";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { runAsRoot } from "./cache.ts";
import { ensurePackages } from "./packages.ts";
import { ensureVscode } from "./vscodeInstall.ts";
import { Workbench } from "./workbench.ts";

export interface ServerOptions {
  /** Where it keeps its data: settings, installed extensions, logs. Made when missing. */
  dataDir: string;
  /** The extension host's environment. Default: this process's. */
  env?: NodeJS.ProcessEnv;
  /** Runs it as somebody else; its data then belongs to them. Needs root. */
  user?: { uid: number; gid: number };
  /** Default: a free one. */
  port?: number;
  /** User settings, added to the ones that keep the picture clean. */
  settings?: Record<string, unknown>;
  /** Folders of extensions, which stay where they are, and .vsix files. */
  installedExtensions?: string[];
  /**
   * Whether windows can open an extension under development, and run tests. VS Code allows it with the driver of its own tests
   * only, which shows no notifications; so it is off unless asked for.
   */
  driver?: boolean;
  /** false: folders open in restricted mode, and nobody is asked. Default: true. */
  trust?: boolean;
}

export interface Server {
  /** Where it listens. Nobody gets in without the token, so that the other users of the machine don't. */
  url: string;
  token: string;
  dataDir: string;
  driver: boolean;
  /** What it has printed. */
  output(): string;
  /** Closes its windows first. */
  stop(): Promise<void>;
}

export interface WorkbenchOptions {
  folder: string;
  /** The folder of an extension under development. At most one: VS Code's web client takes no more. Needs the server's `driver`. */
  extension?: string;
  /** A module whose run() is called in the extension host; see runSuite. */
  tests?: string;
  /** Default: dark. */
  colorTheme?: keyof typeof colorSchemes;
  size?: { width: number; height: number };
  /** The browser's zoom: 2 for 200 %. What fits in the window is smaller by that. Default: 1. */
  zoom?: number;
}

/** What the browser tells the page about the desktop; VS Code takes its theme from that (see autoDetect… below). */
const colorSchemes = {
  dark: { colorScheme: "dark" },
  light: { colorScheme: "light" },
  highContrast: { colorScheme: "dark", forcedColors: "active" },
  highContrastLight: { colorScheme: "light", forcedColors: "active" },
} as const;

const quiet = {
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "telemetry.telemetryLevel": "off",
  "extensions.ignoreRecommendations": true,
  "extensions.autoCheckUpdates": false,
  "update.showReleaseNotes": false,
  "git.openRepositoryInParentFolders": "never",
  "window.autoDetectColorScheme": true,
  "window.autoDetectHighContrast": true,
  "remote.autoForwardPorts": false,
  // A terminal as rows of text in the page, instead of a drawing.
  "terminal.integrated.gpuAcceleration": "off",
  // Dialogs in the page instead of the browser's own.
  "window.dialogStyle": "custom",
  "window.confirmBeforeClose": "never",
};

const untrusted = {
  "security.workspace.trust.enabled": true,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
};

/**
 * Ends the server when our end of the pipe closes, which the kernel does even when this process is killed; descriptor 3
 * because sh gives a background command /dev/null.
 */
const lease = 'exec 3<&0; "$@" </dev/null & server=$!; (/bin/cat <&3 >/dev/null; kill $server 2>/dev/null) & wait $server';

/** The windows that are open now, the oldest first, with the server that each is on. */
export const openWindows = new Map<Workbench, Server>();

/** Starts a server on 127.0.0.1. @throws Error with what it printed when it ends before it listens */
export async function startServer(options: ServerOptions): Promise<Server> {
  const vscode = await ensureVscode();
  const { dataDir, user, driver = false, trust = true } = options;
  await mkdir(join(dataDir, "data", "User"), { recursive: true });
  await mkdir(join(dataDir, "extensions"), { recursive: true });
  const settings = { ...quiet, ...(trust ? {} : untrusted), ...options.settings };
  await writeFile(join(dataDir, "data", "User", "settings.json"), JSON.stringify(settings, undefined, 2));

  const common = [join(vscode.root, "out", "server-main.js"), "--accept-server-license-terms", "--server-data-dir", dataDir];
  const env = hostEnvironment(options);
  const token = randomBytes(16).toString("hex");
  const tokenFile = join(dataDir, "token"); // an argument could be read by everybody
  await writeFile(tokenFile, token, { mode: 0o600 });
  // Folders first: the first start of anything writes the list of what is there.
  const installed = options.installedExtensions ?? [];
  for (const path of installed.filter((it) => !it.endsWith(".vsix"))) await installFolder(path, join(dataDir, "extensions"));
  await forgetExtensions(dataDir);
  if (user) await runAsRoot("chown", "-R", `${user.uid}:${user.gid}`, dataDir);
  for (const path of installed.filter((it) => it.endsWith(".vsix")))
    await execa(vscode.node, [...common, "--install-extension", path, "--force"], {
      env,
      extendEnv: false,
      stdin: "ignore",
      ...user,
    });

  const args = [
    "--host",
    "127.0.0.1",
    "--port",
    String(options.port ?? 0),
    "--connection-token-file",
    tokenFile,
    "--telemetry-level",
    "off",
  ];
  // Else a login shell's PATH replaces the one it is given.
  args.push("--force-disable-user-env");
  // A closed window ends its extension host after a second, not after three hours.
  args.push("--reconnection-grace-time", "1");
  if (driver) args.push("--enable-smoke-test-driver");
  if (trust) args.push("--disable-workspace-trust");
  const child = spawn("/bin/sh", ["-c", lease, "sh", vscode.node, ...common, ...args], {
    env,
    ...user,
    detached: true,
    cwd: dataDir,
  });
  let output = "";
  const port = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const listening = /agent listening on (\d+)/.exec(output);
      if (listening) resolve(listening[1]!);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`The VS Code server ended:\n${output}`)));
  });
  const server: Server = {
    url: `http://127.0.0.1:${port}`,
    token,
    dataDir,
    driver,
    output: () => output,
    async stop() {
      for (const [window, its] of openWindows) if (its === server) await window.close();
      await stop(child);
    },
  };
  return server;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.stdin?.end();
  await ended;
  // Processes that it leaves behind can hold the other ends.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function hostEnvironment({ env = process.env, user, dataDir }: ServerOptions): NodeJS.ProcessEnv {
  // A VS Code that we run in must not be taken for the one that we start.
  const own = Object.entries(env).filter(([name]) => !/^(VSCODE_|ELECTRON_RUN_AS_NODE$)/.test(name));
  // No gallery of extensions: nothing here calls out.
  return { ...Object.fromEntries(own), EXTENSIONS_GALLERY: "{}", ...(user && { HOME: dataDir, XDG_RUNTIME_DIR: dataDir }) };
}

/** As VS Code lays them out: <publisher>.<name>-<version>; linked, so that a new build is there after "Reload Window". */
async function installFolder(path: string, extensions: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(path, "package.json"), "utf8")) as Record<
    "publisher" | "name" | "version",
    string
  >;
  const link = join(extensions, `${manifest.publisher}.${manifest.name}-${manifest.version}`);
  await rm(link, { force: true });
  await symlink(path, link);
}

/** VS Code keeps what it read of the extensions' package.json, and notices only during the next start that a linked folder has a newer one. */
async function forgetExtensions(dataDir: string): Promise<void> {
  const profile = join(dataDir, "data", "CachedProfilesData", "__default__profile__");
  const caches = (await readdir(profile).catch(() => [])).filter((name) => name.startsWith("extensions.user."));
  await Promise.all(caches.map((name) => rm(join(profile, name), { force: true })));
}

/** Opens a window, with a browser profile of its own; gives it once the status bar is there. */
export async function openWorkbench(server: Server, options: WorkbenchOptions): Promise<Workbench> {
  const { browser, page } = await openPage(options);
  try {
    await page.goto(address(server, options));
    const workbench = new Workbench(browser, page);
    openWindows.set(workbench, server);
    browser.once("disconnected", () => openWindows.delete(workbench));
    await workbench.ready();
    return workbench;
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/**
 * Runs a test suite inside the extension host: a module that exports run().
 * @param onOutput gets what it prints, line by line
 * @returns 0 when run() resolved, else another number
 */
export async function runSuite(
  server: Server,
  options: WorkbenchOptions & { tests: string },
  onOutput: (line: string) => void,
): Promise<number> {
  const { browser, page } = await openPage(options);
  try {
    const code = new Promise<number>((resolve, reject) => {
      // The names that VS Code's web client reports to.
      void page.exposeFunction("codeAutomationExit", resolve);
      page.once("crash", () => reject(new Error("The browser's page crashed.")));
      browser.once("disconnected", () => reject(new Error("The browser ended.")));
    });
    code.catch(() => undefined);
    await page.exposeFunction("codeAutomationLog", (_type: string, args: unknown[]) => onOutput(args.map(String).join(" ")));
    await page.goto(address(server, options));
    return await code;
  } finally {
    await browser.close();
  }
}

async function openPage(options: WorkbenchOptions): Promise<{ browser: Browser; page: Page }> {
  const { size = { width: 1280, height: 800 }, colorTheme = "dark", zoom = 1 } = options;
  const browser = await chromium.launch({
    executablePath: await browserPath(),
    args: [
      ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
    ],
  });
  const viewport = { width: size.width / zoom, height: size.height / zoom };
  const permissions = ["clipboard-read", "clipboard-write"];
  const context = await browser.newContext({ viewport, deviceScaleFactor: zoom, permissions, ...colorSchemes[colorTheme] });
  await context.addInitScript({ path: join(import.meta.dirname, "page.mjs") });
  return { browser, page: await context.newPage() };
}

/** A browser that is there, else Debian's. (Ubuntu's package of that name is none.) */
export async function browserPath(): Promise<string> {
  const known = ["chromium", "google-chrome", "google-chrome-stable", "microsoft-edge"].map((name) => `/usr/bin/${name}`);
  const found = known.find((path) => existsSync(path));
  if (!found) await ensurePackages(["chromium"], "as the window of the VS Code server");
  return found ?? "/usr/bin/chromium";
}

/** What to open in a browser for a window: in one of ours with any of the options, in a person's for the folder. */
export function address(server: Server, { folder, extension, tests }: WorkbenchOptions): string {
  if ((extension || tests) && !server.driver)
    throw new Error("The server needs `driver: true` for an extension under development.");
  const remote = (path: string) => `vscode-remote://${new URL(server.url).host}${path}`;
  const payload = [];
  if (extension) payload.push(["extensionDevelopmentPath", remote(extension)]);
  if (tests) payload.push(["extensionTestsPath", remote(tests)]);
  const query = { tkn: server.token, folder, ...(payload.length > 0 && { payload: JSON.stringify(payload) }) };
  return `${server.url}/?${new URLSearchParams(query).toString()}`;
}
