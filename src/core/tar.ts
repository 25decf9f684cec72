/** A file of an archive. */
export interface TarFile {
  /** Without the first `/`. */
  path: string;
  mode: number;
  uid: number;
  gid: number;
  content: Uint8Array;
}

const block = 512;
/** The most that 7 octal digits hold; a larger number is written in base 256, as GNU tar does. */
const mostOctal = 0o7777777;

/** A tar archive (POSIX ustar, with GNU's long names and numbers). Folders that are not there are made by who unpacks it. @param time seconds since 1970 */
export function tar(files: readonly TarFile[], time: number): Uint8Array {
  const parts = files.flatMap(({ path, content, ...file }) => {
    const name = Buffer.from(path);
    const long =
      name.length > 100
        ? entry(
            { name: Buffer.from("././@LongLink"), type: "L", mode: 0, uid: 0, gid: 0, time: 0 },
            Buffer.concat([name, Buffer.of(0)]),
          )
        : [];
    return [...long, ...entry({ name: name.subarray(0, 100), type: "0", time, ...file }, content)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

interface Header {
  name: Uint8Array;
  type: "0" | "L";
  mode: number;
  uid: number;
  gid: number;
  time: number;
}

function entry({ name, type, mode, uid, gid, time }: Header, content: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(block);
  header.set(name);
  header.write(octal(mode & 0o7777, 7), 100);
  writeNumber(header, uid, 108);
  writeNumber(header, gid, 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(time, 11), 136);
  header.write(" ".repeat(8), 148); // the checksum counts itself as spaces
  header.write(type, 156);
  header.write("ustar  ", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return [header, content, Buffer.alloc((block - (content.length % block)) % block)];
}

const octal = (value: number, digits: number) => Math.floor(value).toString(8).padStart(digits, "0");

function writeNumber(header: Buffer, value: number, at: number): void {
  if (value <= mostOctal) header.write(octal(value, 7), at);
  else {
    header.writeUInt8(0x80, at);
    header.writeUIntBE(value, at + 2, 6);
  }
}
