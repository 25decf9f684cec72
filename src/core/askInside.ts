/** Asking a web server from inside its container, with whatever the image has to ask with. */

const pythonScript = `import sys, http.client
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
c.request("GET", sys.argv[2])
r = c.getresponse()
sys.stdout.buffer.write(r.read())
print("\\nberth-status", r.status)`;

const bashScript = `exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf "GET %s HTTP/1.0\\r\\nHost: localhost:%s\\r\\n\\r\\n" "$2" "$1" >&3
read -r http code rest <&3
while read -r line <&3 && [ "$line" != $'\\r' ]; do :; done
cat <&3
printf "\\nberth-status %s\\n" "$code"`;

/** Prints the answer's body and, on a last line, its status; with wget, which tells no status, 200 for success (its own -T
 * ends busybox 1.35 of Debian with a segmentation fault). No proxy comes between, whatever the environment says. */
const script = `unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
url=http://127.0.0.1:$1$2
limit=; timeout 10 true 2>/dev/null && limit="timeout 10"
if command -v curl >/dev/null 2>&1; then curl -q -sS -m 10 --noproxy "*" -w "\\nberth-status %{http_code}\\n" "$url"
elif command -v wget >/dev/null 2>&1; then $limit wget -q -O - "$url" && printf "\\nberth-status 200\\n"
elif command -v python3 >/dev/null 2>&1; then python3 -c '${pythonScript}' "$1" "$2"
elif command -v bash >/dev/null 2>&1; then $limit bash -c '${bashScript.replaceAll("'", `'\\''`)}' bash "$1" "$2"
else echo "berth-status none"; fi`;

/** Arguments of `docker` that ask for a path on a port of the container itself. */
export function askArgs(container: string, port: number, path: string): string[] {
  return ["exec", container, "sh", "-c", script, "berth-ask", String(port), path];
}

/** What an HTTP server answered, or why it did not. */
export type Answer = { status: number; body: string } | { error: string };

/** What `askArgs` printed; undefined when the image has nothing to ask with, a shell included. */
export function parseAnswer(stdout: string, stderr: string): Answer | undefined {
  const match = /(?:^|\n)berth-status (\w+)\s*$/.exec(stdout);
  if (match?.[1] === "none" || /executable file not found|no such file or directory: unknown/.test(stdout + stderr))
    return undefined;
  const status = Number(match?.[1] ?? 0);
  if (match && status > 0) return { status, body: stdout.slice(0, match.index) };
  const reason = stderr.trim().split("\n").at(-1)?.trim() ?? "";
  return { error: reason === "" ? "no answer" : reason.slice(0, 200) };
}
