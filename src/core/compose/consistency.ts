import * as l10n from "../l10n.ts";
import { parseSize } from "../dockerValues.ts";
import { find, type Issue, keyPlace, type Mapping, type Node, type Path, type Place } from "./nodes.ts";
import { similar } from "./similar.ts";

/**
 * What Compose refuses although each field by itself is right: names of nothing, and fields that contradict each other (compose-go,
 * loader/validate.go and validation/). Volumes and secrets that nobody declared are told where they are read.
 */
export function inconsistencies(root: Mapping): Issue[] {
  const issues: Issue[] = [];
  const error = (at: Place, message: string) => void issues.push({ ...at, severity: "error", message });
  const services = entriesOf(find(root, ["services"]));
  // What an included file brings is not known.
  const isWhole = !find(root, ["include"]);

  const named = (name: string, at: Place, kind: "services" | "networks" | "configs" | "models") => {
    const known = [...entriesOf(find(root, [kind])).keys(), ...(kind === "networks" ? ["default"] : [])];
    if (!isWhole || known.includes(name) || name.includes("{{")) return;
    const meant = similar(name, known);
    error(
      at,
      meant === undefined
        ? l10n.t("'{0}' is not in this file: add it under '{1}:', or remove it here.", name, kind)
        : l10n.t("'{0}' is not in this file: did you mean '{1}'?", name, meant),
    );
  };
  const apart = (at: Mapping, ...names: string[]) => {
    const [first, second] = names.filter((name) => isGiven(find(at, [name])));
    if (first !== undefined && second !== undefined)
      error(keyPlace(at, [second]), l10n.t("'{0}' and '{1}' exclude each other: keep one of them.", first, second));
  };

  for (const { value: service } of services.values()) {
    if (service.kind !== "map") continue;
    const at = (...path: Path) => find(service, path);
    apart(service, "network_mode", "networks");
    for (const { name, at: place } of namesIn(at("networks"))) named(name, place, "networks");
    for (const { name, at: place } of namesIn(at("models"))) named(name, place, "models");
    for (const { name, at: place } of namesIn(at("depends_on"))) named(name, place, "services");
    for (const { name, at: place } of namesIn(at("links"))) named(name.split(":")[0] ?? "", place, "services");
    for (const field of ["network_mode", "ipc", "pid"]) {
      const mode = at(field);
      const other = /^service:(.*)$/.exec(textOf(mode) ?? "")?.[1];
      if (mode && other !== undefined) named(other, mode.at, "services");
    }
    const configs = at("configs");
    for (const item of configs?.kind === "list" ? configs.items : []) {
      const source = item.kind === "map" ? find(item, ["source"]) : item;
      const name = textOf(source);
      if (source && name !== undefined) named(name, source.at, "configs");
    }

    const build = at("build");
    if (build?.kind === "map") apart(build, "dockerfile", "dockerfile_inline");
    const platform = textOf(at("platform"));
    const platforms = at("build", "platforms");
    if (platform !== undefined && platforms?.kind === "list" && platforms.items.length > 0)
      if (!platforms.items.some((item) => textOf(item) === platform))
        error(
          keyPlace(service, ["build", "platforms"]),
          l10n.t("'{0}', the service's platform, is not among them: add it.", platform),
        );

    for (const path of [["scale"], ["deploy", "replicas"]])
      if (at("container_name") && numberOf(at(...path)) !== undefined && numberOf(at(...path))! > 1)
        error(
          keyPlace(service, path),
          l10n.t("Only one container can have the name of 'container_name': remove one of the two."),
        );
    const limits = at("deploy", "resources", "limits");
    if (limits?.kind === "map")
      for (const [field, name, read] of [
        ["cpus", "cpus", numberOf],
        ["mem_limit", "memory", bytesOf],
        ["pids_limit", "pids", numberOf],
      ] as const) {
        const own = read(at(field));
        if (own === undefined || own === 0 || own === (read(find(limits, [name])) ?? 0)) continue;
        error(
          keyPlace(service, [field]),
          l10n.t(
            "'{0}' and 'deploy.resources.limits.{1}' say different things: write both alike, or remove 'limits'.",
            field,
            name,
          ),
        );
      }
    for (const { target, at: place, first } of mountedTwice(service))
      error(place, l10n.t("Something is mounted at {0} already, on line {1}: remove one of the two.", target, first.line));
  }

  for (const { value: volume } of entriesOf(find(root, ["volumes"])).values())
    if (volume.kind === "map" && isGiven(find(volume, ["external"])))
      for (const field of ["driver", "driver_opts", "labels"]) apart(volume, "external", field);
  for (const kind of ["secrets", "configs"])
    for (const { value } of entriesOf(find(root, [kind])).values())
      if (value.kind === "map") apart(value, "file", "environment", "content");
  return issues;
}

function entriesOf(node: Node | undefined): Mapping["entries"] {
  return node?.kind === "map" ? node.entries : new Map();
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
}

function numberOf(node: Node | undefined): number | undefined {
  const text = textOf(node);
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function bytesOf(node: Node | undefined): number | undefined {
  try {
    const text = textOf(node);
    return text === undefined ? undefined : parseSize(text);
  } catch {
    return undefined; // told by the schema
  }
}

function isGiven(node: Node | undefined): boolean {
  if (node?.kind === "list") return node.items.length > 0;
  if (node?.kind === "map") return node.entries.size > 0;
  return node !== undefined && node.value !== null && node.value !== "" && node.value !== false;
}

/** The names in a list, or in front of a mapping's values. */
function namesIn(node: Node | undefined): { name: string; at: Place }[] {
  if (node?.kind === "map") return Array.from(node.entries, ([name, { key }]) => ({ name, at: key }));
  return (node?.kind === "list" ? node.items : []).flatMap((item) => {
    const name = textOf(item);
    return name === undefined ? [] : [{ name, at: item.at }];
  });
}

/** Places inside that both 'tmpfs' and 'volumes' take, or one of them twice. */
function mountedTwice(service: Mapping): { target: string; at: Place; first: Place }[] {
  const seen = new Map<string, Place>();
  const twice: { target: string; at: Place; first: Place }[] = [];
  for (const [field, targetOf] of [
    ["tmpfs", (item: Node) => textOf(item)?.split(":")[0]],
    ["volumes", (item: Node) => (item.kind === "map" ? textOf(find(item, ["target"])) : shortTarget(textOf(item)))],
  ] as const) {
    const node = find(service, [field]);
    for (const item of node?.kind === "list" ? node.items : node?.kind === "scalar" ? [node] : []) {
      const target = targetOf(item);
      if (target === undefined || target.includes("{{")) continue;
      const first = seen.get(target);
      if (first) twice.push({ target, at: item.at, first });
      else seen.set(target, item.at);
    }
  }
  return twice;
}

function shortTarget(volume: string | undefined): string | undefined {
  const [first, second] = volume?.split(":") ?? [];
  return second ?? first;
}
