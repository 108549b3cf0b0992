import { randomUUID } from "node:crypto";
import { Router } from "express";
import { z } from "zod";
import { POSTHOG_LIMITS } from "../../contracts/posthog.ts";
import { createLookup } from "../lookup.ts";
import { invalid } from "./answers.ts";
import type { CapturedEvent, PostHogPerson, PostHogState } from "./state.ts";

const { personsPerRead } = POSTHOG_LIMITS;

const Deletion = z.object({
  distinct_ids: z.array(z.string()).min(1).max(1_000),
  delete_events: z.boolean().default(false),
  delete_recordings: z.boolean().default(false),
});

/** Reads persons by distinct id, and deletes them. */
export function personRoutes(state: PostHogState, reads: { calls: number }): Router {
  return (
    Router({ mergeParams: true })
      .get("/persons", ({ query }, response) => {
        const person = find(state.persons, String(query.distinct_id));
        const results = person === undefined ? [] : [{ ...personDto(person), id: person.uuid }];
        response.json({ results, next: null, previous: null });
      })
      .post("/persons/batch_by_distinct_ids", ({ body }, response) => {
        const ids = z.array(z.string()).max(personsPerRead).safeParse(body.distinct_ids);
        if (!ids.success)
          return void response.status(400).json(invalid(`distinct_ids must be up to ${personsPerRead} strings`));
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
        if (!deletion.success) return void response.status(400).json(invalid(deletion.error));
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

const Properties = z.record(z.string(), z.unknown()).catch({});
const MERGES = ["$identify", "$create_alias", "$merge_dangerously"];

/** Ids that PostHog refuses to merge, also in quotes. The second pattern is case-sensitive. */
const ILLEGAL_IDS = [
  /^(["']?)(anonymous|guest|distinctid|distinct_id|id|not_authenticated|email|undefined|true|false)\1$/i,
  /^(["']?)(\[object Object\]|NaN|None|none|null|0)\1$/,
  /^\s*$/,
];

/** Applies an event to its person, and creates or merges the person if needed. null without a person profile. */
export function personAfter(
  state: Pick<PostHogState, "persons" | "warnings">,
  event: CapturedEvent,
): PostHogPerson | null {
  const { $process_person_profile, $is_identified, $anon_distinct_id, alias, $set, $set_once, $unset } =
    event.properties;
  if ($process_person_profile === false) return null;

  const person = find(state.persons, event.distinctId) ?? create(state.persons, event);
  const former = { $identify: $anon_distinct_id, $create_alias: alias, $merge_dangerously: alias }[event.event];
  if (typeof former === "string") merge(state, { into: person, distinctId: former, event });
  const isNamed = MERGES.includes(event.event) || $is_identified === true;
  if (isNamed && !isIllegal(event.distinctId)) person.isIdentified = true;

  person.properties = { ...Properties.parse($set_once), ...person.properties, ...Properties.parse($set) };
  for (const name of z.array(z.string()).catch([]).parse($unset)) delete person.properties[name];
  return person;
}

/** The name of a person in PostHog's pages and webhooks. */
export function nameOf(properties: Record<string, unknown>): string | undefined {
  const { email, Email, name, Name, username, Username } = properties;
  const first = [email, Email, name, Name, username, Username].find((one) => one !== undefined && one !== null);
  return first === undefined ? undefined : String(first);
}

const lookups = new WeakMap<PostHogPerson[], ReturnType<typeof createLookup<PostHogPerson>>>();

export function find(persons: PostHogPerson[], distinctId: string): PostHogPerson | undefined {
  return lookupOf(persons).all(distinctId)[0];
}

function lookupOf(persons: PostHogPerson[]) {
  const known = lookups.get(persons);
  if (known !== undefined) return known;
  const made = createLookup(
    () => persons,
    ({ distinctIds }) => distinctIds,
  );
  lookups.set(persons, made);
  return made;
}

/** undefined removes a property. Throws for an unknown person. */
export function setProperties(persons: PostHogPerson[], distinctId: string, properties: Record<string, unknown>): void {
  const person = find(persons, distinctId);
  if (person === undefined) throw new Error(`the local PostHog has no person with the distinct id "${distinctId}"`);
  Object.assign(person.properties, properties);
  for (const [name, value] of Object.entries(properties)) if (value === undefined) delete person.properties[name];
}

function create(persons: PostHogPerson[], event: CapturedEvent): PostHogPerson {
  const person = { uuid: randomUUID(), distinctIds: [event.distinctId], properties: {}, createdAt: event.timestamp };
  persons.push(person);
  return person;
}

/** PostHog refuses some merges with a warning, but ingests their events. */
function merge(
  { persons, warnings }: Pick<PostHogState, "persons" | "warnings">,
  { into, distinctId, event }: { into: PostHogPerson; distinctId: string; event: CapturedEvent },
): void {
  const other = find(persons, distinctId);
  if (other === into) return;
  const warning = { at: event.capturedAt, distinctId: event.distinctId, otherDistinctId: distinctId };
  if ([event.distinctId, distinctId].some(isIllegal))
    return void warnings.push({ ...warning, type: "cannot_merge_with_illegal_distinct_id" });
  if (other?.isIdentified === true && event.event !== "$merge_dangerously")
    return void warnings.push({ ...warning, type: "cannot_merge_already_identified" });

  const lookup = lookupOf(persons);
  if (other !== undefined) {
    persons.splice(persons.indexOf(other), 1);
    lookup.removed(other);
  }
  const ids = other?.distinctIds ?? [distinctId];
  into.distinctIds.push(...ids);
  lookup.added(into, ids);
  into.properties = { ...other?.properties, ...into.properties };
}

function isIllegal(distinctId: string): boolean {
  return ILLEGAL_IDS.some((pattern) => pattern.test(distinctId));
}
