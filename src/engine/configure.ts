import * as l10n from "../core/l10n.ts";
import type { Edit } from "../core/compose/deployment.ts";
import { edit } from "../core/edit/edit.ts";
import { Cancelled, EngineSlowError, UserError } from "../core/errors.ts";
import { explainDocker } from "../core/explain.ts";
import { tar } from "../core/tar.ts";
import type { Cli } from "./cli.ts";

/** A file that was changed. */
export interface Written {
  file: string;
  before: string;
  after: string;
  /** What is no UTF-8 passes byte for byte. */
  encoding?: "latin1";
}

/** Milliseconds for one file to be read or written. */
const fileTime = 60_000;
/** The most that is read of a file (bytes); a configuration is smaller. */
const mostRead = 4_000_000;

/**
 * Changes configuration files inside a running container, those that need it. All are read and edited before the first is written; when one cannot be written,
 * or `signal` is raised, those written before are put back. Owner, mode and links stay, and what is mounted can be changed too.
 * @returns each file's text before and after, in the order of `edits`, one entry a file, whether or not it changed
 * @throws UserError that names the file, and the key that it lacks; EngineGoneError, Cancelled
 */
export async function configure(
  tools: { cli: Cli },
  container: string,
  edits: readonly Edit[],
  signal: AbortSignal,
): Promise<Written[]> {
  const files = new Map<string, Written>();
  for (const { file, format, set } of edits) {
    const before = files.get(file) ?? (await read(tools.cli, container, file, signal));
    files.set(file, { ...before, after: edit(file, before.after, format, set) });
  }
  const done: Written[] = [];
  try {
    for (const file of files.values()) {
      if (file.before === file.after) continue;
      if (signal.aborted) throw new Cancelled();
      done.push(file);
      await write(tools.cli, container, file, file.after, signal);
    }
  } catch (error) {
    // One by one, since the one that failed may fail again; why it failed is what there is to tell.
    for (const file of done.reverse()) await writeBack(tools, container, [file]).catch(() => undefined);
    throw error;
  }
  return [...files.values()];
}

/** Puts the files back as they were. @throws UserError, EngineGoneError */
export async function writeBack({ cli }: { cli: Cli }, container: string, written: readonly Written[]): Promise<void> {
  for (const file of [...written].reverse()) if (file.before !== file.after) await write(cli, container, file, file.before);
}

const readScript = `[ -d "$1" ] && { echo "Is a directory" >&2; exit 1; }; exec cat <"$1"`;

async function read(cli: Cli, container: string, file: string, signal: AbortSignal): Promise<Written> {
  const { output } = await asSomebody(
    cli,
    container,
    (who) => ["exec", ...who, container, "sh", "-c", readScript, "berth-read", file],
    {
      signal,
      file,
    },
  );
  if (output.length > mostRead) throw new UserError(l10n.t("{0} is too large for a configuration file.", file));
  const text = output.toString("utf8");
  if (Buffer.from(text, "utf8").equals(output)) return { file, before: text, after: text };
  const bytes = output.toString("latin1");
  return { file, before: bytes, after: bytes, encoding: "latin1" };
}

/**
 * Takes what comes in beside the file, or where else there is room, so that what breaks off on its way leaves the old text; then copies it over, so that
 * owner, mode, links and mounts stay. When that fails, as on a full disk, the old text is copied back.
 */
const writeScript = `umask 077; set -C
new=; for dir in "\${1%/*}" /tmp /dev/shm; do
  if (: >"$dir/.berth-$$") 2>/dev/null; then new=$dir/.berth-$$; break; fi
done
[ -n "$new" ] || { echo "No space to write to" >&2; exit 1; }
trap 'rm -f "$new" "$new.old"' EXIT
cat >|"$new" && [ "$(($(wc -c <"$new")))" = "$2" ] || { echo "The new text did not arrive" >&2; exit 1; }
cat "$1" >"$new.old" || exit 1
cat "$new" >|"$1" && exit 0
cat "$new.old" >|"$1"
exit 1`;

async function write(
  cli: Cli,
  container: string,
  { file, encoding }: Written,
  text: string,
  signal?: AbortSignal,
): Promise<void> {
  const input = Buffer.from(text, encoding);
  if (encoding === "latin1" && input.toString("latin1") !== text)
    throw new UserError(l10n.t("{0} is not UTF-8, so only plain letters can be written to it.", file));
  const args = (who: readonly string[]) => [
    ...["exec", "-i", ...who, container],
    ...["sh", "-c", writeScript, "berth-write", file, String(input.length)],
  ];
  await asSomebody(cli, container, args, { signal, input, file });
}

/** As root, and where root may not, as the container's own user: without capabilities, or on a network's disk, root may do less. */
async function asSomebody(
  cli: Cli,
  container: string,
  args: (who: readonly string[]) => string[],
  { signal, input, file }: { signal?: AbortSignal | undefined; input?: Uint8Array; file: string },
): Promise<{ output: Buffer }> {
  let complaint = "";
  for (const who of [["-u", "0"], []]) {
    const chunks: Buffer[] = [];
    let said = "";
    const onOutput = (bytes: Buffer, stream: "stdout" | "stderr") => {
      if (stream === "stdout") chunks.push(bytes);
      else said += bytes.toString();
    };
    const exitCode = await cli.stream(args(who), {
      onOutput,
      signal,
      timeout: fileTime,
      ...(input === undefined ? {} : { input }),
    });
    if (exitCode === 0) return { output: Buffer.concat(chunks) };
    if (exitCode === undefined)
      throw new EngineSlowError(l10n.t("The Docker engine did not finish '{0}' within {1} s.", "docker exec", fileTime / 1000));
    complaint ||= said || Buffer.concat(chunks).toString(); // Docker's own trouble with an exec comes on either
  }
  throw explainFile(complaint, file, container, input === undefined);
}

function explainFile(complaint: string, file: string, container: string, isRead: boolean): UserError {
  if (
    /^(Error response from daemon|OCI runtime|error during connect|Cannot connect|Error: No such container|unexpected EOF)/im.test(
      complaint,
    )
  ) {
    if (/exec: "?sh"?/.test(complaint))
      return new UserError(l10n.t("{0} cannot be edited: the image has no shell (sh), which 'configure' needs.", file));
    return explainDocker(complaint, { name: container });
  }
  if (/no such file/i.test(complaint) && isRead)
    return new UserError(l10n.t("There is no file {0} in the container: mend 'file' under 'configure', or the image.", file));
  const reason = complaint.trim().split("\n").at(-1)?.replace(/^.*: /, "") ?? "";
  return new UserError(
    isRead ? l10n.t("{0} cannot be read: {1}.", file, reason) : l10n.t("{0} cannot be written: {1}.", file, reason),
  );
}

/** A file that holds a secret's value. */
export interface SecretText {
  /** Path inside. */
  target: string;
  mode: number;
  /** Numbers; default: root's. */
  uid?: string;
  gid?: string;
  text: string;
}

/** Milliseconds: a few small files. */
const copyTime = 60_000;

/**
 * Writes secrets into a container that is created and does not run yet; folders that are not there are made. The values go by standard input.
 * @throws UserError, EngineGoneError
 */
export async function writeSecretFiles({ cli }: { cli: Cli }, container: string, files: readonly SecretText[]): Promise<void> {
  if (files.length === 0) return;
  const archive = tar(
    files.map(({ target, mode, uid, gid, text }) => ({
      path: target.replace(/^\/+/, ""),
      mode,
      uid: numeric(target, uid),
      gid: numeric(target, gid),
      content: Buffer.from(text),
    })),
    Date.now() / 1000,
  );
  try {
    await cli.run(["cp", "-", `${container}:/`], { name: container }, { input: archive, timeout: copyTime });
  } catch (error) {
    if (error instanceof UserError && /read-?only/i.test(error.message))
      throw new UserError(
        l10n.t(
          "Secrets from variables cannot be written into a container that is read only: take them from files (secrets: … file).",
        ),
      );
    throw error;
  }
}

function numeric(target: string, id = "0"): number {
  if (/^\d{1,10}$/.test(id)) return Number(id);
  throw new UserError(l10n.t("The owner of the secret {0} is '{1}': write 'uid' and 'gid' as numbers.", target, id));
}
