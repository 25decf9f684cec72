import * as vscode from "vscode";
import type { Container, Details } from "../core/engineJson.ts";
import { Cancelled, UserError } from "../core/errors.ts";
import { missingContainer } from "../core/explain.ts";
import type { Gpu } from "../core/gpu.ts";
import { isUp } from "../core/holds.ts";
import { maker } from "../core/maker.ts";
import { createCli, type Cli } from "../engine/cli.ts";
import type { Engine } from "../engine/engine.ts";
import type { App } from "./app.ts";
import { alone, isBack, pick, pickSome } from "./prompts.ts";

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
  { engine }: Pick<Reach, "engine">,
  named: string | undefined,
  placeholder: string,
  wanted: (container: Container) => boolean = () => true,
): Promise<Inspected> {
  const name = named ?? (await pickContainers({ engine }, placeholder, { wanted }))[0] ?? "";
  const found = await engine.inspect(name);
  // The engine also takes the first few characters of an id, which a name can be by chance.
  const isMeant = found && (found.name === name || (/^[0-9a-f]{12,64}$/.test(name) && found.id.startsWith(name)));
  if (!isMeant) throw new UserError(missingContainer(name));
  return found;
}

/** Ids of the containers that the user picks: one, or with `several` as many as are ticked. @throws UserError when none fits, Cancelled */
export async function pickContainers(
  { engine }: Pick<Reach, "engine">,
  placeholder: string,
  { wanted = () => true, several = false }: { wanted?: ((container: Container) => boolean) | undefined; several?: boolean } = {},
): Promise<string[]> {
  const containers = (await engine.containers()).filter(wanted);
  if (containers.length === 0)
    throw new UserError(vscode.l10n.t("No container on this engine fits: deploy one first."), {
      title: vscode.l10n.t("Deploy Container"),
      command: "berth.deploy",
    });
  const choices = containers
    .sort((a, b) => Number(isUp(b.state)) - Number(isUp(a.state)) || a.name.localeCompare(b.name, "en", { numeric: true }))
    .map((container) => ({
      label: container.name,
      description: `${container.image} · ${container.status}`,
      detail: maker(container, Date.now()),
      value: container.id,
    }));
  if (several) return [...(await pickSome(placeholder, choices))];
  const answer = await pick(alone(""), placeholder, choices);
  if (isBack(answer)) throw new Cancelled();
  return [answer];
}

export function isLocal({ engine }: Reach): boolean {
  return engine.endpoint.socketPath !== undefined;
}

/** This machine's GPUs as they were last read, where they are the engine's too. */
export function engineGpus(app: App, reached: Reach): readonly Gpu[] {
  const { gpus } = app.store.get();
  return isLocal(reached) && gpus.state === "known" ? gpus.gpus : [];
}
