/** `npm run l10n` collects the texts that people see from the sources, for translators: VS Code's own tool finds the calls of `l10n.t`, VS Code's and core's. */
import { getL10nJson } from "@vscode/l10n-dev";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");
const names = readdirSync(join(repository, "src"), { recursive: true, encoding: "utf8" });
const files = names
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(join(repository, "src", name), "utf8"))
  // The tool knows the two by where they come from.
  .map((text) => ({ extension: ".ts", contents: text.replace(/"[^"]*\/l10n\.ts"/, '"@vscode/l10n"') }));
const texts = Object.entries(await getL10nJson(files)).sort(([a], [b]) => (a < b ? -1 : 1));
mkdirSync(join(repository, "l10n"), { recursive: true });
writeFileSync(join(repository, "l10n/bundle.l10n.json"), `${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`);
