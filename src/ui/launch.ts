import * as vscode from "vscode";
import * as z from "zod/mini";
import { command } from "./commands.ts";
import { openKey } from "./deploy.ts";

/** What reads compose files is loaded with the first launch. */
const flow = async () => import("./launchFlow.ts");
const apps = async () => import("./apps.ts");

const answersKey = z.optional(
  z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], vscode.l10n.t("a text, a number, true or false")),
    vscode.l10n.t("answers by the inputs' ids"),
  ),
);

const target = {
  project: z.optional(z.string()),
  service: z.optional(z.string()),
  inputs: answersKey,
  open: openKey,
  container: z.optional(z.string()),
};

const launchKeys = z.strictObject({
  ...target,
  rebuild: z.optional(z.boolean()),
  guided: z.optional(z.boolean()),
  existing: z.optional(
    z.enum(["reuse", "revive", "restart", "parallel"], vscode.l10n.t("'reuse', 'revive', 'restart' or 'parallel'")),
  ),
  confirm: z.optional(z.boolean()),
});

export type LaunchKeys = z.infer<typeof launchKeys>;

export const launch = command({
  id: "berth.launch",
  keys: launchKeys,
  run: async (app, keys) => (await flow()).launchOne(app, keys, vscode.l10n.t("Launch which deployment?")),
});

export const reuse = command({
  id: "berth.reuse",
  keys: z.strictObject({ ...target, confirm: z.optional(z.boolean()) }),
  run: async (app, keys) =>
    (await flow()).launchOne(app, { ...keys, existing: "reuse" }, vscode.l10n.t("Reuse the container of which deployment?")),
});

const oneContainer = z.strictObject({ container: z.optional(z.string()) });

export const startApp = command({
  id: "berth.startApp",
  keys: oneContainer,
  run: async (app, keys, call) => (await apps()).startApp(app, keys, call),
});

export const stopApp = command({
  id: "berth.stopApp",
  keys: oneContainer,
  run: async (app, keys, call) => (await apps()).stopApp(app, keys, call),
});
