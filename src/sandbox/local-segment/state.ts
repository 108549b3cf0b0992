import type { SourceDelivery } from "../signed-webhook.ts";

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

export interface SegmentState {
  profiles: SegmentProfile[];
  messages: SegmentMessage[];
  deliveries: SourceDelivery[];
}

export function emptySegmentState(): SegmentState {
  return { profiles: [], messages: [], deliveries: [] };
}
