import * as vscode from "vscode";

/** Messages and progress make links of `[text](url)`, even of commands: text that is partly the engine's must not become one. */
export function withoutLinks(text: string): string {
  return text.replaceAll("](", "] (");
}

export const notify = {
  info: (text: string, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showInformationMessage(withoutLinks(text), ...buttons),
  warn: (text: string, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showWarningMessage(withoutLinks(text), ...buttons),
  error: (text: string, options: vscode.MessageOptions, ...buttons: string[]): Thenable<string | undefined> =>
    vscode.window.showErrorMessage(withoutLinks(text), options, ...buttons),
};
