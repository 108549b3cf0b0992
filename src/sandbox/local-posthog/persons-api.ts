import { Router } from "express";
import { z } from "zod";
import { find, nameOf } from "./persons.ts";
import type { PostHogPerson, PostHogState } from "./state.ts";

const MOST_DISTINCT_IDS = 200;

const Deletion = z.object({
  distinct_ids: z.array(z.string()).min(1).max(1_000),
  delete_events: z.boolean().default(false),
  delete_recordings: z.boolean().default(false),
});

/** Reads persons by distinct id, and deletes them. */
export function personRoutes({ state, reads }: { state: PostHogState; reads: { calls: number } }): Router {
  return (
    Router({ mergeParams: true })
      .get("/persons", ({ query }, response) => {
        const person = find(state.persons, String(query.distinct_id));
        const results = person === undefined ? [] : [{ ...personDto(person), id: person.uuid }];
        response.json({ results, next: null, previous: null });
      })
      .post("/persons/batch_by_distinct_ids", ({ body }, response) => {
        const ids = z.array(z.string()).max(MOST_DISTINCT_IDS).safeParse(body.distinct_ids);
        if (!ids.success)
          return void response
            .status(400)
            .json({ type: "validation_error", detail: `distinct_ids must be up to ${MOST_DISTINCT_IDS} strings` });
        reads.calls += 1;
        const found = ids.data.flatMap((distinctId) => {
          const person = find(state.persons, distinctId);
          return person === undefined
            ? []
            : [[distinctId, { ...personDto(person), id: state.persons.indexOf(person) + 1 }]];
        });
        response.json({ results: Object.fromEntries(found) });
      })
      // PostHog deletes the person within minutes and the events within days. Here both are gone at once.
      .post("/persons/bulk_delete", ({ body }, response) => {
        const deletion = Deletion.safeParse(body);
        if (!deletion.success)
          return void response.status(400).json({ type: "validation_error", detail: z.prettifyError(deletion.error) });
        const { distinct_ids, delete_events, delete_recordings } = deletion.data;
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
      })
  );
}

function personDto({ uuid, distinctIds, properties, createdAt }: PostHogPerson) {
  return {
    uuid,
    name: nameOf(properties) ?? distinctIds[0],
    distinct_ids: distinctIds.slice(0, 10),
    properties,
    created_at: createdAt,
    last_seen_at: null,
  };
}
