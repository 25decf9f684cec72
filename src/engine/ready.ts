import { Agent, request } from "node:http";
import { connect as connectSocket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import * as l10n from "../core/l10n.ts";
import { appLog, isApp, isAppStart } from "../core/app.ts";
import { causesOf, linesLookedAt, type Ending } from "../core/appFailure.ts";
import { type Answer, askArgs, parseAnswer } from "../core/askInside.ts";
import { AppFailedError, Cancelled, EngineGoneError, UserError } from "../core/errors.ts";
import { engineHost, portUrl, publishedTcp, unreachable } from "../core/published.ts";
import { redact, secretValues } from "../core/redact.ts";
import { failureText, findApp, plain } from "./app.ts";
import type { Cli } from "./cli.ts";
import type { Engine, EngineEvent } from "./engine.ts";

/** How to find out that an app is ready. */
export interface ReadyWait {
  /** Path that answers. */
  http: string;
  /** Where it listens, inside. */
  port: number;
  /** What the answer holds then, anywhere. */
  contains?: string;
  /** Milliseconds between two questions; the first few come sooner. */
  intervalMs: number;
  timeoutMs: number;
}

interface Tools {
  cli: Cli;
  engine: Engine;
}

interface Named {
  id: string;
  name: string;
}

/** How long an app must run to count as started (milliseconds): by then it has said that its port is taken, where another one answers. */
const settleTime = 1000;
/** The exit code of what was ended by SIGKILL: 128 and the signal's number. */
const killed = 137;
/** The first pause between two questions (milliseconds); it doubles up to the interval. */
const firstPause = 250;
/** One question may take so long (milliseconds). */
const askTime = 15_000;
/** The most that is read of an answer (characters). */
const longestAnswer = 1_000_000;
/** So long the engine may be out of reach (milliseconds), as when a connection breaks. */
const engineOutTime = 10_000;

/**
 * Waits until the app answers: with 2xx, and with what `ready` says the answer holds. Asks on the port of this machine that leads there, if the engine is this
 * machine's and there is one, else inside the container.
 * @param onWait Told of each answer that is not yet the right one
 * @returns where a browser finds the app; no url when it cannot be reached from here
 * @throws AppFailedError as soon as the app or its container ends, or when the time is over; UserError, EngineGoneError, Cancelled
 */
export async function waitReady(
  tools: Tools,
  container: Named,
  app: { process?: string },
  ready: ReadyWait,
  signal: AbortSignal,
  onWait?: (text: string) => void,
): Promise<{ url?: string }> {
  const { ask, askInside } = await asker(tools, container, ready);
  await whileItRuns(tools, container, { ...app, port: ready.port }, signal, async (stop, look) => {
    const settled = delay(settleTime, undefined, { signal: stop });
    settled.catch(() => undefined);
    const deadline = Date.now() + ready.timeoutMs;
    for (let pause = firstPause; ; pause = Math.min(2 * pause, ready.intervalMs)) {
      const reason = unready(await ask(stop), ready);
      if (reason === undefined) return void (await settled);
      await look();
      onWait?.(reason);
      if (Date.now() >= deadline) {
        const seconds = ready.timeoutMs / 1000;
        const late = l10n.t("The app in {0} was not ready within {1} s ({2}: {3}).", container.name, seconds, ready.http, reason);
        const inside = await askInside?.(stop);
        if (!inside || unready(inside, ready) !== undefined) return late;
        return `${late} ${l10n.t("Inside the container it is: let it listen on 0.0.0.0, not on 127.0.0.1, which nothing from outside reaches.")}`;
      }
      await delay(Math.min(pause, Math.max(deadline - Date.now(), 0)), undefined, { signal: stop });
    }
  });
  const url = await appUrl(tools, container.id, ready.port);
  return url === undefined ? {} : { url };
}

/**
 * The same for an app of which nobody said how to ask it: it must still run after a second.
 * @throws AppFailedError, EngineGoneError, Cancelled
 */
export async function waitStarted(tools: Tools, container: Named, app: { process?: string }, signal: AbortSignal): Promise<void> {
  await whileItRuns(tools, container, app, signal, async (stop) => void (await delay(settleTime, undefined, { signal: stop })));
}

/** Where a browser finds what listens on a port inside, such as `http://localhost:9000/`; undefined when it cannot be reached from here. */
export async function appUrl({ engine }: { engine: Engine }, container: string, port: number): Promise<string | undefined> {
  const found = (await engine.containers()).find(({ id, name }) => id === container || name === container);
  const host = engineHost(engine.endpoint.host);
  if (found?.hostNetwork) return portUrl({ container: port, host: port }, host);
  const published = publishedTcp(found?.ports ?? []).find((it) => it.container === port && !unreachable(it, host));
  return published && portUrl(published, host);
}

/** Why an answer is not yet the right one. */
function unready(answer: Answer, { contains }: ReadyWait): string | undefined {
  if ("error" in answer) return answer.error;
  if (answer.status < 200 || answer.status > 299) return `HTTP ${answer.status}`;
  return contains === undefined || answer.body.includes(contains) ? undefined : l10n.t("the answer has no '{0}' yet", contains);
}

interface Asker {
  /** Asks once. @throws Cancelled once the signal is raised, UserError when nobody can ask */
  ask: (signal: AbortSignal) => Promise<Answer>;
  /** Where `ask` asks from outside through a published port. */
  askInside?: (signal: AbortSignal) => Promise<Answer | undefined>;
}

async function asker({ cli, engine }: Tools, { id, name }: Named, { port, http }: ReadyWait): Promise<Asker> {
  const askInside: (signal: AbortSignal) => Promise<Answer | undefined> = async (signal) => {
    const { stdout, stderr, timedOut } = await cli.probe(askArgs(id, port, http), askTime, signal);
    return timedOut ? { error: l10n.t("no answer within {0} s", askTime / 1000) } : parseAnswer(stdout, stderr);
  };
  const found = (await engine.containers()).find((container) => container.id === id);
  const isOurs = engine.endpoint.socketPath !== undefined;
  const published = publishedTcp(found?.ports ?? []).find((it) => it.container === port);
  const from = !isOurs ? undefined : found?.hostNetwork ? { host: port } : published;
  if (from === undefined)
    return {
      ask: async (signal) => {
        const answer = await askInside(signal);
        if (answer) return answer;
        throw new UserError(
          l10n.t(
            "Nobody can ask whether the app in {0} is ready: its port {1} is not published on this machine, and its image has no curl, wget, python3 or bash. Publish the port, or leave out 'ready'.",
            name,
            port,
          ),
        );
      },
    };
  const ask = async (signal: AbortSignal) => {
    const answer = await get({ port: from.host, host: ("ip" in from ? from.ip : undefined) ?? "localhost" }, http, signal);
    // A socket can be another machine's engine, or this may be a container: then nothing listens here.
    if (!("error" in answer) || !answer.isClosed) return answer;
    const inside = await askInside(signal);
    return inside && !("error" in inside) ? inside : answer;
  };
  return { ask, ...(published === undefined || found?.hostNetwork ? {} : { askInside }) };
}

/**
 * One GET to this machine, as a browser here would. In the extension host VS Code sends what goes through Node's own agents to a proxy (http.proxySupport) and
 * leaves alone what has a socket's path: ours is none, as the agent connects by itself.
 * @returns also whether nothing listens there at all
 */
async function get(
  { host, port }: { host: string; port: number },
  path: string,
  signal: AbortSignal,
): Promise<Exclude<Answer, { error: string }> | { error: string; isClosed: boolean }> {
  const agent = new Agent();
  agent.createConnection = () => connectSocket({ host, port, autoSelectFamily: true });
  const timeout = AbortSignal.timeout(askTime);
  try {
    return await new Promise((resolve, reject) => {
      const call = request({
        agent,
        socketPath: "berth",
        path,
        headers: { host: `${host.includes(":") ? `[${host}]` : host}:${port}`, connection: "close" },
        signal: AbortSignal.any([timeout, signal]),
      });
      call.once("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
          if (body.length > longestAnswer) response.destroy();
        });
        response.once("close", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("error", () => undefined);
      });
      call.once("error", reject).end();
    });
  } catch (error) {
    if (signal.aborted) throw new Cancelled();
    if (timeout.aborted) return { error: l10n.t("no answer within {0} s", askTime / 1000), isClosed: false };
    const { code = "", message } = error as { code?: string; message: string };
    const said = { ECONNREFUSED: l10n.t("nothing listens there yet"), ECONNRESET: l10n.t("it hangs up") }[code];
    return { error: said ?? (message || code), isClosed: closed.includes(code) };
  } finally {
    agent.destroy();
  }
}

const closed = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"];

/**
 * Does `work` while the app runs, and looks once more when it is done. It is to end once its signal is raised, which also happens when the app ended; it may
 * `look`, which throws when the app has ended, and returns what there is to say if the app failed although it runs.
 */
async function whileItRuns(
  tools: Tools,
  container: Named,
  app: { process?: string; port?: number },
  signal: AbortSignal,
  work: (stop: AbortSignal, look: () => Promise<void>) => Promise<string | undefined | void>,
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const watch = watchApp(tools, container, app.process, stop);
  const fail = async ({ what, ...ending }: End) => {
    const log = await lastOutput(tools, container.id, watch.since());
    const causes = causesOf(log, { ...ending, ...(app.port === undefined ? {} : { port: app.port }) });
    throw new AppFailedError(container.id, failureText(what, causes, log));
  };
  const look = async () => {
    try {
      const end = await watch.look();
      if (end) await fail(end);
    } catch (error) {
      if (!(error instanceof EngineGoneError)) throw error; // the watch gives it some time
    }
  };
  const worked = work(stop, look).then(async (failure) => (failure === undefined ? look() : fail({ what: failure })));
  worked.catch(() => undefined);
  try {
    await Promise.race([worked, watch.ended.then(fail)]);
  } catch (error) {
    throw signal.aborted ? new Cancelled() : error;
  } finally {
    over.abort();
  }
  if (signal.aborted) throw new Cancelled();
}

/** How an app came to its end, in a sentence. */
interface End extends Ending {
  what: string;
}

/** Looks after an app: whenever the engine tells that something ended, and whenever it is asked. */
function watchApp({ engine, cli }: Tools, { id, name }: Named, process: string | undefined, signal: AbortSignal) {
  /** Of its last start. */
  let exec: string | undefined;
  let since: string | undefined;
  let oom = false;

  /** How it ended; undefined while it runs. @throws EngineGoneError */
  async function look(isLast = false): Promise<End | undefined> {
    const now = await engine.inspect(id);
    const oomKilled = oom || (now?.details.oomKilled ?? false);
    if (!now) return { what: l10n.t("{0} was removed.", name) };
    const { running, restarting, exitCode } = now.details;
    if (!running || restarting) return { what: l10n.t("{0} stopped with exit code {1}.", name, exitCode), exitCode, oomKilled };
    if ((await engine.execs(id)).some((it) => isApp(it.words) && it.running)) return undefined;
    const code = await exitOf(exec);
    // Its shell has ended well, or nothing is known of it: then it may have put itself into the background.
    if ((code ?? 0) === 0 && (await findApp({ cli }, id, process))) return undefined;
    const ended = code ?? (await exitOf(exec)); // what the engine remembers may have come by now
    if (ended === undefined) return { what: l10n.t("The app in {0} does not run.", name), oomKilled };
    if (ended === killed && !isLast) {
      // Perhaps with its container, which the engine tells a moment later.
      await engine.exited(id, AbortSignal.any([signal, AbortSignal.timeout(settleTime)]));
      return look(true);
    }
    return { what: l10n.t("The app in {0} ended with exit code {1}.", name, ended), exitCode: ended, oomKilled };
  }

  const exitOf = async (one: string | undefined) => (one === undefined ? undefined : (await engine.exec(one))?.exitCode);

  /** Resolves when the stream of events ends. */
  async function follow(onEnd: (end: End) => void, onError: (error: unknown) => void): Promise<void> {
    const startedAt = (await engine.inspect(id))?.details.startedAt ?? 0;
    const check = () => void look().then((end) => end && onEnd(end), onError);
    const onEvent = ({ action, attributes, time }: EngineEvent) => {
      if (isAppStart(action)) [exec, since] = [attributes.execID, time];
      else if (action === "oom") oom = true;
      else if (action !== "exec_die" || (exec !== undefined && attributes.execID === exec)) check();
    };
    await engine.events(check, onEvent, signal, { container: id, since: String(Math.floor(startedAt / 1000)) });
  }

  const ended = new Promise<End>((resolve, reject) => {
    const keepFollowing = async () => {
      let outSince: number | undefined;
      const onError = (error: unknown) => {
        if (!(error instanceof EngineGoneError)) reject(asError(error));
      };
      while (!signal.aborted) {
        try {
          await follow(resolve, onError);
          outSince = undefined;
        } catch (error) {
          outSince ??= Date.now();
          if (!(error instanceof EngineGoneError) || Date.now() - outSince > engineOutTime) return reject(asError(error));
        }
        await delay(firstPause, undefined, { signal }).catch(() => undefined);
      }
      reject(new Cancelled());
    };
    void keepFollowing();
  });
  ended.catch(() => undefined);
  return { ended, look: async () => look(), /** When it was started, by the engine's clock. */ since: () => since };
}

/** What the app wrote since its start, without secrets; nothing when that cannot be had. */
async function lastOutput({ engine, cli }: Tools, id: string, since: string | undefined): Promise<string> {
  try {
    const secrets = secretValues((await engine.inspect(id))?.details.env ?? []);
    const chunks: Buffer[] = [];
    const from = since === undefined ? { tail: linesLookedAt } : { since };
    for await (const { bytes } of engine.logPieces(id, { ...from, follow: false }, AbortSignal.timeout(askTime)))
      chunks.push(bytes);
    const { exitCode, stdout } = await cli.probe(["exec", id, "tail", "-n", String(linesLookedAt), appLog], askTime);
    return redact(plain(exitCode === 0 ? stdout : Buffer.concat(chunks).toString()), secrets);
  } catch {
    return "";
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
