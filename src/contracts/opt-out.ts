import { createHash } from "node:crypto";
import type { Report } from "./report.ts";

/** The opt-out from every topic. */
export const ALL = "all";

/** The opt-out from one workflow, which Novu's Inbox allows. */
export function workflowTopic(workflow: string): string {
  return `workflow:${workflow}`;
}

/** By our link, in Novu's Inbox, or by marking a message as spam. */
export type OptOutCause = "link" | "novu" | "complained";

/** The opt-outs that a person adds (`off`) and takes back (`on`): topics, "all", or a `workflowTopic`. */
export interface OptOutChange {
  distinctId: string;
  off: string[];
  on: string[];
  cause: OptOutCause;
  /** ISO 8601; of several changes to the same topic the latest is valid. */
  at: string;
  /** The report about the message whose link was used; null when no message was. */
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

/** Two addresses are the same when their hashes are; only the hash is stored. */
export function addressHash(address: string): string {
  return createHash("sha256").update(address.trim().toLowerCase()).digest("hex");
}
