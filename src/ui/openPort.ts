import * as vscode from "vscode";
import * as z from "zod/mini";
import { Cancelled, UserError } from "../core/errors.ts";
import {
  engineHost,
  hostNetworkPort,
  noPort,
  portMeant,
  portUrl,
  publishedTcp,
  unreachable,
  type PublishedPort,
} from "../core/published.ts";
import { command } from "./commands.ts";
import { alone, isBack, pick, type } from "./prompts.ts";
import { findContainer, reach } from "./target.ts";

/** Opens a published port in the browser; in a remote window VS Code forwards it. */
export const openPort = command({
  id: "berth.openPort",
  keys: z.strictObject({ container: z.optional(z.string()), port: z.optional(z.int().check(z.gte(1), z.lte(65_535))) }),
  looksOnly: () => true,
  async run(app, { container, port }, { fromUi }) {
    const { engine } = await reach(app);
    const found = await findContainer(
      { engine },
      container,
      vscode.l10n.t("Open a port of which container?"),
      ({ ports, hostNetwork, state }) => publishedTcp(ports).length > 0 || (hostNetwork === true && state === "running"),
    );
    // The ports stand in the list, not in an inspect.
    const listed = (await engine.containers()).find(({ id }) => id === found.id) ?? found;
    const ports = publishedTcp(listed.ports);
    const known = port ?? hostNetworkPort(listed);
    const onHost = listed.hostNetwork === true && listed.state === "running" && (known !== undefined || fromUi);
    if (ports.length === 0 && !onHost) throw new UserError(noPort(listed));
    const chosen = onHost ? own(known ?? (await askPort(found.name))) : await given(found.name, ports, port);
    if (!chosen) throw new UserError(vscode.l10n.t("{0} does not publish a port {1}.", found.name, String(port)));
    const machine = engineHost(engine.endpoint.host);
    const problem = unreachable(chosen, machine);
    if (problem !== undefined) throw new UserError(problem);
    const url = portUrl(chosen, machine);
    await vscode.env.openExternal(vscode.Uri.parse(url));
    return { outcome: "shown", url };
  },
});

/** On its host's network a container's port is the host's. */
const own = (port: number): PublishedPort => ({ container: port, host: port });

const given = async (name: string, ports: readonly PublishedPort[], port: number | undefined) =>
  port === undefined ? choose(name, ports) : portMeant(port, ports);

/** Nothing says where a container on its host's network listens that Berth has not started an app in. @throws Cancelled */
async function askPort(name: string): Promise<number> {
  const problem = (text: string) =>
    /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
      ? undefined
      : vscode.l10n.t("A number from 1 to 65535.");
  const prompt = vscode.l10n.t("It uses the network of its host. On which port does it listen?");
  const answer = await type(alone(name), prompt, "", problem);
  if (isBack(answer)) throw new Cancelled();
  return Number(answer);
}

/** @throws Cancelled */
async function choose(name: string, ports: readonly PublishedPort[]): Promise<PublishedPort | undefined> {
  const [only, ...others] = ports;
  if (others.length === 0) return only;
  const choices = ports.map((port) => ({
    label: String(port.container),
    description: vscode.l10n.t("published on {0}", port.ip === undefined ? String(port.host) : `${port.ip}:${port.host}`),
    value: port,
  }));
  const answer = await pick(alone(name), vscode.l10n.t("Open which port?"), choices);
  return isBack(answer) ? undefined : answer;
}
