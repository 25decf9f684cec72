import * as vscode from "vscode";
import * as z from "zod/mini";
import { deploymentOf } from "../core/candidates.ts";
import type { Container } from "../core/engineJson.ts";
import { UserError } from "../core/errors.ts";
import { isTrouble, type Health } from "../core/gpuHealth.ts";
import { isUp } from "../core/holds.ts";
import { planRestart } from "../core/plan.ts";
import { notHealed, reviveText } from "../core/revive.ts";
import type { App } from "./app.ts";
import { command, runFromUi } from "./commands.ts";
import { notify } from "./notify.ts";
import { confirm } from "./prompts.ts";
import { whatIsLost } from "./removal.ts";
import { runPlan } from "./runPlan.ts";
import { findContainer, reach } from "./target.ts";

const which = vscode.l10n.t("Revive which container?");

/** Restarts a container whose GPU handle went stale, and looks at the handle again. */
export const revive = command({
  id: "berth.revive",
  keys: z.strictObject({ container: z.optional(z.string()), confirm: z.optional(z.boolean()) }),
  asks: { question: which, fits: ({ state }) => isUp(state) },
  async run(app, { container: named, confirm: mayAsk = true }) {
    if (named === undefined && !mayAsk)
      throw new UserError(vscode.l10n.t("berth.revive with 'confirm: false' needs 'container': what to restart."));
    const reached = await reach(app);
    const container = await findContainer(reached, named, which, ({ state }) => isUp(state));
    const { name, state, details } = container;
    if (!isUp(state)) throw new UserError(vscode.l10n.t("{0} does not run: start it, and it gets its GPUs anew.", name));
    if (details.gpus === "none")
      throw new UserError(vscode.l10n.t("{0} was given no GPU, so there is nothing to revive: restart it instead.", name));
    if (mayAsk) {
      const text = reviveText(container, await whatIsLost(reached, container));
      await confirm(vscode.l10n.t("Revive '{0}'?", name), text, vscode.l10n.t("Revive"));
    }
    const { id, health } = await runPlan(app, reached, planRestart(container), { silent: !mayAsk });
    if (mayAsk && health) tell(app, container, health);
    return { outcome: "revived", container: { id, name }, ...(health ? { verdict: health.verdict } : {}) };
  },
});

function tell(app: App, container: Container, health: Health): void {
  const { name } = container;
  if (isTrouble(health.verdict)) void offerWaysOut(app, container, notHealed(name, health), { revive: false });
  else vscode.window.setStatusBarMessage(`$(check) ${name}: ${health.detail}`, 8000);
}

/** Says what is wrong with a container's GPU handle, with the ways out as buttons. */
export async function offerWaysOut(app: App, container: Container, text: string, offer: { revive: boolean }): Promise<void> {
  const again = vscode.l10n.t("Revive");
  const fresh = vscode.l10n.t("Restart");
  const deployment = deploymentOf(container, app.store.get().projects);
  const chosen = await notify.warn(text, ...(offer.revive ? [again] : []), ...(deployment ? [fresh] : []));
  if (chosen === again) await runFromUi("berth.revive", { container: container.id });
  if (chosen === fresh && deployment) {
    const { service, source } = deployment;
    await runFromUi("berth.launch", { project: source.around.folder, service, existing: "restart", container: container.id });
  }
}
