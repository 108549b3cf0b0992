import { isChannel } from "../../contracts/channel.ts";
import type { Queue } from "../../contracts/job.ts";
import { CHANNEL_NAMES } from "../../explain/words.ts";

/** The service that the jobs of a queue wait for. */
export const QUEUE_NAMES: Record<Queue, string> = {
  novu: "Novu: runs",
  receipts: "Novu: receipts",
  persons: "Novu: addresses",
  subscribers: "Novu: subscribers",
  posthog: "PostHog",
};

/** A channel, or a type of step of Novu that is none. */
export function channelName(channel: string): string {
  return isChannel(channel) ? CHANNEL_NAMES[channel] : channel;
}
