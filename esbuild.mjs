// Builds dist/; `--watch` keeps building, `--tests` also builds the suite that runs inside the extension host.
import { context } from "esbuild";
import { existsSync, rmSync } from "node:fs";

const watch = process.argv.includes("--watch");
const common = {
  bundle: true,
  platform: "node",
  target: "node22",
  external: ["vscode"],
  logLevel: "warning",
};

// dockerode reaches for ssh2 and gRPC, which Berth never uses: other endpoints than a unix socket go through `docker system dial-stdio`.
const leaveOut = {
  name: "leave-out",
  setup(build) {
    build.onResolve({ filter: /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs.*|cpu-features)$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
  },
};

const builds = [
  {
    ...common,
    // ES modules, split: what is imported on demand (dockerode, execa) stays out of the file that activation loads.
    format: "esm",
    splitting: true,
    entryPoints: ["src/extension.ts"],
    outdir: "dist",
    chunkNames: "[name]-[hash]",
    banner: { js: 'import { createRequire as berthRequire } from "node:module"; const require = berthRequire(import.meta.url);' },
    minify: !watch,
    sourcemap: watch ? "inline" : false,
    metafile: true,
    plugins: [leaveOut],
  },
];
rmSync("dist", { recursive: true, force: true });
if (process.argv.includes("--tests") && existsSync("test/host/suite/index.ts")) {
  builds.push({
    ...common,
    format: "cjs",
    entryPoints: ["test/host/suite/index.ts"],
    outfile: "out/test/suite.cjs",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
  });
}
for (const options of builds) {
  const build = await context(options);
  if (watch) await build.watch();
  else {
    await build.rebuild();
    await build.dispose();
  }
}
