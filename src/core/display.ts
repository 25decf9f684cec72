import * as l10n from "./l10n.ts";
import { UserError } from "./errors.ts";
import type { Mount } from "./runSpec.ts";

/** Where X servers have their sockets (X(7), "DISPLAY NAMES": a display without a host is this machine's, by a socket). */
const sockets = "/tmp/.X11-unix";

/** What a container needs to show windows on an X11 display. */
export interface X11 {
  env: { DISPLAY: string; XAUTHORITY?: string };
  mounts: Mount[];
  /** Where the display's socket has to be inside. */
  socket: string;
}

/**
 * The display that programs of this environment show their windows on, for a container. `XAUTHORITY` goes along where it is set: the file with which
 * programs log in, at the same path.
 * @throws UserError when there is no display, or it is another machine's
 */
export function x11({ DISPLAY: display = "", XAUTHORITY: authority = "" }: Readonly<Record<string, string | undefined>>): X11 {
  if (display.trim() === "")
    throw new UserError(
      l10n.t(
        "There is no display here: DISPLAY is not set. Start VS Code in a desktop session of this machine, or choose what needs no display.",
      ),
    );
  const [, host = "", number, screen = ""] = /^(?:(.*):)?(\d+)(\.\d+)?$/.exec(display.trim()) ?? [];
  if (number === undefined)
    throw new UserError(
      l10n.t(
        "DISPLAY is '{0}', which is not a display such as ':0': set it to one of this machine, or choose what needs no display.",
        display,
      ),
    );
  if (!["", "unix"].includes(host) && !host.endsWith("/unix"))
    throw new UserError(
      l10n.t(
        "DISPLAY is '{0}', a display reached over the network (as 'ssh -X' makes it), which cannot be mounted in a container: set DISPLAY to one of this machine, such as ':0', or choose what needs no display.",
        display,
      ),
    );
  // With --mount, not -v, which would make what is missing, as folders of root.
  const bind = (path: string): Mount => ({ type: "bind", source: path, target: path });
  const hasFile = authority.startsWith("/");
  return {
    env: { DISPLAY: `:${number}${screen}`, ...(hasFile ? { XAUTHORITY: authority } : {}) },
    mounts: [bind(sockets), ...(hasFile ? [{ ...bind(authority), readOnly: true }] : [])],
    socket: `${sockets}/X${number}`,
  };
}

/**
 * The command of this machine that lets one local user use the display, and nobody else: never `xhost +`, which lets everyone in. A number goes
 * with `#` in front (Xsecurity(7), "localuser").
 * @param user as the machine sees it, by name or number; a group behind a colon is not looked at
 */
export function xhostArgs(user: string): string[] {
  const name = user.replace(/:.*$/, "") || "root";
  return ["xhost", `+SI:localuser:${/^\d+$/.test(name) ? `#${name}` : name}`];
}
