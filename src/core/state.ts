import * as l10n from "./l10n.ts";
import type { Doing } from "./doing.ts";
import type { Container, Image } from "./engineJson.ts";
import type { Health, HostGpus } from "./gpuHealth.ts";
import type { Project } from "./projects.ts";

/** Why the engine is out of reach: `denied` the socket refuses this user, `missing` Docker is not installed, `stopped` nobody listens, `silent` it does not answer in time,
 *  `unreachable` it is not this machine's and there is no way to it, `misconfigured` the context or Docker's configuration is wrong. */
export type OutReason = "denied" | "missing" | "stopped" | "silent" | "unreachable" | "misconfigured";

export type EngineState =
  | { status: "connecting" }
  | { status: "ready"; context: string; local: boolean }
  | { status: "out"; reason: OutReason; message: string };

/** The context that is meant now, whether or not its engine answers. */
export interface EngineContext {
  /** `default` also stands for `DOCKER_HOST`. */
  name: string;
  /** Such as `ssh://me@gpu-server`; empty when there is no such context. */
  host: string;
  /** Chosen in Berth, by name; else it is Docker's current one. */
  chosen: boolean;
  /** `DOCKER_HOST` says so. */
  fromEnvironment: boolean;
}

/** Everything the views show. Replaced field by field, never changed in place. */
export interface State {
  engine: EngineState;
  /** Which engine is meant; absent until that is known. */
  context?: EngineContext;
  containers: readonly Container[];
  /**
   * Since when these can lack one that runs, as they are listed only while a view is on screen (milliseconds since 1970); absent: they are all.
   */
  unlisted?: number | undefined;
  images: readonly Image[];
  gpus: HostGpus;
  /** GPU verdicts by container id, from the last check of each; gone once the container stops. */
  handles: Readonly<Record<string, Health>>;
  /** Words that a container's row must have to be shown; absent or empty: all are. */
  filter?: string;
  /** What Berth does now, in the order in which it began: see `withDoing`. */
  doing: readonly Doing[];
  /** The same in a word, by container name: `starting`, `stopping` … */
  busy: Readonly<Record<string, string>>;
  /** Folders that hold a compose file, in the workspace's order. */
  projects: readonly Project[];
}

export const initialState: State = {
  engine: { status: "connecting" },
  containers: [],
  images: [],
  get gpus(): HostGpus {
    return { state: "unknown", reason: l10n.t("not read yet") };
  },
  handles: {},
  doing: [],
  busy: {},
  projects: [],
};
