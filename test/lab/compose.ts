/** Docker Compose, as the oracle for what a compose file means. */
import { join } from "node:path";
import { unpacked } from "./debian.ts";

/**
 * The program `docker-compose` of Debian 13, which needs no engine for `config`.
 * @throws Error when it is not there and cannot be downloaded
 */
export async function dockerCompose(suite = "trixie"): Promise<string> {
  const folder = await unpacked({ suite, packages: ["docker-compose"], folder: `compose-${suite}`, what: "Compose (15 MB)" });
  return join(folder, "usr/libexec/docker/cli-plugins/docker-compose");
}
