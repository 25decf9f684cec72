import * as vscode from "vscode";
import { causesOf } from "../core/appFailure.ts";
import { buildArgs, pullArgs } from "../core/buildArgs.ts";
import type { Launch } from "../core/compose/deployment.ts";
import type { ImageDetails } from "../core/engineJson.ts";
import { renderImageLog } from "../core/deployLog.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import { foreignImage } from "../core/platform.ts";
import { commandLine } from "../core/quote.ts";
import { redact, secretValues } from "../core/redact.ts";
import { failureText, plain } from "../engine/app.ts";
import type { App } from "./app.ts";
import { surroundings, writeDeploymentLog } from "./deploymentLogs.ts";
import { withoutLinks } from "./notify.ts";
import { confirm } from "./prompts.ts";
import type { Reach } from "./target.ts";

export type ProjectImage = ImageDetails & { id: string };

/** Builds of large images take hours. */
const timeout = 6 * 60 * 60_000;
/** So much of what it says is kept (characters). */
const kept = 64_000;

export interface ImageOptions {
  silent: boolean;
  /** Builds it anew although it is there. */
  rebuild: boolean;
  /** What else the deployment log is to tell when it cannot be had. */
  settings: Readonly<Record<string, string>>;
}

/**
 * The image of a deployment, built or pulled where it is not on the engine; asked about first, unless `silent`. Leaves a deployment log when that fails.
 * @throws UserError when it cannot be had, or is of another architecture than the engine; Cancelled
 */
export async function projectImage(
  app: App,
  reached: Reach,
  { spec, build, hidden }: Launch,
  { silent, rebuild, settings }: ImageOptions,
): Promise<ProjectImage> {
  const { engine } = reached;
  const there = await engine.inspectImage(spec.image);
  if (rebuild && !build)
    throw new UserError(
      vscode.l10n.t("'rebuild' needs a 'build' in the compose file: the image '{0}' is only named there.", spec.image),
    );
  if (!there || rebuild) {
    if (!silent && !rebuild) await askFor(spec.image, build !== undefined);
    await acquire(app, reached, { spec, hidden, ...(build ? { build } : {}) }, { silent, settings });
  }
  const image = await engine.inspectImage(spec.image);
  if (!image) throw new UserError(vscode.l10n.t("There is still no image '{0}' on this engine.", spec.image));
  const { architecture } = await engine.info();
  const foreign = foreignImage(spec.image, image.architecture, architecture, spec.platform);
  if (foreign !== undefined) throw new UserError(foreign);
  return image;
}

async function askFor(image: string, isBuilt: boolean): Promise<void> {
  const question = vscode.l10n.t("There is no image '{0}' on this engine.", image);
  await (isBuilt
    ? confirm(question, vscode.l10n.t("The project says how to build it."), vscode.l10n.t("Build Image"))
    : confirm(question, vscode.l10n.t("It can be pulled from its registry."), vscode.l10n.t("Pull Image")));
}

async function acquire(
  app: App,
  reached: Reach,
  { spec, build, hidden }: Pick<Launch, "spec" | "build" | "hidden">,
  { silent, settings }: Pick<ImageOptions, "silent" | "settings">,
): Promise<void> {
  const started = new Date();
  let all = "";
  const { image, platform } = spec;
  const { argv, input, env } = build ? buildArgs(build, image, platform) : { argv: pullArgs(image, platform) };
  const told = Object.entries({ ...process.env, ...build?.args, ...spec.env }).map(([name, value]) => `${name}=${value ?? ""}`);
  const secrets = [...secretValues(told), ...hidden];
  // Not from the middle of a line, which may be a secret's.
  const said = () => plain(all.length < kept ? all : all.slice(all.indexOf("\n") + 1));
  const run = async (onLine: (line: string) => void, signal?: AbortSignal) => {
    let errors = "";
    const exitCode = await reached.cli.stream(argv, {
      timeout,
      signal,
      env,
      ...(input === undefined ? {} : { input }),
      onOutput: (bytes, stream) => {
        const text = bytes.toString();
        all = (all + text).slice(-kept);
        if (stream === "stderr") errors = (errors + text).slice(-kept);
        onLine(redact(lastLine(all), secrets));
      },
    });
    if (exitCode === 0) return;
    await reached.engine.ping(); // told as what it is when it went away
    if (all === "") await reached.cli.run(["version"]); // as there may be no CLI
    const reason = redact(lastLine(errors), secrets);
    if (!build) throw new UserError(notPulled(image, reason));
    const log = redact(said(), secrets);
    throw new UserError(failureText(notBuilt(image, reason), causesOf(log), log));
  };
  try {
    if (silent) return await run(() => undefined);
    const title = build ? vscode.l10n.t("Building {0}", image) : vscode.l10n.t("Pulling {0}", image);
    const abort = new AbortController();
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: withoutLinks(title), cancellable: true },
      async (bar, token) => {
        token.onCancellationRequested(() => abort.abort());
        await run((message) => bar.report({ message: withoutLinks(message) }), abort.signal);
      },
    );
  } catch (error) {
    const log = renderImageLog({
      name: spec.name,
      started,
      finished: new Date(),
      outcome: error instanceof Cancelled ? "cancelled" : "failed",
      settings: { ...surroundings(app, reached, image), ...settings },
      command: commandLine(["docker", ...argv]),
      output: said(),
      ...(error instanceof Cancelled ? {} : { error: words(error) }),
    });
    await writeDeploymentLog(app, spec.name, started, redact(log, secrets));
    throw error;
  }
}

const notPulled = (image: string, reason: string) =>
  vscode.l10n.t(
    "There is no image '{0}' on this engine, and it cannot be pulled: {1}. Correct its name, log in with 'docker login', or give the service a 'build'.",
    image,
    reason,
  );

const notBuilt = (image: string, reason: string) =>
  vscode.l10n.t("The image '{0}' could not be built: {1}. Mend its Dockerfile, then launch again.", image, reason);

/** Without what each of Docker's errors begins with, and without the stop at its end. */
function lastLine(output: string): string {
  const line = plain(output).split("\n").at(-1) ?? "";
  return line.replace(/^(Error response from daemon|ERROR|error): /, "").replace(/\.$/, "");
}
