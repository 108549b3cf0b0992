import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import { bodyOf } from "../../../src/rehearsal/inputs/bodies.ts";
import { eventIn } from "../../../src/rehearsal/inputs/events.ts";
import { POSTHOG_BODY, SEGMENT_BODY } from "../../support/event-arbitraries.ts";
import { testProduct } from "../../support/product/product.ts";

const AT = "2026-03-02T10:00:00.000Z";
const names = testProduct.segmentNames;

describe("the body of an event that was parsed before", () => {
  it.each([
    ["posthog", POSTHOG_BODY],
    ["segment", SEGMENT_BODY],
  ] as const)("is the same event again, from %s", (source, bodies) => {
    fc.assert(
      fc.property(bodies, (body) => {
        const parsed = eventIn({ at: AT, source, body }, names);
        fc.pre("event" in parsed);
        const { event } = parsed as { event: LifecycleEvent };
        const again = eventIn({ at: AT, source, body: bodyOf(event, names)! }, names);
        expect(again).toEqual({ event: { ...event, ...inAnyOrder(event) } });
      }),
      { numRuns: 300 },
    );
  });
});

function inAnyOrder({ changedProperties }: LifecycleEvent) {
  if (changedProperties === undefined) return {};
  const { length } = changedProperties;
  const isSame = (names: string[]) =>
    names.length === length && changedProperties.every((name) => names.includes(name));
  return { changedProperties: expect.toSatisfy(isSame) };
}
