import assert from "node:assert/strict";
import { fillImageName, fillName, freeName, imageBaseName, nameProblem, timestamp } from "../../src/core/names.ts";

describe("a container's name", () => {
  for (const name of ["web", "train-7", "a1", "A_b.c-d", "9000", "rtvicv-perception-docker"])
    it(`can be ${name}`, () => assert.equal(nameProblem(name, ["other"]), undefined));

  for (const name of ["a", "-web", ".web", "_web", "my web", "größe", "web/1", "web:1", "web\n"])
    it(`cannot be ${JSON.stringify(name)}, and is told why`, () =>
      assert.equal(
        nameProblem(name, []),
        `'${name}' cannot be a container's name: use at least two letters, digits, '_', '.' or '-', and start with a letter or digit.`,
      ));

  it("cannot be empty", () => assert.equal(nameProblem("", []), "Give the container a name."));
  it("cannot be taken", () =>
    assert.equal(
      nameProblem("web", ["db", "web"]),
      "There is a container named 'web' already: choose another name, or retire that one first.",
    ));
  it("is another one when only its case or its beginning is the same", () =>
    assert.equal(nameProblem("web", ["Web", "web-2"]), undefined));
});

describe("the name proposed for a container", () => {
  const images: [string, string][] = [
    ["debian:12", "debian"],
    ["nvcr.io/nvidia/pytorch:25.01-py3", "pytorch"],
    ["localhost:5000/team/app", "app"],
    ["localhost:5000/team/app:1.0", "app"],
    ["pytorch@sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2", "pytorch"],
    ["sha256:66915691837577ab581f903a62c7be8ab1ae44e941e9ec73e298765f76026fa2", "container"],
    ["669156918375", "container"],
    ["r:4", "container"], // one letter is too short for Docker
  ];
  for (const [image, wanted] of images) it(`for ${image}: ${wanted}`, () => assert.equal(imageBaseName(image), wanted));

  const values = { image: "pytorch", project: "My Thesis (v2)", user: "ann", uid: "1000" };
  const templates: [string, string][] = [
    ["{{image}}", "pytorch"],
    ["{{user}}-{{image}}", "ann-pytorch"],
    ["{{project}}._.{{uid}}", "My-Thesis-v2-._.1000"],
    ["{{image}}{{image}}", "pytorchpytorch"],
    ["fixed", "fixed"],
  ];
  for (const [template, wanted] of templates)
    it(`by ${template}: ${wanted}`, () => assert.equal(fillName(template, values), wanted));

  it("shows the mistake in a template instead of hiding it", () => {
    const name = fillName("{{imgae}}-1", values);
    assert.equal(name, "{{imgae}}-1");
    assert.notEqual(nameProblem(name, []), undefined);
  });

  it("starts as Docker wants it, though the folder starts with a dot", () =>
    assert.equal(fillName("{{project}}", { project: ".dotfiles" }), "dotfiles"));

  const built: [string, string][] = [
    ["My Thesis (v2)", "my-thesis-v2-web"],
    ["a__b.c_d--e", "a__b.c_d--e-web"],
    ["a..b___c-_d", "a-b-c-d-web"],
    [".dotfiles_", "dotfiles-web"],
    ["論文", "image-web"],
  ];
  for (const [project, wanted] of built)
    it(`of an image that the project ${project} builds: ${wanted}`, () =>
      assert.equal(fillImageName("{{project}}-{{service}}", { project, service: "Web" }), wanted));

  it("of an image keeps what its template says", () =>
    assert.equal(fillImageName("lab.local:5000/{{user}}/x:dev", { user: "Ann" }), "lab.local:5000/ann/x:dev"));

  it("gets the smallest number that is free", () => {
    assert.equal(freeName("web", ["db"]), "web");
    assert.equal(freeName("web", ["web"]), "web-2");
    assert.equal(freeName("web", ["web", "web-2", "web-4"]), "web-3");
  });
});

it("a timestamp is in the machine's own time, and sorts", () => {
  assert.equal(timestamp(new Date(2026, 0, 2, 3, 4, 5)), "20260102_030405");
  assert.equal(timestamp(new Date(2026, 10, 21, 13, 30, 59)), "20261121_133059");
});
