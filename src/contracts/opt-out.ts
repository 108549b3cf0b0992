import { createHash } from "node:crypto";
import type { Report } from "./report.ts";

/** The opt-out from every topic. */
export const ALL = "all";

/** The opt-out from one workflow, which Novu's Inbox allows. */
export function workflowTopic(workflow: string): string {
  return `workflow:${workflow}`;
}

/** How a person opted out: by our link, in Novu's Inbox, or by marking a message as spam. */
export type OptOutCause = "link" | "novu" | "complained";

/** The opt-outs that a person adds (`off`) and takes back (`on`): topics, "all", or a `workflowTopic`. */
export interface OptOutChange {
  distinctId: string;
  off: string[];
  on: string[];
  cause: OptOutCause;
  /** ISO 8601. The latest change of a topic is valid. */
  at: string;
  /** The report about the message whose link was used; null for a change without a link. */
  report: Report | null;
}

/** The opt-outs that a person has now. */
export interface OptOuts {
  off: string[];
  /** The opt-outs that were taken back, with the time, ISO 8601. */
  on: Record<string, string>;
  /** All distinct ids of the person, in a fixed order. */
  distinctIds: string[];
}

/** An address to which nothing can be delivered. */
export interface Bounce {
  /** The `addressHash` of the address; null when the address is not known. */
  addressHash: string | null;
  /** ISO 8601 */
  at: string;
}

/** The store keeps only this hash of an address. Upper case and blanks at the ends do not change the hash. */
export function addressHash(address: string): string {
  return createHash("sha256").update(address.trim().toLowerCase()).digest("hex");
}
