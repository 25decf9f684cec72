import type { Container, Image, Mount, Port } from "./engineJson.ts";
import type { Gpu } from "./gpu.ts";
import { formatMemory } from "./gpu.ts";
import { isTrouble, verdictWords } from "./gpuHealth.ts";
import { gpuText, holders, isUp } from "./holds.ts";
import { label } from "./runSpec.ts";
import type { State } from "./state.ts";
import { bytes, count, span } from "./units.ts";

/** One line of a tree view. The `id` is stable over changes of state, so that selection and collapse state stay. */
export interface Row {
  id: string;
  label: string;
  description?: string;
  tooltip?: string;
  icon?: { id: string; color?: string };
  /** What context menus match on, such as `container.running`. */
  menu: string;
  /** Read by a screen reader in place of label and description. */
  accessibilityLabel?: string;
  /** Made by Berth: the view marks it. */
  own?: boolean;
  expanded?: boolean;
  children?: readonly Row[];
  /** What a command on this row acts on. */
  target?: { container: string; port?: number } | { image: string };
}

const green = "charts.green";

export function containerRows(state: State, now: number): Row[] {
  const sorted = [...state.containers].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const up = sorted.filter((container) => isUp(container.state));
  const odd = sorted.filter((container) => container.state === "unknown");
  const down = sorted.filter((container) => !isUp(container.state) && container.state !== "unknown");
  const group = (name: string, containers: readonly Container[], expanded: boolean): Row[] =>
    containers.length === 0
      ? []
      : [
          {
            id: `group:${name}`,
            label: name,
            description: String(containers.length),
            menu: "group",
            accessibilityLabel: `${name}, ${count(containers.length, "container")}`,
            expanded,
            children: containers.map((container) => containerRow(container, state, now)),
          },
        ];
  return [...group("Running", up, true), ...group("Stopped", down, up.length === 0), ...group("Unknown", odd, true)];
}

function containerRow(container: Container, state: State, now: number): Row {
  const { id, name, details } = container;
  const up = isUp(container.state);
  const own = isOwn(container);
  const handle = up ? state.handles[id] : undefined;
  const busy = state.busy[name];
  const gpus = details ? gpuText(details.gpus, knownGpus(state)) : "";
  const trouble = handle && isTrouble(handle.verdict) ? verdictWords[handle.verdict] : "";
  const status = busy ?? statusText(container, now);
  const facts = [imageText(container.image), gpus, trouble, ...publishedPorts(container.ports), status].filter(Boolean);
  return {
    id: `container:${id}`,
    label: name,
    description: facts.join(" · "),
    tooltip: [
      name,
      ...(container.image === "" ? [] : [`Image: ${container.image}`]),
      `State: ${statusText(container, now)}`,
      ...(handle && trouble ? [handle.detail] : []),
      `Id: ${id.slice(0, 12)}`,
      maker(container, now),
    ].join("\n"),
    icon: containerIcon(container, busy !== undefined, trouble !== ""),
    menu: `container.${menuState(container.state)}`,
    accessibilityLabel: [name, ...facts, own ? "created by Berth" : ""].filter(Boolean).join(", "),
    own,
    children: containerFacts(container, state, now),
    target: { container: id },
  };
}

function menuState(state: string): string {
  if (state === "paused" || state === "unknown") return state;
  return isUp(state) ? "running" : "stopped";
}

function containerIcon(container: Container, busy: boolean, trouble: boolean): { id: string; color?: string } {
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

function statusText({ state, status, details }: Container, now: number): string {
  if (!details) return status === "" ? state : status;
  if (state === "running" || state === "paused") {
    const up = details.startedAt === undefined ? "up" : `up ${span(now - details.startedAt)}`;
    const health = details.health !== undefined && details.health !== "none" ? ` (${details.health})` : "";
    return `${up}${health}${state === "paused" ? ", paused" : ""}`;
  }
  if (state === "exited" || state === "dead") {
    const cause = details.oomKilled ? "out of memory" : details.exitCode === 0 ? "stopped" : `exited (${details.exitCode})`;
    return details.finishedAt === undefined ? cause : `${cause} ${span(now - details.finishedAt)} ago`;
  }
  if (state === "created") return details.error === "" ? "created, never started" : "failed to start";
  return state;
}

/** `vss-rt-cv:3.2.1`: the image without its registry and namespace; an id as Docker abbreviates it. */
function imageText(image: string): string {
  if (image.startsWith("sha256:")) return image.slice(7, 19);
  return (
    image
      .replace(/@sha256:.*$/, "")
      .split("/")
      .at(-1) ?? image
  );
}

/** A port published on several addresses (IPv4 and IPv6) is told once. */
function publishedPorts(ports: readonly Port[]): string[] {
  return [...new Set(ports.flatMap(({ host }) => (host ? [host.port] : [])))].sort((a, b) => a - b).map((port) => `:${port}`);
}

function containerFacts(container: Container, state: State, now: number): Row[] {
  const { id, details } = container;
  const rows: Row[] = [];
  const add = (kind: string, text: string, description: string, icon: string, tooltip?: string, more: Partial<Row> = {}) =>
    rows.push({
      id: `container:${id}:${kind}`,
      label: text,
      description,
      icon: { id: icon },
      menu: "fact",
      accessibilityLabel: [text, description].filter(Boolean).join(", "),
      ...(tooltip === undefined ? {} : { tooltip }),
      ...more,
    });
  for (const mount of details?.mounts ?? []) add(`mount:${mount.target}`, mount.target, mountText(mount), "folder", mount.source);
  const seen = new Set<string>();
  for (const { container: inner, protocol, host } of container.ports) {
    const text = host ? `on ${address(host.ip)}:${host.port}` : "not published";
    const key = `port:${inner}/${protocol}:${text}`;
    const opens = host && protocol === "tcp" ? { menu: "fact.port", target: { container: id, port: host.port } } : {};
    if (!seen.has(key)) add(key, `${inner}/${protocol}`, text, "plug", undefined, opens);
    seen.add(key);
  }
  const gpus = details ? gpuText(details.gpus, knownGpus(state)) : "";
  const handle = isUp(container.state) ? state.handles[id] : undefined;
  if (gpus)
    add(
      "gpus",
      gpus[0]?.toUpperCase() + gpus.slice(1),
      handle ? (handle.verdict === "ok" ? "ok" : verdictWords[handle.verdict]) : isUp(container.state) ? "held" : "when it runs",
      "chip",
      handle?.detail,
    );
  add("maker", maker(container, now), "", "person");
  return rows;
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
        ? "anonymous volume"
        : `volume ${name ?? ""}`
      : type === "tmpfs"
        ? "tmpfs"
        : source;
  return readOnly ? `${from} (read-only)` : from;
}

/** Whether Berth made it. An image kept from one of its containers carries the label, emptied. */
export function isOwn({ labels }: Pick<Container, "labels">): boolean {
  return labels[label.version] === "1";
}

/** Who made a container, as far as its labels tell. */
export function maker({ labels, created }: Container, now: number): string {
  const who = isOwn({ labels })
    ? `Berth${labels[label.user] ? ` for ${labels[label.user]}` : ""}`
    : labels["devcontainer.local_folder"] !== undefined
      ? "Dev Containers"
      : labels["com.docker.compose.project"] !== undefined
        ? `Compose (${labels["com.docker.compose.project"]})`
        : undefined;
  const when = created > 0 ? `${span(now - created)} ago` : "";
  if (who === undefined) return when === "" ? "Not created by Berth" : `Created ${when}, not by Berth`;
  return [`Created by ${who}`, when].filter(Boolean).join(", ");
}

export function imageRows(state: State, now: number): Row[] {
  const users = new Map<string, Container[]>();
  for (const container of state.containers) users.set(container.imageId, [...(users.get(container.imageId) ?? []), container]);
  return state.images
    .flatMap((image) =>
      (image.tags.length === 0 ? [undefined] : image.tags).map((tag) => imageRow(image, tag, users.get(image.id) ?? [], now)),
    )
    .sort(
      (a, b) =>
        Number(a.menu === "image.untagged") - Number(b.menu === "image.untagged") ||
        a.label.localeCompare(b.label, "en", { numeric: true }),
    );
}

function imageRow(image: Image, tag: string | undefined, users: readonly Container[], now: number): Row {
  const shortId = image.id.replace(/^sha256:/, "").slice(0, 12);
  const version = tag === undefined ? "untagged" : tag.slice(tag.lastIndexOf(":") + 1);
  const name = tag === undefined ? shortId : (tag.slice(0, tag.lastIndexOf(":")).split("/").at(-1) ?? tag);
  const use = users.length === 0 ? "" : "in use";
  const age = image.created > 0 ? `${span(now - image.created)} old` : "";
  const facts = [version, bytes(image.size), use, image.details?.architecture ?? "", age].filter(Boolean);
  return {
    id: `image:${image.id}:${tag ?? ""}`,
    label: name,
    description: facts.join(" · "),
    tooltip: [
      tag ?? "Untagged",
      `Id: ${shortId}`,
      users.length === 0 ? "Not in use" : `In use by ${users.map((user) => user.name).join(", ")}`,
    ].join("\n"),
    icon: { id: "package" },
    menu: tag === undefined ? "image.untagged" : "image.tagged",
    accessibilityLabel: [name, ...facts].join(", "),
    target: { image: tag ?? image.id },
    ...(users.length === 0
      ? {}
      : {
          children: users.map((user) => ({
            id: `image:${image.id}:${tag ?? ""}:${user.id}`,
            label: user.name,
            description: statusText(user, now),
            icon: containerIcon(user, false, false),
            menu: "holder",
            accessibilityLabel: `in use by ${user.name}, ${statusText(user, now)}`,
          })),
        }),
  };
}

function knownGpus(state: State): readonly Gpu[] {
  return state.gpus.state === "known" ? state.gpus.gpus : [];
}

export function gpuRows(state: State): Row[] {
  return knownGpus(state).map((gpu) => gpuRow(gpu, state));
}

function gpuRow(gpu: Gpu, state: State): Row {
  const held = holders(state.containers, gpu);
  const sick = held.filter(({ id }) => isTrouble(state.handles[id]?.verdict ?? "none"));
  const error = gpu.problems.some(({ severity }) => severity === "error");
  const model = `${gpu.index}  ${gpu.name.replace(/^NVIDIA /, "")}`;
  const health =
    gpu.problems.length > 0
      ? gpu.problems.map(({ text }) => text).join(", ")
      : sick.length > 0
        ? handleTroubles(sick, state)
        : "healthy";
  const unhealthy = gpu.problems.length > 0 || sick.length > 0;
  const facts = [
    unhealthy ? health : "",
    gpu.utilization === undefined ? "" : `${gpu.utilization} %`,
    formatMemory(gpu.memoryUsedMiB, gpu.memoryTotalMiB) ?? "",
    sick.length === 0 && held.length > 0 ? `held by ${held.map(({ name }) => name).join(", ")}` : "",
    gpu.temperature === undefined ? "" : `${gpu.temperature} °C`,
    gpu.architecture ?? "",
    unhealthy ? "" : health,
  ].filter(Boolean);
  return {
    id: `gpu:${gpu.uuid || gpu.index}`,
    label: model,
    description: facts.join(" · "),
    tooltip: [`GPU ${gpu.index}: ${gpu.name}`, gpu.uuid, ...facts, gpu.driver ? `Driver ${gpu.driver}` : ""]
      .filter(Boolean)
      .join("\n"),
    icon: unhealthy
      ? { id: error ? "error" : "warning", color: error ? "list.errorForeground" : "list.warningForeground" }
      : { id: "chip" },
    menu: "gpu",
    accessibilityLabel: [`GPU ${gpu.index}`, gpu.name, ...facts].join(", "),
    ...(held.length === 0
      ? {}
      : {
          children: held.map((container) => ({
            id: `gpu:${gpu.uuid || gpu.index}:${container.id}`,
            label: container.name,
            description: imageText(container.image),
            icon: containerIcon(container, false, sick.includes(container)),
            menu: "holder",
            accessibilityLabel: `held by ${container.name}`,
          })),
        }),
  };
}

/** `stale handle in a, b; GPU not answering in c` */
function handleTroubles(sick: readonly Container[], { handles }: State): string {
  const byWords = new Map<string, string[]>();
  for (const { id, name } of sick) {
    const verdict = handles[id]?.verdict ?? "none";
    const words = verdict === "stale" ? "stale handle" : verdictWords[verdict];
    byWords.set(words, [...(byWords.get(words) ?? []), name]);
  }
  return Array.from(byWords, ([words, names]) => `${words} in ${names.join(", ")}`).join("; ");
}

/** A tree as text, one row a line: what tests compare. */
export function renderRows(rows: readonly Row[], indent = ""): string {
  return rows
    .map(
      (row) =>
        `${indent}${row.label}${row.description ? `  ${row.description}` : ""}\n${renderRows(row.children ?? [], `${indent}  `)}`,
    )
    .join("");
}
