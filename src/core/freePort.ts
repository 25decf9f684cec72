import * as z from "zod/mini";
import { range } from "./runOptions.ts";
import type { Container } from "./engineJson.ts";
import { label, type PublishedPort } from "./runSpec.ts";

/** The ports of the engine's machine that a container of the list has, or says to have: published ones while it runs, and its app's on the host's network. */
export function listedPorts({ ports, labels }: Pick<Container, "ports" | "labels">): number[] {
  const said = Number(labels[label.port]);
  return [...ports.flatMap(({ host }) => host?.port ?? []), ...(Number.isInteger(said) && said > 0 ? [said] : [])];
}

const bindings = z.object({
  HostConfig: z.object({
    PortBindings: z.nullish(z.record(z.string(), z.nullish(z.array(z.object({ HostPort: z.nullish(z.string()) }))))),
  }),
});

/** The ports that a container takes when it starts, from the answer of `GET /containers/{id}/json`; of a range all. None where that is not understood. */
export function boundPorts(inspect: unknown): number[] {
  const parsed = bindings.safeParse(inspect);
  if (!parsed.success) return [];
  return Object.values(parsed.data.HostConfig.PortBindings ?? {})
    .flatMap((all) => all ?? [])
    .flatMap(({ HostPort }) => range(HostPort ?? ""))
    .filter((port) => port > 0);
}

/** The ports of the engine's machine that a new container beside the first needs others for, each once. Of a range the first: it stands for all. */
export function hostPorts(ports: readonly PublishedPort[]): number[] {
  return [...new Set(ports.flatMap((port) => hostPort(port) ?? []))];
}

/**
 * The same ports on others of the engine's machine: `choose` is asked once for each port, so that what shares a port (TCP and UDP, two addresses)
 * goes on sharing it. A range becomes one port. What has no port of the machine's stays.
 */
export function remapPorts(ports: readonly PublishedPort[], choose: (from: number) => number): PublishedPort[] {
  const chosen = new Map(hostPorts(ports).map((from) => [from, String(choose(from))]));
  return ports.map((port) => {
    const host = chosen.get(hostPort(port) ?? 0);
    return host === undefined ? port : { ...port, host };
  });
}

/** 0 leaves the choice to Docker. */
function hostPort({ host = "" }: PublishedPort): number | undefined {
  const [first] = range(host);
  return first === 0 ? undefined : first;
}
