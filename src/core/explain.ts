import * as l10n from "./l10n.ts";
import { EngineGoneError, UserError } from "./errors.ts";

/** What a `docker` command line was about, for words that name it. */
export interface About {
  image?: string;
  name?: string;
}

type Explanation = [RegExp, (match: RegExpMatchArray, about: About) => UserError];

const toolkit = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html";

/** What the CLI says when nobody answers it. */
const outOfReach =
  /cannot connect to the docker daemon|error during connect|connection refused|connection reset by peer|(^|: )(unexpected )?EOF\b|broken pipe|shutting down|context deadline exceeded/i;
/** What an engine answers while it goes down; other trouble that it tells, such as runc's, is no sign of that. */
const goingDown = /shutting down|ttrpc: closed|transport is closing|containerd\.sock/i;

/** Texts of Docker 20.10 to 29, the more particular first. */
const known: Explanation[] = [
  [
    /permission denied while trying to connect/i,
    () => new EngineGoneError(l10n.t("Docker refuses your user: join the 'docker' group, then log in again.")),
  ],
  [/container name "?\/?([^"\s]+)"? is already in use/i, ([, name]) => new UserError(takenName(name ?? ""))],
  [/no such image: (\S+)/i, ([, image], about) => new UserError(missingImage(about.image ?? image ?? ""))],
  [
    /pull access denied for ([^\s,]+)|manifest for (\S+) not found|unable to find image '([^']+)'/i,
    ([, ...names], about) => new UserError(missingImage(about.image ?? names.find(Boolean) ?? "")),
  ],
  [
    /could not select device driver|unknown or invalid runtime name: nvidia|unknown runtime specified nvidia|nvidia-container-runtime.*not found/i,
    () =>
      new UserError(
        l10n.t("This engine cannot give GPUs to containers: set up the NVIDIA Container Toolkit for it, or deploy without GPUs."),
        {
          title: l10n.t("How to Install"),
          command: "vscode.open",
          args: [toolkit],
        },
      ),
  ],
  [
    /device error: (\S+): unknown device/i,
    ([, gpu]) => new UserError(l10n.t("There is no GPU '{0}' on the engine's machine: choose another one.", gpu ?? "")),
  ],
  [
    /nvidia-container-cli: (.+?)(: unknown)?$/im,
    ([, words]) => new UserError(l10n.t("The container got no GPU: {0}.", words ?? "")),
  ],
  [
    /driver failed programming external connectivity.*?(\d+) failed: port is already allocated/is,
    ([, port]) => new UserError(takenPort(port ?? "")),
  ],
  [
    /(?:listen (?:tcp|udp)\d? |host port (?:for )?)\S*?:(\d+)\b.*address already in use/i,
    ([, port]) => new UserError(takenPort(port ?? "")),
  ],
  [
    /port is already allocated/i,
    () => new UserError(l10n.t("A port that the container publishes is taken on the engine's machine: choose another one.")),
  ],
  [
    /invalid reference format/i,
    (_match, { image }) =>
      new UserError(
        image === undefined
          ? l10n.t("That is not an image name: write it as REPOSITORY:TAG, the repository in small letters.")
          : l10n.t("'{0}' is not an image name: write it as REPOSITORY:TAG, the repository in small letters.", image),
      ),
  ],
  [
    /bind source path does not exist: (.+)/i,
    ([, path]) => new UserError(l10n.t("The folder {0} does not exist on the engine's machine.", path?.trim() ?? "")),
  ],
  [
    /invalid mount path: '?(.+?)'? mount path must be absolute/i,
    ([, path]) =>
      new UserError(l10n.t("'{0}' is not a place for a mount: the path in the container must be absolute.", path ?? "")),
  ],
  [
    /exec: "?([^"]+?)"?: permission denied/i,
    ([, program]) =>
      new UserError(l10n.t("The container cannot start: '{0}' in its image is not a program that may be run.", program ?? "")),
  ],
  [
    /exec: "?([^"]+?)"?: (executable file not found|stat .*no such file|no such file)/i,
    ([, program]) => new UserError(l10n.t("The container cannot start: its image has no program '{0}'.", program ?? "")),
  ],
  [
    /no space left on device/i,
    () => new UserError(l10n.t("The engine's disk is full: remove images or containers that nobody needs, then try again.")),
  ],
  [/no such container: (\S+)/i, ([, name], about) => new UserError(missingContainer(about.name ?? name ?? ""))],
];

/** A failed `docker` command line in words that help; what is unknown stays in Docker's own words. */
export function explainDocker(stderr: string, about: About): UserError {
  const text = stderr.trim();
  if ((/Error response from daemon/i.test(text) ? goingDown : outOfReach).test(text))
    return new EngineGoneError(l10n.t("The Docker engine went away."));
  for (const [pattern, explain] of known) {
    const match = text.match(pattern);
    if (match) return explain(match, about);
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^(See 'docker|Run 'docker|WARNING:|Usage:)/.test(line));
  const words = (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? l10n.t("it said nothing")).replace(
    /^(docker: )?(Error response from daemon: |Error: )?/i,
    "",
  );
  return new UserError(l10n.t("Docker refused: {0}", words.slice(0, 500)));
}

export const takenName = (name: string) =>
  l10n.t("There is a container named '{0}' already: choose another name, or retire that one first.", name);
export const missingImage = (image: string) =>
  l10n.t("There is no image '{0}' on this engine: pull it with 'docker pull {0}', or choose one from the Images view.", image);
export const missingContainer = (name: string) => l10n.t("There is no container '{0}' on this engine.", name);
const takenPort = (port: string) => l10n.t("Port {0} is taken on the engine's machine: choose another one.", port);
