/** What stands in for the images of examples/, which take gigabytes and a registry: they behave as those do, and compute nothing. */

/** By the variables that the compose files take their images from. Perception's is in its file already. */
export const standIns = {
  HELLO_IMAGE: "berth-lab/busybox:1",
  PYTORCH_IMAGE: "berth-lab/pip:1",
  ROS_IMAGE: "berth-lab/ros:1",
  SWE_IMAGE: "berth-lab/pip:1",
  VLLM_IMAGE: "berth-lab/vllm:1",
};

const pip = `#!/usr/bin/python3
"""pip install [-q] -e FOLDER | -r FILE, without a network: what is asked for can be imported afterwards, and is empty."""
import os, re, sys, sysconfig, tomllib

site = sysconfig.get_path("purelib", "posix_local")
os.makedirs(site, exist_ok=True)
command, *words = [word for word in sys.argv[1:] if word not in ("-q", "--quiet")]
if command != "install" or words[0] not in ("-e", "-r"):
    sys.exit("pip: this one knows install -e FOLDER and install -r FILE alone")
if words[0] == "-e":
    folder = os.path.abspath(words[1])
    with open(os.path.join(folder, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    with open(os.path.join(site, "__editable__." + project["name"] + ".pth"), "w") as file:
        file.write(folder + "\\n")
    wanted = project.get("dependencies", [])
else:
    wanted = open(words[1]).read().split("\\n")
for line in wanted:
    name = re.match(r"[\\w.-]*", line)[0].replace("-", "_")
    if name:
        open(os.path.join(site, name + ".py"), "a").close()
print("Successfully installed")
`;

const setupSh = `# What has to be sourced before anything of ROS is found.
export PATH=/opt/ros/jazzy/bin:$PATH
`;

const rosEntrypoint = `#!/bin/bash
set -e
source "/opt/ros/$ROS_DISTRO/setup.sh"
exec "$@"
`;

/** The beginning of the protocol: X Window System Protocol, "Connection Setup". No authority is given, so xhost must have let the user in. */
const rviz2 = `#!/usr/bin/python3
"""Connects to the display, and stays until it is told to go, as a window does."""
import os, re, signal, socket, struct, sys

display = os.environ.get("DISPLAY", "")
number = re.match(r":(\\d+)", display)
if not number:
    sys.exit("rviz2: could not connect to display " + display)
x = socket.socket(socket.AF_UNIX)
try:
    x.connect("/tmp/.X11-unix/X" + number[1])
except OSError as error:
    sys.exit(f"rviz2: could not connect to display {display}: {error}")
x.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
verdict, length, major = struct.unpack("<BBH", x.recv(4))
x.recv(4)
if verdict != 1:
    sys.exit("rviz2: " + x.recv(length).decode())
print(f"rviz2: on display {display} of an X{major} server", flush=True)
signal.pause()
`;

const vllm = `#!/usr/bin/python3
"""The arguments, log and addresses of vLLM's server, with a model that says nothing."""
import argparse, json, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--max-model-len", type=int)
parser.add_argument("--port", type=int, default=8000)
args = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("INFO Loading", args.model, flush=True)
time.sleep(0.5)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/health": None, "/v1/models": {"data": [{"id": args.model, "max_model_len": args.max_model_len}]}}
        self.send_response(200 if self.path in known else 404)
        body = json.dumps(known[self.path]).encode() if known.get(self.path) else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("0.0.0.0", args.port), Handler)
print("INFO Application startup complete.", flush=True)
server.serve_forever()
`;

const curl = `#!/usr/bin/python3
"""curl -fs URL, for health checks."""
import sys, urllib.error, urllib.request

try:
    sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[-1]).read())
except urllib.error.HTTPError:
    sys.exit(22)
except OSError:
    sys.exit(7)
`;

export const pipFiles = { pip };
export const rosFiles = { "setup.sh": setupSh, "ros_entrypoint.sh": rosEntrypoint, rviz2 };
export const vllmFiles = { vllm, curl };
