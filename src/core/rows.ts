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
  target?: { container: string; port?: number } | { image: string } | { project: string; service?: string };
}

/** A list of which more than this changed is drawn anew as a whole, which is less work than so many single rows. */
const many = 20;

/**
 * The ids of the rows to draw anew, with all below them, so that `before` becomes `after`; undefined when all are. What is drawn anew flickers under the
 * mouse, so no more is than has to be. All have to be when a row moved from one list to another: VS Code keeps its selection only then.
 */
export function changedRows(before: readonly Row[], after: readonly Row[]): string[] | undefined {
  const changed = changedIn(before, after);
  if (changed === undefined || changed.length < 2) return changed;
  const parents = new Map(parentOf(before));
  for (const [id, parent] of parentOf(after)) if ((parents.get(id) ?? parent) !== parent) return undefined;
  return changed;
}

function parentOf(rows: readonly Row[]): [id: string, parent: string][] {
  return rows.flatMap((row) => (row.children ?? []).map(({ id }): [string, string] => [id, row.id]));
}

/** undefined when the list is another, by what is in it or by its order, or too much of it changed. */
function changedIn(before: readonly Row[], after: readonly Row[]): string[] | undefined {
  if (before.length !== after.length || after.some(({ id }, n) => id !== before[n]?.id)) return undefined;
  const changed = after.flatMap((row, n) => {
    const old = before[n] ?? row;
    const below = isSame(old, row) ? changedIn(old.children ?? [], row.children ?? []) : undefined;
    return below ?? [row.id];
  });
  return changed.length > many ? undefined : changed;
}

/** Whether two rows are the same line, whatever is below them. */
function isSame(a: Row, b: Row): boolean {
  const line = ({ children: _, icon, target, ...words }: Row) => ({ ...words, icon: icon?.id, color: icon?.color, ...target });
  const [one, other]: Record<string, unknown>[] = [line(a), line(b)];
  const keys = Object.keys({ ...one, ...other });
  return keys.every((key) => one?.[key] === other?.[key]);
}

const collator = new Intl.Collator("en", { numeric: true });

/** The order of names: `box-2` before `box-10`. A tenth of the work of `localeCompare`. */
export const byName = (a: string, b: string): number => collator.compare(a, b);

/** A tree as text, one row a line: what tests compare. */
export function renderRows(rows: readonly Row[], indent = ""): string {
  return rows
    .map(
      (row) =>
        `${indent}${row.label}${row.description ? `  ${row.description}` : ""}\n${renderRows(row.children ?? [], `${indent}  `)}`,
    )
    .join("");
}
