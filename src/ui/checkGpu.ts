import * as vscode from "vscode";
import * as z from "zod/mini";
import type { Container } from "../core/engineJson.ts";
import { isHealable, type Health } from "../core/gpuHealth.ts";
import { isUp } from "../core/holds.ts";
import { UserError } from "../core/errors.ts";
import { checkContainerGpu } from "../engine/probe.ts";
import type { App } from "./app.ts";
import { command } from "./commands.ts";
import { notify } from "./notify.ts";
import { offerWaysOut } from "./revive.ts";
import { settings } from "./settings.ts";
import { engineGpus, findContainer, reach } from "./target.ts";

export const checkGpu = command({
  id: "berth.checkGpu",
  keys: z.strictObject({ container: z.optional(z.string()) }),
  // In a container it starts nvidia-smi there.
  looksOnly: ({ container }) => container === undefined,
  async run(app, { container }, { fromUi }) {
    if (container === undefined) {
      const health = await checkHost(app);
      if (fromUi) show(vscode.l10n.t("This machine"), health);
      return result(health);
    }
    const { found, health } = await checkContainer(app, container);
    if (fromUi && isHealable(health.verdict)) void offerWaysOut(app, found, `${found.name}: ${health.detail}`, { revive: true });
    else if (fromUi) show(found.name, health);
    return result(health);
  },
});

function result({ verdict, detail }: Health): object {
  return { outcome: "checked", verdict, detail };
}

async function checkHost(app: App): Promise<Health> {
  const { engine } = await reach(app);
  if (engine.endpoint.socketPath === undefined) {
    return {
      verdict: "absent",
      detail: vscode.l10n.t(
        "The GPUs of the engine's machine are unknown from here (context {0}): check a container on it instead.",
        engine.endpoint.context,
      ),
    };
  }
  return app.nvidiaSmi.check();
}

async function checkContainer(app: App, named: string): Promise<{ found: Container; health: Health }> {
  const reached = await reach(app);
  const found = await findContainer(reached, named, "");
  const { id, name, state, details } = found;
  if (!isUp(state)) throw new UserError(vscode.l10n.t("{0} does not run, so its GPUs cannot be checked: start it first.", name));
  const hostGpus = engineGpus(app, reached);
  const health = await checkContainerGpu(
    { id, gpus: details.gpus },
    { cli: reached.cli, hostGpus, probeTimeout: settings.probeTimeout() },
  );
  app.store.update({ handles: { ...app.store.get().handles, [id]: health } });
  return { found, health };
}

function show(where: string, { verdict, detail }: Health): void {
  const text = `${where}: ${detail}`;
  if (verdict === "ok" || verdict === "none") void notify.info(text);
  else void notify.warn(text);
}
