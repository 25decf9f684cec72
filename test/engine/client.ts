/** A client that deploys and then lives on until it is killed: `node client.ts IMAGE NAME`, the engine by DOCKER_HOST. Says what it sees, a line each. */
import { carryOut, planFor, toolsFor } from "./support.ts";

const [image = "", name = ""] = process.argv.slice(2);
const tools = await toolsFor(process.env);
const { plan } = await planFor(tools, { image, name, gpus: "all" });
const { id } = await carryOut(plan, tools, {
  onEvent: ({ step, outcome }) => process.stdout.write(`${step.kind} ${outcome}\n`),
});
process.stdout.write(`id ${id}\n`);
setInterval(() => undefined, 1000);
