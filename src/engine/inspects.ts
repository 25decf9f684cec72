/** What was last known; not `fresh` when something has happened since. */
export interface Known<D> {
  known: D;
  fresh: boolean;
}

/** What only an inspect tells, by id: asked for once, a few at a time, and kept until it is said to be out of date. */
export interface Inspects<D> {
  get(id: string): Known<D> | undefined;
  /** Something happened to this one. */
  forget(id: string): void;
  /** Anything can have happened to any of them. */
  forgetAll(): void;
  /** Asks for what is not known of these, and lets go of all others. Resolves once each has been answered, or was asked in vain; never rejects. */
  load(ids: readonly string[]): Promise<void>;
}

interface Entry<D> {
  known?: D;
  /** How often something happened to it, and how often it had when `known` was asked for. */
  changes: number;
  knownAt: number;
  /** How often it was asked for in vain since the last answer, and what tells that it is time to ask again. */
  vain: number;
  again?: NodeJS.Timeout;
  /** Set while its answer is awaited. An engine can hold one container's back for as long as that is stuck. */
  asked?: Promise<void>;
}

/** Calls to the engine at a time. */
const atOnce = 8;
/** How long what was asked for in vain is left alone (milliseconds): the more often, the longer, for what stays stuck. */
const pauses = [2_000, 5_000, 15_000, 60_000];

/**
 * @param inspect undefined when there is none of that id any more
 * @param onAnswer told of every answer that can be used
 * @param onOverdue told when it is time to ask again for what was asked for in vain: to list what there is now, and load that
 */
export function createInspects<D>(
  inspect: (id: string) => Promise<D | undefined> | undefined,
  onAnswer: () => void,
  onOverdue: () => void = () => undefined,
): Inspects<D> {
  const entries = new Map<string, Entry<D>>();
  const queue = limit(atOnce);

  const isFresh = ({ changes, knownAt }: Entry<D>) => knownAt === changes;

  async function ask(id: string, entry: Entry<D>): Promise<void> {
    const { changes } = entry;
    clearTimeout(entry.again);
    // One odd answer must not hide the others. Whether the engine is gone, the list tells.
    const answer = await Promise.resolve(inspect(id)).catch(() => undefined);
    if (entries.get(id) !== entry) return; // let go
    if (answer === undefined) {
      // Gone, and so from the next list; else stuck, or odd, about which nothing else may ever happen.
      entry.again = setTimeout(onOverdue, pauses[entry.vain++] ?? pauses.at(-1)).unref();
      return;
    }
    entry.vain = 0;
    entry.known = answer;
    entry.knownAt = changes;
    onAnswer();
  }

  async function answered(id: string): Promise<void> {
    const entry = entries.get(id) ?? { changes: 0, knownAt: -1, vain: 0 };
    entries.set(id, entry);
    const askUnlessFresh = () => {
      if (!isFresh(entry)) entry.asked ??= queue(() => ask(id, entry)).finally(() => delete entry.asked);
      return entry.asked;
    };
    const isOlder = entry.asked !== undefined;
    await askUnlessFresh();
    // What was asked before something happened tells of what was before.
    if (isOlder) await askUnlessFresh();
  }

  return {
    get(id) {
      const entry = entries.get(id);
      return entry?.known === undefined ? undefined : { known: entry.known, fresh: isFresh(entry) };
    },
    forget(id) {
      const entry = entries.get(id);
      if (entry) entry.changes++;
    },
    forgetAll() {
      for (const entry of entries.values()) entry.changes++;
    },
    async load(ids) {
      const wanted = new Set(ids);
      for (const [id, { again }] of entries) {
        if (wanted.has(id)) continue;
        clearTimeout(again);
        entries.delete(id);
      }
      await Promise.all(ids.map(answered));
    },
  };
}

/** Runs at most so many at a time, the others in their order. */
function limit(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < most) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
