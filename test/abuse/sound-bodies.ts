import { segmentEvent } from "../support/segment.ts";
import { delivery } from "../support/webhook.ts";
import type { Dice } from "./dice.ts";
import { plantedEmail, plantedPhone } from "./planted.ts";

const EVENTS = [
  "user_signed_up",
  "onboarding_stalled",
  "onboarding_step_completed",
  "onboarding_completed",
  "feature_first_used",
  "checkout_started",
  "checkout_completed",
  "pricing_page_viewed",
  "trial_day_12",
  "subscription_upgraded",
  "session_ended",
  "user_inactive",
  "$identify",
  "$set",
  "$create_alias",
  "$merge_dangerously",
  "$groupidentify",
  "notification sent",
  "something_else",
];
const SEGMENT_EVENTS = ["User Registered", "Checkout Started", "Order Completed", "Trial Day 12", "Something Else"];
const SEGMENT_TYPES = ["track", "track", "track", "identify", "alias", "group", "page", "screen", "delete"];
const NOVU_TYPES = ["message.sent", "message.seen", "message.failed", "messages.read", "preference.updated", "x.y"];
const CHANNELS = ["email", "in_app", "sms", "push", "chat"];
/** Few, so that ids repeat. */
const PEOPLE = 500;

/** A valid body of each sender, with addresses that contain the number of the request. */
export function postHogBody(dice: Dice, number: number): unknown {
  return delivery({
    uuid: dice.uuid(),
    event: dice.pick(EVENTS),
    distinctId: personOf(dice, number),
    timestamp: new Date().toISOString(),
    properties: {
      $set: { email: plantedEmail(number), phone: plantedPhone(number) },
      $anon_distinct_id: personOf(dice, number),
      alias: personOf(dice, number),
      checkout_url: `https://app.acme.example/checkout?for=${plantedEmail(number)}`,
      cart_value: 80,
    },
    person: { email: plantedEmail(number), name: "Ada", phone: plantedPhone(number) },
  });
}

export function segmentBody(dice: Dice, number: number): unknown {
  return segmentEvent({
    messageId: `node-next-${dice.uuid()}`,
    type: dice.pick(SEGMENT_TYPES),
    event: dice.pick(SEGMENT_EVENTS),
    userId: personOf(dice, number),
    previousId: personOf(dice, number),
    timestamp: new Date().toISOString(),
    traits: { email: plantedEmail(number), phone: plantedPhone(number) },
    context: { traits: { email: plantedEmail(number) }, timezone: "Europe/Berlin" },
    properties: { email: plantedEmail(number), checkout_url: "https://app.acme.example/checkout" },
  });
}

export function novuBody(dice: Dice, number: number): unknown {
  const at = new Date().toISOString();
  const object = {
    ...{ _id: dice.uuid(), subscriberId: personOf(dice, number), templateIdentifier: "onboarding", createdAt: at },
    ...{ transactionId: `${dice.uuid()}:onboarding`, channel: dice.pick(CHANNELS), to: plantedEmail(number) },
  };
  return {
    id: `evt_${dice.uuid()}`,
    type: dice.pick(NOVU_TYPES),
    data: {
      object,
      error: { message: `bounced: ${plantedEmail(number)} is unknown` },
      subscriberId: personOf(dice, number),
      channels: { email: false },
      workflow: { identifier: "onboarding" },
    },
    timestamp: at,
  };
}

export function bridgeBody(dice: Dice, number: number): unknown {
  const distinctId = personOf(dice, number);
  const eventUuid = dice.uuid();
  const run = {
    ...{
      transactionId: `${eventUuid}:onboarding`,
      eventUuid,
      eventName: "user_signed_up",
      distinctId,
      source: "posthog",
    },
    ...{ occurredAt: new Date().toISOString(), snapshot: { email: plantedEmail(number), name: "Ada" } },
  };
  return {
    payload: { run, checkout_url: "https://app.acme.example/checkout" },
    controls: {},
    state: [{ stepId: "", outputs: {}, state: { status: "completed" } }],
    subscriber: { subscriberId: distinctId, email: plantedEmail(number), phone: plantedPhone(number) },
    context: {},
    env: { name: "Local", type: "dev" },
  };
}

function personOf(dice: Dice, number: number): string {
  return dice.chance(0.1) ? plantedEmail(number) : `person-${dice.int(PEOPLE)}`;
}
