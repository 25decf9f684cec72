import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Container } from "../../src/core/engineJson.ts";
import type { State } from "../../src/core/state.ts";
import type { LabEngine } from "../lab/engine.ts";
import {
  api,
  carryOut,
  createBox,
  endWatches,
  freshName,
  planFor,
  removeContainers,
  runBox,
  sentenceOf,
  startProxy,
  toolsFor,
  until,
  useEngine,
  watch,
  witness,
  type Proxy,
  type Watch,
} from "./support.ts";

const lists = (proxy: Proxy) => proxy.requests.filter((line) => line === "GET /containers/json").length;
const inspects = (proxy: Proxy) => proxy.requests.filter((line) => /^GET \/containers\/[0-9a-f]{64}\/json$/.test(line)).length;
/** What the feed asks on its own account, now and then, says nothing of a change. */
const withoutPings = ({ requests }: Proxy) => requests.filter((line) => !line.endsWith("/_ping"));

const isReady = ({ engine }: { engine: { status: string } }) => engine.status === "ready";

describe("the store follows the engine", function () {
  let lab: LabEngine;
  let proxy: Proxy;

  before(async function () {
    this.timeout(300_000);
    lab = await useEngine();
  });
  beforeEach(async () => {
    proxy = await startProxy(lab);
  });
  afterEach(async () => {
    endWatches();
    proxy.close();
    await removeContainers(lab);
  });

  /** Views on screen that have read everything there is. */
  async function look(): Promise<Watch> {
    const seen = watch(proxy.env);
    await seen.until("ready", isReady);
    proxy.requests.length = 0;
    return seen;
  }

  it("with one list per change, one inspect of what changed, and no process", async () => {
    const [changing] = await Promise.all([createBox(lab), createBox(lab), createBox(lab)]);
    const seen = await look();
    const spawned: unknown[] = [];
    const onSpawn = (message: unknown) => spawned.push(message);
    subscribe("child_process", onSpawn);
    try {
      const name = freshName();
      await api(lab, "POST", `/containers/${changing}/start`);
      await seen.until("running", () => seen.find(changing)?.state === "running");
      await api(lab, "POST", `/containers/${changing}/rename?name=${name}`);
      await seen.until("renamed", () => seen.find(changing)?.name === name);
      await api(lab, "POST", `/containers/${changing}/pause`);
      await seen.until("paused", () => seen.find(changing)?.state === "paused");
      await api(lab, "POST", `/containers/${changing}/unpause`);
      await seen.until("running again", () => seen.find(changing)?.state === "running");
      const added = await createBox(lab);
      await seen.until("a new one", () => seen.find(added) !== undefined);
      await api(lab, "DELETE", `/containers/${added}`);
      await seen.until("gone again", () => seen.find(added) === undefined);
    } finally {
      unsubscribe("child_process", onSpawn);
    }
    assert.deepEqual([lists(proxy), inspects(proxy), spawned.length], [6, 5, 0]);
    assert.equal(withoutPings(proxy).length, 11); // and nothing else
  });

  it("with all of a container's details", async () => {
    const id = await runBox(lab, "detailed", { Env: ["A=b"], WorkingDir: "/tmp", Labels: { who: "me" } });
    const seen = await look();
    const { name, state, labels, details } = seen.find(id)!;
    assert.deepEqual(
      [name, state, labels.who, details?.workingDir, details?.running],
      ["detailed", "running", "me", "/tmp", true],
    );
    assert(details?.env.includes("A=b"));
  });

  it("through a storm of changes, which never keeps it waiting for the end", async () => {
    const id = await createBox(lab);
    const seen = await look();
    const shown = new Set<string>();
    seen.store.onDidChange(() => shown.add(seen.find(id)?.name ?? ""));
    // A store that waited for a pause would not show a single one of these.
    let renames = 0;
    let last = "";
    while (renames < 200 || (shown.size < 5 && renames < 5000)) {
      last = freshName("storm");
      await api(lab, "POST", `/containers/${id}/rename?name=${last}`);
      renames++;
    }
    assert(shown.size >= 5, `${shown.size} of ${renames} changes were seen while they came`);
    await seen.until("the last name", () => seen.find(id)?.name === last);
    assert(lists(proxy) <= renames / 10, `${lists(proxy)} lists for ${renames} changes`);
  });

  it("through 100 containers that come at once", async () => {
    const seen = await look();
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) ids.push(...(await Promise.all(Array.from({ length: 10 }, () => createBox(lab)))));
    const isWhole = ({ details }: Container) => details !== undefined;
    await seen.until("all of them", ({ containers }) => containers.length === 100 && containers.every(isWhole));
    // One each, and another for those that were listed before the engine told of their creation: how many is a matter of luck.
    assert(inspects(proxy) >= 100 && inspects(proxy) <= 200, `${inspects(proxy)} inspects`);
    await Promise.all(ids.map((id) => api(lab, "DELETE", `/containers/${id}`)));
    await seen.until("none of them", ({ containers }) => containers.length === 0);
  });

  it("in a container's health, and is not disturbed by the checks themselves", async () => {
    const check = { Test: ["CMD-SHELL", "test -e /well"], Interval: 50_000_000, Timeout: 10_000_000_000, Retries: 1 };
    const sick = await runBox(lab, freshName(), { Healthcheck: check });
    const other = await createBox(lab);
    const seen = await look();
    await seen.until("unhealthy", () => seen.find(sick)?.details?.health === "unhealthy");
    await seen.until("unhealthy, in the engine's own words", () => seen.find(sick)?.status.endsWith("(unhealthy)") === true);

    const { actions, end } = await witness(lab);
    proxy.requests.length = 0;
    await until("sixty events of execs", () => actions.filter((action) => action.startsWith("exec_")).length >= 60);
    end();
    const name = freshName();
    await api(lab, "POST", `/containers/${other}/rename?name=${name}`);
    await seen.until("the change after them", () => seen.find(other)?.name === name);
    assert.deepEqual(withoutPings(proxy), ["GET /containers/json", `GET /containers/${other}/json`]);

    await lab.docker("exec", sick, "touch", "/well");
    await seen.until("healthy", () => seen.find(sick)?.details?.health === "healthy");
  });

  it("in images, which are listed only when one of them changed", async () => {
    const seen = await look();
    const tags = () => seen.store.get().images.flatMap((image) => image.tags);
    await api(lab, "POST", "/images/berth-lab/busybox:1/tag?repo=berth-lab/another&tag=2");
    await seen.until("a new tag", () => tags().includes("berth-lab/another:2"));
    await api(lab, "DELETE", "/images/berth-lab/another:2");
    await seen.until("no such tag", () => !tags().includes("berth-lab/another:2"));
    assert.equal(proxy.requests.filter((line) => line === "GET /images/json").length, 2);
    await runBox(lab, "after-images");
    await seen.until("a container", () => seen.names().includes("after-images"));
    assert.equal(proxy.requests.filter((line) => line === "GET /images/json").length, 2);
  });

  it("not at all while nobody looks, and at once when somebody does", async () => {
    const id = await createBox(lab);
    const seen = await look();
    seen.feed.setVisible(false);
    const { actions, end } = await witness(lab);
    // Far longer than between two lists, and then once more after the stream of events was lost.
    const rename = (name: string) => api(lab, "POST", `/containers/${id}/rename?name=${name}`);
    for (let n = 0; n < 200; n++) await rename(freshName("hidden"));
    assert.deepEqual(proxy.requests, []);
    proxy.cut();
    for (let n = 0; n < 100; n++) await rename(freshName("hidden"));
    const last = freshName("hidden");
    await rename(last);
    await until("the engine to have told everything", () => actions.filter((action) => action === "rename").length === 301);
    end();
    assert.deepEqual(proxy.requests, []);

    seen.feed.setVisible(true);
    await seen.until("the last name", () => seen.find(id)?.name === last);
  });

  it("once for who asks though nobody looks, when something was started; over a new connection if need be", async () => {
    const [quiet, first, second] = await Promise.all([createBox(lab), createBox(lab), createBox(lab)]);
    const seen = await look();
    const isBehind = ({ unlisted }: State) => unlisted !== undefined;
    const isWhole = (id: string) => seen.find(id)?.state === "running" && seen.find(id)?.details?.running === true;
    seen.feed.setVisible(false);
    // What starts nothing leaves nothing to be asked for.
    await api(lab, "POST", `/containers/${quiet}/rename?name=${freshName()}`);
    await api(lab, "POST", `/containers/${first}/start`);
    await seen.until("something unlisted", isBehind);
    assert.deepEqual(proxy.requests, []);
    seen.feed.catchUp();
    await seen.until("what was started", (state) => isWhole(first) && !isBehind(state));
    const inspected = [quiet, first].map((id) => `GET /containers/${id}/json`);
    assert.deepEqual(proxy.requests.splice(0).sort(), ["GET /containers/json", ...inspected].sort());

    proxy.cut();
    await seen.until("a connection that was lost", isBehind);
    await api(lab, "POST", `/containers/${second}/start`);
    assert.deepEqual(proxy.requests, []);
    seen.feed.catchUp();
    await seen.until("what was started meanwhile", (state) => isWhole(second) && !isBehind(state));
    proxy.requests.length = 0;
    for (let n = 0; n < 200; n++) await api(lab, "POST", `/containers/${quiet}/rename?name=${freshName("hidden")}`);
    assert.deepEqual(proxy.requests, []);
  });

  it("for ever, however often its connection is cut", async () => {
    const id = await createBox(lab);
    const seen = await look();
    for (let n = 0; n < 6; n++) {
      proxy.cut();
      const name = freshName("cut");
      await api(lab, "POST", `/containers/${id}/rename?name=${name}`); // nobody may be listening yet
      await seen.until(`the name after cut ${n + 1}`, () => seen.find(id)?.name === name && isReady(seen.store.get()));
      const later = freshName("cut");
      await api(lab, "POST", `/containers/${id}/rename?name=${later}`);
      await seen.until(`the change after cut ${n + 1}`, () => seen.find(id)?.name === later);
    }
  });

  it("less and less often while it does not answer, and without delay once it did for a while", async () => {
    const attempts: number[] = [];
    let asked = 0;
    proxy.onRequest = (line) => {
      if (line === "GET /_ping") attempts.push(Date.now());
      return line !== "GET /_ping" || ++asked > 5;
    };
    const seen = watch(proxy.env);
    await seen.until("ready", isReady);
    const gaps = attempts.map((time, n) => time - (attempts[n - 1] ?? time)).slice(1, 6);
    for (const [n, least] of [0, 250, 500, 1000, 2000].entries())
      assert(gaps[n]! >= least, `attempts after ${gaps.join(", ")} ms`);

    const id = await createBox(lab);
    const good = Date.now() + 1500;
    while (Date.now() < good) {
      const name = freshName("good");
      await api(lab, "POST", `/containers/${id}/rename?name=${name}`);
      await seen.until("a change", () => seen.find(id)?.name === name);
    }
    attempts.length = 0;
    const cut = Date.now();
    proxy.cut();
    await until("another attempt", () => attempts.length > 0);
    assert(attempts[0]! - cut < 200, `an attempt after ${attempts[0]! - cut} ms`);
  });

  it("though one row of the list is odd, and so is its inspect", async () => {
    const [odd, ...others] = await Promise.all([createBox(lab), createBox(lab), createBox(lab)]);
    proxy.rewrite = (line, body) => {
      if (line === `GET /containers/${odd}/json`) return "[]";
      if (line !== "GET /containers/json") return body;
      const rows = JSON.parse(body) as { Id: string }[];
      return JSON.stringify(rows.map((row) => (row.Id === odd ? { Id: odd, Names: "?", State: { of: "things" } } : row)));
    };
    const seen = await look();
    assert.deepEqual([...seen.store.get().containers.map(({ id }) => id)].sort(), [odd, ...others].sort());
    assert.deepEqual([seen.find(odd)?.name, seen.find(odd)?.state], [odd.slice(0, 12), "unknown"]);
    for (const id of others) assert.equal(seen.find(id)?.state, "created");
  });

  it("in a state that the engine tells of before its list does", async () => {
    const id = await runBox(lab);
    const seen = await look();
    proxy.rewrite = (line, body) =>
      line === "GET /containers/json" ? body.replaceAll('"State":"paused"', '"State":"running"') : body;
    await api(lab, "POST", `/containers/${id}/pause`);
    await seen.until("paused", () => seen.find(id)?.state === "paused");
  });

  it("in a state that it came to while it was asked about, though its list is late", async () => {
    const id = await runBox(lab);
    const seen = await look();
    proxy.rewrite = (line, body) =>
      line === "GET /containers/json" ? body.replaceAll('"State":"exited"', '"State":"running"') : body;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let isHeld = false;
    let isKilled = false;
    proxy.onAnswer = async (line) => {
      // What was true of it before: it comes when the list that follows the kill waits for it.
      if (line === `GET /containers/${id}/json` && !isHeld) {
        isHeld = true;
        await api(lab, "POST", `/containers/${id}/kill`);
        isKilled = true;
        await released;
      }
      if (line === "GET /containers/json" && isKilled) setTimeout(release, 100);
      return true;
    };
    await api(lab, "POST", `/containers/${id}/rename?name=${freshName()}`);
    await seen.until("killed", () => seen.find(id)?.state === "exited");
  });

  it("in a state that no event told of", async () => {
    const [id, other] = await Promise.all([runBox(lab), createBox(lab)]);
    proxy.passEvent = ({ Actor }) => Actor.ID !== id;
    const seen = await look();
    await api(lab, "POST", `/containers/${id}/kill`);
    await api(lab, "POST", `/containers/${other}/rename?name=${freshName()}`);
    await seen.until("killed", () => seen.find(id)?.state === "exited" && seen.find(id)?.details?.exitCode === 137);
  });

  it("without waiting for an inspect that hangs, as a stuck container's does", async () => {
    const [stuck, other] = await Promise.all([createBox(lab), createBox(lab)]);
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    proxy.onRequest = async (line) => {
      if (line === `GET /containers/${stuck}/json`) await released;
      return true;
    };
    const seen = await look();
    assert.deepEqual([seen.find(stuck)?.state, seen.find(stuck)?.details], ["created", undefined]);
    const name = freshName();
    await api(lab, "POST", `/containers/${other}/rename?name=${name}`);
    await seen.until("a change of another", () => seen.find(other)?.name === name && seen.find(other)?.details !== undefined);
    release!();
    await seen.until("what was stuck", () => seen.find(stuck)?.details !== undefined);
    assert(!proxy.requests.includes(`GET /containers/${stuck}/json`), "it was asked for once, and not again meanwhile");
  });

  it("though an inspect failed, and nothing happens after that", async () => {
    const odd = await createBox(lab);
    let asked = 0;
    proxy.rewrite = (line, body) => (line === `GET /containers/${odd}/json` && ++asked === 1 ? '{"Id": 7}' : body);
    const seen = await look();
    assert.equal(seen.find(odd)?.details, undefined);
    await seen.until("its details, asked for again", () => seen.find(odd)?.details !== undefined);
    assert.deepEqual([lists(proxy), inspects(proxy)], [1, 1]);
  });

  it("though one inspect is odd, or refused", async () => {
    const [odd, refused, other] = await Promise.all([createBox(lab), createBox(lab), createBox(lab)]);
    proxy.rewrite = (line, body) => {
      if (line === `GET /containers/${odd}/json`) return '{"Id": 7}';
      return line === `GET /containers/${refused}/json` ? "<html>Bad Gateway</html>" : body;
    };
    const seen = await look();
    assert.deepEqual(
      [odd, refused, other].map((id) => [seen.find(id)?.state, seen.find(id)?.details !== undefined]),
      [
        ["created", false],
        ["created", false],
        ["created", true],
      ],
    );
  });
});

describe("an engine that goes away", function () {
  let lab: LabEngine;

  before(async function () {
    this.timeout(300_000);
    lab = await useEngine("away", ["busybox"]);
  });
  afterEach(() => {
    endWatches();
  });
  after(() => lab.dispose());

  const outBecause = (reason: string) => (state: { engine: { status: string; reason?: string } }) =>
    state.engine.status === "out" && state.engine.reason === reason;

  it("is told, and followed again by itself once it is back", async () => {
    await createBox(lab, "survivor");
    const seen = watch(lab.env);
    await seen.until("ready", isReady);
    await lab.stop();
    const { engine, containers } = await seen.until("stopped", outBecause("stopped"));
    assert.deepEqual(engine, {
      status: "out",
      reason: "stopped",
      message: `The Docker engine is not running: nothing listens at ${lab.socket}.`,
    });
    assert.deepEqual(containers, []);
    await lab.start();
    await seen.until("its container", () => isReady(seen.store.get()) && seen.names().includes("survivor"));
    await createBox(lab, "later");
    await seen.until("a change", () => seen.names().includes("later"));
  });

  it("is told and followed again after it was killed", async () => {
    const seen = watch(lab.env);
    await seen.until("ready", isReady);
    process.kill(lab.pid, "SIGKILL");
    await seen.until("stopped", outBecause("stopped"));
    await lab.stop();
    await lab.start();
    await seen.until("its container", () => isReady(seen.store.get()) && seen.names().includes("survivor"));
  });

  it("is told when it was never there, and followed once it is", async () => {
    await lab.stop();
    const seen = watch(lab.env);
    await seen.until("stopped", outBecause("stopped"));
    await lab.start();
    await seen.until("its container", () => isReady(seen.store.get()) && seen.names().includes("survivor"));
  });

  it("is told when it hangs, and followed again once it answers", async () => {
    const seen = watch(lab.env);
    await seen.until("ready", isReady);
    await lab.freeze();
    try {
      const { engine } = await seen.until("silent", outBecause("silent"));
      assert.equal(engine.status === "out" && engine.message, `The Docker engine at ${lab.socket} does not answer.`);
    } finally {
      await lab.thaw();
    }
    await seen.until("its container", () => isReady(seen.store.get()) && seen.names().includes("survivor"));
  });

  it("hangs nothing when it hangs: every call ends, with a sentence", async () => {
    const tools = await toolsFor(lab.env);
    const { engine } = tools;
    const image = "berth-lab/busybox:1";
    const { plan } = await planFor(tools, { image });
    const nobody = new AbortController().signal;
    await lab.freeze();
    try {
      const calls: Record<string, Promise<unknown>> = {
        ping: engine.ping(),
        containers: engine.containers(),
        inspect: engine.inspect("survivor"),
        images: engine.images(),
        inspectImage: engine.inspectImage(image),
        processes: engine.processes("survivor"),
        has: engine.has("survivor", "/bin/tail"),
        events: engine.events(
          () => undefined,
          () => undefined,
          nobody,
        ),
        deploy: carryOut(plan, tools),
      };
      const said = await Promise.all(Object.entries(calls).map(async ([call, promise]) => [call, await sentenceOf(promise)]));
      const sentence = `The Docker engine at ${lab.socket} does not answer.`;
      assert.deepEqual(Object.fromEntries(said), Object.fromEntries(Object.keys(calls).map((call) => [call, sentence])));
      assert.equal(
        await sentenceOf(tools.cli.run(["start", "survivor"], { name: "survivor" }, { timeout: 500 })),
        "The Docker engine did not finish 'docker start' within 0.5 s.",
      );
    } finally {
      await lab.thaw();
    }
  });
});
