import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../../src/contracts/event.ts";
import type { ArrivedEvent } from "../../../src/contracts/history.ts";
import { readPerson } from "../../../src/contracts/person.ts";
import { eventIn } from "../../../src/rehearsal/inputs/events.ts";
import { readFromStore } from "../../../src/rehearsal/inputs/from-store.ts";
import { createRoute } from "../../../src/routing/route.ts";
import { eventRows } from "../../../src/store/event-rows.ts";
import { POSTHOG_BODY, SEGMENT_BODY } from "../../support/event-arbitraries.ts";
import { testProduct } from "../../support/product/product.ts";

const AT = "2026-03-02T10:00:00.000Z";
const names = testProduct.segmentNames;
const route = createRoute(testProduct.workflows);

describe("an event that the store has", () => {
  it.each([
    ["posthog", POSTHOG_BODY],
    ["segment", SEGMENT_BODY],
    // But for a `$set_once` in another spelling of a property that the person has without a value.
  ] as const)("has the same effects again, from %s, in any shape", async (source, bodies) => {
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const parsed = eventIn({ at: AT, source, body }, names);
        fc.pre("event" in parsed);
        const { event } = parsed as { event: LifecycleEvent };
        fc.pre(event.noPersonReason === undefined && !setsOnceInCapitals(body));
        const row = eventRows(event, { starts: [], exits: [] }, 0, 0).event;
        const [again] = await readBack({ ...JSON.parse(row.body as string), receivedAt: Date.parse(AT) });
        expect(effects(again!)).toEqual(effects(event));
      }),
      { numRuns: 300 },
    );
  });
});

function setsOnceInCapitals(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(
    ([key, one]) =>
      (key === "$set_once" && Object.keys(one ?? {}).some((name) => /[A-Z]/.test(name))) || setsOnceInCapitals(one),
  );
}

async function readBack(record: ArrivedEvent): Promise<LifecycleEvent[]> {
  const found: LifecycleEvent[] = [];
  const store = {
    listIgnored: async () => [],
    listArrived: async () => [record],
    listReplies: async () => [],
    listOptOutChanges: async () => [],
  };
  const gaps = { stored: 0, cut: 0, withoutPerson: 0 };
  for await (const page of readFromStore(store, { since: 0, until: Number.POSITIVE_INFINITY, names, gaps }))
    found.push(...page.flatMap(({ event }) => event ?? []));
  return found;
}

/** The effects, with the properties of the person as they are read. */
function effects(event: LifecycleEvent) {
  const { traits = [], starts, ...others } = route({ ...event, receivedAt: AT });
  for (const { run } of starts) run.unreadable?.sort();
  return {
    ...others,
    starts,
    traits: traits.map(({ properties, ...one }) => ({ ...one, person: personIn(properties) })),
  };
}

function personIn(raw: Record<string, unknown>) {
  const { properties, unreadable } = readPerson(raw);
  return { properties, unreadable: unreadable.sort() };
}
