import { z } from "zod";
import { findCohort, membersOf } from "./cohorts.ts";
import { find } from "./persons.ts";
import type { CapturedEvent, PostHogState } from "./state.ts";
import { inMicroseconds, MOST_ROWS, microseconds, PageValues, type Table, Time } from "./table.ts";

/** PostHog's reason why it refuses a query. */
export interface Refusal {
  refusal: string;
}

const AbsencesValues = PageValues.extend({ sessions: z.array(z.string()), since: Time });
const MembersValues = z.strictObject({ cohort: z.int(), since: Time, after: z.string(), limit: z.int().positive() });
const RemainingValues = z.strictObject({ cohort: z.int(), ids: z.array(z.string()), limit: z.int().positive() });

/** Answers with a page of people, in the order of their last sessions. */
export function answerAbsences(values: unknown, state: PostHogState): Table | null {
  const read = AbsencesValues.safeParse(values);
  if (!read.success) return null;
  const { sessions, since, from, until, after, limit } = read.data;
  const [first, end] = [microseconds(from), microseconds(until)];
  const sinceAt = microseconds(since);
  const isSession = ({ event, timestamp }: CapturedEvent) =>
    sessions.includes(event) && microseconds(timestamp) >= sinceAt;
  const people = [...eventsByPerson(state, isSession)]
    .map(([person, sessions]) => ({
      person,
      last: newest(sessions),
      identified: newest(sessions.filter(isIdentified)),
    }))
    .filter(({ last, person }) => {
      const at = last === undefined ? end : microseconds(last.timestamp);
      return at < end && (at === first ? person > after : at > first);
    })
    .flatMap(({ person, last, identified }) => (last && identified ? [{ person, last, identified }] : []))
    .sort((a, b) => microseconds(a.last.timestamp) - microseconds(b.last.timestamp) || (a.person < b.person ? -1 : 1));
  return {
    columns: ["argMaxIf(distinct_id, timestamp, is_identified)", "last_seen_at", "person_key"],
    types: [
      ["argMaxIf(distinct_id, timestamp, is_identified)", "String"],
      ["last_seen_at", "DateTime64(6, 'UTC')"],
      ["person_key", "String"],
    ],
    results: people
      .slice(0, Math.min(limit, MOST_ROWS))
      .map(({ person, last, identified }) => [identified.distinctId, inMicroseconds(last.timestamp), person]),
  };
}

/** Answers with a page of the people in a cohort who had an event that was not anonymous, by the id of the person. */
export function answerMembers(values: unknown, state: PostHogState): Table | Refusal | null {
  const read = MembersValues.safeParse(values);
  if (!read.success) return null;
  const { cohort: id, since, after, limit } = read.data;
  const cohort = findCohort(state, id);
  if (cohort === undefined) return noCohort(id);
  const members = membersOf(state, cohort);
  const sinceAt = microseconds(since);
  const people = [...eventsByPerson(state, (event) => microseconds(event.timestamp) >= sinceAt)]
    .filter(([person]) => person > after && members.has(person))
    .map(([person, events]) => ({ person, identified: events.filter(isIdentified) }))
    .filter(({ identified }) => identified.length > 0)
    .sort((a, b) => (a.person < b.person ? -1 : 1));
  return {
    columns: [
      "argMaxIf(distinct_id, timestamp, is_identified)",
      "groupUniqArrayIf(distinct_id, is_identified)",
      "person_key",
    ],
    types: [
      ["argMaxIf(distinct_id, timestamp, is_identified)", "String"],
      ["groupUniqArrayIf(distinct_id, is_identified)", "Array(String)"],
      ["person_key", "String"],
    ],
    results: people
      .slice(0, Math.min(limit, MOST_ROWS))
      .map(({ person, identified }) => [
        newest(identified)?.distinctId,
        [...new Set(identified.map(({ distinctId }) => distinctId))],
        person,
      ]),
  };
}

/** Answers with those of the distinct ids whose person is in the cohort. */
export function answerRemaining(values: unknown, state: PostHogState): Table | Refusal | null {
  const read = RemainingValues.safeParse(values);
  if (!read.success) return null;
  const { cohort: id, ids, limit } = read.data;
  const cohort = findCohort(state, id);
  if (cohort === undefined) return noCohort(id);
  const members = membersOf(state, cohort);
  const isMember = (distinctId: string) => members.has(find(state.persons, distinctId)?.uuid ?? "");
  return {
    columns: ["distinct_id"],
    types: [["distinct_id", "String"]],
    results: ids
      .filter(isMember)
      .slice(0, limit)
      .map((distinctId) => [distinctId]),
  };
}

function noCohort(id: number): Refusal {
  return { refusal: `Could not find cohort with ID ${id}` };
}

/** An event belongs to the person who has the event's distinct id now. */
function eventsByPerson({ events, persons }: PostHogState, isWanted: (event: CapturedEvent) => boolean) {
  const byDistinctId = new Map<string, string>();
  const byPerson = new Map<string, CapturedEvent[]>();
  for (const event of events) {
    if (!isWanted(event)) continue;
    const { distinctId } = event;
    // A visitor without a profile has a person id too.
    const person =
      byDistinctId.get(distinctId) ?? find(persons, distinctId)?.uuid ?? event.person?.id ?? `anonymous-${distinctId}`;
    byDistinctId.set(distinctId, person);
    byPerson.set(person, [...(byPerson.get(person) ?? []), event]);
  }
  return byPerson;
}

function newest(events: CapturedEvent[]): CapturedEvent | undefined {
  return events.reduce<CapturedEvent | undefined>(
    (last, event) =>
      last === undefined || microseconds(event.timestamp) > microseconds(last.timestamp) ? event : last,
    undefined,
  );
}

function isIdentified({ distinctId, properties }: CapturedEvent): boolean {
  const { $process_person_profile, $is_identified, $device_id } = properties;
  if ($process_person_profile === false || $is_identified === false) return false;
  return $is_identified === true || $device_id !== distinctId;
}
