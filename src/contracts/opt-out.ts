import type { Capture } from "./capture.ts";

/** Turns off every topic. */
export const ALL = "all";

/** One workflow of a topic, as a person can turn it off in Novu's Inbox. */
export function workflowTopic(workflow: string): string {
  return `workflow:${workflow}`;
}

/** Where a person said it: by a link of ours, in Novu's Inbox, or to their mailbox, as spam. */
export type OptOutCause = "link" | "novu" | "complained";

/** What a person does not want any more, and what they want again: topics, "all", or a `workflowTopic`. */
export interface OptOutChange {
  distinctId: string;
  off: string[];
  on: string[];
  cause: OptOutCause;
  /** When they said so, ISO 8601. What they said later of the same thing holds; by a link they say it now. */
  at: string;
  /** What PostHog is told of the message by which they did; null when it was by none. */
  capture: Capture | null;
}

/** What holds of a person now. */
export interface OptOuts {
  /** What they do not want. */
  off: string[];
  /** What they have said that they want again, and when they last said so, ISO 8601. */
  on: Record<string, string>;
  /** Everything that they are known by, in one order. */
  distinctIds: string[];
}

/** An address to which nothing can be delivered. */
export interface Bounce {
  /** Of the address, by `addressHash`; null when it is not known which. */
  addressHash: string | null;
  /** ISO 8601 */
  at: string;
}
