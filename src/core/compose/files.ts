/** Names of a compose file, the first that is there being the one (Compose Specification, "Compose file"). */
export const composeFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"] as const;

/** The override that Compose takes with a compose file, the first that is there. */
export function overridesOf(file: string): string[] {
  const stem = file.replace(/\.ya?ml$/, "");
  return [`${stem}.override.yml`, `${stem}.override.yaml`];
}

/** The compose files that a file of this name may belong to: itself, or those that it overrides. Empty: it is no compose file. */
export function basesOf(name: string): string[] {
  return composeFiles.filter((file) => file === name || overridesOf(file).includes(name));
}
