import { z } from "zod";
import { createTokens } from "../lib/tokens.ts";

/** The message that an unsubscribe link is in, and its topic. */
export interface UnsubscribeLink {
  distinctId: string;
  topic: string;
  workflow: string;
  step: string;
  /** Empty for a message that was sent by hand from Novu's dashboard. */
  transactionId: string;
}

/** Short names, because the link is in a header too. */
const Content = z.object({
  d: z.string().min(1),
  t: z.string().min(1),
  w: z.string(),
  s: z.string(),
  r: z.string(),
});

/** Links that opt one person out of one topic. They never expire. */
export function createUnsubscribeLinks({
  keys,
  publicUrl,
}: {
  /** Newest first. */
  keys: string[];
  /** The URL of this app for others. */
  publicUrl(): string;
}): { urlOf(link: UnsubscribeLink): string; read(token: string): UnsubscribeLink | null } {
  const tokens = createTokens({ keys, purpose: "unsubscribe", content: Content });
  return {
    urlOf({ distinctId, topic, workflow, step, transactionId }) {
      const content = { d: distinctId, t: topic, w: workflow, s: step, r: transactionId };
      return `${publicUrl()}/u/${tokens.make(content)}`;
    },
    read(token) {
      const content = tokens.read(token);
      if (content === null) return null;
      const { d: distinctId, t: topic, w: workflow, s: step, r: transactionId } = content;
      return { distinctId, topic, workflow, step, transactionId };
    },
  };
}
