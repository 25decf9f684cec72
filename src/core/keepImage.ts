import type { Container, Details, ImageDetails } from "./engineJson.ts";
import { isKeepAlive } from "./keepAlive.ts";
import { isSecret, redact, secretValues } from "./redact.ts";

/** How a container becomes an image. */
export interface Keep {
  /** Name of the new image. */
  image: string;
  /** Dockerfile instructions that the new image gets. */
  changes: readonly string[];
  /**
   * Nothing but the files: through an export and an import. A commit takes the container's whole configuration along; up to engine 24 with its
   * environment as it was, whatever is changed in the image.
   */
  filesOnly: boolean;
}

type KeptContainer = Pick<Container, "labels"> & { details: Details };

/**
 * How to keep a container so that the image starts as the one it was made from, and holds no secret's value.
 * @param base The image that the container was made from; absent when it is gone
 */
export function keepAs(image: string, { details: container, labels }: KeptContainer, base: ImageDetails | undefined): Keep {
  const secret = container.env.filter(holdsSecret);
  // The keep-alive replaces the entrypoint, or is a command given to it.
  const { entrypoint, command } = container;
  const keptAlive = [command, [...entrypoint, ...command]].some((argv) => isKeepAlive(argv.join(" ")));
  const own = base && keptAlive ? base : container;
  const secrets = secretValues(container.env);
  const argv = (words: readonly string[]) => JSON.stringify(words.map((word) => redact(word, secrets)));
  const start = [`ENTRYPOINT ${argv(own.entrypoint)}`, `CMD ${argv(own.command)}`];
  // A container of the kept image is not one that Berth made.
  const unlabel = Object.keys(labels).flatMap((name) => (name.startsWith("dev.berth.") ? [`LABEL ${name}=`] : []));
  if (secret.length === 0) return { image, changes: [...(own === base ? start : []), ...unlabel], filesOnly: false };
  const env = container.env.map((line) => (secret.includes(line) ? `ENV ${nameOf(line)}=` : envInstruction(line)));
  const place = [
    ...(container.workingDir ? [`WORKDIR ${container.workingDir}`] : []),
    ...(container.user ? [`USER ${container.user}`] : []),
  ];
  return { image, changes: [...env, ...place, ...start], filesOnly: true };
}

/** The variables that are empty in the kept image. */
export function blanked(container: Details): string[] {
  return container.env.filter(holdsSecret).map(nameOf);
}

const holdsSecret = (line: string): boolean => isSecret(nameOf(line), line.slice(nameOf(line).length + 1));
const nameOf = (line: string): string => line.split("=", 1)[0] ?? "";

/** In a Dockerfile, `$`, `"` and `\` mean something between double quotes. */
function envInstruction(line: string): string {
  const value = line.slice(nameOf(line).length + 1).replace(/[\\"$]/g, "\\$&");
  return `ENV ${nameOf(line)}="${value.replaceAll("\n", " ")}"`;
}
