import { z } from "zod";
import { find } from "./persons.ts";
import { type AnswerShape, inMicroseconds, MOST_ROWS, microseconds, valuesOf } from "./query-shape.ts";
import type { CapturedEvent, PostHogState } from "./state.ts";

const Values = z.object({
  sessions: z.array(z.string()),
  since: z.iso.datetime({ offset: true }),
  from: z.iso.datetime({ offset: true }),
  until: z.iso.datetime({ offset: true }),
  after: z.string(),
  limit: z.int().positive(),
  // What the conditions on properties name and compare with, so that this answers no other question.
  profile: z.literal("$process_person_profile"),
  identified: z.literal("$is_identified"),
  device: z.literal("$device_id"),
  yes: z.literal("true"),
  no: z.literal("false"),
});

/** Whatever its placeholders are called. */
const PAGE_OF_ABSENCES = new RegExp(
  [
    String.raw`^select argMaxIf\(distinct_id, timestamp, is_identified\), max\(timestamp\) as last_seen_at, toString\(person_id\) as person_key`,
    String.raw`from \(select person_id, distinct_id, timestamp,`,
    String.raw`JSONExtractRaw\(properties, {(?<profile>\w+)}\) != {(?<no>\w+)}`,
    String.raw`and JSONExtractRaw\(properties, {(?<identified>\w+)}\) != {\k<no>}`,
    String.raw`and \(JSONExtractRaw\(properties, {\k<identified>}\) = {(?<yes>\w+)}`,
    String.raw`or JSONExtractString\(properties, {(?<device>\w+)}\) != distinct_id\) as is_identified`,
    String.raw`from events where event in {(?<sessions>\w+)} and timestamp >= toDateTime\({(?<since>\w+)}\)\)`,
    String.raw`group by person_id having countIf\(is_identified\) > 0`,
    String.raw`and last_seen_at >= toDateTime\({(?<from>\w+)}\) and last_seen_at < toDateTime\({(?<until>\w+)}\)`,
    String.raw`and \(last_seen_at > toDateTime\({\k<from>}\) or person_key > {(?<after>\w+)}\)`,
    String.raw`order by last_seen_at, person_key limit {(?<limit>\w+)}$`,
  ].join(" "),
);

/** People by their last session, page by page. */
export const answerAbsences: AnswerShape = ({ text, values, state }) => {
  const read = Values.safeParse(valuesOf(PAGE_OF_ABSENCES, text, values));
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

/** Events are the person's that their distinct id belongs to by now. */
function sessionsByPerson({ events, persons }: PostHogState, { sessions, since }: z.infer<typeof Values>) {
  const byDistinctId = new Map<string, string>();
  const byPerson = new Map<string, CapturedEvent[]>();
  for (const event of events) {
    if (!sessions.includes(event.event) || microseconds(event.timestamp) < microseconds(since)) continue;
    const { distinctId } = event;
    // A visitor without a profile has an id all the same.
    const person =
      byDistinctId.get(distinctId) ?? find(persons, distinctId)?.uuid ?? event.person?.id ?? `nobody-${distinctId}`;
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
