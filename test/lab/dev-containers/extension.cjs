// Takes the place of Dev Containers in tests: writes down what it was asked to attach to, as a line of JSON for each call.
const { appendFileSync } = require("node:fs");
const vscode = require("vscode");

exports.activate = (context) => {
  const attach = (...args) => {
    if (process.env.BERTH_LAB_ATTACH_LOG) appendFileSync(process.env.BERTH_LAB_ATTACH_LOG, `${JSON.stringify(args)}\n`);
    const container = typeof args[0] === "string" ? args[0] : (args[0]?.containerId ?? "a container");
    void vscode.window.showInformationMessage(`Attached to ${container} (stand-in)`);
    return new Promise(() => {}); // the real one's may never settle either
  };
  context.subscriptions.push(vscode.commands.registerCommand("remote-containers.attachToRunningContainer", attach));
};
