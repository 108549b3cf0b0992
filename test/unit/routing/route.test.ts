import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { whyNoPerson } from "../../../src/routing/person.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { parsePostHogEvent } from "../../../src/sources/posthog/event.ts";
import { testProduct } from "../../support/product/product.ts";

const { workflows } = testProduct;
const route = createRoute(workflows);
const ADA = { email: "ada@example.com", name: "Ada Lovelace", plan: "trial", secret: "not declared" };

/** As PostHog sends it. */
function event({
  uuid = "u1",
  name = "user_signed_up",
  distinctId = "ada",
  properties = {},
  personProperties = ADA,
}: Partial<LifecycleEvent>): LifecycleEvent {
  const person = personProperties === null ? null : { id: "1", properties: personProperties };
  const body = { uuid, event: name, distinct_id: distinctId, properties, timestamp: "2026-03-02T09:00:00.000Z" };
  const read = parsePostHogEvent({ event: body, person }, Date.parse("2026-03-02T09:00:00.000Z"));
  if ("misfit" in read) throw new Error(read.misfit);
  return read.event;
}

describe("route", () => {
  it("starts what listens, with the declared properties only", () => {
    const { starts, exits, problems } = route(event({}));
    expect([starts.map(({ workflow }) => workflow), exits, problems]).toEqual([["onboarding"], [], []]);
    expect(starts[0]?.run).toMatchObject({
      transactionId: "u1:onboarding",
      distinctId: "ada",
      snapshot: { email: "ada@example.com", plan: "trial" },
    });
    expect(JSON.stringify(starts)).not.toContain("not declared");
  });

  it("ends what the event ends", () => {
    const { starts, exits } = route(event({ name: "checkout_completed" }));
    expect([starts, exits.map(({ workflow, eventName }) => [workflow, eventName])]).toEqual([
      [],
      [["drop-off", "checkout_completed"]],
    ]);
  });

  it("causes the same each time", () => {
    expect(route(event({}))).toEqual(route(event({})));
  });

  it("says what listens to nothing", () => {
    expect(route(event({ name: "$pageview" })).problems).toEqual([
      { cause: "no workflow", reason: 'no workflow listens to "$pageview"' },
    ]);
  });

  it("says what does not fit, and not the value", () => {
    const { starts, problems } = route(
      event({ name: "checkout_started", properties: { checkout_url: "javascript:alert(1)", cart_value: "a lot" } }),
    );
    expect(starts).toEqual([]);
    expect(problems).toEqual([
      {
        cause: "does not fit",
        reason: expect.stringMatching(/^does not fit drop-off: checkout_url: .+; cart_value: .+/),
      },
    ]);
    expect(problems[0]?.reason).not.toMatch(/javascript|a lot/);
  });

  it("knows our own reports again, by their name or their library", () => {
    const own = [
      event({ name: "notification sent" }),
      event({ name: "notification skipped" }),
      event({ properties: { $lib: "posthog-novu-bridge" } }),
    ];
    for (const one of own) expect(route(one)).toMatchObject({ starts: [], problems: [{ cause: "echo" }] });
    for (const one of [event({ properties: { $lib: "posthog-node" } }), event({ name: "notification opened" })])
      expect(route(one).problems).not.toMatchObject([{ cause: "echo" }]);
  });

  it.each([
    ["an email domain", { domain: "example.com" }],
    ["a distinct id", { exactly: "ada" }],
    ["an address", { exactly: "ada@example.com" }],
    ["a pattern", { pattern: /^ADA$/i }],
  ])("leaves out who is internal: %s, without naming them", (_name, rule) => {
    const internal = createRoute(workflows, [{ domain: "elsewhere.example" }, rule]);
    expect(internal(event({}))).toMatchObject({
      starts: [],
      profiles: [],
      problems: [{ cause: "internal", reason: "an internal user, by rule 2 of INTERNAL_USERS" }],
    });
    expect(
      internal(event({ distinctId: "adam", personProperties: { email: "x@notexample.com" } })).starts,
    ).toHaveLength(1);
  });

  it("takes PostHog's example event for a test", () => {
    const example = event({ properties: { this_is_an_example_event: true } });
    expect(route(example).problems).toEqual([{ cause: "internal", reason: "PostHog's example event" }]);
  });

  it("reads a property of another type that has one meaning, and names the rest", () => {
    const { starts } = route(
      event({ personProperties: { email: "not an address", name: 5, onboarding_completed: "yes", plan: [] } }),
    );
    expect(starts[0]?.run.snapshot).toEqual({ name: "5", onboarding_completed: true });
    expect(starts[0]?.run.unreadable).toEqual(["email", "plan"]);
  });

  it.each(["x".repeat(200), "x-💥", " a", "a\tb", "ä", "line\nbreak"])(
    "makes an id that a header can carry of any event id: %j",
    (uuid) => {
      const [start] = route(event({ uuid })).starts;
      expect(start?.run.transactionId).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it("leaves the event's id readable where it can", () => {
    for (const uuid of ["node-next-1~!", "a b"])
      expect(route(event({ uuid })).starts[0]?.run.transactionId).toBe(`${uuid}:onboarding`);
  });
});

describe("a profile", () => {
  const person = {
    email: "ada@example.com",
    name: "Ada King Lovelace",
    phone: "+491234",
    avatar: "https://example.com/ada.png",
    locale: "en-GB",
    plan: "trial",
    $timezone: "Europe/London",
  };
  const subscriberOf = (personProperties: Record<string, unknown>) =>
    route(event({ name: "$identify", personProperties })).profiles?.[0]?.subscriber;

  it("is all that Novu keeps", () => {
    expect(route(event({ name: "$identify", personProperties: person }))).toEqual({
      starts: [],
      exits: [],
      merges: [],
      problems: [],
      profiles: [
        {
          source: "posthog",
          eventUuid: "u1",
          occurredAt: "2026-03-02T09:00:00.000Z",
          subscriber: {
            subscriberId: "ada",
            email: "ada@example.com",
            firstName: "Ada",
            lastName: "King Lovelace",
            phone: "+491234",
            avatar: "https://example.com/ada.png",
            locale: "en_GB",
            timezone: "Europe/London",
            data: { plan: "trial" },
          },
        },
      ],
    });
  });

  it.each([
    ["en_US", "en_US"],
    ["de", "de_DE"],
    ["zh-Hant-TW", "zh_TW"],
    ["english, please", undefined],
    ["", undefined],
  ])("has a locale as Novu takes it: %s", (locale, taken) => {
    expect(subscriberOf({ email: "ada@example.com", locale })?.locale).toBe(taken);
  });

  it.each([
    [{ $timezone: "Mars/Olympus", $geoip_time_zone: "Europe/Berlin" }, "Europe/Berlin"],
    [{ $timezone: "+01:00" }, undefined],
    [{ $timezone: "" }, undefined],
  ])("has a time zone that there is: %j", (zones, taken) => {
    expect(subscriberOf({ email: "ada@example.com", ...zones })?.timezone).toBe(taken);
  });

  it.each([
    [{ name: "Lovelace, Ada" }, { firstName: "Ada", lastName: "Lovelace" }],
    [{ name: "null null" }, {}],
    [{ name: "ada@example.com" }, {}],
    [{ first_name: "Ada" }, { firstName: "Ada" }],
    [{ first_name: "Mary Ann", name: "Mary Ann Evans" }, { firstName: "Mary Ann" }],
    [{ first_name: "null", last_name: "null", name: "Ada Lovelace" }, { firstName: "Ada" }],
    [{ name: "https://evil.example/win", last_name: "evil.example" }, {}],
  ])("has the names that a message may show: %j", (names, taken) => {
    const { firstName, lastName } = subscriberOf({ email: "ada@example.com", ...names }) ?? {};
    expect({ firstName, lastName }).toEqual(taken);
  });

  it("says only what is known, and nothing when nothing is", () => {
    expect(JSON.stringify(subscriberOf({ name: "Ada", email: "no address" }))).toBe(
      '{"subscriberId":"ada","firstName":"Ada"}',
    );
    expect(subscriberOf({})).toBeUndefined();
  });

  it.each([
    ["any event that sets one of its properties", { name: "$pageview", properties: { $set: { plan: "pro" } } }, 1],
    ["one that sets it once", { name: "$pageview", properties: { $set_once: { email: "ada@example.com" } } }, 1],
    [
      "no event that sets what PostHog sets",
      { name: "$pageview", properties: { $set: { $geoip_time_zone: "UTC" } } },
      0,
    ],
    ["no $set of something else", { name: "$set", properties: { $set: { onboarding_completed: true } } }, 0],
    ["no event that starts a workflow", { properties: { $set: { plan: "pro" } } }, 0],
    ["nobody's", { name: "$identify", properties: { $process_person_profile: false } }, 0],
    ["no placeholder's", { name: "$identify", distinctId: "undefined" }, 0],
    ["no group's", { name: "$groupidentify", properties: { $set: { plan: "pro" } } }, 0],
  ])("comes of %s", (_name, changes, count) => {
    const { profiles, starts, problems } = route(event(changes));
    expect(profiles).toHaveLength(count);
    expect(starts.length + problems.length).toBe(1 - count);
  });
});

describe("a merge", () => {
  const merges = (changes: Partial<LifecycleEvent>) => {
    const { merges, mergeRequests = [] } = route(event({ personProperties: null, ...changes }));
    return { merges, mergeRequests };
  };
  const merge = { previousId: "visitor", currentId: "ada", occurredAt: "2026-03-02T09:00:00.000Z" };

  it.each([
    ["$identify", { $anon_distinct_id: "visitor" }],
    ["$create_alias", { alias: "visitor", distinct_id: "ada" }],
  ])("is caused by %s, when PostHog has both ids as one person", (name, properties) => {
    expect(merges({ name, properties })).toMatchObject({
      merges: [],
      mergeRequests: [{ ...merge, checkAt: "posthog", merge: true }],
    });
  });

  it("is caused by $merge_dangerously, which PostHog never refuses", () => {
    const told = merges({ name: "$merge_dangerously", properties: { alias: "visitor" } });
    expect(told).toMatchObject({ merges: [merge], mergeRequests: [{ ...merge, checkAt: null, merge: true }] });
  });

  it.each([
    ["of an id with itself", { name: "$create_alias", properties: { alias: "ada" } }],
    ["by another event", { name: "$set", properties: { alias: "visitor", $anon_distinct_id: "visitor" } }],
    ["with what no database keeps", { name: "$create_alias", properties: { alias: "a\0b" } }],
    ["with what no index keeps", { name: "$create_alias", properties: { alias: "a".repeat(201) } }],
    ["into nobody", { name: "$create_alias", distinctId: "null", properties: { alias: "visitor" } }],
    ["into who is anonymous", { name: "$create_alias", properties: { alias: "v", $is_identified: false } }],
    ...["anonymous", "Guest", "undefined", "[object Object]", "0", "", "$company_acme"].map(
      (alias): [string, Partial<LifecycleEvent>] => [`by "${alias}"`, { name: "$create_alias", properties: { alias } }],
    ),
  ])("is never one %s", (_name, changes) => {
    expect(merges(changes)).toEqual({ merges: [], mergeRequests: [] });
  });
});

it("takes a name that is spelled otherwise for a change of the profile", () => {
  const { profiles } = route(event({ name: "$set", properties: { $set: { Email: "ada@example.com" } } }));
  expect(profiles).toMatchObject([{ subscriber: { email: "ada@example.com" } }]);
});

describe("whyNoPerson", () => {
  const uuid = "01953f2a-7c11-7d0e-9a66-3a1de2f7b001";

  it.each([
    ["a server's event", { distinctId: "user_1", properties: {} }],
    ["a user id that is a UUID", { distinctId: uuid, properties: {} }],
    ["an identified browser", { distinctId: "user_1", properties: { $is_identified: true, $device_id: uuid } }],
    [
      "a browser that is identified by its device id",
      { distinctId: uuid, properties: { $is_identified: true, $device_id: uuid } },
    ],
  ])("%s is a person", (_name, who) => {
    expect(whyNoPerson(event(who))).toBeNull();
  });

  it.each<[string, Partial<LifecycleEvent>]>([
    ["anonymous", { distinctId: "user_1", properties: { $process_person_profile: false, $is_identified: true } }],
    ["anonymous", { distinctId: uuid, properties: { $is_identified: false } }],
    ["anonymous", { distinctId: uuid, properties: { $device_id: uuid } }],
    ["the distinct id is not a person's", { distinctId: "$company_acme", properties: {} }],
    ...["anonymous", "GUEST", "undefined", "None", "[object Object]", "0", " "].map(
      (distinctId): [string, Partial<LifecycleEvent>] => [
        "the distinct id is a placeholder",
        { distinctId, properties: {} },
      ],
    ),
  ])("%s: %j", (why, who) => {
    expect(whyNoPerson(event(who))).toBe(why);
  });
});
