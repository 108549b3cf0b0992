import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { NovuState } from "../local-novu/state.ts";
import type { PostHogState } from "../local-posthog/state.ts";
import type { SegmentState } from "../local-segment/state.ts";
import type { Action } from "../story-export.ts";
import type { Ports } from "./ports.ts";

/** The state that survives a restart of `npm run dev`. */
export interface SavedState {
  now: number;
  novu: NovuState;
  posthog: PostHogState;
  segment: SegmentState;
  actions: Action[];
  /** Absent in the state of an earlier version. */
  ports?: Ports;
  /** The process id of `tsx watch`, which restarts the sandbox. */
  watcher: number;
}

/** null if the file is missing or cannot be read. */
export function loadState(file: string): SavedState | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SavedState;
  } catch {
    return null;
  }
}

export function saveState(file: string, state: SavedState): void {
  mkdirSync(dirname(file), { recursive: true });
  // If the process is killed before the rename, the old file stays.
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
