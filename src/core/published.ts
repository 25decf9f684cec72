import * as l10n from "./l10n.ts";
import type { Container, Port } from "./engineJson.ts";
import { isUp } from "./holds.ts";
import { isOwn } from "./maker.ts";
import { label } from "./runSpec.ts";

/** A TCP port that can be reached from outside the container. */
export interface PublishedPort {
  container: number;
  host: number;
  /** Absent: every address of the engine's machine. */
  ip?: string;
}

/** The published TCP ports, each told once although Docker publishes it by IPv4 and IPv6. */
export function publishedTcp(ports: readonly Port[]): PublishedPort[] {
  const found = new Map<string, PublishedPort>();
  for (const { container, protocol, host } of ports)
    if (protocol === "tcp" && host) {
      const ip = /^(0\.0\.0\.0|::|)$/.test(host.ip) ? {} : { ip: host.ip };
      found.set(`${container}:${host.port}:${ip.ip ?? ""}`, { container, host: host.port, ...ip });
    }
  return [...found.values()].sort((a, b) => a.container - b.container || a.host - b.host);
}

/** The one that a number means: the host's first, since that is what a browser is given. */
export function portMeant(port: number, ports: readonly PublishedPort[]): PublishedPort | undefined {
  return ports.find(({ host }) => host === port) ?? ports.find(({ container }) => container === port);
}

/** Nothing is published on the host's network: where the app listens is what Berth started it with. undefined: not known. */
export function hostNetworkPort(container: Pick<Container, "hostNetwork" | "labels" | "state">): number | undefined {
  const port = Number(container.labels[label.port]);
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535;
  return container.hostNetwork && isUp(container.state) && isOwn(container) && isPort ? port : undefined;
}

/** Why a browser here cannot reach it. `host`: the name of the engine's machine, seen from here. */
export function unreachable({ host: port, ip = "" }: PublishedPort, host: string): string | undefined {
  if (!isLoopback(ip) || isLoopback(host)) return undefined;
  return l10n.t(
    "Port {0} is published on {1} of {2} only, which cannot be reached from here: forward it with 'ssh -L', or publish it on another address.",
    port,
    ip,
    host,
  );
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");

/** Where a browser finds it; 443 and 8443 speak TLS by convention. `engine`: the name of its machine, seen from here. */
export function portUrl({ container, host: port, ip }: PublishedPort, engine: string): string {
  const scheme = container === 443 || container === 8443 ? "https" : "http";
  const host = ip ?? engine;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}

/** The engine's machine as a browser here reaches it: `ssh://ann@gpu-1:2222` → `gpu-1`. */
export function engineHost(endpoint: string): string {
  if (endpoint.startsWith("unix://")) return "localhost";
  try {
    return new URL(endpoint.replace(/^(tcp|ssh|https?):/, "http:")).hostname.replace(/^\[|\]$/g, "") || "localhost";
  } catch {
    return "localhost";
  }
}

/** Why there is nothing to open. */
export function noPort({ name, ports, state, hostNetwork }: Pick<Container, "name" | "ports" | "state" | "hostNetwork">): string {
  if (state !== "running") return l10n.t("{0} is {1}: its ports can be reached only while it runs.", name, state);
  if (hostNetwork)
    return l10n.t("{0} uses the network of its host, where no port is published: give 'port', the one that it listens on.", name);
  const inner = ports.filter(({ protocol }) => protocol === "tcp").map(({ container }) => container);
  const [first] = inner;
  if (first === undefined) return l10n.t("{0} publishes no TCP port: deploy it with one, as in 'docker run -p 8080:80'.", name);
  return inner.length === 1
    ? l10n.t("{0} does not publish its port {1}: deploy it with one published, as in 'docker run -p {1}:{1}'.", name, first)
    : l10n.t(
        "{0} does not publish its ports {1}: deploy it with one published, as in 'docker run -p {2}:{2}'.",
        name,
        inner.join(", "),
        first,
      );
}
