import type { Deployment } from "./compose/deployment.ts";

/** A folder that holds a compose file. */
export interface Project {
  name: string;
  /** Absolute. */
  folder: string;
  /** The compose file, absolute. */
  file: string;
  /** What can be launched, in the file's order. */
  deployments: readonly Deployment[];
  /** Names of services that have mistakes: nothing is launched from them. */
  broken: readonly string[];
  /** The first mistake in a sentence, with the line that it is on and, where it is not `file` itself, the file (absolute). */
  problem?: string;
  line?: number;
  problemFile?: string;
}

/** A launch that runs now. */
export interface LaunchProgress {
  /** The container's. */
  name: string;
  steps: readonly LaunchStep[];
}

export interface LaunchStep {
  title: string;
  outcome: "running" | "done" | "failed";
  detail?: string;
}

/** A deployment within the state: two folders may have projects of one name. */
export const deploymentKey = (folder: string, service: string): string => `${folder}#${service}`;
