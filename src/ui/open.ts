import * as vscode from "vscode";
import {
  attachAuthority,
  attachFolder,
  missingForServer,
  type Place,
  serverNeedsScript,
  shells,
  terminalArgs,
} from "../core/attach.ts";
import { deploymentOf } from "../core/candidates.ts";
import { placeholders } from "../core/compose/template.ts";
import { Cancelled, UserError, words } from "../core/errors.ts";
import { commandLine } from "../core/quote.ts";
import type { App } from "./app.ts";
import { notify } from "./notify.ts";
import { confirm } from "./prompts.ts";
import type { Open } from "./settings.ts";
import { findContainer, type Inspected, type Reach } from "./target.ts";

const devContainers = "ms-vscode-remote.remote-containers";
const attachCommand = "remote-containers.attachToRunningContainer";

export interface OpenOptions {
  /** The user is there to be asked when VS Code cannot run in the image; else it is only said. */
  ask: boolean;
  /** Nobody is there at all: what would be said goes into the log. */
  silent?: true;
  /** Default: the deployment's that the container is of, else by its mounts and image. */
  folder?: string | undefined;
  /** For a terminal. Default: the deployment's, else the container's own. */
  user?: string | undefined;
}

/** Opens a window or a terminal in a running container. Closing either never stops it. */
export async function open(app: App, reached: Reach, id: string, wanted: Open, options: OpenOptions): Promise<void> {
  if (wanted === "none") return;
  const container = await findContainer(reached, id, "");
  const place = await placeIn(app, reached, container, options);
  if (wanted === "terminal") return openTerminal(reached, container, place);
  await openWindow(app, reached, container, place, options);
}

/** @throws UserError when a folder was given that is not there; the deployment's is only said to be missing */
async function placeIn(app: App, { engine }: Reach, container: Inspected, given: OpenOptions): Promise<Place> {
  const { id, name, details } = container;
  if (given.folder !== undefined && !(await engine.has(id, given.folder)))
    throw new UserError(vscode.l10n.t("There is no folder {0} in {1}.", given.folder, name));
  await app.projectsRead;
  const attach = deploymentOf(container, app.store.get().projects)?.preview.attach;
  // What an answer would have to fill in is not known from here.
  const known = (text: string | undefined) => (text === undefined || placeholders(text).length > 0 ? undefined : text);
  const user = given.user ?? known(attach?.user);
  if (given.folder !== undefined) return { folder: given.folder, user };
  const own = known(attach?.folder);
  if (own !== undefined && (await engine.has(id, own))) return { folder: own, user };
  const folder = attachFolder(details);
  if (own !== undefined)
    warn(
      app,
      given,
      vscode.l10n.t("There is no folder {0} in {1}, where its project wants to open it: {2} opens instead.", own, name, folder),
    );
  return { folder, user };
}

function warn({ log }: App, { silent }: OpenOptions, text: string): void {
  if (silent) log.warn(text);
  else void notify.warn(text);
}

/** A terminal that runs `docker exec -it` itself: no text is sent to a shell. @throws UserError when there is no shell inside */
async function openTerminal({ engine, cli }: Reach, { id, name, image }: Inspected, place: Place): Promise<void> {
  let shell: string | undefined;
  for (const candidate of shells) {
    if (await engine.has(id, candidate)) {
      shell = candidate;
      break;
    }
  }
  if (shell === undefined)
    throw new UserError(vscode.l10n.t("{0} has no shell to open a terminal with: its image '{1}' brings none.", name, image));
  const { program, args } = cli.terminal(terminalArgs(id, shell, place));
  const terminal = vscode.window.createTerminal({
    name,
    shellPath: program,
    shellArgs: args,
    iconPath: new vscode.ThemeIcon("package"),
    isTransient: true,
  });
  terminal.show();
}

async function openWindow(app: App, reached: Reach, container: Inspected, place: Place, options: OpenOptions): Promise<void> {
  if (!(await mayOpen(app, reached, container, place, options))) return;
  const path = place.folder;
  const authority = attachAuthority(container.name, reached.engine.endpoint);
  if (vscode.env.remoteName === undefined && vscode.extensions.getExtension(devContainers)) {
    await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.from({ scheme: "vscode-remote", authority, path }), {
      forceNewWindow: true,
    });
    return;
  }
  // In a remote window the extension lives on the other host, out of sight: only the call tells whether it is there.
  // Cursor's own extension has the same command, and another id.
  if (await attachByCommand(app, container)) return;
  const codeCommand = commandLine(["code", "--folder-uri", `vscode-remote://${authority}${path}`]);
  await offerTerminal(reached, container, place, codeCommand, options.ask);
}

/** Whether Dev Containers took the container. Its promise may never settle, so only an early rejection is waited for. */
async function attachByCommand(app: App, { id, name }: Inspected): Promise<boolean> {
  const isCursor = vscode.env.appName.includes("Cursor");
  const attached = Promise.resolve(vscode.commands.executeCommand(attachCommand, isCursor ? { containerId: id } : name)).then(
    () => undefined,
    (error: unknown) => error,
  );
  const waiting = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 2000));
  const error = await Promise.race([attached, waiting]);
  if (error === undefined) return true;
  const message = words(error);
  if (!/not found/i.test(message))
    throw new UserError(vscode.l10n.t("Dev Containers could not attach to {0}: {1}", name, message));
  app.log.info(`${attachCommand} is not there: ${message}`);
  return false;
}

async function offerTerminal(
  reached: Reach,
  container: Inspected,
  place: Place,
  codeCommand: string,
  ask: boolean,
): Promise<void> {
  const sentence = vscode.l10n.t("A window in {0} needs the Dev Containers extension.", container.name);
  if (!ask)
    throw new UserError(
      vscode.l10n.t(
        "{0} Install it, or open a terminal instead. With it installed, this opens the window too: {1}",
        sentence,
        codeCommand,
      ),
    );
  const install = vscode.l10n.t("Install Dev Containers");
  const terminal = vscode.l10n.t("Open Terminal");
  const copy = vscode.l10n.t("Copy Command");
  const detail = `${vscode.l10n.t("With it installed, this command line opens the window too:")}\n\n${codeCommand}`;
  const answer = await confirm(sentence, detail, terminal, install, copy);
  if (answer === terminal) await openTerminal(reached, container, place);
  if (answer === copy) await vscode.env.clipboard.writeText(codeCommand);
  if (answer === install) await vscode.commands.executeCommand("workbench.extensions.search", devContainers);
}

/** Says what VS Code Server lacks in the image, and lets the user open it all the same. */
async function mayOpen(
  app: App,
  { cli, engine }: Reach,
  container: Inspected,
  place: Place,
  options: OpenOptions,
): Promise<boolean> {
  const result = await cli.probe(["exec", container.id, "/bin/sh", "-c", serverNeedsScript], 10_000);
  const missing = missingForServer(result.exitCode === 0 ? result.stdout : undefined);
  if (missing.length === 0) return true;
  const all = missing.join(", ");
  const words =
    missing.length === 1
      ? vscode.l10n.t("VS Code needs {0} in a container, and '{1}' does not have it.", all, container.image)
      : vscode.l10n.t("VS Code needs {0} in a container, and '{1}' does not have them.", all, container.image);
  if (!options.ask) {
    warn(app, options, `${words} ${vscode.l10n.t("The window may not open; a terminal does.")}`);
    return true;
  }
  const anyway = vscode.l10n.t("Open Anyway");
  const terminal = vscode.l10n.t("Open Terminal");
  const answer = await vscode.window.showWarningMessage(
    words,
    { modal: true, detail: vscode.l10n.t("A terminal works without them, if there is a shell.") },
    anyway,
    terminal,
  );
  if (answer === undefined) throw new Cancelled();
  if (answer === terminal) await openTerminal({ cli, engine }, container, place);
  return answer === anyway;
}
