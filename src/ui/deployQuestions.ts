import * as vscode from "vscode";
import { UserError } from "../core/errors.ts";
import { formatMemory, type Gpu } from "../core/gpu.ts";
import { holders } from "../core/holds.ts";
import { nameProblem } from "../core/names.ts";
import { bytes } from "../core/units.ts";
import { inspectAll } from "../engine/execute.ts";
import type { App } from "./app.ts";
import { proposeName, workspaceFolder, type DeployWish } from "./deployWish.ts";
import { askInTurn, isBack, pick, pickMany, type, type Answer, type Place } from "./prompts.ts";
import { isLocal, type Reach } from "./target.ts";

type Question = (place: Place) => Promise<Answer<void>>;

/** Asks for what the wish does not say; `again` asks for everything, with the wish as the answers so far. @throws Cancelled */
export async function askDeploy(app: App, reached: Reach, given: DeployWish, { again }: { again: boolean }): Promise<DeployWish> {
  const wish = { ...given };
  const { engine } = reached;
  const [containers, images, host] = await Promise.all([
    engine.containers(),
    engine.images(),
    isLocal(reached) ? app.nvidiaSmi.read() : undefined,
  ]);
  const taken = containers.map(({ name }) => name);
  if (host) app.store.update({ gpus: host });
  const gpus = host?.state === "known" ? host.gpus : [];

  const ask = async <T>(answer: Promise<Answer<T>>, keep: (value: T) => void): Promise<Answer<void>> => {
    const value = await answer;
    if (isBack(value)) return value;
    keep(value);
  };
  const questions: Question[] = [];
  if (again || wish.image === undefined) {
    const choices = images
      .flatMap(({ tags, size }) => tags.map((tag) => ({ label: tag, description: bytes(size), value: tag })))
      .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }));
    if (choices.length === 0)
      throw new UserError(vscode.l10n.t("This engine has no image yet: pull one first, such as 'docker pull debian:12'."));
    questions.push((place) =>
      ask(pick(place, vscode.l10n.t("Which image?"), choices, wish.image), (image) => (wish.image = image)),
    );
  }
  if (again || wish.name === undefined) {
    const proposed = () => wish.name ?? proposeName(app, wish.image ?? "", taken);
    questions.push((place) =>
      ask(
        type(place, vscode.l10n.t("Name of the container"), proposed(), (text) => nameProblem(text, taken)),
        (name) => (wish.name = name),
      ),
    );
  }
  if (again || wish.gpus === undefined) {
    if (gpus.length > 0) questions.push((place) => ask(askGpus(reached, gpus, place, wish.gpus), (value) => (wish.gpus = value)));
    else if (!isLocal(reached))
      questions.push((place) =>
        ask(
          pick(place, vscode.l10n.t("GPUs of the engine's machine (unknown from here)"), remoteGpus()),
          (value) => (wish.gpus = value),
        ),
      );
  }
  if (again || wish.mount === undefined)
    questions.push((place) => ask(askMount(place, reached, wish.mount), (mount) => (wish.mount = mount)));
  await askInTurn(vscode.l10n.t("Deploy container"), questions);
  return wish;
}

const remoteGpus = () => [
  { label: vscode.l10n.t("No GPU"), value: "none" as const },
  { label: vscode.l10n.t("All GPUs"), value: "all" as const },
];

/** Checkboxes; the first free GPU is ticked unless something was chosen before. Nothing ticked is no GPU. */
async function askGpus(
  { engine }: Reach,
  gpus: readonly Gpu[],
  place: Place,
  current: DeployWish["gpus"],
): Promise<Answer<DeployWish["gpus"]>> {
  const containers = await inspectAll(engine);
  const holding = gpus.map((gpu) => holders(containers, gpu).map(({ name }) => name));
  const firstFree = gpus.findIndex(
    (gpu, n) => holding[n]?.length === 0 && !gpu.problems.some(({ severity }) => severity === "error"),
  );
  const isPicked = (gpu: Gpu, n: number) =>
    typeof current === "object"
      ? current.some((id) => [String(gpu.index), gpu.uuid].includes(String(id)))
      : current === "all" || (current !== "none" && n === firstFree);
  const choices = gpus.map((gpu, n) => {
    const load = [
      formatMemory(gpu.memoryUsedMiB, gpu.memoryTotalMiB),
      gpu.utilization === undefined ? undefined : `${gpu.utilization} %`,
      gpu.architecture,
    ];
    const held = holding[n]?.length ? vscode.l10n.t("held by {0}", holding[n].join(", ")) : vscode.l10n.t("free");
    return {
      label: `$(chip) GPU ${gpu.index}`,
      description: gpu.name,
      detail: [...gpu.problems.map(({ text }) => text), held, ...load].filter(Boolean).join(" · "),
      value: String(gpu.index),
      picked: isPicked(gpu, n),
    };
  });
  const picked = await pickMany(place, vscode.l10n.t("GPUs for the container; none ticked: no GPU"), choices);
  if (isBack(picked)) return picked;
  if (picked.length === 0) return "none";
  return picked.length === gpus.length && gpus.length > 1 ? "all" : picked;
}

async function askMount(place: Place, reached: Reach, current: DeployWish["mount"]): Promise<Answer<string | false>> {
  const folder = workspaceFolder();
  const other = Symbol("other");
  const chosenBefore = typeof current === "string" && current !== folder ? [current] : [];
  const here = isLocal(reached);
  const choices = [
    ...(folder && here
      ? [{ label: `$(folder) ${vscode.l10n.t("Workspace folder at /workspace")}`, description: folder, value: folder }]
      : []),
    ...chosenBefore.map((path) => ({
      label: `$(folder) ${vscode.l10n.t("Chosen folder at /workspace")}`,
      description: path,
      value: path,
    })),
    {
      label: `$(circle-slash) ${vscode.l10n.t("Nothing")}`,
      description: vscode.l10n.t("files stay in the container only"),
      value: false as const,
    },
    ...(here ? [{ label: `$(folder-opened) ${vscode.l10n.t("Another folder at /workspace…")}`, value: other }] : []),
  ];
  const active = current === true ? folder : current;
  const picked = await pick<string | false | symbol>(
    place,
    vscode.l10n.t("What should the container see of this machine?"),
    choices,
    active,
  );
  if (isBack(picked)) return picked;
  if (typeof picked !== "symbol") return picked;
  const openLabel = vscode.l10n.t("Mount");
  const chosen = await vscode.window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, openLabel });
  return chosen?.[0] ? chosen[0].fsPath : askMount(place, reached, current);
}
