import assert from "node:assert/strict";
import { candidates, deploymentOf } from "../../src/core/candidates.ts";
import type { Container } from "../../src/core/engineJson.ts";
import { berths, composes, container, image, project } from "./projectSupport.ts";

const shop = project(
  "/work/Shop",
  "services:\n  web:\n    image: web:1\n    container_name: the-web\n  db:\n    image: postgres\n",
);
const [web, db] = shop.deployments as [(typeof shop.deployments)[0], (typeof shop.deployments)[0]];
const images = [image("aa", "web:1", "web:latest"), image("bb", "postgres:latest")];

const found = (containers: readonly Container[], of = web, user = "ann") =>
  candidates(of, containers, images, user).map(({ by, container }) => `${by} ${container.name}`);

describe("the containers that can be a deployment's", () => {
  it("are told by name, Berth's labels, Compose's and the image, in this order", () => {
    const containers = [
      container("same-image", { imageId: "sha256:aa" }),
      container("shop-web-1", { labels: composes("shop", "web") }),
      container("the-web-20261121_093005", { labels: berths("Shop", "web"), state: "exited" }),
      container("the-web"),
      container("another"),
    ];
    assert.deepEqual(found(containers), [
      "name the-web",
      "label the-web-20261121_093005",
      "compose shop-web-1",
      "image same-image",
    ]);
  });

  it("are told once each, by what is surest", () => {
    const labels = { ...berths("Shop", "web"), ...composes("shop", "web") };
    assert.deepEqual(found([container("the-web", { labels, imageId: "sha256:aa" })]), ["name the-web"]);
    assert.deepEqual(found([container("x", { labels, imageId: "sha256:aa" })]), ["label x"]);
  });

  it("are found by the image however the file spells its name", () => {
    assert.deepEqual(found([container("pg", { imageId: "sha256:bb" })], db), ["image pg"]);
    assert.deepEqual(found([container("pg", { imageId: "sha256:bb" })], web), []);
  });

  it("are none of another service, project or folder", () => {
    const folder = "com.docker.compose.project.working_dir";
    const containers = [
      container("a", { labels: berths("Shop", "db") }),
      container("b", { labels: berths("Other", "web") }),
      container("c", { labels: composes("shop", "db") }),
      container("d", { labels: composes("shop", "web", { [folder]: "/home/bob/Shop" }) }),
      container("e", { labels: composes("shop", "web", { "com.docker.compose.oneoff": "True" }) }),
      container("f", { labels: { "dev.berth.project": "Shop", "dev.berth.service": "web" } }),
    ];
    assert.deepEqual(found(containers), []);
    assert.deepEqual(found([container("g", { labels: composes("shop", "web", { [folder]: "/work/Shop" }) })]), ["compose g"]);
  });

  it("are another user's only by name or image", () => {
    const labels = berths("Shop", "web", { "dev.berth.user": "bob" });
    const containers = [
      container("x", { labels }),
      container("y", { labels, imageId: "sha256:aa" }),
      container("the-web", { labels }),
    ];
    assert.deepEqual(found(containers), ["name the-web", "image y"]);
    assert.deepEqual(found(containers, web, "bob"), ["name the-web", "label x", "label y"]);
  });

  it("are not what was set aside or kept as failed", () => {
    const labels = berths("Shop", "web");
    const aside = ["the-web-berth-aside", "the-web-failed-20261121_093005"].map((name) =>
      container(name, { labels, imageId: "sha256:aa" }),
    );
    assert.deepEqual(found([...aside, container("never-failed-yet", { labels })]), ["label never-failed-yet"]);
  });
});

describe("the deployment of a container", () => {
  const of = (one: Container) => deploymentOf(one, [shop, twin])?.source.around.folder;
  const twin = project("/other/Shop", "services:\n  web:\n    image: web:1\n    container_name: their-web\n");

  it("is told by labels, and by the name where those fit two folders", () => {
    assert.equal(of(container("x", { labels: berths("Shop", "web") })), "/work/Shop");
    assert.equal(of(container("their-web", { labels: berths("Shop", "web") })), "/other/Shop");
    const folder = { "com.docker.compose.project.working_dir": "/other/Shop" };
    assert.equal(of(container("x", { labels: composes("shop", "web", folder) })), "/other/Shop");
  });

  it("is told by the name alone, but not against the labels", () => {
    assert.equal(of(container("their-web")), "/other/Shop");
    assert.equal(deploymentOf(container("the-web", { labels: berths("Shop", "db") }), [shop])?.service, "db");
  });

  it("is none for what only has the image", () => {
    assert.equal(deploymentOf(container("x", { imageId: "sha256:aa", image: "web:1" }), [shop]), undefined);
  });
});
