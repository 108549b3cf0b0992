import type { RequestHandler } from "express";
import { z } from "zod";
import { find } from "./persons.ts";
import type { PostHogState } from "./state.ts";

const Order = z.object({
  distinct_ids: z.array(z.string()).min(1).max(1_000),
  delete_events: z.boolean().default(false),
  delete_recordings: z.boolean().default(false),
});

/** Deletes people by any of their ids. PostHog takes minutes for the person and days for the events; here both are gone at once. */
export function deletePersons(state: PostHogState): RequestHandler {
  return (request, response) => {
    const order = Order.safeParse(request.body);
    if (!order.success)
      return void response.status(400).json({ type: "validation_error", detail: z.prettifyError(order.error) });
    const { distinct_ids, delete_events, delete_recordings } = order.data;
    const found = new Set(distinct_ids.flatMap((id) => find(state.persons, id) ?? []));
    const ids = [...found].flatMap(({ distinctIds }) => distinctIds);
    state.persons = state.persons.filter((person) => !found.has(person));
    if (delete_events) state.events = state.events.filter(({ distinctId }) => !ids.includes(distinctId));
    response.status(202).json({
      persons_found: found.size,
      persons_deleted: 0,
      persons_queued_for_deletion: found.size,
      events_queued_for_deletion: found.size > 0 && delete_events,
      recordings_queued_for_deletion: found.size > 0 && delete_recordings,
      deletion_errors: [],
    });
  };
}
