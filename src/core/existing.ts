import * as l10n from "./l10n.ts";
import type { FoundBy } from "./candidates.ts";
import type { Container, Details } from "./engineJson.ts";
import { UserError } from "./errors.ts";
import { isOwn, maker } from "./maker.ts";
import { publishedTcp } from "./published.ts";
import type { Decision, Existing, Observed } from "./reuse.ts";
import { label } from "./runSpec.ts";

/**
 * Whether the deployment's app runs in a container that is up; `unknown`: that could not be told, so it may. Undefined in its place: there is no app,
 * the container neither runs nor is paused, or nothing can be read of it at all.
 */
export type AppRuns = boolean | "unknown";

/** A container that is there already, and what was seen of it. */
export interface Look {
  found: Container & { details: Details };
  by: FoundBy;
  observed: Observed;
  appRuns: AppRuns | undefined;
}

/**
 * Nothing where the choice is viable.
 * @throws UserError with the reason why not, and what is
 */
export function requireViable({ choices, refusals }: Decision, existing: Existing, name: string): void {
  const reason = refusals[existing];
  if (reason === undefined) return;
  throw new UserError(
    `${refusal(existing, name, reason)} ${l10n.t("Give {0}.", oneOf(choices.map((choice) => `'${choice.existing}'`)))}`,
  );
}

function refusal(existing: Existing, name: string, reason: string): string {
  switch (existing) {
    case "reuse":
      return l10n.t("{0} cannot be reused: {1}.", name, reason);
    case "revive":
      return l10n.t("{0} cannot be revived: {1}.", name, reason);
    case "restart":
      return l10n.t("{0} cannot be restarted: {1}.", name, reason);
    case "parallel":
      return l10n.t("There can be none beside {0}: {1}.", name, reason);
  }
}

function oneOf(words: readonly string[]): string {
  const [last = "", ...before] = [...words].reverse();
  return before.length === 0 ? last : l10n.t("{0} or {1}", before.reverse().join(", "), last);
}

/** So many differences are told one by one. */
const toldDifferences = 12;
/** A value longer than this is cut (characters). */
const longestValue = 120;

/** Who looks, and when (ms since the epoch). */
interface Looker {
  user: string;
  now: number;
}

/** The user whom Berth made a container for; undefined: it is this one's, or nobody knows whose. */
export function otherOwner({ labels }: Pick<Container, "labels">, user: string): string | undefined {
  const owner = labels[label.user];
  return owner && owner !== user ? owner : undefined;
}

/** The other user without whose leave a choice is not made unasked, since it ends what runs in that user's container; undefined: it can be. */
export function ownerToAsk(
  existing: Existing,
  { found, appRuns }: Pick<Look, "found" | "appRuns">,
  user: string,
): string | undefined {
  const endsSomething = existing !== "parallel" && (existing !== "reuse" || mayRun(appRuns));
  return endsSomething ? otherOwner(found, user) : undefined;
}

/** Whether an app may be ended by what is done to its container. */
export const mayRun = (appRuns: AppRuns | undefined) => appRuns === true || appRuns === "unknown";

/** Who made a container; and what to think of before it is ended, where it may be somebody else's. */
export function whose(found: Container, { user, now }: Looker): string[] {
  const owner = otherOwner(found, user);
  const made = short(maker(found, now));
  if (owner !== undefined) return [made, l10n.t("It is not yours: ask {0} before you change it.", short(owner))];
  return isOwn(found) ? [made] : [made, l10n.t("Berth did not make it: somebody else may need it as it is.")];
}

/** What stands below the question: what the container is, what is wrong with it, and in what it is not as it is wanted. */
export function existingDetail(
  { found, observed, appRuns }: Pick<Look, "found" | "observed" | "appRuns">,
  decision: Decision,
  looker: Looker,
): string {
  const { health, staleMounts, unread } = observed;
  const state = found.status === "" ? found.state : `${found.state} (${found.status})`;
  const differing = decision.differences.map(({ field, wanted, has }) =>
    l10n.t("{0}: wanted {1}; now {2}", field, short(wanted), short(has)),
  );
  const more = differing.length - toldDifferences;
  const lines = [
    ...whose(found, looker),
    l10n.t("Image: {0}", short(observed.image)),
    l10n.t("State: {0}", short(state)),
    ...(unread === undefined ? [] : [unread]),
    ...(health === undefined || health.verdict === "none" ? [] : [l10n.t("GPU: {0}", health.detail)]),
    ...(appRuns === undefined ? [] : [appLine(appRuns)]),
    ...portsLine(found),
    ...decision.missing.map(({ source = "", target }) => l10n.t("Missing mount: {0}", short(`${source}:${target}`))),
    ...staleMounts.map((target) => l10n.t("Folder or file that was deleted or replaced on the host: {0}", short(target))),
    ...(differing.length === 0 ? [] : ["", l10n.t("It is not quite as it is wanted now:")]),
    ...differing.slice(0, toldDifferences),
    ...(more > 0 ? [l10n.t("and {0} more", more)] : []),
  ];
  return lines.join("\n");
}

function appLine(runs: AppRuns): string {
  if (runs === "unknown") return l10n.t("App: whether it runs inside could not be told; if it does, it would be ended");
  return runs ? l10n.t("App: it runs inside, and would be ended") : l10n.t("App: it does not run");
}

function portsLine({ ports, labels, state, hostNetwork }: Container): string[] {
  const published = publishedTcp(ports).map(
    ({ container, host, ip }) => `${ip === undefined ? "" : `${ip}:`}${host} → ${container}`,
  );
  if (published.length > 0) return [l10n.t("Ports: {0}", published.join(", "))];
  const own = labels[label.port];
  return hostNetwork && state === "running" && own !== undefined ? [l10n.t("Port: {0}", short(own))] : [];
}

/** On one line, and not longer than it is worth. */
function short(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > longestValue ? `${line.slice(0, longestValue)}…` : line;
}
