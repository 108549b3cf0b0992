import { segmentEvent } from "./segment.ts";
import { delivery } from "./webhook.ts";

export const CART = { checkout_url: "https://app.acme.example/checkout", cart_value: 120 };
export const PERSON = {
  email: "ada@example.com",
  Name: "Ada",
  unsubscribed_from: ["offers"],
  plan: "pro",
  shoe_size: 40,
};

/** Bodies in all shapes, each with an effect or ignored with a reason. */
export const POSTHOG_SHAPES: Array<[string, Record<string, unknown>]> = [
  ["a start", delivery({ person: PERSON })],
  ["a start without a person", delivery({ person: null, distinctId: "nobody" })],
  ["an exit", delivery({ event: "onboarding_completed", person: PERSON })],
  [
    "values in odd shapes",
    delivery({
      distinctId: "odd",
      person: { email: " ", unsubscribed_from: { a: 1 }, push_enabled: "maybe", name: null },
    }),
  ],
  [
    "a $set that is newer than the person",
    delivery({
      person: PERSON,
      properties: { $set: { Email: "new@example.com", plan: "" }, $set_once: { name: "B" } },
    }),
  ],
  ["an $unset", delivery({ event: "$set", person: PERSON, properties: { $unset: ["plan"], $set: { name: "Ada B" } } })],
  [
    "an identify",
    delivery({
      event: "$identify",
      person: PERSON,
      properties: { $anon_distinct_id: "visitor", $set: { email: "ada@b.example" } },
    }),
  ],
  ["an alias with a number", delivery({ event: "$create_alias", person: PERSON, properties: { alias: 4711 } })],
  ["a forced merge", delivery({ event: "$merge_dangerously", person: PERSON, properties: { alias: "old-ada" } })],
  [
    "a payload",
    delivery({ event: "checkout_started", properties: { cart_value: "120", $timezone: "Asia/Tokyo" }, person: PERSON }),
  ],
  ["an event that no workflow knows", delivery({ event: "$pageview", person: PERSON })],
  ["a placeholder", delivery({ distinctId: "undefined", person: PERSON })],
  ["a visitor", delivery({ distinctId: "someone", properties: { $is_identified: false }, person: null })],
];

export const SEGMENT_SHAPES: Array<[string, Record<string, unknown>]> = [
  [
    "a start",
    segmentEvent({ context: { traits: { email: "peter@example.com", firstName: "Peter" }, timezone: "Europe/Oslo" } }),
  ],
  [
    "an identify",
    segmentEvent({ type: "identify", traits: { email: "peter@example.com", plan: "pro", timezone: "Europe/Rome" } }),
  ],
  ["an identify without traits", segmentEvent({ type: "identify", userId: "mary", anonymousId: null })],
  ["an alias", segmentEvent({ type: "alias", userId: "peter", previousId: "visitor-2" })],
  ["a visitor", segmentEvent({ userId: "" })],
  ["a group", segmentEvent({ type: "group", groupId: "acme" })],
  ["a page", segmentEvent({ type: "page", name: "Pricing" })],
];
