import * as l10n from "./l10n.ts";
import { candidates, deploymentOf } from "./candidates.ts";
import type { Deployment } from "./compose/deployment.ts";
import { baseName } from "./compose/paths.ts";
import { containerIcon, containerRow, openPorts } from "./containerRows.ts";
import type { Container } from "./engineJson.ts";
import { isTrouble, verdictWords } from "./gpuHealth.ts";
import { gpuText, isUp, knownGpus } from "./holds.ts";
import { imageNamed } from "./imageRemoval.ts";
import { deploymentKey, mistakeOf, type LaunchStep, type Mistake, type Project } from "./projects.ts";
import { engineHost, portUrl } from "./published.ts";
import type { Row } from "./rows.ts";
import type { State } from "./state.ts";

const error = { id: "error", color: "list.errorForeground" };
const working = { id: "loading~spin" };

export function projectRows(state: State, now: number): Row[] {
  return state.projects.map((project) => projectRow(project, state, now));
}

/** A project with a single service is one row. */
function projectRow(project: Project, state: State, now: number): Row {
  const { name, folder, deployments, broken, mistakes } = project;
  const [deployment] = deployments;
  if (deployment && deployments.length + broken.length === 1) return deploymentRow(project, deployment, state, now, true);
  if (broken[0] !== undefined && deployments.length + broken.length === 1) return brokenRow(project, broken[0], true);
  const row = { id: `project:${folder}`, label: name, menu: "project", target: { project: folder } };
  if (deployments.length + broken.length > 0)
    return {
      ...row,
      tooltip: folder,
      icon: { id: "folder" },
      accessibilityLabel: l10n.t("{0}, project", name),
      expanded: true,
      children: [
        ...deployments.map((one) => deploymentRow(project, one, state, now, false)),
        ...broken.map((service) => brokenRow(project, service, false)),
      ],
    };
  const [mistake] = mistakes;
  const words = mistake ? faults(mistake) : l10n.t("no services in {0}", baseName(project.file));
  return {
    ...row,
    description: words,
    tooltip: [folder, ...(mistake ? [sentence(mistake)] : [])].join("\n"),
    icon: mistake ? error : { id: "info" },
    accessibilityLabel: `${name}, ${words}`,
  };
}

function brokenRow(project: Project, service: string, isWhole: boolean): Row {
  const { name, folder, file } = project;
  const mistake = mistakeOf(project, service);
  const facts = [isWhole && service !== name ? service : "", mistakesIn(mistake?.file ?? file)].filter(Boolean);
  const label = isWhole ? name : service;
  return {
    id: `deployment:${deploymentKey(folder, service)}`,
    label,
    description: facts.join(" · "),
    tooltip: [folder, ...(mistake ? [sentence(mistake)] : [])].join("\n"),
    icon: error,
    menu: "deployment.broken",
    accessibilityLabel: [label, ...facts].join(", "),
    target: { project: folder, service },
  };
}

const mistakesIn = (file: string) => l10n.t("mistakes in {0}", baseName(file));
const faults = ({ file, line }: Mistake) =>
  line === undefined ? l10n.t("{0} cannot be read", baseName(file)) : mistakesIn(file);
const sentence = ({ message, file, line }: Mistake) =>
  line === undefined ? message : l10n.t("{0} (line {1} of {2})", message, line, baseName(file));

/** @param isWhole it is all there is in the project, and has its name */
function deploymentRow(project: Project, deployment: Deployment, state: State, now: number, isWhole: boolean): Row {
  const { folder } = project;
  const { service, title, name, preview } = deployment;
  const key = deploymentKey(folder, service);
  const id = `deployment:${key}`;
  const containers = containersOf(deployment, state);
  const launches = state.doing.flatMap(({ name, launch }) => (launch?.key === key ? [{ name, steps: launch.steps }] : []));
  const { word, token, icon } = standing(deployment, launches.length > 0, containers, state);
  const up = containers.filter((container) => isUp(container.state));
  const [only] = up;
  const ports = only && up.length === 1 ? openPorts(only) : [];
  const gpus = only?.details && up.length === 1 ? gpuText(only.details.gpus, knownGpus(state)) : "";
  const label = isWhole ? project.name : title;
  const told = [word, gpus, ...ports.map((port) => `:${port}`)].filter(Boolean);
  const facts = isWhole && title !== label ? [title, ...told] : told;
  const host = engineHost(state.context?.host ?? "unix://");
  // The newest first: what is under way stands where it is seen, however low the view is.
  const steps = launches
    .flatMap(({ name, steps }) =>
      steps.map((step, n) => stepRow(`${id}:step:${name}:${n}`, step, launches.length > 1 ? name : undefined)),
    )
    .reverse();
  const rows = containers.map((container) => below(containerRow(container, state, now, id), preview.app !== undefined));
  const children = [...steps, ...rows];
  return {
    // VS Code unfolds a row as it was when it first came: with its first child it is another one.
    id: children.length > 0 ? id : `${id}:bare`,
    label,
    description: facts.join(" · "),
    tooltip: [
      ...(told.length > 0 ? [l10n.t("State: {0}", told.join(" · "))] : []),
      l10n.t("Service: {0}", service),
      l10n.t("Container: {0}", name),
      l10n.t("Image: {0}", preview.spec.image),
      ...ports.map((port) => l10n.t("URL: {0}", portUrl({ container: port, host: port }, host))),
      ...up.flatMap(({ id }) => trouble(id, state) ?? []).map(({ detail }) => detail),
      folder,
    ].join("\n"),
    icon,
    menu: `deployment.${token}`,
    accessibilityLabel: [label, ...facts].join(", "),
    expanded: true,
    children,
    target: { project: folder, service },
  };
}

/** Those that are the deployment's for sure. What only has its name, by chance or because two services share one, is where it belongs more. */
function containersOf(deployment: Deployment, { containers, images, projects }: State): Container[] {
  return candidates(deployment, containers, images, deployment.source.naming.user)
    .filter(({ by, container }) => by !== "image" && (by !== "name" || deploymentOf(container, projects) === deployment))
    .map(({ container }) => container);
}

/** `app`: what can be started and stopped inside. */
function below(row: Row, hasApp: boolean): Row {
  return hasApp && row.menu.startsWith("container.running") ? { ...row, menu: `${row.menu}.app` } : row;
}

interface Standing {
  /** Empty: not known. */
  word: string;
  /** For menus. */
  token: "starting" | "busy" | "stale" | "running" | "stopped" | "ready" | "missing" | "unknown";
  icon: { id: string; color?: string };
}

function standing(deployment: Deployment, isLaunched: boolean, containers: readonly Container[], state: State): Standing {
  if (isLaunched) return { word: l10n.t("starting"), token: "starting", icon: working };
  const busy = [deployment, ...containers].map(({ name }) => state.busy[name]).find((what) => what !== undefined);
  if (busy !== undefined) return { word: busy, token: "busy", icon: working };
  const up = containers.filter((container) => isUp(container.state));
  const bad = up.flatMap(({ id }) => trouble(id, state) ?? [])[0];
  if (bad) {
    const word = bad.verdict === "stale" ? l10n.t("stale GPU handle") : verdictWords[bad.verdict];
    return { word, token: "stale", icon: { id: "warning", color: "list.warningForeground" } };
  }
  const [best] = [...up].sort((a, b) => Number(b.state === "running") - Number(a.state === "running"));
  if (best) return { word: upWord(best), token: "running", icon: containerIcon(best, false, false) };
  if (containers.length > 0) return { word: l10n.t("stopped"), token: "stopped", icon: { id: "circle-outline" } };
  const { image } = deployment.preview.spec;
  // An answer may name it.
  if (state.engine.status !== "ready" || image.includes("{{"))
    return { word: "", token: "unknown", icon: { id: "circle-large-outline" } };
  const named = imageNamed(image, state.images);
  const isThere = state.images.some(({ id, tags, digests = [] }) => id === named || [...tags, ...digests].includes(named));
  return isThere
    ? { word: l10n.t("image ready"), token: "ready", icon: { id: "package" } }
    : { word: l10n.t("no image"), token: "missing", icon: { id: "circle-slash" } };
}

function upWord({ state }: Container): string {
  const words: Record<string, string> = { paused: l10n.t("paused"), restarting: l10n.t("restarting") };
  return words[state] ?? l10n.t("running");
}

function trouble(id: string, { handles }: State) {
  const handle = handles[id];
  return handle && isTrouble(handle.verdict) ? handle : undefined;
}

/** @param container its name, where there are steps of several */
function stepRow(id: string, { title, outcome, detail }: LaunchStep, container?: string): Row {
  const icons = { running: working, done: { id: "check", color: "charts.green" }, failed: error };
  const words = { running: l10n.t("running now"), done: l10n.t("done"), failed: l10n.t("failed") };
  const facts = [container, detail].filter((fact) => fact !== undefined);
  return {
    id,
    label: title,
    ...(facts.length === 0 ? {} : { description: facts.join(" · "), tooltip: [title, ...facts].join("\n") }),
    icon: icons[outcome],
    menu: "step",
    accessibilityLabel: [title, words[outcome], ...facts].join(", "),
  };
}
