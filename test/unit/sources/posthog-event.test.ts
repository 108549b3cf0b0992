import { describe, expect, it } from "vitest";
import { parsePostHogEvent } from "../../../src/sources/posthog/event.ts";
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
