import * as vscode from "vscode";
import { buildArgs } from "../core/buildArgs.ts";
import type { Launch } from "../core/compose/deployment.ts";
import type { ImageDetails } from "../core/engineJson.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { foreignImage } from "../core/platform.ts";
import { confirm } from "./prompts.ts";
import type { Reach } from "./target.ts";

export type ProjectImage = ImageDetails & { id: string };

/** Builds of large images take hours. */
const timeout = 6 * 60 * 60_000;

/**
 * The image of a deployment, built or pulled where it is not on the engine; asked about first, unless `silent`.
 * @throws UserError when it cannot be had, or is of another architecture than the engine; Cancelled
 */
export async function projectImage(
  reached: Reach,
  { spec, build }: Launch,
  { silent, rebuild }: { silent: boolean; rebuild: boolean },
): Promise<ProjectImage> {
  const { engine } = reached;
  const there = await engine.inspectImage(spec.image);
  if (rebuild && !build)
    throw new UserError(
      vscode.l10n.t("'rebuild' needs a 'build' in the compose file: the image '{0}' is only named there.", spec.image),
    );
  if (!there || rebuild) {
    if (!silent && !rebuild) await askFor(spec.image, build !== undefined);
    await acquire(reached, spec.image, build, silent);
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

async function acquire(reached: Reach, image: string, build: Launch["build"], silent: boolean): Promise<void> {
  const { argv, input } = build ? buildArgs(build, image) : { argv: ["pull", image] };
  const run = async (signal?: AbortSignal) =>
    reached.cli.run(argv, { image }, { timeout, ...(input === undefined ? {} : { input }), ...(signal ? { signal } : {}) });
  if (silent) return void (await run());
  const title = build ? vscode.l10n.t("Building {0}", image) : vscode.l10n.t("Pulling {0}", image);
  const abort = new AbortController();
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_bar, token) => {
      token.onCancellationRequested(() => abort.abort());
      try {
        await run(abort.signal);
      } catch (error) {
        throw abort.signal.aborted ? new Cancelled() : error;
      }
    },
  );
}
