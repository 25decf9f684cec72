import type * as vscode from "vscode";
import type { State } from "../core/state.ts";
import type { Store } from "../core/store.ts";
import type { Feed } from "../engine/feed.ts";
import type { NvidiaSmi } from "../engine/nvidiaSmi.ts";

/** What the parts of the extension share. */
export interface App {
  store: Store<State>;
  feed: Feed;
  nvidiaSmi: NvidiaSmi;
  log: vscode.LogOutputChannel;
  /** Berth's own folder, the default place of deployment logs. */
  storage: vscode.Uri;
  version: string;
  /** Who deploys: goes into a label. */
  user: string;
}
