import type { Deployment } from "./compose/deployment.ts";
import type { Place } from "./compose/nodes.ts";
import { baseName } from "./compose/paths.ts";
import type { Project as ComposeProject } from "./compose/project.ts";

/** A folder that holds a compose file. */
export interface Project {
  name: string;
  /** Absolute. */
  folder: string;
  /** The compose file, absolute. */
  file: string;
  /** What can be launched, in the file's order. */
  deployments: readonly Deployment[];
  /** Names of services that have mistakes, so nothing is launched from them. */
  broken: readonly string[];
  /** The first mistake in a sentence. */
  problem?: string;
  /** Where that is, in its file. */
  line?: number;
  /** The file, absolute, when it is another than `file`. */
  problemFile?: string;
  /** All that keep something from being launched. */
  mistakes: readonly Mistake[];
}

export interface Mistake {
  message: string;
  /** Absolute: the compose file, its override, or `.env`. */
  file: string;
  /** Absent: the file cannot be read, as the message says. */
  line?: number;
  /** Of the service that it stands in. */
  service?: string;
}

/** A step of a launch that runs now. */
export interface LaunchStep {
  title: string;
  outcome: "running" | "done" | "failed";
  detail?: string;
}

/** A deployment within the state: two folders may have projects of one name. */
export const deploymentKey = (folder: string, service: string): string => `${folder}#${service}`;

/** @param file name of the compose file in the folder; `read` tells of all files by such names */
export function projectIn(folder: string, file: string, { deployments, services, issues }: ComposeProject): Project {
  const launched = new Set(deployments.map(({ service }) => service));
  const broken = services.map(({ name }) => name).filter((name) => !launched.has(name));
  const mistakes = issues
    .filter(({ severity }) => severity === "error")
    .map((issue) => {
      const service = serviceAbove(issue, services);
      const place = { message: issue.message, file: `${folder}/${issue.path}`, line: issue.line };
      return service === undefined || launched.has(service) ? place : { ...place, service };
    });
  const [first] = mistakes;
  const main = `${folder}/${file}`;
  return {
    name: baseName(folder),
    folder,
    file: main,
    deployments,
    broken,
    mistakes,
    ...(first ? { problem: first.message, line: first.line } : {}),
    ...(first && first.file !== main ? { problemFile: first.file } : {}),
  };
}

/** Of a folder whose files are there, and cannot all be read. @param file name of the compose file; `unread` is that one, or one beside it */
export function unreadableProject(folder: string, file: string, unread: { path: string; problem: string }): Project {
  const mistake = { message: unread.problem, file: `${folder}/${unread.path}` };
  return {
    ...{ name: baseName(folder), folder, file: `${folder}/${file}` },
    ...{ deployments: [], broken: [], mistakes: [mistake], problem: mistake.message },
  };
}

/** What keeps a service from being launched: its own first mistake, else the first of the file. */
export function mistakeOf({ mistakes }: Project, service: string): Mistake | undefined {
  return mistakes.find((mistake) => mistake.service === service) ?? mistakes.find((mistake) => mistake.service === undefined);
}

/** The last service that begins above a place of the same file. */
function serviceAbove({ path, line }: Place, services: readonly { name: string; at: Place }[]): string | undefined {
  return services.filter(({ at }) => at.path === path && at.line <= line).at(-1)?.name;
}
