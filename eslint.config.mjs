import tseslint from "typescript-eslint";

/** Imports go ui → engine → core, and `vscode` stays in src/ui and src/extension.ts. */
const noVscode = { name: "vscode", message: "vscode belongs in src/ui and src/extension.ts." };
const forbid = (paths, patterns) => ({ "no-restricted-imports": ["error", { paths, patterns }] });

export default tseslint.config(
  { ignores: ["dist", "out", "node_modules", ".vscode-test"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-restricted-syntax": [
        "error",
        { selector: "CallExpression[callee.object.name='console']", message: "Use the output channel." },
      ],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/core/**"],
    rules: forbid(
      [noVscode],
      [
        { group: ["../engine/*", "../ui/*", "../extension*"], message: "core imports only core." },
        { group: ["node:*", "!node:crypto", "dockerode", "execa"], message: "core does no I/O." },
      ],
    ),
  },
  {
    files: ["src/engine/**"],
    rules: forbid([noVscode], [{ group: ["../ui/*", "../extension*"], message: "engine imports core and engine." }]),
  },
  { files: ["test/**", "*.mjs"], rules: { "no-restricted-syntax": "off", "@typescript-eslint/no-floating-promises": "error" } },
  {
    files: ["**/*.{mjs,cjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
