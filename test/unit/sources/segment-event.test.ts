import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { traitsOf } from "../../../src/lib/segment-traits.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { parseSegmentEvent } from "../../../src/sources/segment/event.ts";
import { testProduct } from "../../support/product/product.ts";
import { segmentEvent } from "../../support/segment.ts";

const NOW = Date.parse("2026-03-02T10:00:00.000Z");
const route = createRoute(testProduct.workflows);
const readOne = (body: unknown) => parseSegmentEvent(body, { now: NOW, names: testProduct.segmentNames });

function read(changes: Record<string, unknown>): LifecycleEvent {
  const read = readOne(segmentEvent(changes));
  if ("misfit" in read) throw new Error(read.misfit);
  return read.event;
}

const misfit = (changes: Record<string, unknown>) => {
  const read = readOne(segmentEvent(changes));
  return "misfit" in read ? read.misfit : null;
};

describe("a track", () => {
  it("is an event as from every source", () => {
    const track = {
      messageId: "m",
      properties: { plan: "Pro Annual", accountType: "Facebook", "Sign-up Method": "google" },
      context: { traits: { email: "ada@example.com", firstName: "Ada" }, timezone: "Europe/London", locale: "en-GB" },
    };
    expect(read(track)).toEqual({
      source: "segment",
      uuid: "m",
      name: "user_signed_up",
      distinctId: "ada",
      occurredAt: "2026-03-02T09:00:00.500Z",
      properties: { plan: "Pro Annual", account_type: "Facebook", sign_up_method: "google" },
      personProperties: {
        email: "ada@example.com",
        first_name: "Ada",
        name: "Ada",
        $timezone: "Europe/London",
        locale: "en-GB",
      },
    });
  });

  it("keeps a name that is not in the list", () => {
    expect(read({ event: "checkout_started" }).name).toBe("checkout_started");
    expect(read({ event: "user registered" }).name).toBe("user registered");
    expect(read({ event: "constructor" }).name).toBe("constructor");
  });

  it("starts what the same event of PostHog starts", () => {
    const { starts, problems } = route(read({ messageId: "m" }));
    expect(problems).toEqual([]);
    expect(starts).toMatchObject([
      { workflow: "onboarding", run: { transactionId: "m:onboarding", source: "segment" } },
    ]);
  });

  it("has a uuid in lower case, and any other id as it is", () => {
    const uuid = "0190F1D2-6A4B-7C1E-8F00-3B9F5C2D7E44";
    expect(read({ messageId: uuid }).uuid).toBe(uuid.toLowerCase());
    expect(read({ messageId: `ajs-next-${uuid}` }).uuid).toBe(`ajs-next-${uuid}`);
  });

  it.each([
    ["Segment's corrected time", { timestamp: "2026-03-02T08:00:00+01:00" }, "2026-03-02T07:00:00.000Z"],
    ["the sender's, without one", { timestamp: null }, "2026-03-02T09:00:00.000Z"],
    ["its time in UTC, without a zone", { timestamp: "2026-03-02 08:00:00" }, "2026-03-02T08:00:00.000Z"],
    ["now, of one to come", { timestamp: "2026-03-16T10:00:00.000Z" }, "2026-03-02T10:00:00.000Z"],
    ["now, without any", { timestamp: "soon", originalTimestamp: undefined }, "2026-03-02T10:00:00.000Z"],
  ])("happened at %s", (_name, changes, at) => {
    expect(read(changes).occurredAt).toBe(at);
  });

  it("belongs to the person of its userId, with any anonymousId", () => {
    for (const anonymousId of ["", "a\0b", {}]) {
      expect(read({ anonymousId })).toMatchObject({ distinctId: "ada" });
      expect(misfit({ anonymousId, userId: null })).toContain("neither userId nor anonymousId");
    }
  });

  it("is anonymous without a userId, with any other fields", () => {
    for (const userId of [null, undefined, "", " \t"]) {
      const { starts, profiles, problems } = route(read({ userId, context: { traits: { email: "ada@example.com" } } }));
      expect([starts, profiles, problems]).toEqual([[], [], [{ cause: "no person", reason: "anonymous" }]]);
    }
  });
});

describe("an identify", () => {
  const traits = {
    firstName: "Mary Ann",
    lastName: "Evans",
    email: "mary@example.com",
    phone: "+491234",
    avatar: "https://example.com/mary.png",
    timezone: "Europe/London",
    locale: "en-GB",
    plan: "pro",
    logins: 5,
  };

  it("becomes the subscriber that Novu keeps", () => {
    expect(route(read({ type: "identify", messageId: "m", traits })).profiles).toEqual([
      {
        source: "segment",
        eventUuid: "m",
        occurredAt: "2026-03-02T09:00:00.500Z",
        subscriber: {
          subscriberId: "ada",
          email: "mary@example.com",
          firstName: "Mary Ann",
          lastName: "Evans",
          phone: "+491234",
          avatar: "https://example.com/mary.png",
          locale: "en_GB",
          timezone: "Europe/London",
          data: { plan: "pro" },
        },
      },
    ]);
  });

  it("may have its traits in the context, as RudderStack sends them", () => {
    const context = { traits: { firstName: "Ada", email: "ada@example.com", plan: "free" } };
    const told = { first_name: "Ada", name: "Ada", email: "ada@example.com", plan: "free" };
    for (const traits of [undefined, null, {}]) {
      const event = read({ type: "identify", traits, context });
      expect(event.personProperties).toEqual(told);
      expect(event.changedProperties?.toSorted()).toEqual(Object.keys(told).toSorted());
      expect(route(event).profiles).toMatchObject([{ subscriber: { email: "ada@example.com", firstName: "Ada" } }]);
    }
    const both = read({ type: "identify", traits: { plan: "pro" }, context });
    expect(both.personProperties).toEqual({ ...told, plan: "pro" });
    expect(both.changedProperties?.toSorted()).toEqual(Object.keys(told).toSorted());
    expect(read({ context })).not.toHaveProperty("changedProperties");
  });

  it("may have the name in one", () => {
    const [profile] = route(read({ type: "identify", traits: { name: "Peter Gibbons" } })).profiles ?? [];
    expect(profile?.subscriber).toMatchObject({ firstName: "Peter", lastName: "Gibbons" });
  });

  it("is greeted by no last name alone", () => {
    expect(read({ type: "identify", traits: { lastName: "Lovelace" } }).personProperties).toEqual({
      last_name: "Lovelace",
    });
    const [profile] = route(read({ type: "identify", traits: { lastName: "Lovelace" } })).profiles ?? [];
    expect(profile?.subscriber).toEqual({ subscriberId: "ada", lastName: "Lovelace" });
  });

  it.each([
    [{ firstName: "", lastName: "Lovelace" }, undefined],
    [{ firstName: " ", lastName: "Lovelace" }, undefined],
    [{ firstName: "Ada", lastName: "" }, "Ada"],
    [{ firstName: " Ada ", lastName: " Lovelace" }, "Ada Lovelace"],
    [{ firstName: "Ada", lastName: "Lovelace", name: "" }, "Ada Lovelace"],
    [{ firstName: "Ada", lastName: "Lovelace", name: null }, "Ada Lovelace"],
    [{ firstName: "Ada", name: "Countess Lovelace" }, "Countess Lovelace"],
  ])("%j has the name %j", (traits, name) => {
    expect(read({ type: "identify", traits }).personProperties?.name).toBe(name);
  });

  it("is ignored when it has nothing that Novu stores, or no userId", () => {
    expect(route(read({ type: "identify", traits: { logins: 5 }, anonymousId: null })).problems).toMatchObject([
      { cause: "filtered" },
    ]);
    expect(route(read({ type: "identify", traits, userId: null })).problems).toMatchObject([{ cause: "no person" }]);
  });
});

describe("the traits of its person", () => {
  it("is stored here, as far as it is declared, for each event that causes something", () => {
    const told = { traits: { email: "ada@example.com", plan: null, logins: 5 } };
    const properties = { email: "ada@example.com", plan: undefined };
    const traits = [{ distinctId: "ada", occurredAt: "2026-03-02T09:00:00.500Z", properties }];
    expect(route(read({ type: "identify", ...told })).traits).toEqual(traits);
    const { starts, ...track } = route(read({ context: told }));
    expect(track.traits).toEqual(traits);
    // Novu gets this profile first, with all known traits.
    expect(starts[0]?.to).toEqual({ subscriberId: "ada" });
    expect(route(read({ event: "Something else", context: told }))).not.toHaveProperty("traits");
  });

  it("is enough to take an identify", () => {
    const { traits, profiles, problems } = route(read({ type: "identify", traits: { onboardingCompleted: true } }));
    expect([traits?.length, profiles, problems]).toEqual([1, [], []]);
  });
});

describe("another call", () => {
  it("alias makes two ids one person's", () => {
    expect(route(read({ type: "alias", previousId: "visitor" })).merges).toEqual([
      { previousId: "visitor", currentId: "ada", occurredAt: "2026-03-02T09:00:00.500Z" },
    ]);
  });

  it.each([
    ["page", { name: "Pricing" }, "pricing_page_viewed"],
    ["page", { name: "Docs" }, "Viewed Docs Page"],
    ["page", {}, "Viewed a Page"],
    ["page", { name: "a\0b" }, "Viewed a Page"],
    ["screen", { name: "Home" }, "Viewed Home Screen"],
  ])("%s %j is the event %s", (type, changes, name) => {
    expect(read({ type, ...changes }).name).toBe(name);
  });

  it.each([
    ["group", { type: "group", groupId: "acme", traits: { name: "Acme" } }, "about a group, and not a person"],
    ["an unknown page", { type: "page", name: "Docs" }, 'no workflow listens to "Viewed Docs Page"'],
  ])("%s is answered with its reason", (_name, changes, reason) => {
    expect(route(read(changes)).problems).toMatchObject([{ reason }]);
  });
});

describe("a body that is not an event", () => {
  it.each([
    [{ messageId: undefined }, "messageId missing"],
    [{ messageId: "a\0b" }, "messageId missing"],
    [{ type: undefined }, "type missing"],
    [{ type: "a\0b" }, "type missing"],
    [{ event: "" }, "event missing"],
    [{ event: "a\0b" }, "event missing"],
    [{ event: "half of \ud83d" }, "event missing"],
    [{ userId: "", anonymousId: undefined }, "userId missing"],
    [{ userId: " ", anonymousId: "" }, "userId missing"],
    [{ userId: JSON.parse("157963456373623801") }, "userId is a number that is not a safe integer"],
    [{ type: "alias", previousId: 2 ** 53 }, "previousId is a number that is not a safe integer"],
    [{ userId: null, anonymousId: null }, "neither userId nor anonymousId"],
    [{ type: "alias" }, "previousId missing"],
    [{ type: "delete" }, "npm run person -- delete"],
    [{ type: "toString" }, 'Segment\'s "toString" calls have no effect here'],
  ])("is said to be none: %j", (changes, why) => {
    expect(misfit(changes)).toContain(why);
  });

  it.each([null, 5, "text", [], [{}]])("any value: %j", (body) => {
    expect(readOne(body)).toHaveProperty("misfit");
  });

  it("is not quoted", () => {
    expect(misfit({ userId: { email: "ada@example.com" } })).not.toContain("ada@");
  });
});

describe("the list of names", () => {
  it.each([...testProduct.segmentNames])("makes of %j the event %s", (event, name) => {
    expect(read({ event }).name).toBe(name);
  });

  it("may leave out what a workflow listens to: that starts by its own name", () => {
    const { segmentNames } = testProduct;
    expect([...segmentNames.values()]).not.toContain("subscription_upgraded");
    const { starts } = route(read({ event: "subscription_upgraded", properties: { plan: "pro" } }));
    expect(starts).toMatchObject([{ workflow: "upgrade" }]);
  });
});

describe("a trait", () => {
  it("goes by the names that Segment's users give it", () => {
    expect(traitsOf("onboarding_step")).toEqual(["onboarding_step", "onboardingStep"]);
    expect(traitsOf("$timezone")).toEqual(["$timezone", "timezone"]);
  });

  it("that is spelled as ours counts before one that is not", () => {
    const traits = { onboarding_step: "invite_team", onboardingStep: "connect_data" };
    for (const one of [traits, Object.fromEntries(Object.entries(traits).reverse())])
      expect(read({ type: "identify", traits: one }).personProperties).toMatchObject({
        onboarding_step: "invite_team",
      });
  });

  it("that is spelled otherwise counts where the one that is spelled as ours is empty", () => {
    for (const empty of [null, "", " "])
      for (const one of [
        { unsubscribed_from: empty, unsubscribedFrom: ["all"] },
        { unsubscribedFrom: ["all"], unsubscribed_from: empty },
      ])
        expect(read({ type: "identify", traits: one }).personProperties).toEqual({ unsubscribed_from: ["all"] });
  });

  it("cannot reach into the prototype", () => {
    const traits = JSON.parse('{"__proto__": {"plan": "pro"}}');
    expect(read({ type: "identify", traits }).personProperties).not.toHaveProperty("plan");
  });
});
