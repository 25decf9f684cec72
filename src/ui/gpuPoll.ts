import * as vscode from "vscode";
import { resolveEndpoint } from "../engine/endpoint.ts";
import type { App } from "./app.ts";
import { settings } from "./settings.ts";

/** GPUs are looked at this many times less often when only the window has focus. */
const unseen = 6;

/** Reads the host's GPUs while somebody looks: at the poll's pace with the view open, slower when only the window has focus, never otherwise. */
export function createGpuPoll(app: App): vscode.Disposable & { setVisible(visible: boolean): void } {
  let visible = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRead = -Infinity;
  let disposed = false;

  const findEndpoint = () => resolveEndpoint(settings.context(), process.env).catch(() => undefined);

  async function read(): Promise<void> {
    lastRead = performance.now();
    const endpoint = await findEndpoint();
    const gpus =
      endpoint?.socketPath === undefined
        ? ({ state: "unknown", reason: whyUnknown(endpoint?.context) } as const)
        : await app.nvidiaSmi.read();
    if (disposed) return;
    // Another context was chosen meanwhile.
    if (JSON.stringify(await findEndpoint()) !== JSON.stringify(endpoint)) return read();
    if (JSON.stringify(gpus) !== JSON.stringify(app.store.get().gpus)) app.store.update({ gpus });
    schedule();
  }
  function schedule(): void {
    clearTimeout(timer);
    timer = undefined;
    if (disposed || !vscode.window.state.focused) return;
    const interval = settings.gpuPoll() * (visible ? 1 : unseen);
    timer = setTimeout(() => void read(), Math.max(0, lastRead + interval - performance.now()));
  }
  let wasReady = false;
  // It can be another engine now, and so no more about this machine's GPUs.
  const unlisten = app.store.onDidChange(({ engine }) => {
    const isReady = engine.status === "ready";
    if (isReady && !wasReady) void read();
    wasReady = isReady;
  });
  const focus = vscode.window.onDidChangeWindowState(schedule);
  void read();
  return {
    setVisible(now) {
      if (now !== visible) {
        visible = now;
        schedule();
      }
    },
    dispose() {
      disposed = true;
      clearTimeout(timer);
      focus.dispose();
      unlisten();
    },
  };
}

function whyUnknown(context: string | undefined): string {
  return context === undefined
    ? vscode.l10n.t("The GPUs of the engine's machine are unknown from here (there is no such Docker context).")
    : vscode.l10n.t("The GPUs of the engine's machine are unknown from here (context {0}).", context);
}
