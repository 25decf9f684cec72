// That Berth can be translated: what people see goes through l10n, and translators find it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundlePath, textsOfSources } from "../l10n.ts";

const root = join(import.meta.dirname, "../..");

describe("the texts of package.json", () => {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const nls = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8")) as Record<string, string>;

  it("are those of package.nls.json", () => {
    const keys = Array.from(manifest.matchAll(/"%([^%"]+)%"/g), ([, key]) => key!);
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(nls).sort());
  });

  it("stand nowhere in package.json itself", () => {
    const { contributes } = JSON.parse(manifest) as { contributes: unknown };
    const plain: string[] = [];
    const look = (value: unknown, key: string): void => {
      if (Array.isArray(value)) value.forEach((item) => look(item, key));
      else if (typeof value === "object" && value !== null) Object.entries(value).forEach(([name, item]) => look(item, name));
      else if (/^(title|name|contents|description|markdownDescription|enumDescriptions|label)$/.test(key))
        plain.push(String(value));
    };
    look(contributes, "");
    // The product's own name is no text.
    assert.deepEqual(
      plain.filter((text) => !/^%.+%$/.test(text) && text !== "Berth"),
      [],
    );
  });
});

describe("the texts of the sources", () => {
  it("are those of l10n/bundle.l10n.json", async function () {
    this.timeout(20_000);
    const bundle: unknown = JSON.parse(readFileSync(bundlePath, "utf8"));
    assert.deepEqual(bundle, await textsOfSources(), "l10n/bundle.l10n.json is out of date: run 'npm run l10n'.");
  });
});
