/** Holds one value and tells who listens when it changed. */
export interface Store<T> {
  get(): T;
  /** Replaces some fields. Nobody is told when none of them changed. */
  update(change: Partial<T>): void;
  /** Returns what stops the listening. */
  onDidChange(listener: (value: T) => void): () => void;
}

export function createStore<T extends object>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    update(change) {
      const keys = Object.keys(change) as (keyof T)[];
      if (keys.every((key) => value[key] === change[key])) return;
      value = { ...value, ...change };
      for (const listener of [...listeners]) listener(value);
    },
    onDidChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
