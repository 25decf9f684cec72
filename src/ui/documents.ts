import * as vscode from "vscode";

/** Read-only texts that Berth shows in an editor tab: they have no file, are never saved, and nobody is asked when they are closed. */
const scheme = "berth-text";
const texts = new Map<string, string>();
const changed = new vscode.EventEmitter<vscode.Uri>();

/** To be registered once, before anything is shown. */
export function registerDocuments(): vscode.Disposable {
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    // A tab that VS Code restores in a new window is empty of what an earlier one knew.
    provideTextDocumentContent: (uri) =>
      texts.get(uri.path) ?? vscode.l10n.t("This was shown in an earlier window: run the command again."),
  });
  const onTabs = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => closed.forEach(forget));
  return vscode.Disposable.from(provider, onTabs);
}

/**
 * Opens a text in a read-only tab; one that is open under this name gets the new text.
 * @param name The tab's title; its ending chooses nothing, `language` (a VS Code language id) does.
 */
export async function showText(name: string, language: string, text: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll("/", "∕")}` });
  texts.set(uri.path, text);
  changed.fire(uri);
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.languageId !== language) await vscode.languages.setTextDocumentLanguage(document, language);
  await vscode.window.showTextDocument(document, { preview: true });
}

/** Lets go of the text of a closed tab, unless another one still shows it. */
function forget({ input }: vscode.Tab): void {
  if (!(input instanceof vscode.TabInputText) || input.uri.scheme !== scheme) return;
  const { path } = input.uri;
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const isShown = tabs.some((tab) => tab.input instanceof vscode.TabInputText && tab.input.uri.path === path);
  if (!isShown) texts.delete(path);
}
