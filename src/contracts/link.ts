import type { Channel } from "./channel.ts";

/** The message of a link, and whether its clicks are reported. */
export interface MessageLink {
  transactionId: string;
  workflow: string;
  step: string;
  channel: Channel;
  track: boolean;
}
