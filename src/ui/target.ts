import * as vscode from "vscode";
import type { Container, Details } from "../core/engineJson.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { missingContainer } from "../core/explain.ts";
import { isUp } from "../core/holds.ts";
import { maker } from "../core/rows.ts";
import { createCli, type Cli } from "../engine/cli.ts";
import type { Engine } from "../engine/engine.ts";
import type { App } from "./app.ts";

export interface Reach {
  engine: Engine;
  cli: Cli;
}

/** The engine that is in use now, for one command. */
export async function reach(app: App): Promise<Reach> {
  const engine = await app.feed.engine();
  return { engine, cli: createCli(engine.endpoint) };
}

export type Inspected = Container & { details: Details };

/** The container that was named, or that the user picks. @throws UserError when there is none, Cancelled */
export async function findContainer(
  { engine }: Reach,
  named: string | undefined,
  placeholder: string,
  wanted: (container: Container) => boolean = () => true,
): Promise<Inspected> {
  const name = named ?? (await pickContainer(engine, placeholder, wanted));
  const found = await engine.inspect(name);
  // The engine also takes the first few characters of an id, which a name can be by chance.
  const isMeant = found && (found.name === name || (/^[0-9a-f]{12,64}$/.test(name) && found.id.startsWith(name)));
  if (!isMeant) throw new UserError(missingContainer(name));
  return found;
}

async function pickContainer(engine: Engine, placeholder: string, wanted: (container: Container) => boolean): Promise<string> {
  const containers = (await engine.containers()).filter(wanted);
  if (containers.length === 0)
    throw new UserError("No container on this engine fits: deploy one first.", {
      title: "Deploy Container",
      command: "berth.deploy",
    });
  const items = containers
    .sort((a, b) => Number(isUp(b.state)) - Number(isUp(a.state)) || a.name.localeCompare(b.name, "en", { numeric: true }))
    .map((container) => ({
      label: container.name,
      description: `${container.image} · ${container.status}`,
      detail: maker(container, Date.now()),
      id: container.id,
    }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: placeholder, matchOnDescription: true });
  if (!picked) throw new Cancelled();
  return picked.id;
}

export function isLocal({ engine }: Reach): boolean {
  return engine.endpoint.socketPath !== undefined;
}
