import { z } from "zod";
import { find } from "./persons.ts";
import { type AnswerQuery, inMicroseconds, MOST_ROWS, microseconds } from "./query-table.ts";
import type { CapturedEvent, PostHogState } from "./state.ts";

const Values = z.strictObject({
  sessions: z.array(z.string()),
  since: z.iso.datetime({ offset: true }),
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  after: z.string(),
  limit: z.int().positive(),
});

/** A page of people by their last session. */
export const answerAbsences: AnswerQuery = (values, state) => {
  const read = Values.safeParse(values);
  if (!read.success) return null;
  const { from, until, after, limit } = read.data;
  const [first, end] = [microseconds(from), microseconds(until)];
  const people = [...sessionsByPerson(state, read.data)]
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
};

/** An event belongs to the person that has its distinct id now. */
function sessionsByPerson({ events, persons }: PostHogState, { sessions, since }: z.infer<typeof Values>) {
  const byDistinctId = new Map<string, string>();
  const byPerson = new Map<string, CapturedEvent[]>();
  for (const event of events) {
    if (!sessions.includes(event.event) || microseconds(event.timestamp) < microseconds(since)) continue;
    const { distinctId } = event;
    // A visitor without a profile has an id too.
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
