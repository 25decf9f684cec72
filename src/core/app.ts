/**
 * What is run inside a container to start, find and stop its app. All of it is POSIX sh, since images have neither pkill nor ps for sure; `-ef`, which dash,
 * bash and busybox have besides, tells whether two processes are in one container: with the host's process ids (`pid: host`) everybody's are seen.
 */

/** Set for the app, and so for all that it starts. */
const mark = "BERTH_APP=1";
/** What its shell is called ($0), by which the engine's records of what was run tell the app from anything else. */
const shellName = "berth-app";

/** Where its output goes when the container's own log cannot be written: by another user than the container's, or with the host's process ids. */
export const appLog = "/tmp/berth-app.log";

/** The file is there only when it holds the output of the last start. */
const startScript = `log=; [ /proc/1/ns/mnt -ef /proc/self/ns/mnt ] && log=/proc/1/fd/1
rm -f ${appLog}
for log in $log ${appLog} /dev/null; do (: >>"$log") 2>/dev/null && break; done
exec sh -c "$1" >>"$log" 2>&1`;

/**
 * The arguments of `docker` that start the app in a container (id or name), detached, with its output in the container's log or `appLog`.
 * @param start Shell command
 * @param env Besides, such as DISPLAY; no secrets, as they would stand in the process list
 */
export function appArgs(container: string, start: string, env: Readonly<Record<string, string>> = {}): string[] {
  const variables = [mark, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  return ["exec", "-d", ...variables.flatMap((it) => ["-e", it]), container, "sh", "-c", startScript, shellName, start];
}

/** Whether the words of an exec, as the engine keeps them, are those of `appArgs`. */
export function isApp([program, , script, name]: readonly string[]): boolean {
  return program === "sh" && script === startScript && name === shellName;
}

/** The shell command that an app was started by; undefined when the words are not those of `appArgs`. */
export const startOf = (words: readonly string[]): string | undefined => (isApp(words) ? words[4] : undefined);

/** Whether an event is the start of an app: the engine writes `exec_start: ` and the words with spaces between. */
export function isAppStart(action: string): boolean {
  return action.startsWith("exec_start: sh -c ") && action.includes(` ${shellName} `);
}

/**
 * Puts into `$found` the process ids of those that are called `$1` (unless that is empty) or were marked by `$2` in their environment. Neither those that
 * have ended and wait to be reaped, nor the container's own first process, which takes the container with it, nor this shell.
 */
const find = `own=; [ /proc/1/ns/mnt -ef /proc/self/ns/mnt ] && own=1
find() {
  found=
  marked=" $(echo $(grep -lsz "^$2\\$" /proc/[0-9]*/environ)) "
  for dir in /proc/[0-9]*; do
    pid=\${dir#/proc/}
    [ "$pid" != 1 ] && [ "$pid" != $$ ] || continue
    { read -r stat <"$dir/stat"; } 2>/dev/null || continue
    name=\${stat#*(}
    name=\${name%)*}
    case \${stat##*) } in [ZX]*) continue ;; esac
    case $marked in *" $dir/environ "*) ;; *) [ -n "$1" ] && [ "$name" = "$1" ] || continue ;; esac
    [ -n "$own" ] || [ "$dir/ns/mnt" -ef /proc/self/ns/mnt ] || continue
    found="$found $pid"
  done
}`;

const findScript = `${find}
find "$1" "$2"
echo "found$found"`;

/** Waits with what every shell has: hundredths of a second since the machine's start, and a sleep that may know whole seconds only. */
const endScript = `${find}
now() { read -r up rest </proc/uptime; echo "\${up%.*}\${up#*.}"; }
find "$1" "$2"
echo "found$found"
[ -n "$found" ] || exit 0
kill -"$3" $found 2>/dev/null
end=$(($(now) + $4))
while find "$1" "$2"; [ -n "$found" ] && [ "$(now)" -lt "$end" ]; do sleep 0.1 2>/dev/null || sleep 1; done
echo "left$found"`;

/** What marks the processes to be found, and perhaps how they are called. */
export interface Wanted {
  process?: string | undefined;
  /** `NAME=value` of their environment; the app's if absent. */
  mark?: string;
}

/** Arguments of `docker` that print `found` and the process ids of those that run. */
export function findArgs(container: string, wanted: Wanted): string[] {
  return ["exec", container, "sh", "-c", findScript, "berth-find", ...wantedArgs(wanted)];
}

/** The same, which sends them a signal and waits up to `ms` until they have ended; then also prints `left` and the ids of those that have not. */
export function endArgs(container: string, wanted: Wanted, signal: "TERM" | "KILL", ms: number): string[] {
  const hundredths = String(Math.ceil(ms / 10));
  return ["exec", container, "sh", "-c", endScript, "berth-end", ...wantedArgs(wanted), signal, hundredths];
}

/** Linux keeps the first 15 characters of a process's name. */
const wantedArgs = ({ process = "", mark: its = mark }: Wanted) => [process.slice(0, 15), its];

/** What the scripts printed; undefined when they did not run. */
export function parseFound(output: string): { found: string[]; left: string[] } | undefined {
  const found = /^found(.*)$/m.exec(output)?.[1];
  if (found === undefined) return undefined;
  const ids = (text: string) => text.split(" ").filter(Boolean);
  return { found: ids(found), left: ids(/^left(.*)$/m.exec(output)?.[1] ?? "") };
}
