/** A storm of changes: `node storm.ts SOCKET SECONDS` creates and removes containers as fast as the engine can, two at a time. */
import { api, createBox } from "../engine/support.ts";
import { freshName } from "./fleet.ts";

const [socket = "", seconds = "20"] = process.argv.slice(2);
const lab = { socket } as Parameters<typeof createBox>[0];
const from = Date.now();
let changes = 0;
async function blow(): Promise<void> {
  while (Date.now() < from + Number(seconds) * 1000) {
    const id = await createBox(lab, freshName());
    await api(lab, "DELETE", `/containers/${id}?force=1`);
    changes += 2;
  }
}
await Promise.all([blow(), blow()]);
process.stdout.write(JSON.stringify({ from, to: Date.now(), changes }));
