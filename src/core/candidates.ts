import type { Deployment } from "./compose/deployment.ts";
import type { Container, Image } from "./engineJson.ts";
import { imageNamed } from "./imageRemoval.ts";
import { isOwn } from "./maker.ts";
import type { Project } from "./projects.ts";
import { label } from "./runSpec.ts";

/** By what a container was found to be a deployment's. An image alone is a hint, never enough to choose it. */
export type FoundBy = "label" | "compose" | "name" | "image";

const order: readonly FoundBy[] = ["name", "label", "compose", "image"];

/**
 * The containers that can be the deployment's, the surest first: its canonical name, then Berth's labels, then Compose's, then those of the
 * same image alone. What a launch set aside or kept as failed is none of them.
 * @param user whose containers Berth's labels tell: another's are at most of the same image
 */
export function candidates(
  deployment: Deployment,
  containers: readonly Container[],
  images: readonly Image[],
  user: string,
): { by: FoundBy; container: Container }[] {
  const tag = imageNamed(deployment.preview.spec.image, images);
  const image = images.find(({ id, tags, digests = [] }) => id === tag || tags.includes(tag) || digests.includes(tag))?.id;
  return containers
    .flatMap((container) => {
      if (isPutAway(container)) return [];
      const by = foundBy(deployment, container, user) ?? (container.imageId === image ? "image" : undefined);
      return by ? [{ by, container }] : [];
    })
    .sort((a, b) => order.indexOf(a.by) - order.indexOf(b.by));
}

/** The deployment that a container is of, by Berth's labels, Compose's, or its canonical name; the last decides between two folders of one name. */
export function deploymentOf(container: Container, projects: readonly Project[]): Deployment | undefined {
  const all = projects.flatMap(({ deployments }) => deployments);
  const labelled = all.filter((deployment) => isLabelled(deployment, container) || isComposes(deployment, container));
  return labelled.find(({ name }) => name === container.name) ?? labelled[0] ?? all.find(({ name }) => name === container.name);
}

function foundBy(deployment: Deployment, container: Container, user: string): FoundBy | undefined {
  if (container.name === deployment.name) return "name";
  const whose = container.labels[label.user];
  if (isLabelled(deployment, container)) return whose === undefined || whose === user ? "label" : undefined;
  return isComposes(deployment, container) ? "compose" : undefined;
}

function isLabelled({ project, service }: Deployment, container: Container): boolean {
  return isOwn(container) && container.labels[label.project] === project && container.labels[label.service] === service;
}

/** Labels of Docker Compose, `pkg/api/labels.go`. A project of that name in another folder is somebody else's; `docker compose run` makes one-off containers. */
function isComposes({ composeProject, service, source }: Deployment, { labels }: Container): boolean {
  const folder = labels["com.docker.compose.project.working_dir"];
  return (
    labels["com.docker.compose.project"] === composeProject &&
    labels["com.docker.compose.service"] === service &&
    labels["com.docker.compose.oneoff"] !== "True" &&
    (folder === undefined || folder === source.around.folder)
  );
}

/** By the names that a restart gives: the old container's while the new one starts, and a new one's that did not stay up. */
function isPutAway({ name }: Container): boolean {
  return /-berth-aside$|-failed-\d{8}_\d{6}$/.test(name);
}
