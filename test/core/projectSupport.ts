import { readProject } from "../../src/core/compose/project.ts";
import type { Container, Details, Image } from "../../src/core/engineJson.ts";
import { projectIn, type Project } from "../../src/core/projects.ts";

const naming = { container: "{{project}}-{{service}}", image: "{{project}}-{{service}}", user: "ann", uid: "1000" };

/** A project of a folder with this compose.yaml, as ann reads it. */
export function project(folder: string, text: string): Project {
  const files = [{ path: "compose.yaml", text }];
  return projectIn(folder, "compose.yaml", readProject({ folder, files, env: { HOME: "/home/ann" }, naming }));
}

const details: Details = {
  ...{ exitCode: 0, oomKilled: false, running: true, restarting: false, error: "", gpus: "none" },
  ...{ mounts: [], env: [], user: "", workingDir: "", entrypoint: [], command: [] },
};

/** A container with the name as id, of an image with the id `sha256:99`. */
export function container(
  name: string,
  more: Partial<Omit<Container, "details">> & { details?: Partial<Details> } = {},
): Container {
  return {
    ...{
      id: name,
      name,
      image: "other:1",
      imageId: "sha256:99",
      state: "running",
      status: "",
      created: 0,
      ports: [],
      labels: {},
    },
    ...more,
    details: { ...details, ...more.details },
  };
}

export const image = (id: string, ...tags: string[]): Image => ({ id: `sha256:${id}`, tags, size: 1, created: 0 });

/** Berth's labels. */
export const berths = (project: string, service: string, more: Record<string, string> = {}) => ({
  ...{ "dev.berth.v": "1", "dev.berth.project": project, "dev.berth.service": service, "dev.berth.user": "ann" },
  ...more,
});

/** Docker Compose's labels. */
export const composes = (project: string, service: string, more: Record<string, string> = {}) => ({
  ...{ "com.docker.compose.project": project, "com.docker.compose.service": service, "com.docker.compose.oneoff": "False" },
  ...more,
});
