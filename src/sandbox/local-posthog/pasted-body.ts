import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import type { CapturedEvent } from "./state.ts";

const Properties = z.record(z.string(), z.unknown());

const Body = z.object({
  event: z.object({
    uuid: z.string().min(1),
    event: z.string().min(1),
    distinct_id: z.string().min(1),
    timestamp: z.iso.datetime({ offset: true }).optional().catch(undefined),
    properties: Properties.catch({}),
  }),
  person: z.object({ properties: Properties.catch({}) }).catch({ properties: {} }),
});

/** The event in a webhook body of PostHog's default form, with the person in `$set_once`; null for any other body. */
export function eventIn(body: string, now: string): CapturedEvent | null {
  const parsed = Body.safeParse(parseJson(body));
  if (!parsed.success) return null;
  const { event, person } = parsed.data;
  const $set_once = { ...person.properties, ...Properties.catch({}).parse(event.properties.$set_once) };
  return {
    uuid: event.uuid,
    event: event.event,
    distinctId: event.distinct_id,
    properties: { ...event.properties, $set_once },
    timestamp: event.timestamp ?? now,
    capturedAt: now,
  };
}
