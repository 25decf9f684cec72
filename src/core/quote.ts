/** Quotes one argument for a POSIX shell; the only place in Berth that quotes. */
export function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

/** One line that a POSIX shell splits back into exactly these arguments. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}
