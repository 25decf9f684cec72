import * as vscode from "vscode";
import { statusText } from "../core/containerRows.ts";
import { Cancelled } from "../core/errors.ts";
import { existingDetail, otherOwner } from "../core/existing.ts";
import { verdictWords } from "../core/gpuHealth.ts";
import { redact } from "../core/redact.ts";
import type { Decision, Existing } from "../core/reuse.ts";
import type { Look } from "../engine/observe.ts";
import { alone, confirm, isBack, pick } from "./prompts.ts";

/** What to do with the container that is there: only what is viable. @throws Cancelled */
export async function askExisting(
  look: Look,
  decision: Decision,
  { user, secrets }: { user: string; secrets: readonly string[] },
): Promise<Existing> {
  const { question, choices } = decision;
  const means = choices.map(({ title, description }) => `${title}: ${description}`).join("\n");
  const detail = [means, existingDetail(look, decision, { user, now: Date.now() })].filter(Boolean).join("\n\n");
  const answer = await confirm(redact(question, secrets), redact(detail, secrets), ...choices.map(({ title }) => title));
  const chosen = choices.find(({ title }) => title === answer);
  if (!chosen) throw new Cancelled();
  return chosen.existing;
}

/** Which of several containers is meant. `free`: the name for a new one, where that is possible. @throws Cancelled */
export async function pickExisting(looks: readonly Look[], free: string | undefined, user: string): Promise<Look | undefined> {
  const now = Date.now();
  const rows = looks.map((look) => {
    const { found, by, observed, appRuns } = look;
    const owner = otherOwner(found, user);
    const facts = [
      statusText(found, now),
      owner === undefined ? "" : vscode.l10n.t("not yours but {0}'s", owner),
      observed.health && observed.health.verdict !== "ok" && observed.health.verdict !== "none"
        ? verdictWords[observed.health.verdict]
        : "",
      appRuns === true ? vscode.l10n.t("its app runs") : "",
      by === "image" ? vscode.l10n.t("of the same image, not of this deployment") : "",
    ];
    return { label: found.name, description: facts.filter(Boolean).join(" · "), value: look };
  });
  const fresh = {
    label: `$(add) ${vscode.l10n.t("New container {0}", free ?? "")}`,
    description: vscode.l10n.t("leave the others as they are"),
    value: undefined,
  };
  const known = looks.some(({ by }) => by !== "image");
  const choices = free === undefined ? rows : known ? [...rows, fresh] : [fresh, ...rows];
  // An answer of undefined would leave the question open.
  const answer = await pick(
    alone(""),
    vscode.l10n.t("There are containers already. Which one is meant?"),
    choices.map((choice) => ({ ...choice, value: { look: choice.value } })),
  );
  if (isBack(answer)) throw new Cancelled();
  return answer.look;
}
