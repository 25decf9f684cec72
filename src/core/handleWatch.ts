// When which container's GPU handle is looked at again, and when a turn of it is told. A look starts nvidia-smi inside the container, so few are made.
import type { Container } from "./engineJson.ts";
import { isTrouble, type Verdict } from "./gpuHealth.ts";
import type { State } from "./state.ts";

/** What the watch remembers. Replaced, never changed in place. Times are milliseconds since 1970. */
export interface HandleWatch {
  /** By container id. */
  looks: ReadonlyMap<string, Look>;
  /** When one turned stale: what was well until then is looked at once more. */
  alarm: number;
  /** When the last look ended. */
  last: number;
  /** When it last asked for a list of the containers, and how many times in a row in vain. */
  asked: { at: number; times: number };
}

interface Look {
  /** Of the run that was looked at: a restart begins anew. */
  startedAt: number | undefined;
  at: number;
  /** undefined: nothing is known any more, or nothing could be told. */
  verdict: Verdict | undefined;
  /** How many times in a row it was this. */
  times: number;
  /** The last verdict that was known; undefined when there was none. */
  wasTrouble: boolean | undefined;
}

export const startWatch: HandleWatch = {
  looks: new Map(),
  alarm: -Infinity,
  last: -Infinity,
  asked: { at: -Infinity, times: 0 },
};

const second = 1000;
const minute = 60 * second;
/** Between two looks, whosever. */
const gap = second;
/** What a program does first is of no interest, and what starts a container looks by itself. */
const afterStart = 10 * second;
const longest = 10 * minute;

const doubling = (first: number, times: number) => Math.min(longest, first * 2 ** (times - 1));

/** How long after a look the next one is. */
function pause({ verdict, times }: Look): number {
  switch (verdict) {
    case "ok":
    case "absent":
    case "none":
      return doubling(minute, times);
    case "stale":
    case "mismatch":
    case "lost":
      return times === 1 ? 30 * second : minute; // so that one that was healed outside turns green by itself
    case "unresponsive":
      return doubling(30 * second, times); // each look hangs for the whole of its time
    case undefined:
      return doubling(afterStart, times);
  }
}

/** The container to look at next, and when; `at` is not after `now` when it is due. undefined: none, until the state changes. */
export function nextLook(
  watch: HandleWatch,
  { engine, containers, busy }: Pick<State, "engine" | "containers" | "busy">,
  now: number,
): { container: Container; at: number } | undefined {
  if (engine.status !== "ready") return undefined;
  let next: { container: Container; at: number } | undefined;
  for (const container of containers) {
    // What Berth starts or restarts is looked at as part of that.
    if (!isWatched(container) || busy[container.name] !== undefined) continue;
    const at = dueAt(watch, container, now);
    if (!next || at < next.at) next = { container, at };
  }
  return next && { ...next, at: Math.max(next.at, watch.last + gap) };
}

/**
 * When to ask for a list, as containers were started that no view has listed: not before one of them is due to be looked at. undefined: not at all.
 * An engine that is out may be back, with its containers started anew.
 */
export function nextList({ asked }: HandleWatch, { engine, unlisted }: Pick<State, "engine" | "unlisted">): number | undefined {
  if (engine.status === "connecting" || unlisted === undefined) return undefined;
  return Math.max(unlisted + afterStart, asked.at + doubling(minute, Math.max(1, asked.times)));
}

/** Remembers that it asked. */
export function askedForList(watch: HandleWatch, now: number): HandleWatch {
  return { ...watch, asked: { at: now, times: watch.asked.times + 1 } };
}

/** Remembers that the list came. */
export function gotList(watch: HandleWatch): HandleWatch {
  return { ...watch, asked: { at: watch.asked.at, times: 0 } };
}

/** A paused one has nothing that could answer. */
function isWatched({ state, details }: Container): boolean {
  return state === "running" && details !== undefined && !details.restarting && details.gpus !== "none";
}

function dueAt(watch: HandleWatch, container: Container, now: number): number {
  const look = lookOf(watch, container);
  if (!look) {
    const age = now - (container.details?.startedAt ?? -Infinity);
    return age >= 0 && age < afterStart ? now - age + afterStart : now; // the engine's clock may be ahead of ours
  }
  // `systemctl daemon-reload` takes the handles of all at once.
  if (look.at < watch.alarm && look.wasTrouble !== true) return watch.alarm;
  return look.at + pause(look);
}

/** The last look at this run of the container. */
function lookOf({ looks }: HandleWatch, { id, details }: Container): Look | undefined {
  const look = looks.get(id);
  return look?.startedAt === details?.startedAt ? look : undefined;
}

/** Remembers a look, whoever made it. `verdict` undefined: nothing could be told. */
export function looked(watch: HandleWatch, container: Container, verdict: Verdict | undefined, now: number): HandleWatch {
  const before = lookOf(watch, container);
  const look: Look = {
    startedAt: container.details?.startedAt,
    at: now,
    verdict,
    times: before && before.verdict === verdict ? before.times + 1 : 1,
    wasTrouble: verdict === undefined ? before?.wasTrouble : isTrouble(verdict),
  };
  // One that is found in the round that an alarm made is no new alarm: else each would call all the others again.
  const isAlarm = verdict === "stale" && before?.verdict !== "stale" && (before === undefined || before.at >= watch.alarm);
  return { ...watch, looks: new Map(watch.looks).set(container.id, look), alarm: isAlarm ? now : watch.alarm, last: now };
}

/** The verdicts on these were dropped from the state: what has no verdict is looked at soon. */
export function forgotten(watch: HandleWatch, ids: readonly string[], now: number): HandleWatch {
  const looks = new Map(watch.looks);
  for (const id of ids) {
    const look = looks.get(id);
    if (look) looks.set(id, { ...look, at: now, verdict: undefined, times: 1 });
  }
  return { ...watch, looks };
}

/** Whether this verdict is news for a person: it was well in this run, and is not any more. */
export function turnsBad(watch: HandleWatch, container: Container, verdict: Verdict): boolean {
  return isTrouble(verdict) && lookOf(watch, container)?.wasTrouble === false;
}
