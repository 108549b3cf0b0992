import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { NovuState } from "./local-novu/state.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import type { SegmentState } from "./local-segment/state.ts";
import type { Action } from "./story-export.ts";

/** The state that survives a restart of `npm run dev`. */
export interface SavedState {
  now: number;
  novu: NovuState;
  posthog: PostHogState;
  segment: SegmentState;
  actions: Action[];
  /** The id of the process that restarts the sandbox. */
  watcher: number;
}

/** null without a readable file. */
export function loadState(file: string): SavedState | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SavedState;
  } catch {
    return null;
  }
}

export function saveState(file: string, state: SavedState): void {
  mkdirSync(dirname(file), { recursive: true });
  // A process that is killed before the rename leaves the old file.
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
