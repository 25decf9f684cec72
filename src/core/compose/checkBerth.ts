import * as l10n from "../l10n.ts";
import { parseDuration } from "../dockerValues.ts";
import { isSecretName } from "../redact.ts";
import { checkInputs, questionsOf } from "./inputs.ts";
import { find, type Issue, keyPlace, type Mapping, type Node, type Path, within } from "./nodes.ts";
import { similar } from "./similar.ts";
import { isQuestion, isShell, placeholders, shellProblem } from "./template.ts";
import { endsEarly } from "./words.ts";
import { builtIns, formatOf, formats } from "./xBerth.ts";

/** What no field by itself shows: what the parts of a service with x-berth say of each other. `base`: without what an option lays over it. */
export function checkService(service: Mapping, base: Mapping = service): Issue[] {
  return [
    ...(service === base ? checkInputs(service, builtIns) : []),
    ...checkBlock(service),
    ...checkCommands(service),
    ...checkPlaceholders(service),
  ];
}

function checkBlock(service: Mapping): Issue[] {
  const issues: Issue[] = [];
  const error = (path: Path, message: string) => void issues.push({ ...keyPlace(service, path), severity: "error", message });
  const warn = (path: Path, message: string) => void issues.push({ ...keyPlace(service, path), severity: "warning", message });
  const text = (path: Path) => textOf(find(service, path));
  const berth: Path = ["x-berth"];

  const edits = find(service, [...berth, "configure"]);
  for (const [n, edit] of (edits?.kind === "list" ? edits.items : []).entries()) {
    const file = textOf(find(edit, ["file"]));
    const at: Path = [...berth, "configure", n];
    if (file !== undefined && !find(edit, ["format"]) && formatOf(file) === undefined)
      error(
        [...at, "file"],
        l10n.t("The format of {0} cannot be told from its ending: add 'format', one of {1}.", file, formats.join(", ")),
      );
  }

  const app: Path = [...berth, "app"];
  if (find(service, [...app, "ready"]) && !find(service, [...app, "port"]))
    error([...app, "ready"], l10n.t("'ready' asks the app on its port: add 'port' to 'app'."));
  const [interval, timeout] = ["interval", "timeout"].map((name) => milliseconds(text([...app, "ready", name])));
  if (interval !== undefined && timeout !== undefined && interval > timeout)
    error(
      [...app, "ready", "interval"],
      l10n.t("'interval' is longer than 'timeout', so nothing would be asked: make it shorter."),
    );
  if (find(service, [...app, "start"]) && !find(service, [...app, "process"]))
    warn(app, l10n.t("Without 'process' the app cannot be found again to stop it: add the exact name of its process."));

  const command = ["command", "entrypoint"].find((name) => isGiven(find(service, [name])));
  if (textOf(find(service, [...berth, "keep_alive"])) === "true" && command !== undefined)
    warn([...berth, "keep_alive"], l10n.t("The keep-alive runs in place of '{0}': remove one of the two.", command));
  return issues;
}

function isGiven(node: Node | undefined): boolean {
  if (!node || node.kind === "map") return false;
  return node.kind === "list" ? node.items.length > 0 : node.value !== null && node.value !== "";
}

/** A text command is not run by a shell. */
function checkCommands(service: Mapping): Issue[] {
  return ["command", "entrypoint"].flatMap((name): Issue[] => {
    const node = find(service, [name]);
    const sign = node?.kind === "scalar" ? endsEarly(String(node.value ?? "")) : undefined;
    if (!node || sign === undefined) return [];
    const message = l10n.t("No shell runs this, and Compose drops what stands behind '{0}': write it as [sh, -c, '…'].", sign);
    return [{ ...node.at, severity: "warning", message }];
  });
}

/** Every `{{name}}` is an input or a built-in, and stands where it can be filled in. */
function checkPlaceholders(service: Mapping): Issue[] {
  const block = find(service, ["x-berth"]);
  if (block?.kind !== "map") return [];
  const inputs = questionsOf(service).map(({ question }) => question.id);
  const known = [...inputs, ...builtIns];
  const port = find(service, ["x-berth", "app", "port"]);
  const isOnHost = textOf(find(service, ["network_mode"])) === "host";
  const hasPorts = find(service, ["ports"]) !== undefined;
  const issues: Issue[] = [];

  const look = (node: Node, path: Path): void => {
    if (isQuestion(path)) return;
    if (node.kind === "list") return node.items.forEach((item, n) => look(item, [...path, n]));
    if (node.kind === "map") return node.entries.forEach(({ value }, key) => look(value, [...path, key]));
    const value = typeof node.value === "string" ? node.value : "";
    const names = placeholders(value);
    for (const [all, name = ""] of path[0] === "x-berth" ? value.matchAll(/\{\{\s*(\w+)\s*\}\}/g) : [])
      if (known.includes(name) && !names.includes(name))
        issues.push({
          ...within(node, all),
          severity: "warning",
          message: l10n.t("Write {0} without spaces: with them it stays as it is.", `{{${name}}}`),
        });
    if (names.length === 0) return;
    for (const name of new Set(names)) {
      const at = within(node, `{{${name}}}`);
      const error = (message: string) => void issues.push({ ...at, severity: "error", message });
      const isOwn = path[0] === "x-berth";
      if (!known.includes(name)) {
        const meant = similar(name, known);
        const hint =
          meant === undefined ? l10n.t("add an input of this id, or remove it.") : l10n.t("did you mean {0}?", `{{${meant}}}`);
        const message = l10n.t("There is no input or value {0}: {1}", `{{${name}}}`, hint);
        // Outside x-berth it may be meant for somebody else.
        if (isOwn) error(message);
        else issues.push({ ...at, severity: "warning", message: l10n.t("{0} It stays as it is.", message) });
      } else if (path.join(".") === "x-berth.app.port" && (name === "port" || name === "host_port"))
        error(l10n.t("This is the port that {0} stands for: write a number, or an input's {{id}}.", `{{${name}}}`));
      else if (path[0] === "container_name" && name === "name")
        error(l10n.t("This is the name that {0} stands for: write it out.", "{{name}}"));
      else if ((name === "port" || name === "host_port") && !port)
        error(l10n.t("{0} is the app's port, and there is none: add 'port' to 'x-berth.app'.", `{{${name}}}`));
      else if (name === "host_port" && !isOnHost && !hasPorts)
        error(
          l10n.t(
            "{0} is the port of this machine that leads to the app, and none does: publish the app's port with 'ports'.",
            "{{host_port}}",
          ),
        );
      else if (inputs.includes(name) && isSecretName(name) && !mayHoldSecrets(path))
        issues.push({
          ...at,
          severity: "warning",
          message: l10n.t(
            "The answer {0} would be readable in a process list or a file: pass it by 'environment', and use the variable.",
            `{{${name}}}`,
          ),
        });
    }
    const problem = isShell(service, path) ? shellProblem(value, (name) => known.includes(name)) : undefined;
    if (problem !== undefined) issues.push({ ...node.at, severity: "error", message: problem });
  };
  look(service, []);
  return issues;
}

/** Where an answer is handed on as the value of a variable. */
function mayHoldSecrets([first, second]: Path): boolean {
  return first === "environment" || (first === "build" && second === "args");
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
}

function milliseconds(text: string | undefined): number | undefined {
  try {
    return text === undefined ? undefined : parseDuration(text);
  } catch {
    return undefined; // told by the schema
  }
}
