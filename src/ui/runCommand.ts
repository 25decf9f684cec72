import * as vscode from "vscode";
import * as z from "zod/mini";
import { runCommand, shownRun } from "../core/dockerRun.ts";
import { UserError } from "../core/errors.ts";
import { missingContainer } from "../core/explain.ts";
import type { EngineRun } from "../engine/readRun.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { showText } from "./documents.ts";
import { findContainer, reach, type Reach } from "./target.ts";

const keys = z.strictObject({ container: z.optional(z.string()) });
type Keys = z.infer<typeof keys>;

/** Any container's `docker run`, in a tab of its own. */
export const showRunCommand = command({
  id: "berth.showRunCommand",
  keys,
  looksOnly: () => true,
  asks: { question: vscode.l10n.t("Show the docker run command of which container?") },
  async run(app, { container }) {
    const reached = await reach(app);
    const { id, name } = await findContainer(
      reached,
      container,
      vscode.l10n.t("Show the docker run command of which container?"),
    );
    const run = await runOf(reached, id);
    await showText(`docker run ${name}`, "shellscript", shownRun(run, reached.engine.endpoint.context));
    return { outcome: "shown", command: runCommand(run.spec, run) };
  },
});

export const copyRunCommand = command({
  id: "berth.copyRunCommand",
  keys,
  looksOnly: () => true,
  asks: { question: vscode.l10n.t("Copy the docker run command of which container?") },
  run: (app, one) => copy(app, [one]),
  several: copy,
});

async function copy(app: App, all: readonly Keys[]): Promise<object> {
  const reached = await reach(app);
  const containers = await Promise.all(
    all.map(({ container }) =>
      findContainer(reached, container, vscode.l10n.t("Copy the docker run command of which container?")),
    ),
  );
  const commands = await Promise.all(containers.map(({ id }) => runCommandOf(reached, id)));
  const text = commands.join("\n");
  await vscode.env.clipboard.writeText(text);
  const whose = containers.map(({ name }) => name).join(", ");
  vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t("Copied the docker run command of {0}", whose)}`, 5000);
  return { outcome: "copied", command: text };
}

/** The `docker run` that stands for a container, on one line. @throws UserError when there is no such container */
export async function runCommandOf(reached: Pick<Reach, "engine">, container: string): Promise<string> {
  const run = await runOf(reached, container);
  return runCommand(run.spec, run);
}

async function runOf({ engine }: Pick<Reach, "engine">, container: string): Promise<EngineRun> {
  const run = await engine.runOf(container);
  if (!run) throw new UserError(missingContainer(container));
  return run;
}
