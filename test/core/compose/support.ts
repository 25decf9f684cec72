import type { Deployment } from "../../../src/core/compose/deployment.ts";
import { type Project, type ProjectFiles, readProject } from "../../../src/core/compose/project.ts";

export const naming = { container: "{{project}}-{{service}}", image: "{{project}}-{{service}}", user: "ann", uid: "1000" };

/** A project in /work/demo of these files: the compose file, then its override. */
export function project(texts: string | readonly string[], more: Partial<ProjectFiles> = {}): Project {
  const names = ["compose.yaml", "compose.override.yaml"];
  const files = [texts].flat().map((text, n) => ({ path: names[n]!, text }));
  return readProject({ folder: "/work/demo", files, env: { HOME: "/home/ann" }, naming, ...more });
}

/** `4:5-4:12 error: …` a line; of an override with its name. */
export function told({ issues }: Project): string[] {
  return issues.map(({ path, line, column, endLine, endColumn, severity, message }) => {
    const end = endLine === line ? endColumn : `${endLine}:${endColumn}`;
    return `${path === "compose.yaml" ? "" : `${path} `}${line}:${column}-${end} ${severity}: ${message}`;
  });
}

/** A service `a` with these lines, of which the first is line 4. */
export function service(...lines: string[]): string {
  return ["services:", "  a:", "    image: debian:12", ...lines.map((line) => `    ${line}`), ""].join("\n");
}

/** The same with an x-berth block: its first line is line 5. */
export function berth(...lines: string[]): string {
  return service("x-berth:", ...lines.map((line) => `  ${line}`));
}

export function only(from: Project): Deployment {
  const [deployment] = from.deployments;
  if (!deployment) throw new Error(`There is no deployment: ${told(from).join("\n")}`);
  return deployment;
}
