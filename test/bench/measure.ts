/** Figures and how they are told: medians with their spread, ratios, tables in Markdown. */

/** What several repetitions gave, in whatever unit they were measured in. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (n: number) => sorted[n] ?? NaN;
  const half = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2, low: at(0), high: at(sorted.length - 1) };
}

/** Measures each way in turn, A B A B, so that what else the machine does meets them alike. The first round warms up, and is not counted. */
export async function inTurn<K extends string>(
  rounds: number,
  ways: Record<K, (round: number) => Promise<number>>,
): Promise<Record<K, Figure>> {
  const names = Object.keys(ways) as K[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const value = await ways[name](round);
      if (round > 0) values[name].push(value);
    }
  return Object.fromEntries(names.map((name) => [name, figure(values[name])])) as Record<K, Figure>;
}

/** Milliseconds that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** `18 ms (16–21)`, or in whatever unit. */
export function told({ median, low, high }: Figure, unit = "ms"): string {
  return `${short(median)} ${unit} (${short(low)}–${short(high)})`;
}

/** Ours as a multiple of theirs: below 1 is a win, and a loss says so. */
export function ratio(ours: Figure, theirs: Figure): string {
  const value = ours.median / theirs.median;
  return `${value.toFixed(2)}${value > 1.05 ? " (lost)" : ""}`;
}

export function short(value: number): string {
  if (Number.isNaN(value)) return "?";
  return Math.abs(value) < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return lines.join("\n");
}
