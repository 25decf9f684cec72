import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { UserError } from "../core/errors.ts";
import { boundPorts, listedPorts } from "../core/freePort.ts";
import { isUp } from "../core/holds.ts";
import * as l10n from "../core/l10n.ts";
import type { Engine } from "./engine.ts";
import { eachOf } from "./eachOf.ts";

/** How long a port stays handed out while its container is on its way, in milliseconds. */
const reservedFor = 60_000;
/** When it was, by port: two launches of one window at once must not get the same. */
const handedOut = new Map<number, number>();

/**
 * The first port from `from` upwards that is free: no container of the engine has it, running or not; nobody on this machine listens on it, by TCP
 * or UDP, on any address; and it was not handed out a moment ago, nor is it `taken`. Whether somebody listens on the engine's machine is unknown
 * where that is another: then it is not `certain`.
 * @throws UserError when there is none, EngineGoneError
 */
export async function freePort(
  { engine }: { engine: Pick<Engine, "endpoint" | "containers" | "inspectRaw"> },
  from: number,
  taken: readonly number[] = [],
): Promise<{ port: number; certain: boolean }> {
  const isLocal = engine.endpoint.socketPath !== undefined;
  const used = new Set([...taken, ...(await containersPorts(engine))]);
  for (let port = Math.max(1, from); port <= 65535; port++) {
    if (used.has(port) || isReserved(port)) continue;
    handedOut.set(port, performance.now()); // before the look, during which others ask
    if (!isLocal || (await nobodyListens(port))) return { port, certain: isLocal };
    handedOut.delete(port);
  }
  throw new UserError(l10n.t("There is no free port from {0} upwards: stop what uses one.", from));
}

function isReserved(port: number): boolean {
  const since = handedOut.get(port);
  return since !== undefined && performance.now() - since < reservedFor;
}

/** What does not run has no ports in the engine's list, and takes them when it starts. */
async function containersPorts(engine: Pick<Engine, "containers" | "inspectRaw">): Promise<number[]> {
  const containers = await engine.containers();
  const stopped = containers.filter(({ state }) => !isUp(state));
  const bound = await eachOf(stopped, 8, async ({ id }) =>
    boundPorts(await engine.inspectRaw("container", id).catch(() => undefined)),
  );
  return [...containers.flatMap(listedPorts), ...bound.flat()];
}

/** Whether somebody on this machine answers on a TCP port, by IPv4 or IPv6. */
export async function somebodyListens(port: number): Promise<boolean> {
  const answers = await Promise.all(["127.0.0.1", "::1"].map(async (host) => answersOn(host, port)));
  return answers.includes(true);
}

async function answersOn(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

/** By listening there for a moment. A port that this user may not listen on (below 1024) counts as taken. */
async function nobodyListens(port: number): Promise<boolean> {
  for (const address of [{ host: "0.0.0.0" }, { host: "::", ipv6Only: true }])
    if (!(await canListen(port, address)) || !(await canReceive(port, address))) return false;
  return true;
}

async function canListen(port: number, address: { host: string; ipv6Only?: boolean }): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(isWithoutIpv6(error)));
    server.listen({ port, exclusive: true, ...address }, () => server.close(() => resolve(true)));
  });
}

async function canReceive(port: number, { host, ipv6Only = false }: { host: string; ipv6Only?: boolean }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: ipv6Only ? "udp6" : "udp4", ipv6Only });
    socket.once("error", (error) => {
      socket.close();
      resolve(isWithoutIpv6(error));
    });
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

function isWithoutIpv6({ code = "" }: NodeJS.ErrnoException): boolean {
  return ["EAFNOSUPPORT", "EADDRNOTAVAIL", "EPROTONOSUPPORT"].includes(code);
}
