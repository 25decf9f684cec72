import * as vscode from "vscode";

/** A message with buttons makes links of `[text](url)`, even of commands: text that is partly the engine's must not become one. */
function plain(text: string): string {
  return text.replaceAll("](", "] (");
}

export const notify = {
  info: (text: string, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showInformationMessage(plain(text), ...buttons),
  warn: (text: string, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showWarningMessage(plain(text), ...buttons),
  error: (text: string, options: vscode.MessageOptions, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showErrorMessage(plain(text), options, ...buttons),
};
