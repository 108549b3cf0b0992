import type { Attempt } from "../signed-webhook.ts";

// What the local Segment remembers: plain data, so that it can be kept in a file.

export const MESSAGE_TYPES = ["identify", "track", "page", "screen", "group", "alias"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** What an application says; what is left out is made up. */
export interface SegmentCall {
  type: MessageType;
  messageId?: string | undefined;
  userId?: string | null | undefined;
  anonymousId?: string | null | undefined;
  /** ISO 8601, by the clock of whoever says it. */
  timestamp?: string | undefined;
  sentAt?: string | undefined;
  context?: Record<string, unknown> | undefined;
  [field: string]: unknown;
}

/** The same as it goes to destinations. */
export interface SegmentMessage extends SegmentCall {
  messageId: string;
  /** ISO 8601 */
  timestamp: string;
  receivedAt: string;
}

export interface SegmentProfile {
  segmentId: string;
  userIds: string[];
  traits: Record<string, unknown>;
  /** ISO 8601 */
  createdAt: string;
}

/** One or more messages on their way to the destination. */
export interface SegmentDelivery {
  /** The same over the retries, another one for a redelivery. */
  id: string;
  /** When it began. */
  at: number;
  /** The message id; of several, the first one's. */
  eventUuid: string;
  /** A track's event, else the type; of several, the first one's and how many more. */
  event: string;
  /** The user id; of several, the first one's. */
  distinctId: string;
  /** The exact bytes. */
  body: string;
  attempts: Attempt[];
}

export interface SegmentState {
  profiles: SegmentProfile[];
  messages: SegmentMessage[];
  deliveries: SegmentDelivery[];
}

export function emptySegmentState(): SegmentState {
  return { profiles: [], messages: [], deliveries: [] };
}
