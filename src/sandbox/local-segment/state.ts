import type { Attempt } from "../signed-webhook.ts";

// The data of the local Segment, which `npm run dev` saves as JSON.

export const MESSAGE_TYPES = ["identify", "track", "page", "screen", "group", "alias"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** A call of an application; absent fields get default values. */
export interface SegmentCall {
  type: MessageType;
  messageId?: string | undefined;
  userId?: string | null | undefined;
  anonymousId?: string | null | undefined;
  /** ISO 8601, by the sender's clock. */
  timestamp?: string | undefined;
  sentAt?: string | undefined;
  context?: Record<string, unknown> | undefined;
  [field: string]: unknown;
}

/** A call as destinations get it. */
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

/** One or more messages for the destination. */
export interface SegmentDelivery {
  /** Retries have the same id, a redelivery has another. */
  id: string;
  at: number;
  /** The id of the first message. */
  eventUuid: string;
  /** The name of the first message, and the number of further ones. */
  event: string;
  /** The user id of the first message. */
  distinctId: string;
  /** The exact text that is signed. */
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
