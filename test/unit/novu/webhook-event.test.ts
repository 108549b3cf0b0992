import { describe, expect, it } from "vitest";
import { parseNovuEvent } from "../../../src/novu/webhook-event.ts";

const AT = "2026-03-02T09:05:00.000Z";
const object = {
  _id: "m",
  transactionId: "u:w",
  channel: "email",
  subscriberId: "ada",
  createdAt: "2026-03-02T10:00:00.000+01:00",
  status: "sent",
  deliveredAt: [AT],
};
const wrapped = (type: string, data: object = { object }) => ({
  id: "evt_1",
  type,
  object: "message",
  data,
  timestamp: AT,
  environmentId: "e",
});
const facts = {
  ...{ transactionId: "u:w", subscriberId: "ada", channel: "email", step: null },
  createdAt: "2026-03-02T09:00:00.000Z",
  at: AT,
};

const message = (body: unknown) => {
  const event = parseNovuEvent(body);
  return event.kind === "message" ? event.message : event;
};

describe("a webhook of Novu", () => {
  it.each(["delivered", "seen", "read", "failed"])("says that a message was %s, in either spelling", (status) => {
    const expected = { ...facts, status, isHard: true };
    for (const type of [
      `message.${status}`,
      `messages.${status}`,
      `message_${status}`,
      `MESSAGE_${status.toUpperCase()}`,
    ])
      expect(message(wrapped(type))).toEqual(expected);
  });

  it.each([
    ["the message in data", { type: "message.seen", timestamp: AT, data: object }],
    ["the message in payload.object", { event: "message.seen", timestamp: AT, payload: { object } }],
    ["no wrapper but the type", { type: "message.seen", timestamp: AT, object }],
    ["the type as eventType", { eventType: "messages.seen", timestamp: AT, data: { object } }],
  ])("comes with %s", (_name, body) => {
    expect(message(body)).toEqual({ ...facts, status: "seen", isHard: true });
  });

  it.each([
    ["bounced", true, "Bounced: 550 5.1.1 no such user"],
    ["bounced", false, "soft bounce: mailbox full"],
    ["bounced", false, "bounce (transient)"],
    ["complained", true, "recipient complained"],
    ["complained", true, "spam report"],
    ["failed", true, "the provider answered 401"],
  ])("says by a failure that a message was %s (hard: %s): %s", (status, isHard, why) => {
    const expected = { ...facts, status, isHard, ...(status === "failed" && { why }) };
    expect(message(wrapped("message.failed", { object, error: { message: why } }))).toEqual(expected);
    expect(message(wrapped("message.failed", { object: { ...object, errorText: why } }))).toEqual(expected);
  });

  it("says of a chat message that failed that it was sent, with an error", () => {
    const data = { object: { ...object, channel: "chat" }, error: { message: "channel_not_found" } };
    expect(message(wrapped("message.sent", data))).toMatchObject({ status: "failed", channel: "chat" });
  });

  it("names the step, should it ever", () => {
    expect(message(wrapped("message.read", { object: { ...object, stepId: "welcome" } }))).toMatchObject({
      step: "welcome",
    });
  });

  it.each([
    "message.sent",
    "message.archived",
    "message.unread",
    "message.snoozed",
    "workflow.updated",
    "email.received",
  ])("is of no interest: %s", (type) => {
    expect(message(wrapped(type))).toMatchObject({ cause: "of no interest", reason: expect.stringContaining(type) });
  });

  it.each([
    ["nothing", null],
    ["a list", []],
    ["a text", "message.seen"],
    ["no type", { data: { object } }],
    ["no message", { type: "message.seen" }],
    ["no transaction", { type: "message.seen", data: { object: { ...object, transactionId: undefined } } }],
    ["an unknown channel", { type: "message.seen", data: { object: { ...object, channel: "voice" } } }],
    ["preferences of nobody", { type: "preference.updated", data: { object: { channels: {} } } }],
  ])("is none: %s", (_name, body) => {
    expect(message(body)).toMatchObject({ cause: "not an event" });
  });

  it("with times that are none is without them", () => {
    const body = { ...wrapped("message.seen", { object: { ...object, createdAt: "soon" } }), timestamp: 5 };
    expect(message(body)).toMatchObject({ status: "seen", createdAt: null, at: null });
  });

  it("reads a subscriber's change of preferences", () => {
    const of = (object: object) => parseNovuEvent(wrapped("preference.updated", { object, subscriberId: "ada" }));
    const change = { distinctId: "ada", channels: { email: false }, at: AT };
    expect(of({ level: "template", channels: { email: false }, workflow: { identifier: "drop-off" } })).toEqual({
      kind: "preferences",
      change: { ...change, workflow: "drop-off" },
    });
    expect(of({ level: "global", enabled: true, channels: { email: false } })).toEqual({
      kind: "preferences",
      change: { ...change, workflow: null },
    });
  });
});
