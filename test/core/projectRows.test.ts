import assert from "node:assert/strict";
import { withDoing } from "../../src/core/doing.ts";
import type { Container } from "../../src/core/engineJson.ts";
import { projectRows } from "../../src/core/projectRows.ts";
import { deploymentKey, unreadableProject, type Project } from "../../src/core/projects.ts";
import { renderRows, type Row } from "../../src/core/rows.ts";
import { initialState, type State } from "../../src/core/state.ts";
import { berths, composes, container, image, project } from "./projectSupport.ts";

const now = Date.UTC(2026, 10, 21, 12);
const hour = 3_600_000;
const ready: State = {
  ...initialState,
  engine: { status: "ready", context: "default", local: true },
  context: { name: "default", host: "unix:///var/run/docker.sock", chosen: false, fromEnvironment: false },
};
const perception = project(
  "/work/perception",
  `services:
  cv:
    image: nvcr.io/nvidia/vss-core/vss-rt-cv:3.2.1
    container_name: rtvicv-perception-docker
    network_mode: host
    gpus: all
    x-berth:
      title: RT perception
      app: { start: perception_app, process: perception_app, port: 9000 }
`,
);
const hello = project("/work/hello", "services:\n  hello:\n    image: debian:12\n");
const shop = project(
  "/work/shop",
  "services:\n  web:\n    image: web:1\n    x-berth: { title: Web shop }\n  db:\n    image: postgres:16\n",
);

const app = (more: Partial<Container> = {}) =>
  container("rtvicv-perception-docker", {
    labels: berths("perception", "cv", { "dev.berth.port": "9000" }),
    hostNetwork: true,
    ...more,
    details: { startedAt: now - 3 * hour, gpus: { ids: ["0"] } },
  });
const web = (name: string, more: Partial<Container> = {}) => container(name, { labels: berths("shop", "web"), ...more });

const rows = (projects: readonly Project[], more: Partial<State> = {}) => projectRows({ ...ready, projects, ...more }, now);
const only = (from: Project, more: Partial<State> = {}): Row => {
  const [row] = rows([from], more);
  assert.ok(row);
  return row;
};
/** Without what unfolds below a container. */
function draw(all: readonly Row[]): string[] {
  const cut = (row: Row): Row => {
    const { children = [], ...line } = row;
    return row.menu.startsWith("container.") ? line : { ...line, children: children.map(cut) };
  };
  return renderRows(all.map(cut)).trimEnd().split("\n");
}
const all = (list: readonly Row[]): Row[] => list.flatMap((row) => [row, ...all(row.children ?? [])]);

describe("the projects view", () => {
  it("has a project of one deployment in a row, of several in a row each, with their containers", () => {
    const state = {
      containers: [
        app(),
        web("shop-web", { ports: [{ container: 80, protocol: "tcp", host: { ip: "0.0.0.0", port: 8080 } }] }),
        container("shop-db-1", { labels: composes("shop", "db"), state: "exited", details: { finishedAt: now - hour } }),
        container("by-chance", { imageId: "sha256:aa" }),
      ],
      images: [image("aa", "debian:12")],
    };
    assert.deepEqual(draw(rows([perception, hello, shop], state)), [
      "perception  RT perception · running · GPU 0 · :9000",
      "  rtvicv-perception-docker  up 3 h · GPU 0 · :9000",
      "hello  image ready",
      "shop",
      "  Web shop  running · :8080",
      "    shop-web  up · :8080",
      "  db  stopped",
      "    shop-db-1  stopped 1 h ago",
    ]);
  });

  it("is empty without projects", () => assert.deepEqual(rows([]), []));

  const states: [string, Project, Partial<State>, string | undefined, string, string][] = [
    ["the image is not there", hello, {}, "no image", "circle-slash", "missing"],
    ["the image is there", hello, { images: [image("aa", "debian:12")] }, "image ready", "package", "ready"],
    ["a container is stopped", shop, { containers: [web("a", { state: "exited" })] }, "stopped", "circle-outline", "stopped"],
    ["a container runs", shop, { containers: [web("a")] }, "running", "circle-filled", "running"],
    [
      "one runs, one is stopped",
      shop,
      { containers: [web("a", { state: "exited" }), web("b")] },
      "running",
      "circle-filled",
      "running",
    ],
    ["a container is paused", shop, { containers: [web("a", { state: "paused" })] }, "paused", "debug-pause", "running"],
    [
      "one is paused, one runs",
      shop,
      { containers: [web("a", { state: "paused" }), web("b")] },
      "running",
      "circle-filled",
      "running",
    ],
    [
      "a handle is stale",
      shop,
      { containers: [web("a")], handles: { a: { verdict: "stale", detail: "It lost it." } } },
      "stale GPU handle",
      "warning",
      "stale",
    ],
    [
      "a GPU is lost",
      shop,
      { containers: [web("a")], handles: { a: { verdict: "lost", detail: "It is gone." } } },
      "GPU lost",
      "warning",
      "stale",
    ],
    [
      "a stopped container had a stale handle",
      shop,
      { containers: [web("a", { state: "exited" })], handles: { a: { verdict: "stale", detail: "" } } },
      "stopped",
      "circle-outline",
      "stopped",
    ],
    [
      "nvidia-smi is not in the image",
      shop,
      { containers: [web("a")], handles: { a: { verdict: "absent", detail: "" } } },
      "running",
      "circle-filled",
      "running",
    ],
    [
      "its container is being stopped",
      shop,
      { containers: [web("a")], busy: { a: "stopping" } },
      "stopping",
      "loading~spin",
      "busy",
    ],
    ["its container is being created", shop, { busy: { "shop-web": "creating" } }, "creating", "loading~spin", "busy"],
    [
      "it is launched",
      shop,
      { containers: [web("a")], doing: [{ name: "shop-web", launch: { key: deploymentKey("/work/shop", "web"), steps: [] } }] },
      "starting",
      "loading~spin",
      "starting",
    ],
    [
      "the engine is out of reach",
      hello,
      { engine: { status: "out", reason: "stopped", message: "" } },
      undefined,
      "circle-large-outline",
      "unknown",
    ],
  ];
  for (const [title, of, more, word, icon, token] of states)
    it(`when ${title}: ${word ?? "nothing is said"}`, () => {
      const row = only(of, more);
      const one = of === shop ? row.children?.[0] : row;
      assert.deepEqual([one?.description || undefined, one?.icon?.id, one?.menu], [word, icon, `deployment.${token}`]);
    });

  it("says nothing of an image that an answer names", () => {
    const open = project("/w/open", 'services:\n  open:\n    image: "x:{{v}}"\n    x-berth: { inputs: [{ id: v }] }\n');
    assert.equal(only(open).description, "");
  });

  it("tells GPU and port only when one container can be meant", () => {
    const ports = [{ container: 80, protocol: "tcp", host: { ip: "", port: 8080 } }];
    const row = only(shop, { containers: [web("a", { ports }), web("b")] }).children?.[0];
    assert.equal(row?.description, "running");
    const other = only(shop, { containers: [web("a", { ports }), web("b", { state: "exited" })] }).children?.[0];
    assert.equal(other?.description, "running · :8080");
  });

  it("does not take a label for a port that is none, or is not Berth's", () => {
    const described = (labels: Record<string, string>, hostNetwork = true) =>
      only(perception, { containers: [app({ labels, hostNetwork })] }).description;
    const told = "RT perception · running · GPU 0";
    assert.equal(described(berths("perception", "cv", { "dev.berth.port": "$(reboot)" })), told);
    assert.equal(described(berths("perception", "cv", { "dev.berth.port": "70000" })), told);
    assert.equal(described({ "dev.berth.port": "9000" }), told);
    assert.equal(described(berths("perception", "cv", { "dev.berth.port": "9000" }), false), told);
  });

  it("has the steps of a running launch before the containers, the newest first", () => {
    const steps = [
      { title: "Create the container", outcome: "done" as const },
      { title: "Wait until it runs", outcome: "failed" as const, detail: "exit code 1" },
      { title: "Prepare", outcome: "running" as const },
    ];
    const launch = { key: deploymentKey("/work/perception", "cv"), steps };
    const row = only(perception, { doing: [{ name: "rtvicv-perception-docker", launch }], containers: [app()] });
    assert.deepEqual(draw([row]), [
      "perception  RT perception · starting · GPU 0 · :9000",
      "  Prepare",
      "  Wait until it runs  exit code 1",
      "  Create the container",
      "  rtvicv-perception-docker  up 3 h · GPU 0 · :9000",
    ]);
    assert.deepEqual(
      row.children?.slice(0, 3).map(({ icon, menu, accessibilityLabel }) => [icon?.id, menu, accessibilityLabel]),
      [
        ["loading~spin", "step", "Prepare, running now"],
        ["error", "step", "Wait until it runs, failed, exit code 1"],
        ["check", "step", "Create the container, done"],
      ],
    );
  });

  it("tells the steps of two launches of one deployment apart, and keeps those of one when the other is over", () => {
    const key = deploymentKey("/work/shop", "web");
    const steps = (...titles: string[]) => titles.map((title) => ({ title, outcome: "running" as const }));
    const one = { name: "shop-web", what: "preparing", launch: { key, steps: steps("creating", "preparing") } };
    const two = { name: "shop-web-2", what: "setting up", launch: { key, steps: steps("setting up") } };
    const both = withDoing(withDoing(initialState, undefined, one), undefined, two);
    const row = (state: Partial<State>) => only(shop, state).children?.[0];
    const drawn = (state: Partial<State>) => draw([row(state)!]);
    assert.deepEqual(drawn(both), [
      "Web shop  starting",
      "  setting up  shop-web-2",
      "  preparing  shop-web",
      "  creating  shop-web",
    ]);
    assert.equal(row(both)?.children?.[0]?.accessibilityLabel, "setting up, running now, shop-web-2");
    assert.deepEqual(drawn(withDoing(both, two, undefined)), ["Web shop  starting", "  preparing", "  creating"]);
    assert.deepEqual(drawn(withDoing(both, one, undefined)), ["Web shop  starting", "  setting up"]);
    const ids = (row(both)?.children ?? []).map(({ id }) => id);
    assert.equal(new Set(ids).size, 3);
  });

  it("has what cannot be launched, and why", () => {
    const broken = project("/work/broken", "services:\n  web:\n    image: web:1\n    imagee: x\n");
    const row = only(broken);
    assert.deepEqual(draw([row]), ["broken  web · mistakes in compose.yaml"]);
    assert.deepEqual(
      [row.icon?.id, row.menu, row.tooltip],
      [
        "error",
        "deployment.broken",
        "/work/broken\nCompose has no field 'imagee' here: did you mean 'image'? (line 4 of compose.yaml)",
      ],
    );
  });

  it("has the other services of a file with a mistake, each mistake with its service", () => {
    const text = "services:\n  a:\n    image: a:1\n    imagee: x\n  b:\n    image: b:1\n  c:\n    image: c:1\n    port: 1\n";
    const row = only(project("/work/three", text));
    assert.deepEqual(draw([row]), ["three", "  b  no image", "  a  mistakes in compose.yaml", "  c  mistakes in compose.yaml"]);
    assert.match(row.children?.[1]?.tooltip ?? "", /'imagee'.*\(line 4 of compose\.yaml\)$/);
    assert.match(row.children?.[2]?.tooltip ?? "", /'port'.*\(line 9 of compose\.yaml\)$/);
  });

  it("has a file that cannot be read, or has no services", () => {
    const unreadable = only(project("/work/bad", "services: [\n"));
    assert.deepEqual(
      [unreadable.description, unreadable.icon?.id, unreadable.menu],
      ["mistakes in compose.yaml", "error", "project"],
    );
    assert.equal(only(project("/work/empty", "services: {}\n")).description, "no services in compose.yaml");
  });

  it("has a project of which a file may not be read, and says which and why", () => {
    const problem = "/work/mine/.env cannot be read: EACCES: permission denied";
    const row = only(unreadableProject("/work/mine", "compose.yaml", { path: ".env", problem }));
    assert.deepEqual(draw([row]), ["mine  .env cannot be read"]);
    assert.deepEqual(
      [row.icon?.id, row.menu, row.tooltip, row.accessibilityLabel],
      ["error", "project", `/work/mine\n${problem}`, "mine, .env cannot be read"],
    );
  });

  it("keeps a name that two services share with the one whose labels the container has", () => {
    const text = (name: string) => `services:\n  ${name}:\n    image: x:1\n    container_name: same\n`;
    const [one, other] = [project("/w/one", text("one")), project("/w/other", text("other"))];
    const drawn = draw(rows([one, other], { containers: [container("same", { labels: berths("other", "other") })] }));
    assert.deepEqual(drawn, ["one  no image", "other  running", "  same  up"]);
  });

  it("has ids and targets that commands go by, and menus as in the containers view", () => {
    const twice = project("/else/perception", "services:\n  cv:\n    image: x:1\n    container_name: another\n");
    const row = only(perception, { containers: [app()] });
    assert.deepEqual(row.target, { project: "/work/perception", service: "cv" });
    assert.deepEqual(
      [row.children?.[0]?.target, row.children?.[0]?.menu],
      [{ container: "rtvicv-perception-docker" }, "container.running.app"],
    );
    assert.deepEqual(
      row.children?.[0]?.children?.map(({ label, description, menu }) => [label, description, menu]),
      [
        ["9000/tcp", "on the host's network", "fact.port"],
        ["GPU 0", "held", "fact"],
        ["Created by Berth for ann", "", "fact"],
      ],
    );
    const ids = all(rows([perception, twice, shop], { containers: [app(), web("a")] })).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("has a row of one id, until it gets its first child and has to be unfolded", () => {
    const ids = [
      {},
      { images: [image("aa", "web:1")] },
      { containers: [web("a")] },
      { containers: [web("a", { state: "exited" }), web("b")] },
    ].map((more) => only(shop, more).children?.[0]?.id);
    assert.deepEqual([ids[0] === ids[1], ids[1] === ids[2], ids[2] === ids[3]], [true, false, true]);
  });

  it("is read aloud as it reads, and has the long form as tooltip", () => {
    const row = only(perception, {
      containers: [app()],
      handles: { "rtvicv-perception-docker": { verdict: "stale", detail: "Its GPU handle is stale." } },
    });
    assert.equal(row.accessibilityLabel, "perception, RT perception, stale GPU handle, GPU 0, :9000");
    assert.equal(
      row.tooltip,
      [
        "State: stale GPU handle · GPU 0 · :9000",
        "Service: cv",
        "Container: rtvicv-perception-docker",
        "Image: nvcr.io/nvidia/vss-core/vss-rt-cv:3.2.1",
        "URL: http://localhost:9000/",
        "Its GPU handle is stale.",
        "/work/perception",
      ].join("\n"),
    );
    assert.equal(row.expanded, true);
  });
});
