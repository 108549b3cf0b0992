import fc from "fast-check";
import { segmentEvent } from "./segment.ts";
import { delivery } from "./webhook.ts";

const ID = fc.constantFrom("ada", "grace", "visitor", "undefined", "$company", "4711", " a b ", "ada@example.com", "é");
/** Values in the shapes that teams, imports and libraries write. */
const ODD = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      undefined,
      "",
      " ",
      "true",
      "no",
      0,
      1,
      12.5,
      true,
      false,
      "ada@example.com",
      "ada@",
      "Ada Lovelace",
      "-",
    ],
    ...[
      "Europe/Oslo",
      "Nowhere",
      "de",
      "german",
      "2026-03-02 10:01:00",
      1772442000,
      "offers, reminders",
      "all",
      "{bad",
      "1,234",
    ],
  ),
  fc.constantFrom<unknown>([], ["offers"], [{}], {}, { a: 1 }, "https://app.acme.example/x", "+49 151 5550100"),
);
const NAMES = [
  ..."email Email name Name first_name last_name phone avatar locale unsubscribed_from push_enabled $timezone".split(
    " ",
  ),
  ..."$geoip_time_zone plan Plan onboarding_completed features_used last_active_at shoe_size".split(" "),
];
const PROPERTIES = fc.dictionary(fc.constantFrom(...NAMES), ODD, { maxKeys: 5 });
const FLAG = fc.constantFrom<unknown>(undefined, undefined, true, false, "false", "true", "maybe", null);

/** Bodies of PostHog's webhook that are events, in odd shapes. */
export const POSTHOG_BODY = fc
  .record({
    event: fc.constantFrom(
      ..."user_signed_up onboarding_completed checkout_started checkout_completed session_ended session_started".split(
        " ",
      ),
      ..."$identify $set $create_alias $merge_dangerously $groupidentify $pageview user_inactive pricing_page_viewed".split(
        " ",
      ),
    ),
    distinctId: ID,
    uuid: fc.uuid(),
    person: fc.option(PROPERTIES),
    set: fc.option(fc.oneof(PROPERTIES, ODD), { nil: undefined }),
    setOnce: fc.option(fc.oneof(PROPERTIES, ODD), { nil: undefined }),
    unset: fc.option(fc.oneof(fc.array(fc.constantFrom(...NAMES), { maxLength: 2 }), ODD), { nil: undefined }),
    flags: fc.record({ $is_identified: FLAG, $process_person_profile: FLAG }),
    device: fc.oneof(ID, ODD),
    previous: fc.oneof(ID, fc.constant(4711)),
    own: fc.dictionary(
      fc.constantFrom(
        "cart_value",
        "checkout_url",
        "currency",
        "$timezone",
        "days_inactive",
        "swept_for",
        "key_action",
      ),
      ODD,
    ),
  })
  .map(({ set, setOnce, unset, flags, device, previous, own, ...body }) =>
    // The body as JSON has it.
    JSON.parse(
      JSON.stringify(
        delivery({
          ...body,
          properties: {
            ...own,
            ...flags,
            ...{ $set: set, $set_once: setOnce, $unset: unset, $device_id: device },
            ...{ $anon_distinct_id: previous, alias: previous },
          },
        }),
      ),
    ),
  );

/** Calls of Segment that are events, in odd shapes. */
export const SEGMENT_BODY = fc
  .record({
    type: fc.constantFrom("track", "identify", "alias", "group", "page", "screen"),
    event: fc.constantFrom("User Registered", "Checkout Started", "onboarding_completed", "Something else", "identify"),
    userId: fc.oneof(ID, fc.constant(null), fc.constant("")),
    anonymousId: ID,
    previousId: ID,
    messageId: fc.uuid(),
    name: fc.option(fc.constantFrom("Pricing", "")),
    properties: fc.oneof(PROPERTIES, fc.constant(null)),
    traits: fc.oneof(PROPERTIES, fc.constant(null)),
    contextTraits: fc.option(PROPERTIES, { nil: undefined }),
    timezone: fc.option(fc.constantFrom("Europe/Oslo", "Nowhere"), { nil: undefined }),
    locale: fc.option(fc.constantFrom("de-DE", "german"), { nil: undefined }),
  })
  .map(({ contextTraits: traits, timezone, locale, ...body }) =>
    JSON.parse(JSON.stringify(segmentEvent({ ...body, context: { traits, timezone, locale } }))),
  );
