import * as l10n from "./l10n.ts";
import type { Container, Details, Mount } from "./engineJson.ts";
import { isHealable, isTrouble, verdictWords, type Health } from "./gpuHealth.ts";
import { gpuText, isUp, knownGpus } from "./holds.ts";
import { isOwn, maker } from "./maker.ts";
import { hostNetworkPort } from "./published.ts";
import { byName, type Row } from "./rows.ts";
import type { State } from "./state.ts";
import { count, span } from "./units.ts";

const green = "charts.green";

export function containerRows(state: State, now: number): Row[] {
  const sorted = [...state.containers].sort((a, b) => byName(a.name, b.name));
  const up = sorted.filter((container) => isUp(container.state));
  const odd = sorted.filter((container) => container.state === "unknown");
  const down = sorted.filter((container) => !isUp(container.state) && container.state !== "unknown");
  const words = (state.filter ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = ({ label, description }: Row) => {
    const text = `${label} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const group = (id: string, name: string, containers: readonly Container[]): Row[] => {
    const children = containers.map((container) => containerRow(container, state, now)).filter(isShown);
    if (children.length === 0) return [];
    const all = count(containers.length, "container");
    const row = {
      label: name,
      menu: "group",
      expanded: true, // VS Code's own search knows only what has been unfolded once
      children,
    };
    if (words.length === 0)
      return [{ ...row, id: `group:${id}`, description: String(containers.length), accessibilityLabel: `${name}, ${all}` }];
    // A row of its own: a group that is folded stays so, and does not hide what was found.
    const found = l10n.t("{0} of {1}", children.length, containers.length);
    return [
      {
        ...row,
        id: `group:${id}:found`,
        description: found,
        accessibilityLabel: `${name}, ${l10n.t("{0} of {1}", children.length, all)}`,
      },
    ];
  };
  return [
    ...group("Running", l10n.t("Running"), up),
    ...group("Stopped", l10n.t("Stopped"), down),
    ...group("Unknown", l10n.t("Unknown"), odd),
  ];
}

/** @param within id of a row above it that tells the image: the same container can stand in several places */
export function containerRow(container: Container, state: State, now: number, within?: string): Row {
  const { name, details } = container;
  const id = within === undefined ? `container:${container.id}` : `${within}:container:${container.id}`;
  const up = isUp(container.state);
  const own = isOwn(container);
  const handle = up ? state.handles[container.id] : undefined;
  const busy = state.busy[name];
  const gpus = details ? gpuText(details.gpus, knownGpus(state)) : "";
  const trouble = handle && isTrouble(handle.verdict) ? verdictWords[handle.verdict] : "";
  const status = statusText(container, now);
  const made = maker(container, now);
  const ports = openPorts(container).map((port) => `:${port}`);
  const facts = (
    within === undefined
      ? [imageText(container.image), gpus, trouble, ...ports, busy ?? status]
      : [busy ?? status, gpus, trouble, ...ports]
  ).filter(Boolean);
  return {
    id,
    label: name,
    description: facts.join(" · "),
    tooltip: [
      name,
      ...(container.image === "" ? [] : [l10n.t("Image: {0}", container.image)]),
      l10n.t("State: {0}", status),
      ...(handle && trouble ? [handle.detail] : []),
      l10n.t("Id: {0}", container.id.slice(0, 12)),
      made,
    ].join("\n"),
    icon: containerIcon(container, busy !== undefined, trouble !== ""),
    menu: `container.${menuState(container, busy === undefined ? handle : undefined)}`,
    accessibilityLabel: [name, ...facts, own ? l10n.t("created by Berth") : ""].filter(Boolean).join(", "),
    own,
    children: containerFacts(id, container, state, made),
    target: { container: container.id },
  };
}

/** `running.stale`: it runs, and a restart would give it its GPU back. */
function menuState({ state }: Container, handle: Health | undefined): string {
  if (state === "paused" || state === "unknown") return state;
  if (!isUp(state)) return "stopped";
  return handle && isHealable(handle.verdict) ? "running.stale" : "running";
}

export function containerIcon(container: Container, busy: boolean, trouble: boolean): { id: string; color?: string } {
  if (busy || container.state === "restarting" || container.state === "removing") return { id: "loading~spin" };
  if (trouble || container.details?.health === "unhealthy") return { id: "warning", color: "list.warningForeground" };
  if (container.state === "paused") return { id: "debug-pause" };
  if (container.state === "running") return { id: "circle-filled", color: green };
  if (container.state === "unknown") return { id: "question" };
  return failed(container) ? { id: "error", color: "list.errorForeground" } : { id: "circle-outline" };
}

/** 137 and 143 are how a stopped container ends: by SIGKILL and SIGTERM. */
function failed({ state, details }: Container): boolean {
  return (
    state === "dead" ||
    (state === "created" && details !== undefined && details.error !== "") ||
    (state === "exited" && details !== undefined && (details.oomKilled || ![0, 137, 143].includes(details.exitCode)))
  );
}

export function statusText({ state, status, details }: Container, now: number): string {
  if (!details) return status === "" ? state : status;
  if (state === "running" || state === "paused") {
    const up = details.startedAt === undefined ? l10n.t("up") : l10n.t("up {0}", span(now - details.startedAt));
    const healthy = details.health !== undefined && details.health !== "none" ? `${up} (${details.health})` : up;
    return state === "paused" ? l10n.t("{0}, paused", healthy) : healthy;
  }
  if (state === "exited" || state === "dead") {
    const cause = endText(details);
    return details.finishedAt === undefined ? cause : l10n.t("{0} {1} ago", cause, span(now - details.finishedAt));
  }
  if (state === "created") return details.error === "" ? l10n.t("created, never started") : l10n.t("failed to start");
  return state;
}

function endText({ oomKilled, exitCode }: Details): string {
  if (oomKilled) return l10n.t("out of memory");
  return exitCode === 0 ? l10n.t("stopped") : l10n.t("exited ({0})", exitCode);
}

/** `vss-rt-cv:3.2.1`: the image without its registry and namespace; an id as Docker abbreviates it. */
export function imageText(image: string): string {
  if (image.startsWith("sha256:")) return image.slice(7, 19);
  return (
    image
      .replace(/@sha256:.*$/, "")
      .split("/")
      .at(-1) ?? image
  );
}

/** Where the engine's machine leads into the container, each port once although it is published by IPv4 and IPv6. */
export function openPorts(container: Container): number[] {
  const { ports } = container;
  return [...new Set([...ports.flatMap(({ host }) => (host ? [host.port] : [])), ...appPort(container)])].sort((a, b) => a - b);
}

const appPort = (container: Container) => {
  const port = hostNetworkPort(container);
  return port === undefined ? [] : [port];
};

function containerFacts(rowId: string, container: Container, state: State, made: string): Row[] {
  const { id, details } = container;
  const rows: Row[] = [];
  const add = (kind: string, text: string, description: string, icon: string, tooltip?: string, more: Partial<Row> = {}) =>
    rows.push({
      id: `${rowId}:${kind}`,
      label: text,
      description,
      icon: { id: icon },
      menu: "fact",
      accessibilityLabel: [text, description].filter(Boolean).join(", "),
      ...(tooltip === undefined ? {} : { tooltip }),
      ...more,
    });
  const mounts = new Map(details?.mounts.map((mount) => [mount.target, mount])); // two rows of one id would be the end of the whole tree
  for (const [target, mount] of mounts) add(`mount:${target}`, target, mountText(mount), "folder", mount.source);
  const seen = new Set<string>();
  for (const { container: inner, protocol, host } of container.ports) {
    const where = host ? `${address(host.ip)}:${host.port}` : "";
    const text = host ? l10n.t("on {0}", where) : l10n.t("not published");
    const key = `port:${inner}/${protocol}:${where}`;
    const opens = host && protocol === "tcp" ? { menu: "fact.port", target: { container: id, port: host.port } } : {};
    if (!seen.has(key)) add(key, `${inner}/${protocol}`, text, "plug", undefined, opens);
    seen.add(key);
  }
  for (const port of appPort(container))
    add(`port:host:${port}`, `${port}/tcp`, l10n.t("on the host's network"), "plug", undefined, {
      menu: "fact.port",
      target: { container: id, port },
    });
  const gpus = details ? gpuText(details.gpus, knownGpus(state)) : "";
  const handle = isUp(container.state) ? state.handles[id] : undefined;
  if (gpus)
    add(
      "gpus",
      gpus[0]?.toUpperCase() + gpus.slice(1),
      handle ? handleText(handle) : isUp(container.state) ? l10n.t("held") : l10n.t("when it runs"),
      "chip",
      handle?.detail,
    );
  add("maker", made, "", "person");
  return rows;
}

function handleText({ verdict }: Health): string {
  return verdict === "ok" ? l10n.t("ok") : verdictWords[verdict];
}

/** Docker publishes on every address twice, by IPv4 and IPv6. */
function address(ip: string): string {
  if (ip === "" || ip === "::") return "0.0.0.0";
  return ip.includes(":") ? `[${ip}]` : ip;
}

function mountText({ type, name, source, readOnly }: Mount): string {
  const from =
    type === "volume"
      ? /^[0-9a-f]{64}$/.test(name ?? "")
        ? l10n.t("anonymous volume")
        : l10n.t("volume {0}", name ?? "")
      : type === "tmpfs"
        ? "tmpfs"
        : source;
  return readOnly ? l10n.t("{0} (read-only)", from) : from;
}
