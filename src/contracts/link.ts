import type { Channel } from "./decision.ts";

/** Which message a link is in, and whether a click on it is to be told. */
export interface MessageLink {
  transactionId: string;
  workflow: string;
  step: string;
  channel: Channel;
  track: boolean;
}
