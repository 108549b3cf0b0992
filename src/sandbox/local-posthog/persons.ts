import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CapturedEvent, PostHogPerson } from "./state.ts";

const Properties = z.record(z.string(), z.unknown()).catch({});

/** What an event does to the person it belongs to; null when PostHog makes no person of it. */
export function personAfter({
  persons,
  event,
}: {
  persons: PostHogPerson[];
  event: CapturedEvent;
}): PostHogPerson | null {
  const { $process_person_profile, $anon_distinct_id, alias, $set, $set_once, $unset } = event.properties;
  if ($process_person_profile === false) return null;

  const person = find(persons, event.distinctId) ?? create(persons, event);
  const former = { $identify: $anon_distinct_id, $create_alias: alias, $merge_dangerously: alias }[event.event];
  if (typeof former === "string") merge(persons, { into: person, distinctId: former });

  person.properties = { ...Properties.parse($set_once), ...person.properties, ...Properties.parse($set) };
  for (const name of z.array(z.string()).catch([]).parse($unset)) delete person.properties[name];
  return person;
}

export function find(persons: PostHogPerson[], distinctId: string): PostHogPerson | undefined {
  return persons.find(({ distinctIds }) => distinctIds.includes(distinctId));
}

function create(persons: PostHogPerson[], event: CapturedEvent): PostHogPerson {
  const person = { uuid: randomUUID(), distinctIds: [event.distinctId], properties: {}, createdAt: event.timestamp };
  persons.push(person);
  return person;
}

function merge(persons: PostHogPerson[], { into, distinctId }: { into: PostHogPerson; distinctId: string }): void {
  const other = find(persons, distinctId);
  if (other === into) return;
  if (other !== undefined) persons.splice(persons.indexOf(other), 1);
  into.distinctIds.push(...(other?.distinctIds ?? [distinctId]));
  into.properties = { ...other?.properties, ...into.properties };
}
