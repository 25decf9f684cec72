/** What is in the image `perception`: it behaves as NVIDIA's RT perception services do, and computes nothing. */

const mainTxt = `# Main configuration of the perception service.
; Comments, order and blank lines are the owner's.

[application]
enable-perf-measurement=1
perf-measurement-interval-sec=5

[http-server]
enable=1
http-port=9000   # where /api/v1/ready answers
#http-port=9001

[streammux]
gpu-id=0
batch-size=1
batched-push-timeout=40000
width = 1920
height = 1080

[sink0]
enable=1
# fakesink or eglsink
type=fakesink

[primary-gie]
enable=1
model-engine-file=/opt/app/engines/model_b1.engine
`;

/** Linux calls a script's process by the script's name only if its first line names the interpreter itself: env would be replaced by python3. */
const perceptionApp = `#!/usr/bin/python3
"""perception_app -c FILE [--ready-after SECONDS] [--sink SINK] [--fail WHAT] [--ignore-term] [--background]

WHAT, or the text of /opt/app/fail: nvml, cuda, oom, library, license, crash, hang (never ready), later (ends after it was ready once).
"""
import argparse, configparser, os, signal, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

failures = {
    "nvml": "Failed to initialize NVML: Unknown Error",
    "cuda": "cudaGetDeviceCount failed: CUDA error 100: no CUDA-capable device is detected (status=100)",
    "oom": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    "library": "perception_app: error while loading shared libraries: libnvinfer.so.10: cannot open shared object file: No such file or directory",
    "license": "Please accept the license by setting ACCEPT_EULA=Y.",
    "crash": "Traceback: something odd",
}

parser = argparse.ArgumentParser()
parser.add_argument("-c", dest="config", default="/opt/app/main.txt")
parser.add_argument("--ready-after", type=float, default=0.4)
parser.add_argument("--sink")
parser.add_argument("--fail")
parser.add_argument("--ignore-term", action="store_true")
parser.add_argument("--background", action="store_true")
args = parser.parse_args()


def say(text):
    print(text, flush=True)


def fail(text, code=1):
    say("ERROR: " + text)
    sys.exit(code)


if args.background and os.fork() > 0:
    sys.exit(0)

wish = args.fail or (open("/opt/app/fail").read().strip() if os.path.exists("/opt/app/fail") else "")
config = configparser.ConfigParser(inline_comment_prefixes=("#", ";"))
if not config.read(args.config):
    fail(f"cannot read {args.config}")
port = config.getint("http-server", "http-port")
sink = args.sink or config.get("sink0", "type")
say(f"perception_app: port {port}, batch size {config.get('streammux', 'batch-size')}, sink {sink}")

if os.path.exists("/usr/bin/nvidia-smi"):
    smi = subprocess.run(["/usr/bin/nvidia-smi", "-L"], capture_output=True, text=True)
    say(smi.stdout.strip())
    if smi.returncode != 0:
        fail("no GPU: nvidia-smi ended with " + str(smi.returncode))
if sink == "eglsink":
    number = os.environ.get("DISPLAY", "").split(":")[-1].split(".")[0]
    if not os.path.exists(f"/tmp/.X11-unix/X{number}"):
        fail("cannot open display " + os.environ.get("DISPLAY", "(none)"))
if wish in failures:
    fail(failures[wish])

started = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/api/v1/ready":
            return self.answer(404, "not found")
        is_ready = wish != "hang" and time.monotonic() - started >= args.ready_after
        self.answer(200, '{"health": "ok", "ds-ready" : "%s"}' % ("YES" if is_ready else "NO"))
        if is_ready and wish == "later":
            threading.Timer(0.1, lambda: os._exit(9)).start()

    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


try:
    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
except OSError as error:
    fail(f"cannot listen on port {port}: {error}")


def stop(*_):
    if args.ignore_term:
        return say("SIGTERM ignored")
    say("stopping")
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
say(f"listening on {port}")
server.serve_forever()
`;

const buildEngine = `#!/bin/sh
# build-engine --batch N: what takes minutes with TensorRT.
[ "$1" = --batch ] && [ -n "$2" ] || { echo "usage: build-engine --batch N" >&2; exit 2; }
mkdir -p /opt/app/engines
echo "building an engine for batch $2"
echo "engine b$2" >"/opt/app/engines/model_b$2.engine"
`;

export const perceptionFiles = { "main.txt": mainTxt, perception_app: perceptionApp, "build-engine": buildEngine };
