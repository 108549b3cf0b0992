import type { Sandbox } from "../sandbox.ts";

/** A story for `npm run demo`: what happens, and the decisions that must follow. */
export interface DemoStory {
  /** Milliseconds since 1970. */
  startsAt: number;
  days: number;
  scenes: Scene[];
  expected: ExpectedDecision[];
  /** A skipped message that the events alone do not explain. The demo prints the address of its run at the end. */
  surprise?: { distinctId: string; workflow: string; step: string };
}

export interface Scene {
  /** The demo leaves the scene out if this workflow does not exist. */
  workflow: string;
  /** Whole days after the start. */
  day: number;
  /** Hours after the beginning of `day`. */
  hour?: number;
  text: string;
  play(sandbox: Sandbox): void;
}

/**
 * `moment` is a text such as "day 2 09:00", in UTC and counted from the midnight before the start. `result` is "sent"
 * or "not sent: reason: detail".
 */
export type ExpectedDecision = readonly [
  moment: string,
  distinctId: string,
  workflow: string,
  step: string,
  result: string,
];
