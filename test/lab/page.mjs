// Runs in VS Code's page before its own scripts: what workbench.ts reads there. Plain text and values only, as they stand now.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const inOrder = (rows) => rows.sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
/** What a person can see of it. */
const text = (element) => (element?.offsetParent ? element.innerText.replaceAll("\u00a0", " ").trim() : "");
const classOf = (element, ...classes) => classes.find((it) => element?.classList.contains(it));
/** A header's label is the view's name, what stands beside it, and "Section". */
const isHeaderOf = (name) => `:scope > .pane-header:is([aria-label="${name} Section"], [aria-label^="${name} - "])`;
const view = (name) => all(".pane").find((it) => it.querySelector(isHeaderOf(name)));

const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
function luminance(color) {
  const [r, g, b] = channels(color).map((it) => (it / 255 <= 0.04045 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}
/** The first background behind an element that is not transparent. */
function background(element) {
  for (let it = element; it; it = it.parentElement) {
    const { backgroundColor } = getComputedStyle(it);
    const [, , , alpha = 1] = channels(backgroundColor);
    if (alpha === 1) return backgroundColor;
  }
  return "rgb(255, 255, 255)";
}

let watched;
let aim;

globalThis.berthPage = {
  /** The name of the view that has the keyboard's focus. */
  focusedView() {
    const header = document.activeElement?.closest(".pane")?.querySelector(":scope > .pane-header");
    return document.activeElement?.closest(".pane-body")
      ? header?.getAttribute("aria-label")?.replace(/( - .*)? Section$/, "")
      : undefined;
  },

  /** Resolves when something in the page has changed, or after a tenth of a second, since a reading may come from elsewhere. */
  nextChange() {
    return new Promise((resolve) => {
      const observer = new MutationObserver(finish);
      const timer = setTimeout(finish, 100);
      function finish() {
        observer.disconnect();
        clearTimeout(timer);
        resolve();
      }
      observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  },

  quickInput() {
    const widget = document.querySelector(".quick-input-widget");
    if (!widget?.offsetParent) return undefined;
    const input = widget.querySelector(".quick-input-box input");
    return {
      title: text(widget.querySelector(".quick-input-title")),
      placeholder: input?.placeholder ?? "",
      value: input?.value ?? "",
      message: text(widget.querySelector(".quick-input-message")),
      severity: classOf(widget.querySelector(".quick-input-box .monaco-inputbox"), "error", "warning", "info") ?? "none",
      busy: !widget.querySelector(".quick-input-progress")?.classList.contains("done"),
      buttons: all(".quick-input-titlebar .action-label", widget).map((it) => it.getAttribute("aria-label")),
      items: inOrder(all(".quick-input-list .monaco-list-row", widget)).map((row) => {
        const [first, second] = all(".quick-input-list-row", row);
        const checkbox = row.querySelector(".monaco-checkbox, input[type=checkbox]");
        return {
          label: text(first?.querySelector(".label-name")),
          description: text(first?.querySelector(".label-description")),
          detail: text(second?.querySelector(".label-name")),
          separator: text(row.querySelector(".quick-input-list-separator")),
          ...(checkbox?.offsetParent && {
            checked: checkbox.getAttribute("aria-checked") === "true" || checkbox.checked === true,
          }),
        };
      }),
    };
  },

  rows(name) {
    const found = view(name);
    // Not the copies of rows that stay at the top while what is below them is scrolled.
    return inOrder(found ? all(".monaco-list-rows > .monaco-list-row", found) : []).map((row) => {
      const expanded = row.getAttribute("aria-expanded");
      const icon = row.querySelector(".custom-view-tree-node-item-icon");
      return {
        index: Number(row.dataset.index),
        label: row.querySelector(".label-name")?.textContent ?? "",
        description: row.querySelector(".label-description")?.textContent ?? "",
        ariaLabel: row.getAttribute("aria-label") ?? "",
        level: Number(row.getAttribute("aria-level")),
        ...(expanded !== null && { expanded: expanded === "true" }),
        selected: row.classList.contains("selected"),
        icon: [...(icon?.classList ?? [])].find((it) => it.startsWith("codicon-"))?.slice("codicon-".length) ?? "",
      };
    });
  },

  /** Until `hit`, clicks count only on the row of this view whose label matches: VS Code may use a row's element for another row at any moment. */
  aimAt(name, label) {
    aim = { name, label, isHit: false };
  },

  /** Whether a click, or a context menu's, was on that row. */
  hit() {
    const { isHit } = aim;
    aim = undefined;
    return isHit;
  },

  /** The contrast of each row's label with what is behind it, from 1 to 21 (WCAG 2, "contrast ratio"). */
  rowContrasts(name) {
    return all(".monaco-list-rows > .monaco-list-row", view(name)).map((row) => {
      const label = row.querySelector(".label-name");
      return { label: label.textContent, contrast: contrast(getComputedStyle(label).color, background(label)) };
    });
  },

  /** How many rows a view has, in sight or not. */
  rowCount(name) {
    const list = view(name)?.querySelector(".monaco-list-rows");
    const row = list?.querySelector(".monaco-list-row");
    return row ? Math.round(parseFloat(list.style.height) / parseFloat(row.style.height)) : 0;
  },

  /** From now on writes down when the rows of a view change, and which of them are drawn anew. */
  watchRows(name) {
    watched?.observer.disconnect();
    watched = { times: [], redrawn: new Set(), observer: new MutationObserver(note) };
    const options = { subtree: true, childList: true, attributes: true, characterData: true };
    watched.observer.observe(view(name).querySelector(".monaco-list-rows"), options);
    function note(changes) {
      watched.times.push(Date.now());
      for (const { target } of changes) {
        const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
        // A row that others moved changes its place, not what is in it.
        const row = element?.closest(".monaco-tl-contents")?.closest(".monaco-list-row");
        if (row) watched.redrawn.add(row.querySelector(".label-name")?.textContent ?? "");
      }
    }
  },

  /** What was written down since. */
  watched() {
    return { times: watched.times, redrawn: [...watched.redrawn] };
  },

  viewTexts(name) {
    const found = view(name);
    return {
      description: text(found?.querySelector(".pane-header .description")),
      message: text(found?.querySelector(".tree-explorer-viewlet-tree-view > .message")),
      welcome: found ? all(".welcome-view-content p", found).map(text).filter(Boolean).join("\n") : "",
      buttons: found ? all(".welcome-view-content .monaco-button", found).map(text).filter(Boolean) : [],
    };
  },

  dialog() {
    const box = document.querySelector(".monaco-dialog-box");
    return (
      box && {
        message: text(box.querySelector(".dialog-message-text")),
        detail: text(box.querySelector(".dialog-message-detail")),
        buttons: all(".dialog-buttons .monaco-button", box).map(text),
      }
    );
  },

  notifications() {
    return all(".notifications-toasts .notification-toast").map((toast) => ({
      severity:
        classOf(toast.querySelector(".notification-list-item-icon"), "codicon-error", "codicon-warning")?.slice(8) ?? "info",
      text: text(toast.querySelector(".notification-list-item-message")),
      buttons: all(".notification-list-item-buttons-container .monaco-button", toast).map(text),
      progress: toast.querySelector(".monaco-progress-container:not(.done)") !== null,
    }));
  },

  statusItem(id) {
    const item = document.getElementById(id);
    return (
      item && {
        text: text(item),
        ariaLabel: item.getAttribute("aria-label") ?? "",
        background: classOf(item, "warning-kind", "error-kind")?.replace("-kind", "") ?? "none",
      }
    );
  },

  statusText() {
    return all(".statusbar .statusbar-item").map(text).filter(Boolean).join("\n");
  },

  panelText() {
    return all(".part.panel .monaco-editor .view-lines .view-line")
      .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
      .map((it) => it.textContent.replaceAll("\u00a0", " "))
      .join("\n");
  },

  terminalText() {
    return all(".terminal-wrapper.active .xterm-rows > div")
      .map((it) => it.innerText.replaceAll("\u00a0", " ").trimEnd())
      .join("\n")
      .trimEnd();
  },

  editorText() {
    return all(".editor-group-container.active .monaco-editor .view-lines .view-line")
      .sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
      .map((it) => it.textContent.replaceAll("\u00a0", " "))
      .join("\n");
  },
};

// A click that scrolls its target into sight can move the whole window by some pixels; a person's cannot.
document.addEventListener(
  "scroll",
  ({ target }) => {
    const element = target === document ? document.scrollingElement : target;
    if (element.querySelector(".part.titlebar")) element.scrollTo(0, 0);
  },
  true,
);

for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "contextmenu"])
  document.addEventListener(
    type,
    (event) => {
      if (!aim) return;
      const row = event.target.closest(".monaco-list-row");
      const isMeant = row?.closest(".pane") === view(aim.name) && aim.label.test(row?.querySelector(".label-name")?.textContent);
      if (!isMeant) {
        event.stopImmediatePropagation();
        event.preventDefault();
      } else if (type === "click" || type === "contextmenu") aim.isHit = true;
    },
    true,
  );
