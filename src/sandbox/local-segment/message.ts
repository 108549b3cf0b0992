import { randomUUID } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import { MESSAGE_TYPES, type SegmentCall, type SegmentMessage } from "./state.ts";

const Id = z.string().nullish();

/** The calls that Segment saves. It accepts other calls too, but drops them. */
export const Call = z
  .looseObject({
    type: z.enum(MESSAGE_TYPES),
    messageId: z.string().min(1).max(100).optional(),
    userId: Id,
    anonymousId: Id,
    timestamp: z.iso.datetime({ offset: true }).optional(),
    sentAt: z.iso.datetime({ offset: true }).optional(),
    context: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ userId, anonymousId }) => Boolean(userId) || Boolean(anonymousId));

/**
 * A call as destinations get it. Segment treats the difference between `sentAt` and Segment's own clock as an error of
 * the sender's clock, and corrects the timestamp by that difference.
 * Source: https://www.twilio.com/docs/segment/connections/spec/common#timestamps
 */
export function messageOf({ type, messageId, timestamp, sentAt, context, ...rest }: SegmentCall, now: number) {
  const receivedAt = new Date(now).toISOString();
  const originalTimestamp = timestamp ?? sentAt ?? receivedAt;
  const happenedAt = sentAt === undefined ? originalTimestamp : byOurClock(originalTimestamp, sentAt, now);
  return {
    ...{ type, messageId: messageId ?? `local-${randomUUID()}` },
    ...{ anonymousId: null, userId: null, ...rest },
    context: { library: { name: "http" }, ...context },
    ...{ integrations: {}, channel: "server", version: 2, projectId: "local" },
    ...{ timestamp: happenedAt, originalTimestamp, sentAt: sentAt ?? receivedAt, receivedAt },
  } satisfies SegmentMessage;
}

/** The event name of a track call, or the type of any other call. */
export function nameOf({ type, event }: Record<string, unknown>): string {
  return String(type === "track" ? event : type);
}

/** The readable messages in the body of a delivery. */
export function messagesIn(body: string, now: number): SegmentMessage[] {
  const parsed = parseJson(body);
  const all: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return all.flatMap((one) => {
    const call = Call.safeParse(one);
    return call.success ? [messageOf({ ...call.data, sentAt: undefined }, now)] : [];
  });
}

function byOurClock(originalTimestamp: string, sentAt: string, now: number): string {
  return new Date(now - (Date.parse(sentAt) - Date.parse(originalTimestamp))).toISOString();
}
