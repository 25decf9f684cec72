import * as l10n from "./l10n.ts";

/** `18.4 GB`, decimal as `docker images` has it. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 99.95 || unit === 0 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`;
}

/** A span in its largest unit: `5 s`, `12 min`, `3 h`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return l10n.t("{0} s", seconds);
  if (seconds < 3600) return l10n.t("{0} min", Math.floor(seconds / 60));
  if (seconds < 86_400) return l10n.t("{0} h", Math.floor(seconds / 3600));
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? l10n.t("1 day") : l10n.t("{0} days", days);
}

const counted = {
  container: (n: number) => (n === 1 ? l10n.t("1 container") : l10n.t("{0} containers", n)),
  image: (n: number) => (n === 1 ? l10n.t("1 image") : l10n.t("{0} images", n)),
  item: (n: number) => (n === 1 ? l10n.t("1 item") : l10n.t("{0} items", n)),
  file: (n: number) => (n === 1 ? l10n.t("1 file") : l10n.t("{0} files", n)),
  changedFile: (n: number) => (n === 1 ? l10n.t("1 changed file") : l10n.t("{0} changed files", n)),
  process: (n: number) => (n === 1 ? l10n.t("1 process") : l10n.t("{0} processes", n)),
  anonymousVolume: (n: number) => (n === 1 ? l10n.t("1 anonymous volume") : l10n.t("{0} anonymous volumes", n)),
};

/** `1 file`, `2 files`. */
export function count(n: number, noun: keyof typeof counted): string {
  return counted[noun](n);
}
