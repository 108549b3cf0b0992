import { randomUUID } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import { MESSAGE_TYPES, type SegmentCall, type SegmentMessage } from "./state.ts";

const Id = z.string().nullish();

/** What Segment keeps of what it is told; the rest it says yes to, and loses. */
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
 * A message as destinations get it. Whoever says when they sent it is taken to have a clock that is
 * wrong by as much as that differs from ours.
 * Source: https://www.twilio.com/docs/segment/connections/spec/common#timestamps
 */
export function completed({ type, messageId, timestamp, sentAt, context, ...rest }: SegmentCall, now: number) {
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

/** What people call it: a track by its event, another message by its type. */
export function nameOf({ type, event }: Record<string, unknown>): string {
  return String(type === "track" ? event : type);
}

/** What can be read of a delivery's body. */
export function messagesIn(body: string, now: number): SegmentMessage[] {
  const parsed = parseJson(body);
  const all: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return all.flatMap((one) => {
    const call = Call.safeParse(one);
    return call.success ? [completed({ ...call.data, sentAt: undefined }, now)] : [];
  });
}

function byOurClock(originalTimestamp: string, sentAt: string, now: number): string {
  return new Date(now - (Date.parse(sentAt) - Date.parse(originalTimestamp))).toISOString();
}
