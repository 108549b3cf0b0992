import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Delivery, isUsual, parsePostHogEvent } from "../../../src/sources/posthog/event.ts";
import { delivery } from "../../support/webhook.ts";

const NOW = Date.parse("2026-03-02T10:00:00.000Z");
/** So large that JSON.parse reads several numbers as this one. */
const INEXACT = JSON.parse("157963456373623801");
const REASON = "is a number that is not a safe integer, so its digits may be wrong: send it as text";

function read(changes: Record<string, unknown>): Record<string, unknown> {
  const body = delivery();
  const read = parsePostHogEvent({ ...body, event: { ...body.event, ...changes } }, NOW);
  return "misfit" in read ? { misfit: read.misfit } : { ...read.event };
}

describe("a usual body", () => {
  const ID = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("u", "ada@example.com", "x".repeat(200)) },
    fc.constantFrom<unknown>("", "a\0b", "\ud800", "x".repeat(201), 4711, 1.5, INEXACT),
  );
  const UUID = fc.oneof({ weight: 8, arbitrary: fc.uuid() }, ID, fc.constant("0190F1D2-6A4B-7C1E-8F00-3B9F5C2D7E44"));
  const ANY_OBJECT = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom({}, { a: 1 }, null, undefined) },
    fc.constantFrom<unknown>([], "text", 1),
  );
  const TEXT = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("text", "", null, undefined) },
    fc.constantFrom<unknown>(12, {}),
  );
  const BODY = fc.record(
    {
      event: fc.oneof(
        ANY_OBJECT,
        fc.record(
          { uuid: UUID, event: ID, distinct_id: ID, timestamp: TEXT, properties: ANY_OBJECT, more: ANY_OBJECT },
          { requiredKeys: ["uuid", "event", "distinct_id"] },
        ),
      ),
      person: fc.oneof(ANY_OBJECT, fc.record({ id: TEXT, properties: ANY_OBJECT }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  );

  it("fits the schema, which changes nothing in it", () => {
    let usual = 0;
    fc.assert(
      fc.property(BODY, (body) => {
        if (!isUsual(body)) return;
        usual += 1;
        expect(body).toMatchObject(Delivery.parse(body));
      }),
      { numRuns: 5_000 },
    );
    expect(usual).toBeGreaterThan(100);
  });

  it("is one of PostHog", () => {
    expect(isUsual(delivery())).toBe(true);
  });
});

describe("an event", () => {
  it("keeps its uuid in lower case", () => {
    const uuid = "0190F1D2-6A4B-7C1E-8F00-3B9F5C2D7E44";
    expect(read({ uuid }).uuid).toBe(uuid.toLowerCase());
    expect(read({ uuid: "Mine" }).uuid).toBe("Mine");
  });

  it.each([
    ["2026-03-02T09:00:00", "2026-03-02T09:00:00.000Z"],
    ["2026-03-03T06:00:00.000Z", "2026-03-02T10:00:00.000Z"],
  ])("of %s happened at %s", (timestamp, occurredAt) => {
    expect(read({ timestamp }).occurredAt).toBe(occurredAt);
  });

  it.each([
    [42, { distinctId: "42" }],
    ["157963456373623801", { distinctId: "157963456373623801" }],
    [INEXACT, { misfit: `not a PostHog event: event.distinct_id ${REASON}` }],
    [1.5, { misfit: `not a PostHog event: event.distinct_id ${REASON}` }],
  ])("of the distinct id %j is read as %j", (distinct_id, expected) => {
    expect(read({ distinct_id })).toMatchObject(expected);
  });
});

describe("a merge", () => {
  it.each([
    ["$identify", "$anon_distinct_id"],
    ["$create_alias", "alias"],
    ["$merge_dangerously", "alias"],
  ])("by %s has the former id in %s", (event, place) => {
    expect(read({ event, properties: { [place]: "visitor" } }).previousId).toBe("visitor");
    expect(read({ event, properties: { [place]: 42 } }).previousId).toBe("42");
    expect(read({ event, properties: { [place]: INEXACT } })).toEqual({
      misfit: `not a PostHog event: event.properties.${place} ${REASON}`,
    });
    for (const former of [null, undefined, true, ["visitor"], {}])
      expect(read({ event, properties: { [place]: former } })).not.toHaveProperty("previousId");
  });

  it.each(["$set", "$pageview", "user_signed_up"])("is not caused by %s, with any properties", (event) => {
    for (const former of ["visitor", INEXACT]) {
      const properties = { "": former, undefined: former, alias: former, $set: { plan: "pro" } };
      expect(read({ event, properties })).toMatchObject({ name: event, changedProperties: ["plan"] });
      expect(read({ event, properties })).not.toHaveProperty("previousId");
    }
  });
});
