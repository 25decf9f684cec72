import assert from "node:assert/strict";
import { x11, xhostArgs } from "../../src/core/display.ts";

const socketMount = { type: "bind", source: "/tmp/.X11-unix", target: "/tmp/.X11-unix" };

describe("an X11 display for a container", () => {
  const displays: [given: string, display: string, socket: string][] = [
    [":1", ":1", "/tmp/.X11-unix/X1"],
    ["1", ":1", "/tmp/.X11-unix/X1"],
    [":0.0", ":0.0", "/tmp/.X11-unix/X0"],
    ["unix:0", ":0", "/tmp/.X11-unix/X0"],
    ["unix:12.1", ":12.1", "/tmp/.X11-unix/X12"],
    ["desk/unix:0", ":0", "/tmp/.X11-unix/X0"],
    [" :2 ", ":2", "/tmp/.X11-unix/X2"],
  ];
  for (const [given, DISPLAY, socket] of displays)
    it(`'${given}'`, () => assert.deepEqual(x11({ DISPLAY: given }), { env: { DISPLAY }, mounts: [socketMount], socket }));

  it("with the file that programs log in with, read-only and at its path", () =>
    assert.deepEqual(x11({ DISPLAY: ":0", XAUTHORITY: "/run/user/1000/xauth_ABC" }), {
      env: { DISPLAY: ":0", XAUTHORITY: "/run/user/1000/xauth_ABC" },
      mounts: [
        socketMount,
        { type: "bind", source: "/run/user/1000/xauth_ABC", target: "/run/user/1000/xauth_ABC", readOnly: true },
      ],
      socket: "/tmp/.X11-unix/X0",
    }));
  it("without a file whose path says nothing to others", () => {
    assert.deepEqual(x11({ DISPLAY: ":0", XAUTHORITY: "" }).mounts, [socketMount]);
    assert.deepEqual(x11({ DISPLAY: ":0", XAUTHORITY: ".Xauthority" }).env, { DISPLAY: ":0" });
  });

  for (const DISPLAY of [undefined, "", " "])
    it(`none: ${JSON.stringify(DISPLAY)}`, () =>
      assert.throws(() => x11({ DISPLAY }), {
        name: "UserError",
        message:
          "There is no display here: DISPLAY is not set. Start VS Code in a desktop session of this machine, or choose what needs no display.",
      }));
  for (const DISPLAY of ["localhost:10.0", "gpu-server:0", "[::1]:0", "192.168.1.5:0.0"])
    it(`another machine's: ${DISPLAY}`, () =>
      assert.throws(() => x11({ DISPLAY }), {
        name: "UserError",
        message: `DISPLAY is '${DISPLAY}', a display reached over the network (as 'ssh -X' makes it), which cannot be mounted in a container: set DISPLAY to one of this machine, such as ':0', or choose what needs no display.`,
      }));
  for (const DISPLAY of ["wayland-0", ":", ":x", "unix:", ":0;xhost +"])
    it(`no display at all: ${DISPLAY}`, () =>
      assert.throws(() => x11({ DISPLAY }), {
        name: "UserError",
        message: `DISPLAY is '${DISPLAY}', which is not a display such as ':0': set it to one of this machine, or choose what needs no display.`,
      }));
});

describe("who is let in at the display", () => {
  const users: [user: string, entry: string][] = [
    ["", "root"],
    ["root", "root"],
    ["dev", "dev"],
    ["dev:video", "dev"],
    ["1000", "#1000"],
    ["1000:1000", "#1000"],
    ["0:0", "#0"],
    [":44", "root"],
  ];
  for (const [user, entry] of users)
    it(`'${user}'`, () => assert.deepEqual(xhostArgs(user), ["xhost", `+SI:localuser:${entry}`]));
});
