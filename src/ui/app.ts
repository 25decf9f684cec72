import type * as vscode from "vscode";
import type { Problem } from "../core/diagnostics.ts";
import type { Row } from "../core/rows.ts";
import type { State } from "../core/state.ts";
import type { Store } from "../core/store.ts";
import type { Feed } from "../engine/feed.ts";
import type { NvidiaSmi } from "../engine/nvidiaSmi.ts";

/** What the parts of the extension share. */
export interface App {
  store: Store<State>;
  feed: Feed;
  nvidiaSmi: NvidiaSmi;
  /** The rows that are selected in a view. */
  selected: (view: string) => Promise<readonly Row[]>;
  log: vscode.LogOutputChannel;
  /** The last errors and warnings that went into it. */
  problems: () => readonly Problem[];
  /** Resolves once the folders were looked through for the first time: before, that the state holds no project says nothing. */
  projectsRead: Promise<void>;
  /** Berth's own folder, the default place of deployment logs. */
  storage: vscode.Uri;
  /** What is remembered in this workspace. */
  memory: vscode.Memento;
  /** What is remembered in all windows. */
  sharedMemory: vscode.Memento;
  version: string;
  /** Who deploys: goes into a label. */
  user: string;
}
