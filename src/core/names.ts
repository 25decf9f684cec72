import * as l10n from "./l10n.ts";
import { takenName } from "./explain.ts";

/** What Docker takes as a container's name (moby, `daemon/names`). */
const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Why a container cannot have this name, or undefined when it can. */
export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (name === "") return l10n.t("Give the container a name.");
  if (!containerName.test(name))
    return l10n.t(
      "'{0}' cannot be a container's name: use at least two letters, digits, '_', '.' or '-', and start with a letter or digit.",
      name,
    );
  if (taken.includes(name)) return takenName(name);
  return undefined;
}

/** `nvcr.io/nvidia/pytorch:25.01-py3` → `pytorch`; without a name (an image id) → `container`. */
export function imageBaseName(image: string): string {
  if (/^(sha256:)?[0-9a-f]{12,64}$/.test(image)) return "container";
  const last = image.replace(/@.*$/, "").split("/").at(-1) ?? "";
  const base = last.replace(/:.*$/, "").replace(/[^a-zA-Z0-9_.-]/g, "-");
  return containerName.test(base) ? base : "container";
}

/** Fills `{{name}}`s of a naming template with values made fit for a name; what is unknown stays as it is, so that the mistake shows. */
export function fillName(template: string, values: Readonly<Record<string, string>>): string {
  const fit = (value: string | undefined) => value?.replace(/[^a-zA-Z0-9_.-]+/g, "-");
  return template.replace(/\{\{(\w+)\}\}/g, (all, name: string) => fit(values[name]) ?? all).replace(/^[_.-]+/, "");
}

/** The same for an image that is built: its values as Docker takes them between the slashes of a name (distribution's `reference` package). */
export function fillImageName(template: string, values: Readonly<Record<string, string>>): string {
  const isSeparator = (text: string) => /^(\.|_|__|-+)$/.test(text);
  const fit = (value: string) =>
    value
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, (between) => (isSeparator(between) ? between : "-"))
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return template.replace(/\{\{(\w+)\}\}/g, (all, name: string) => {
    const value = values[name];
    return value === undefined ? all : fit(value) || "image";
  });
}

/** The name itself when it is free, else with the smallest number that makes it so. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let n = 2; ; n++) if (!taken.includes(`${name}-${n}`)) return `${name}-${n}`;
}

/** `20261121_093005` in the machine's own time zone. */
export function timestamp(time: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${day}_${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

/** What the container before is called while a new one takes its name. */
export const asideName = (name: string): string => `${name}-berth-aside`;
/** The name that one was set aside from; undefined when it was not. */
export const setAsideFrom = (name: string): string | undefined => /^(.+)-berth-aside$/.exec(name)?.[1];
export const failedName = (name: string, now: Date): string => `${name}-failed-${timestamp(now)}`;
export const parallelName = (name: string, now: Date): string => `${name}-${timestamp(now)}`;
export const isParallelName = (name: string): boolean => /-\d{8}_\d{6}$/.test(name);
