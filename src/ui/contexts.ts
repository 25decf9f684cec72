import * as vscode from "vscode";
import * as z from "zod/mini";
import { listedContexts } from "../core/contexts.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import type { EngineContext } from "../core/state.ts";
import { listContexts, meantContext, resolveEndpoint } from "../engine/endpoint.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { alone, isBack, pick } from "./prompts.ts";
import { settings } from "./settings.ts";

/** Chooses what is looked at, so it may in an untrusted workspace: contexts are the user's own, in Docker's folder. */
export const selectContext = command({
  id: "berth.selectContext",
  keys: z.strictObject({ context: z.optional(z.string()) }),
  looksOnly: () => true,
  async run(_app, { context }) {
    const wanted = (context ?? (await askContext())).trim();
    // The current one is followed even while it cannot be used; a name must mean something.
    if (wanted !== "") await resolveEndpoint(wanted, process.env);
    await write(wanted);
    return { outcome: "selected" };
  },
});

async function askContext(): Promise<string> {
  const chosen = settings.context();
  const [files, current] = await Promise.all([listContexts(process.env), meant("")]);
  const choices = listedContexts(files, current, chosen);
  const picked = await pick(alone(""), vscode.l10n.t("Which Docker context should Berth use?"), choices, chosen);
  if (isBack(picked)) throw new Cancelled();
  return picked;
}

/** For this machine, unless the workspace has its own already. */
async function write(wanted: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("berth");
  const inWorkspace = configuration.inspect("context")?.workspaceValue !== undefined;
  const { Global, Workspace } = vscode.ConfigurationTarget;
  const value = wanted === "" && !inWorkspace ? undefined : wanted;
  try {
    await configuration.update("context", value, inWorkspace ? Workspace : Global);
  } catch (error) {
    throw new UserError(vscode.l10n.t("The setting berth.context could not be written: {0}", words(error)));
  }
}

/** The context that a setting's value means; one that cannot even be told (Docker's config file is broken) has no host. */
export async function meant(wanted: string): Promise<EngineContext> {
  const unknown = { name: wanted || vscode.l10n.t("unknown"), host: "", chosen: wanted !== "", fromEnvironment: false };
  return meantContext(wanted, process.env).catch(() => unknown);
}

/** Keeps the state's context true to the setting, Docker's files and the environment. Reads two small files when the engine's state changes, spawns nothing. */
export function followContext(app: App): vscode.Disposable {
  let told = "";
  let turn = 0;

  async function look(): Promise<void> {
    const mine = ++turn;
    const context = await meant(settings.context());
    // Another look may have overtaken this one.
    if (mine === turn && JSON.stringify(context) !== JSON.stringify(app.store.get().context)) app.store.update({ context });
  }
  const unlisten = app.store.onDidChange(({ engine }) => {
    const now = JSON.stringify(engine);
    if (now === told) return;
    told = now;
    if (engine.status === "out") app.log.warn(engine.message);
    void look();
  });
  const onSettings = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration("berth.context")) void look();
  });
  void look();
  return vscode.Disposable.from(onSettings, {
    dispose() {
      turn = 0; // no look under way is the last one any more
      unlisten();
    },
  });
}
