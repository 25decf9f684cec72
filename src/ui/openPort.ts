import * as vscode from "vscode";
import * as z from "zod/mini";
import { UserError } from "../core/errors.ts";
import { engineHost, noPort, portUrl, publishedTcp, type PublishedPort } from "../core/published.ts";
import { command } from "./commands.ts";
import { alone, isBack, pick } from "./prompts.ts";
import { findContainer, reach } from "./target.ts";

/** Opens a published port in the browser; in a remote window VS Code forwards it. */
export const openPort = command({
  id: "berth.openPort",
  keys: z.strictObject({ container: z.optional(z.string()), port: z.optional(z.int().check(z.positive())) }),
  looksOnly: () => true,
  async run(app, { container, port }) {
    const { engine } = await reach(app);
    const found = await findContainer(
      { engine },
      container,
      vscode.l10n.t("Open a port of which container?"),
      ({ ports }) => publishedTcp(ports).length > 0,
    );
    // The ports stand in the list, not in an inspect.
    const listed = (await engine.containers()).find(({ id }) => id === found.id) ?? found;
    const ports = publishedTcp(listed.ports);
    if (ports.length === 0) throw new UserError(noPort(listed));
    const chosen =
      port === undefined ? await choose(found.name, ports) : ports.find((one) => one.container === port || one.host === port);
    if (!chosen) throw new UserError(vscode.l10n.t("{0} does not publish a port {1}.", found.name, String(port)));
    const url = portUrl(chosen, engineHost(engine.endpoint.host));
    await vscode.env.openExternal(vscode.Uri.parse(url));
    return { outcome: "shown", url };
  },
});

/** @throws Cancelled */
async function choose(name: string, ports: readonly PublishedPort[]): Promise<PublishedPort | undefined> {
  const [only, ...others] = ports;
  if (others.length === 0) return only;
  const choices = ports.map((port) => ({
    label: String(port.container),
    description: vscode.l10n.t("published on {0}", String(port.host)),
    value: port,
  }));
  const answer = await pick(alone(name), vscode.l10n.t("Open which port?"), choices);
  return isBack(answer) ? undefined : answer;
}
