/** How large what people install is, and may be. Run by `npm run package`: fails when one of them has grown too large. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const repository = join(import.meta.dirname, "..");
const size = (file: string) => statSync(join(repository, file)).size;

/** A chunk and all that it imports, not what it imports when that is first used. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(join(repository, "dist", file), "utf8");
  for (const [, other] of text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([\w-]+\.js)"/g)) if (other) loadedWith(other, found);
  return found;
}

/** In kB of 1000 bytes. */
export interface Size {
  what: string;
  is: number;
  limit?: number;
}

/** Of what `npm run package` made. */
export function sizes(): Size[] {
  const chunks = readdirSync(join(repository, "dist")).filter((file) => file.endsWith(".js"));
  const all = chunks.reduce((sum, file) => sum + size(`dist/${file}`), 0);
  const first = [...loadedWith("extension.js")].reduce((sum, file) => sum + size(`dist/${file}`), 0);
  return [
    { what: "dist/extension.js with what it imports, which activation loads", is: first / 1000, limit: 300 },
    { what: "dist/*.js, with what is loaded when first used", is: all / 1000 },
    { what: "berth.vsix", is: size("berth.vsix") / 1000, limit: 400 },
  ];
}

if (import.meta.main) {
  for (const { what, is, limit = Infinity } of sizes()) {
    if (is < limit) continue;
    console.error(
      `${what} is ${Math.round(is)} kB, and must stay below ${limit} kB: see what grew it (npx esbuild --analyze), load it on demand (import()) or leave it out.`,
    );
    process.exitCode = 1;
  }
}
