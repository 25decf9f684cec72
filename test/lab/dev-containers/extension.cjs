// Takes the place of Dev Containers in tests: writes down what it was asked to attach to.
const { appendFileSync } = require("node:fs");
const vscode = require("vscode");

exports.activate = (context) => {
  const attach = (...args) => {
    if (process.env.BERTH_LAB_ATTACH_LOG) appendFileSync(process.env.BERTH_LAB_ATTACH_LOG, `${JSON.stringify(args)}\n`);
    void vscode.window.showInformationMessage(`Attached to ${JSON.stringify(args[0])} (stand-in for Dev Containers).`);
    return new Promise(() => {}); // the real one's may never settle either
  };
  context.subscriptions.push(vscode.commands.registerCommand("remote-containers.attachToRunningContainer", attach));
};
