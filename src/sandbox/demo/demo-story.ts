import type { Sandbox } from "../sandbox.ts";

/** A story for `npm run demo`: what happens, and the decisions that must follow. */
export interface DemoStory {
  /** Milliseconds since 1970. */
  startsAt: number;
  days: number;
  scenes: Scene[];
  expected: ExpectedDecision[];
  /** The skipped message that the events alone do not explain; the demo ends with the address of its run. */
  surprise?: { distinctId: string; workflow: string; step: string };
}

export interface Scene {
  /** Without this workflow the demo leaves the scene out. */
  workflow: string;
  /** Whole days after the start. */
  day: number;
  /** Hours after that. */
  hour?: number;
  text: string;
  play(sandbox: Sandbox): void;
}

/** The moment is "day 2 09:00" in UTC, counted from the midnight before the start; the result "sent" or "not sent: reason: detail". */
export type ExpectedDecision = readonly [
  moment: string,
  distinctId: string,
  workflow: string,
  step: string,
  result: string,
];
