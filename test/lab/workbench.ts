import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";

const screenshots = join(import.meta.dirname, "../../.screenshots");
/** How long anything in the window may take, in ms. */
const patience = 15_000;

/** A row of a tree view. Rows that are scrolled out of sight are not in the page, so not here either. */
export interface TreeRow {
  /** Its place among all rows that are unfolded, in sight or not. */
  index: number;
  label: string;
  description: string;
  /** What a screen reader says. */
  ariaLabel: string;
  /** 1 for a row without parent. */
  level: number;
  /** undefined for a row without children. */
  expanded?: boolean;
  selected: boolean;
  /** The codicon's name, or "". */
  icon: string;
}

export interface QuickPickItem {
  label: string;
  description: string;
  detail: string;
  /** The heading it stands under, on the first item below it. */
  separator: string;
  /** undefined when only one can be picked. */
  checked?: boolean;
}

export interface QuickInput {
  title: string;
  placeholder: string;
  value: string;
  /** The prompt of an input box, or what is wrong with the value. */
  message: string;
  severity: "none" | "info" | "warning" | "error";
  busy: boolean;
  /** The buttons in its title. */
  buttons: string[];
  items: QuickPickItem[];
}

export interface Notification {
  severity: "info" | "warning" | "error";
  text: string;
  buttons: string[];
  /** Whether it shows that something is under way. */
  progress: boolean;
}

export interface Dialog {
  message: string;
  detail: string;
  buttons: string[];
}

/**
 * A VS Code window in the browser, with what a person does in it. What acts waits until the thing is there; what reads gives
 * what is there now, and `until` waits for a reading.
 */
export class Workbench {
  readonly page: Page;
  /** What went wrong inside the page itself. */
  readonly errors: string[] = [];
  readonly #browser: Browser;

  constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(patience);
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  /** Waits for the window to be built. */
  async ready(): Promise<void> {
    await this.page.locator(".statusbar .statusbar-item").first().waitFor({ timeout: 60_000 });
  }

  /**
   * Reads after every change until the reading is good, and gives it.
   * @param timeout in ms
   * @throws Error with the last reading
   */
  async until<T>(read: () => T | Promise<T>, isGood: (reading: T) => boolean, timeout = patience): Promise<T> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const reading = await read();
      if (isGood(reading)) return reading;
      if (Date.now() > deadline)
        throw new Error(`It did not come in ${timeout / 1000} s. The last reading:\n${JSON.stringify(reading, undefined, 2)}`);
      await this.#read("nextChange()");
    }
  }

  #read<T>(expression: string): Promise<T> {
    return this.page.evaluate<T>(`berthPage.${expression}`);
  }

  // Commands

  /** Runs a command through the palette, by what stands there: "Berth: Deploy Container". */
  async runCommand(label: string): Promise<void> {
    const row = this.#quickRow(label);
    // Extensions' commands come some time after the window, and a list that is open doesn't take them in.
    const deadline = Date.now() + patience;
    for (;;) {
      await this.#openPalette(label);
      if (await row.waitFor({ timeout: 2000 }).then(yes, no)) return row.click();
      await this.dismiss();
      if (Date.now() > deadline) throw new Error(`The palette has no command "${label}".`);
    }
  }

  /** What the palette lists for a text. */
  async commands(label: string): Promise<string[]> {
    await this.#openPalette(label);
    await this.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    const input = await this.quickInput();
    await this.dismiss();
    return input!.items.map((it) => it.label);
  }

  async #openPalette(label: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.type(`>${label}`);
  }

  // Quick picks and input boxes

  /** The one that is open, if any. */
  quickInput(): Promise<QuickInput | undefined> {
    return this.#read("quickInput()");
  }

  /** Waits for a quick pick or input box whose title, placeholder or message has this text. */
  async question(text: string | RegExp): Promise<QuickInput> {
    const has = text instanceof RegExp ? text : new RegExp(escape(text));
    const input = await this.until(
      () => this.quickInput(),
      (it) => it !== undefined && [it.title, it.placeholder, it.message].some((part) => has.test(part)),
    );
    return input!;
  }

  /** Waits for a quick pick with this item, and chooses it. */
  async pick(label: string | RegExp): Promise<void> {
    await this.#quickRow(label).click();
  }

  /** Ticks or unticks items of a quick pick that takes several; `accept` ends it. */
  async toggle(...labels: (string | RegExp)[]): Promise<void> {
    for (const label of labels) await this.#quickRow(label).locator(".monaco-checkbox, input[type=checkbox]").first().click();
  }

  #quickRow(label: string | RegExp): Locator {
    const name = this.page.locator(".quick-input-list-row:first-child .label-name", { hasText: exactly(label) });
    return this.page.locator(".quick-input-list .monaco-list-row").filter({ has: name }).first();
  }

  /** Clicks a button in the title of a quick pick or input box. */
  async clickQuickButton(label: string): Promise<void> {
    await this.page.locator(`.quick-input-titlebar .action-label[aria-label=${JSON.stringify(label)}]`).click();
  }

  get #input(): Locator {
    return this.page.locator(".quick-input-widget .quick-input-box input");
  }

  /** Replaces what stands in the quick pick or input box. */
  async type(text: string): Promise<void> {
    await this.#input.fill(text);
  }

  /** Enter, in the quick pick or input box. */
  async accept(): Promise<void> {
    await this.#input.press("Enter");
  }

  /** Escape, in the quick pick or input box. */
  async dismiss(): Promise<void> {
    await this.#input.press("Escape");
  }

  // Side bar

  /** Shows a container of the activity bar, unless it is shown. */
  async openContainer(title: string): Promise<void> {
    const icon = this.page
      .locator(".activitybar .action-item")
      .filter({ has: this.page.locator(labelled(".action-label", title)) });
    const heading = this.page.locator(".sidebar > .composite.title", { hasText: new RegExp(escape(title), "i") });
    await this.until(
      async () => {
        if (await heading.isVisible()) return true;
        // An activity bar that is too short for all of them leaves some out.
        if (!(await icon.isVisible())) await this.runCommand(`View: Show ${title}`);
        else if (!/\bchecked\b/.test((await icon.getAttribute("class")) ?? "")) await icon.click();
        // A window that is still being built may show it by itself just then, and the click hides it.
        return heading.waitFor({ timeout: 3000 }).then(yes, no);
      },
      (isShown) => isShown,
    );
    // What pops up over an icon under the mouse would be in the way.
    await this.page.mouse.move(640, 300);
  }

  #view(name: string): Locator {
    // A header's label is the view's name, what stands beside it, and "Section".
    const header = `:scope > .pane-header:is([aria-label="${name} Section"], [aria-label^="${name} - "])`;
    return this.page.locator(".pane").filter({ has: this.page.locator(header) });
  }

  /** Unfolds or folds a view of the container that is shown. */
  async foldView(name: string, expanded: boolean): Promise<void> {
    const header = this.#view(name).locator(".pane-header");
    if ((await header.getAttribute("aria-expanded")) !== String(expanded)) await header.click();
  }

  /** The view that has the keyboard's focus. */
  focusedView(): Promise<string | undefined> {
    return this.#read("focusedView()");
  }

  /** What a view says besides its rows: the text beside its name, its message, its welcome text with the buttons in it. */
  viewTexts(name: string): Promise<{ description: string; message: string; welcome: string; buttons: string[] }> {
    return this.#read(`viewTexts(${JSON.stringify(name)})`);
  }

  /** Clicks a button of a view's welcome text. */
  async clickWelcome(view: string, button: string): Promise<void> {
    await this.#view(view)
      .locator(".welcome-view-content .monaco-button", { hasText: exactly(button) })
      .click();
  }

  /** Clicks an icon in a view's title. */
  async viewAction(view: string, title: string): Promise<void> {
    const header = this.#view(view).locator(".pane-header");
    await header.hover();
    await header.locator(labelled(".action-label", title)).click();
  }

  /** The rows of a view that are in sight. */
  rows(view: string): Promise<TreeRow[]> {
    return this.#read(`rows(${JSON.stringify(view)})`);
  }

  /** How well the rows' labels stand out: 21 is black on white, 4.5 the least that everybody can read (WCAG 2, AA). */
  rowContrasts(view: string): Promise<{ label: string; contrast: number }[]> {
    return this.#read(`rowContrasts(${JSON.stringify(view)})`);
  }

  /** How many rows a view has, those out of sight too. */
  rowCount(view: string): Promise<number> {
    return this.#read(`rowCount(${JSON.stringify(view)})`);
  }

  /** All the rows of a view, those out of sight too: scrolls from the first to the last, so they must not move meanwhile. */
  async allRows(view: string): Promise<TreeRow[]> {
    const seen = new Map<number, TreeRow>();
    const note = async () => {
      for (const row of await this.rows(view)) seen.set(row.index, row);
    };
    await this.until(
      async () => {
        const [first] = await this.rows(view);
        if (first && first.index > 0) await this.pressIn(view, "Home");
        return first;
      },
      (first) => first === undefined || first.index === 0,
    );
    await note();
    await this.until(
      async () => {
        if (seen.size >= (await this.rowCount(view))) return true;
        await this.pressIn(view, "PageDown");
        await note();
        return false;
      },
      (all) => all,
      60_000,
    );
    return [...seen.values()].sort((a, b) => a.index - b.index);
  }

  /** From now on writes down when the rows of a view change, and which are drawn anew, for `watched`. */
  watchRows(view: string): Promise<void> {
    return this.#read(`watchRows(${JSON.stringify(view)})`);
  }

  /** When rows changed since `watchRows`, in milliseconds since 1970, and the labels of those whose contents were drawn anew. */
  watched(): Promise<{ times: number[]; redrawn: string[] }> {
    return this.#read("watched()");
  }

  /** VS Code's own search in a view: goes to the first row with the text. */
  async findInView(view: string, text: string): Promise<void> {
    await this.pressIn(view, "Control+Alt+F");
    await this.#findWidget(view).locator("input").fill(text);
  }

  async endFind(view: string): Promise<void> {
    await this.#findWidget(view).locator(".codicon-close").click();
    await this.#findWidget(view).waitFor({ state: "detached" });
  }

  #findWidget(view: string): Locator {
    return this.#view(view).locator(".monaco-tree-type-filter");
  }

  /** The rows as lines: indented, ▾ or ▸ before those with children, the description after two spaces. */
  async tree(view: string): Promise<string> {
    return (await this.rows(view)).map(treeLine).join("\n");
  }

  /** Waits until the lines of `tree` have this in them, and gives them all. */
  async treeWith(view: string, text: string | RegExp): Promise<string> {
    return this.until(
      () => this.tree(view),
      (tree) => (text instanceof RegExp ? text.test(tree) : tree.includes(text)),
    );
  }

  /** A row by its label; the first of several. */
  row(view: string, label: string | RegExp): Locator {
    const name = this.page.locator(".label-name", { hasText: exactly(label) });
    return this.#view(view).locator(".monaco-list-row").filter({ has: name }).first();
  }

  /** Waits for a row, and goes to it: a long list has only the rows that are in sight. */
  async reveal(view: string, label: string | RegExp): Promise<Locator> {
    const row = this.row(view, label);
    let key = "Home";
    await this.until(
      async () => {
        if ((await row.count()) > 0) return true;
        await this.pressIn(view, key);
        const last = (await this.rows(view)).at(-1)?.index ?? 0;
        key = last >= (await this.rowCount(view)) - 1 ? "Home" : "PageDown";
        return false;
      },
      (found) => found,
      60_000, // a list of hundreds is long
    );
    return row;
  }

  /** Presses a key that moves in a list: Home, End, PageDown. The selection stays. (The page's wheel moves by two rows, however far it is turned.) */
  async pressIn(view: string, key: string): Promise<void> {
    const list = this.#view(view).locator(".monaco-list").first();
    if ((await list.count()) === 0) return;
    await list.focus();
    await this.page.keyboard.press(key);
  }

  /** Unfolds a row, until its children show, or folds it. */
  async expand(view: string, label: string | RegExp, expanded = true): Promise<void> {
    const row = await this.reveal(view, label);
    await this.until(
      async () => {
        if ((await row.getAttribute("aria-expanded")) !== String(expanded))
          await this.clickRow(view, label, {}, (it) => it.locator(".monaco-tl-twistie"));
        const [index, level] = [Number(await row.getAttribute("data-index")), Number(await row.getAttribute("aria-level"))];
        const next = (await this.rows(view)).find((it) => it.index === index + 1);
        if (next || !expanded) return (next?.level ?? 0) > level;
        await this.pressIn(view, "PageDown");
        return (await this.rows(view)).some((it) => it.index === index + 1 && it.level > level);
      },
      (isExpanded) => isExpanded === expanded,
    );
  }

  /** Clicks an icon that shows on a row under the mouse. */
  async rowAction(view: string, label: string | RegExp, action: string): Promise<void> {
    await this.clickRow(view, label, {}, (row) => row.locator(labelled(".action-label", action)));
  }

  /** The entries of a row's context menu. */
  async rowMenu(view: string, label: string | RegExp): Promise<string[]> {
    return this.#closeMenu(await this.#openMenu(view, label));
  }

  /** Chooses an entry of a row's context menu, once the row is in a state in which the menu has it. */
  async rowMenuAction(view: string, label: string | RegExp, entry: string): Promise<void> {
    const deadline = Date.now() + patience;
    for (;;) {
      const menu = await this.#openMenu(view, label);
      const item = menu.locator(".action-item .action-label", { hasText: exactly(entry) });
      if ((await item.count()) > 0) {
        // A click would count only a tenth of a second after the menu came.
        await item.hover();
        return this.page.keyboard.press("Enter");
      }
      const entries = await this.#closeMenu(menu);
      if (Date.now() > deadline) throw new Error(`The context menu has no "${entry}", only ${entries.join(", ")}.`);
    }
  }

  /** Selects several rows, as with Ctrl and a click; a context menu then acts on all of them. */
  async selectRows(view: string, ...labels: (string | RegExp)[]): Promise<void> {
    for (const [index, label] of labels.entries()) await this.clickRow(view, label, index > 0 ? { modifiers: ["Control"] } : {});
  }

  /** Clicks a row, or a part of it, and not what has taken its place when the click arrives. */
  async clickRow(
    view: string,
    label: string | RegExp,
    options: Parameters<Locator["click"]>[0] = {},
    part: (row: Locator) => Locator = (row) => row,
  ): Promise<void> {
    await this.until(
      async () => {
        const row = await this.reveal(view, label);
        await row.hover(); // what shows only there
        await this.#read(`aimAt(${JSON.stringify(view)}, ${exactly(label)})`);
        // A click that arrived counts, however late that is told.
        await part(row)
          .click({ ...options, timeout: 5000 })
          .catch(() => undefined);
        return this.#read<boolean>("hit()");
      },
      (isHit) => isHit,
    );
  }

  async #openMenu(view: string, label: string | RegExp): Promise<Locator> {
    await this.clickRow(view, label, { button: "right" });
    const menu = this.page.locator(".monaco-menu").last();
    await menu.locator(".action-item").first().waitFor();
    return menu;
  }

  async #closeMenu(menu: Locator): Promise<string[]> {
    const entries = await menu.locator(".action-item .action-label:not(.separator)").allInnerTexts();
    await this.page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    return entries;
  }

  // Messages

  /** The modal dialog that is open, if any. */
  async dialog(): Promise<Dialog | undefined> {
    return (await this.#read<Dialog | null>("dialog()")) ?? undefined;
  }

  /** Waits for a modal dialog. */
  async modal(): Promise<Dialog> {
    return (await this.until(
      () => this.dialog(),
      (it) => it !== undefined && it.buttons.length > 0,
    ))!;
  }

  /** Waits for a modal dialog, clicks a button of it, and waits until it is gone; the next one may be there by then. */
  async answer(button: string): Promise<void> {
    const box = this.page.locator(".monaco-dialog-box");
    const choice = box.locator(".dialog-buttons .monaco-button", { hasText: exactly(button) });
    await choice.waitFor();
    const answered = await box.elementHandle();
    await choice.click();
    await answered?.waitForElementState("hidden");
  }

  /** The notifications that show now, the newest first. */
  notifications(): Promise<Notification[]> {
    return this.#read("notifications()");
  }

  /** Waits for a notification with this in its text. */
  async notification(text: string | RegExp): Promise<Notification> {
    const isIt = (it: Notification) => (typeof text === "string" ? it.text.includes(text) : text.test(it.text));
    const shown = await this.until(
      () => this.notifications(),
      (all) => all.some(isIt),
    );
    return shown.find(isIt)!;
  }

  /** Waits for a notification with this in its text, and clicks a button of it. */
  async clickNotification(text: string | RegExp, button: string): Promise<void> {
    const toast = this.page.locator(".notifications-toasts .notification-toast").filter({ hasText: text }).first();
    await toast.locator(".notification-list-item-buttons-container .monaco-button", { hasText: exactly(button) }).click();
  }

  async clearNotifications(): Promise<void> {
    await this.runCommand("Notifications: Clear All Notifications");
  }

  // Status bar, terminal, editor

  /** A status-bar item by its id, with the extension's before it: "berth.berth.berth.gpu". */
  async statusItem(
    id: string,
  ): Promise<{ text: string; ariaLabel: string; background: "none" | "warning" | "error" } | undefined> {
    return (
      (await this.#read<Awaited<ReturnType<Workbench["statusItem"]>> | null>(`statusItem(${JSON.stringify(id)})`)) ?? undefined
    );
  }

  /** What the whole status bar says, an item a line. */
  statusText(): Promise<string> {
    return this.#read("statusText()");
  }

  statusBarItem(id: string): Locator {
    return this.page.locator(`.statusbar [id=${JSON.stringify(id)}] .statusbar-item-label`);
  }

  /** Hovers over something, and gives the text that pops up. */
  async hover(target: Locator): Promise<string> {
    await target.hover();
    const popup = this.page.locator(".workbench-hover").filter({ visible: true, hasText: /\S/ }).last();
    return popup.innerText();
  }

  /** The lines of the active terminal that are in sight, without trailing blanks. */
  terminalText(): Promise<string> {
    return this.#read("terminalText()");
  }

  /** The lines of the output panel that are in sight. */
  panelText(): Promise<string> {
    return this.#read("panelText()");
  }

  async typeInTerminal(text: string): Promise<void> {
    await this.page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus();
    await this.page.keyboard.type(text);
  }

  /** The lines of the active editor that are in sight. */
  editorText(): Promise<string> {
    return this.#read("editorText()");
  }

  /** The titles of the open editors. */
  async editors(): Promise<string[]> {
    return this.page.locator(".editor-group-container .tab .label-name").allInnerTexts();
  }

  // Window

  /** Whether the window shows that it is in restricted mode, which it does a moment after it opened. */
  async isRestricted(): Promise<boolean> {
    return (await this.page.locator(".statusbar [id='status.workspaceTrust']").count()) > 0;
  }

  /** Saves a picture of the window as .screenshots/NAME.png, and gives its path. */
  async screenshot(name: string): Promise<string> {
    await mkdir(screenshots, { recursive: true });
    const path = join(screenshots, `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  /** "Reload Window". */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

function treeLine({ label, description, level, expanded }: TreeRow): string {
  const twistie = expanded === undefined ? "" : expanded ? "▾ " : "▸ ";
  return `${"  ".repeat(level - 1)}${twistie}${label}${description && `  ${description}`}`;
}

/** By its label; one that goes on with the keybinding in brackets is meant as well. */
function labelled(selector: string, label: string): string {
  return `${selector}:is([aria-label=${JSON.stringify(label)}], [aria-label^=${JSON.stringify(`${label} (`)}])`;
}

function exactly(text: string | RegExp): RegExp {
  return text instanceof RegExp ? text : new RegExp(`^\\s*${escape(text)}\\s*$`);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const yes = () => true;
const no = () => false;
