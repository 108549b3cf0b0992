import type { RequestHandler } from "express";
import { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import type { CapturedEvent } from "./state.ts";

/** An event to capture; absent fields get default values. */
export interface Report {
  event: string;
  distinctId: string;
  properties?: Record<string, unknown> | undefined;
  uuid?: string | undefined;
  timestamp?: string | undefined;
}

const Batch = z.object({
  api_key: z.string(),
  batch: z.array(
    z.object({
      event: z.string().min(1),
      distinct_id: z.string().min(1),
      uuid: z.uuid().optional().catch(undefined),
      timestamp: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

/** The capture API. */
export function captureBatch(projectToken: string, capture: (report: Report) => void): RequestHandler {
  return (request, response) => {
    const body = Batch.safeParse(request.body);
    if (!body.success)
      return void response.status(400).json({ type: "validation_error", detail: "not a batch of events" });
    if (body.data.api_key !== projectToken)
      return void response.status(401).json({ type: "authentication_error", detail: "unknown project token" });
    for (const { distinct_id: distinctId, ...event } of body.data.batch) capture({ ...event, distinctId });
    response.json({ status: "Ok" });
  };
}

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

/** The event in a webhook body of PostHog's default form, with the person's properties in `$set_once`; else null. */
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

const PastBody = Body.extend({
  person: z
    .object({ id: z.string().min(1), properties: Properties })
    .nullish()
    .catch(null),
});

/** The event of a webhook body, and the person's properties as of the event; null without a person or an event. */
export function pastEvent(
  body: string,
  now: string,
): { event: CapturedEvent; person: Record<string, unknown> | null } | null {
  const parsed = PastBody.safeParse(parseJson(body));
  if (!parsed.success) return null;
  const { event, person } = parsed.data;
  return {
    event: {
      uuid: event.uuid,
      event: event.event,
      distinctId: event.distinct_id,
      properties: event.properties,
      timestamp: event.timestamp ?? now,
      capturedAt: now,
    },
    person: person?.properties ?? null,
  };
}
