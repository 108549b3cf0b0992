import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { NovuState } from "./local-novu/state.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import type { SegmentState } from "./local-segment/state.ts";
import type { Act } from "./story-export.ts";

/** What the sandbox keeps from one start to the next, so that saving a file does not end the story. */
export interface SavedState {
  now: number;
  novu: NovuState;
  posthog: PostHogState;
  /** None when an earlier version saved it, as with the acts. */
  segment?: SegmentState;
  acts?: Act[];
  /** The process that restarts it. */
  watcher?: number;
}

/** null when there is none, or none that can be read. */
export function loadState(file: string): SavedState | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SavedState;
  } catch {
    return null;
  }
}

export function saveState(file: string, state: SavedState): void {
  mkdirSync(dirname(file), { recursive: true });
  // Renamed into place, so that a kill in the middle leaves the old one.
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
