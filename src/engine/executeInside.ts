import * as l10n from "../core/l10n.ts";
import { EngineGoneError, UserError } from "../core/errors.ts";
import type { InsideStep } from "../core/plan.ts";
import { findApp, runInside, stopApp } from "./app.ts";
import { type Written, configure, writeBack, writeSecretFiles } from "./configure.ts";
import type { Tools } from "./execute.ts";
import { somebodyListens } from "./freePort.ts";
import { appUrl, waitReady, waitStarted } from "./ready.ts";
import type { Undo } from "./undo.ts";

export interface Inside extends Tools {
  container: { id: string; name: string };
  /** Filled with how to take back what is done. */
  done: Undo[];
  signal: AbortSignal;
}

/** One step in a container that runs, or, for its secrets, in one that is created. @throws UserError (AppFailedError), EngineGoneError */
export async function runInContainer(
  step: InsideStep,
  inside: Inside,
): Promise<{ detail?: string; files?: readonly Written[]; url?: string }> {
  const { container, done, engine, cli, signal } = inside;
  switch (step.kind) {
    case "secrets":
      await writeSecretFiles(inside, container.id, step.files);
      return {};
    case "letIn":
      return letIn(step);
    case "port":
      if (engine.endpoint.socketPath === undefined) return { detail: l10n.t("unknown from here") };
      if (await somebodyListens(step.port))
        throw new UserError(
          l10n.t(
            "Port {0} is taken on this machine, so the app could not listen there: stop what uses it, or give x-berth.app another port.",
            step.port,
          ),
        );
      return {};
    case "socket":
      if (!(await engine.has(container.id, step.path)))
        throw new UserError(
          l10n.t(
            "There is no display socket {0} in {1}: start an X server on this machine, or launch it without a display.",
            step.path,
            container.name,
          ),
        );
      return {};
    case "setup":
    case "prepare":
      await runInside(inside, step.argv, signal);
      return {};
    case "configure": {
      const files = await configure(inside, container.id, step.edits, signal);
      done.push({ kind: "do", work: async () => ifThere(inside, () => writeBack(inside, container.id, files)) });
      return { files };
    }
    case "stopApp": {
      const { undo } = step;
      // Asked first, since one that is cancelled in the middle does not say: what did not run is not started when this is taken back.
      const runs = undo !== undefined && (await findApp(inside, container.id, step.process));
      // One that was told to end may still be about to: then it ends first, so that there are not two of it.
      const again = async () => {
        await stopApp(inside, container.id, step.process);
        if (undo) await cli.run(undo);
      };
      if (runs) done.push({ kind: "do", work: async () => ifThere(inside, again) });
      const ran = await stopApp(inside, container.id, step.process, undefined, signal);
      return { detail: ran ? l10n.t("stopped") : l10n.t("it did not run") };
    }
    case "app":
      done.push({
        kind: "do",
        work: async () => ifThere(inside, async () => void (await stopApp(inside, container.id, step.process))),
      });
      try {
        await cli.run(step.argv, { name: container.name });
      } catch (error) {
        if (error instanceof EngineGoneError || (await hasShell(inside))) throw error;
        throw new UserError(l10n.t("The image of {0} has no shell (sh), which its app is started with.", container.name));
      }
      return {};
    case "ready": {
      const app = step.process === undefined ? {} : { process: step.process };
      if (step.ready && step.port !== undefined)
        return waitReady(inside, container, app, { ...step.ready, port: step.port }, signal);
      await waitStarted(inside, container, app, signal);
      const url = step.port === undefined ? undefined : await appUrl(inside, container.id, step.port);
      return url === undefined ? {} : { url };
    }
  }
}

async function hasShell({ engine, container }: Inside): Promise<boolean> {
  for (const path of ["/bin/sh", "/usr/bin/sh", "/busybox/sh"]) if (await engine.has(container.id, path)) return true;
  return false;
}

/** What was in a container that does not run any more needs no undoing. */
async function ifThere({ engine, container }: Inside, work: () => Promise<void>): Promise<void> {
  if ((await engine.inspect(container.id))?.state !== "running") return;
  try {
    await work();
  } catch (error) {
    if (error instanceof EngineGoneError || (await engine.inspect(container.id))?.state === "running") throw error;
  }
}

/**
 * Not taken back: the user may have been let in before, and other containers' windows would lose their display. Where it is not allowed, or there is no
 * `xhost`, the cookie of XAUTHORITY may do.
 */
async function letIn({ argv: [program = "", ...args] }: InsideStep & { kind: "letIn" }): Promise<{ detail?: string }> {
  const { execa } = await import("execa");
  const options = { reject: false, stdin: "ignore", timeout: 5000, killSignal: "SIGKILL" } as const;
  const { failed, code, stderr } = await execa(program, args, options);
  if (!failed) return {};
  return { detail: (code === "ENOENT" ? l10n.t("there is no xhost here") : stderr) || l10n.t("refused") };
}
