// Docker contexts, as far as Docker's own files and the environment tell them.
import * as l10n from "./l10n.ts";
import type { EngineContext, EngineState, OutReason } from "./state.ts";

/** A context as its file describes it. */
export interface ContextFile {
  name: string;
  host: string;
  description: string;
}

export const defaultHost = "unix:///var/run/docker.sock";

/**
 * Why the docker CLI could do nothing with an address, as the end of a sentence; undefined when it can. As its `ParseHost` and `connhelper` see it
 * (docker/cli, opts/hosts.go and cli/connhelper): no scheme means TCP, and an ssh address may not hold a password.
 */
export function hostProblem(host: string): string | undefined {
  const [, scheme = "tcp", rest = ""] = /^(?:(.*?):\/\/)?(.*)$/s.exec(host.trim()) ?? [];
  const url = scheme === "tcp" || scheme === "ssh" ? parsed(`${scheme}://${rest}`) : undefined;
  const isGood = scheme === "unix" || (scheme === "tcp" && url !== undefined) || (scheme === "ssh" && Boolean(url?.hostname));
  if (!isGood)
    return l10n.t(
      "'{0}' is no address of a Docker engine: use unix://PATH, ssh://USER@HOST or tcp://HOST:PORT",
      withoutPassword(host),
    );
  if (scheme === "ssh" && url?.password)
    return l10n.t("'{0}' holds a password, which Docker does not take there: use a key instead", withoutPassword(host));
  return undefined;
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** An address as it may be shown. */
export function withoutPassword(host: string): string {
  return host.startsWith("unix:") ? host : host.replace(/^((?:[a-z]+:\/\/)?[^:@/]*):(?!\/\/).*@/is, "$1@");
}

/** `ssh`, `tcp`, or empty for a socket of this machine. */
function transport(host: string): string {
  if (host === "" || host.startsWith("unix:")) return "";
  return host.startsWith("ssh:") ? "ssh" : "tcp";
}

function outWords(reason: OutReason): string {
  switch (reason) {
    case "denied":
      return l10n.t("access refused");
    case "missing":
    case "stopped":
      return l10n.t("not running");
    case "silent":
      return l10n.t("no answer");
    case "unreachable":
      return l10n.t("out of reach");
    case "misconfigured":
      return l10n.t("cannot be used");
  }
}

/** What stands beside the title of the containers view: which engine it is, unless it is the one that everybody expects. */
export function contextText(context: EngineContext | undefined, engine: EngineState): string {
  if (!context) return "";
  const { name, host, chosen, fromEnvironment } = context;
  const how = transport(host);
  if (!chosen && how === "" && host !== "") return "";
  const what = `${fromEnvironment && !chosen ? "DOCKER_HOST" : name}${how && ` (${how})`}`;
  if (engine.status === "connecting") return l10n.t("{0}, connecting…", what);
  return engine.status === "out" ? `${what}, ${outWords(engine.reason)}` : what;
}

export interface ListedContext {
  label: string;
  description: string;
  detail?: string;
  /** For the setting: empty for the current context. */
  value: string;
}

/** Rows to choose from: the current context first, which is followed, then all by name. `chosen`: the setting's value. */
export function listedContexts(
  files: readonly ContextFile[],
  current: { name: string; host: string; fromEnvironment: boolean },
  chosen: string,
): ListedContext[] {
  const row = (value: string, label: string, host: string, detail = ""): ListedContext => ({
    label,
    description: [
      ...(value === chosen ? [l10n.t("in use")] : []),
      host === "" ? l10n.t("does not exist") : withoutPassword(host),
    ].join(" · "),
    ...(detail === "" ? {} : { detail }),
    value,
  });
  const { fromEnvironment } = current;
  const follow = l10n.t("Current context ({0})", fromEnvironment ? "DOCKER_HOST" : current.name);
  const byName = [...files].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const isKnown = ["", "default", ...files.map(({ name }) => name)].includes(chosen);
  return [
    row("", follow, current.host, l10n.t("Follows 'docker context use' and DOCKER_HOST")),
    row("default", "default", fromEnvironment ? current.host : defaultHost, fromEnvironment ? "DOCKER_HOST" : ""),
    ...byName.map(({ name, host, description }) => row(name, name, host, description)),
    ...(isKnown ? [] : [row(chosen, chosen, "")]),
  ];
}
