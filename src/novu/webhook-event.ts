import { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import { Id } from "../contracts/event.ts";
import type { STATUSES } from "../contracts/report.ts";

// Novu's docs spell its events `message.seen` and `messages.seen`, and put the message into
// `{ type, data: { object } }` or leave out the wrapper.

/** A message's new status, as Novu's webhook reports it. */
export interface NovuMessage {
  status: (typeof STATUSES)[number];
  transactionId: string;
  subscriberId: string | null;
  channel: Channel;
  /** Novu does not send the step, as of November 2026. */
  step: string | null;
  /** When Novu made the message; ISO 8601. */
  createdAt: string | null;
  /** ISO 8601; the same in each attempt of a delivery. */
  at: string | null;
  /** For a bounce: true if the address is invalid, false if the mailbox is full or busy. */
  isHard: boolean;
  /** The provider's reason for a failure; it may contain an address. */
  why?: string;
}

/** A subscriber's change of preferences at Novu. */
export interface PreferenceChange {
  distinctId: string;
  /** Null for a change of all workflows. */
  workflow: string | null;
  /** The preference by channel. A channel that is absent is unchanged. */
  channels: Record<string, boolean>;
  /** ISO 8601 */
  at: string;
}

export type NovuEvent =
  | { kind: "message"; message: NovuMessage }
  | { kind: "preferences"; change: Omit<PreferenceChange, "at"> & { at: string | null } }
  | { kind: "misfit"; cause: "not an event" | "of no interest"; reason: string };

const time = z.iso.datetime({ offset: true }).nullish().catch(null);
const text = z.string().min(1).nullish().catch(null);

const Envelope = z.looseObject({
  type: text,
  event: text,
  eventType: text,
  timestamp: time,
  data: z.looseObject({}).optional(),
  payload: z.looseObject({}).optional(),
});
const Failure = z.looseObject({ message: text }).nullish().catch(null);
const Message = z.looseObject({
  transactionId: Id,
  subscriberId: Id.nullish().catch(null),
  channel: Channel,
  stepId: Id.nullish().catch(null),
  createdAt: time,
  status: text,
  errorId: text,
  errorText: text,
  error: Failure,
});
const Preference = z.looseObject({
  channels: z.record(z.string(), z.boolean()).default({}),
  workflow: z.looseObject({ identifier: Id.nullish().catch(null) }).nullish(),
});

const REPORTED = ["delivered", "seen", "read", "bounced", "complained", "failed"] as const;
const COMPLAINT = /complain|spam.?report|marked as spam/i;
const BOUNCE = /bounce/i;
const SOFT = /soft|transient|temporar|defer|try again|mailbox (is )?full|over ?quota|throttl|greylist/i;

export function parseNovuEvent(body: unknown): NovuEvent {
  const envelope = Envelope.safeParse(body);
  if (!envelope.success) return misfit("the body is not an event of Novu's");
  const { type: named, event, eventType, data, payload, timestamp } = envelope.data;
  const type = named ?? event ?? eventType;
  if (type == null) return misfit("it has no type");

  const content: Record<string, unknown> = data ?? payload ?? envelope.data;
  const at = isoOf(timestamp);
  const [, subject, what = ""] = /^(message|preference)s?[._](\w+)$/i.exec(type) ?? [];
  if (subject?.toLowerCase() === "preference") return preferenceIn(content, at);
  if (subject === undefined)
    return { kind: "misfit", cause: "of no interest", reason: `nothing is done with ${nameOf(type)}` };
  return messageIn(content, { type, what: what.toLowerCase(), at });
}

function messageIn(
  content: Record<string, unknown>,
  { type, what, at }: { type: string; what: string; at: string | null },
): NovuEvent {
  const object = Message.safeParse(isObject(content.object) ? content.object : content);
  if (!object.success) return misfit(`it does not fit: ${fieldsOf(object.error)}`);
  const { transactionId, subscriberId = null, channel, stepId, createdAt } = object.data;
  const { status: statusText, errorId, errorText, error } = object.data;
  const failure = Failure.parse(content.error) ?? error;
  const why = [statusText, errorId, errorText, failure?.message].join(" ");

  const status = statusOf(what, { why, hasFailed: failure != null });
  if (status === null)
    return { kind: "misfit", cause: "of no interest", reason: `nothing is done with ${nameOf(type)}` };
  const facts = { transactionId, subscriberId, channel, step: stepId ?? null, createdAt: isoOf(createdAt), at };
  const reason = status === "failed" ? (failure?.message ?? errorText) : null;
  return {
    kind: "message",
    message: { status, ...facts, isHard: !SOFT.test(why), ...(reason != null && { why: reason }) },
  };
}

/** Novu reports a bounce as a failed message, and a failed chat message as a sent message with an error. */
function statusOf(what: string, { why, hasFailed }: { why: string; hasFailed: boolean }): NovuMessage["status"] | null {
  const status = what === "sent" && hasFailed ? "failed" : REPORTED.find((one) => one === what);
  if (status !== "failed") return status ?? null;
  return COMPLAINT.test(why) ? "complained" : BOUNCE.test(why) ? "bounced" : "failed";
}

function preferenceIn(content: Record<string, unknown>, at: string | null): NovuEvent {
  const distinctId = Id.safeParse(content.subscriberId);
  const object = Preference.safeParse(isObject(content.object) ? content.object : content);
  if (!distinctId.success || !object.success) return misfit("it does not fit: subscriberId or channels");
  const { channels, workflow } = object.data;
  return {
    kind: "preferences",
    change: { distinctId: distinctId.data, workflow: workflow?.identifier ?? null, channels, at },
  };
}

function misfit(reason: string): NovuEvent {
  return { kind: "misfit", cause: "not an event", reason };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** ISO 8601 in UTC, with milliseconds. */
function isoOf(time: string | null | undefined): string | null {
  return time == null ? null : new Date(time).toISOString();
}

/** The type, cut to 40 characters. Novu's own types are shorter. */
function nameOf(type: string): string {
  return type.slice(0, 40);
}

function fieldsOf(error: z.ZodError): string {
  return [...new Set(error.issues.map(({ path }) => path.join(".")))].join(", ");
}
