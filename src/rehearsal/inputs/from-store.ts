import type { ArrivedEvent, IgnoredRecord, OptOutChangeRecord, ReplyRecord } from "../../contracts/history.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import { parseJson } from "../../lib/json.ts";
import { isObject } from "../../sources/event-fields.ts";
import type { ReadStore } from "../../store/store.ts";
import type { HistoryLine } from "../history.ts";
import { bodyOf } from "./bodies.ts";
import { eventIn } from "./events.ts";
import type { Arrival } from "./spool.ts";

const MOST_IN_PAGE = 500;
/** An ignored event may have a body of 20 KB. */
const MOST_IGNORED_IN_PAGE = 100;

type Events = Pick<ReadStore["events"], "listArrived" | "listIgnored" | "listReplies" | "listOptOutChanges">;

/** How many events lack something, and how many there are. */
export interface StoreGaps {
  stored: number;
  /** Ignored events whose body is longer than the store keeps. */
  cut: number;
  /** Events without person properties. */
  withoutPerson: number;
}

/**
 * Reads the app's own store, also while the app runs: ignored events with their body, stored events, replies, and all
 * opt-outs before `until`. Nothing is in order, but each line has the order of its arrival.
 */
export async function* readFromStore(
  events: Events,
  { since, until, names, gaps }: { since: number; until: number; names: SegmentNames; gaps: StoreGaps },
): AsyncGenerator<Arrival[]> {
  const ignored = await oldestIgnored(events, { since, until }, gaps);
  const orders = new Map<string, number>();
  const period = { since, until, limit: MOST_IN_PAGE };
  for await (const page of pages<ArrivedEvent>((after) => events.listArrived({ ...period, after }))) {
    // An event that was ignored in part has two records. The ignored one has the whole body.
    for (const record of page) if (ignored.has(record.uuid)) orders.set(record.uuid, orderOf(record));
    yield page.filter(({ uuid }) => !ignored.has(uuid)).flatMap((record) => arrivalOfStored(record, names, gaps));
  }
  for await (const records of pagesOfIgnored(events, { since, until }))
    yield records
      .filter(({ id, eventUuid }) => eventUuid !== null && ignored.get(eventUuid) === id)
      .flatMap((record) => arrivalOfIgnored(record, orders, names));
  for await (const page of pages<ReplyRecord>((after) => events.listReplies({ ...period, after })))
    yield page.map(({ at, kind, distinctId, transactionId, step }) =>
      reply(at, { kind, distinct_id: distinctId, transaction_id: transactionId, step }),
    );
  // Also the opt-outs before the period, because they are valid in it.
  for await (const page of pages<OptOutChangeRecord>((after) =>
    events.listOptOutChanges({ after, limit: MOST_IN_PAGE }),
  ))
    yield page
      .map(({ at, distinctId, topic, isOut }) =>
        reply(Date.parse(at), { kind: "opt-out", distinct_id: distinctId, topic, is_out: isOut }),
      )
      .filter(({ order }) => order < until * 1000);
}

async function* pages<Item>(read: (after: Item | null) => Promise<Item[]>): AsyncGenerator<Item[]> {
  for (let after: Item | null = null; ; ) {
    const page: Item[] = await read(after);
    yield page;
    after = page.at(-1) ?? null;
    if (page.length < MOST_IN_PAGE) return;
  }
}

/** The id of the first record of each event with a whole body, because an event may be ignored several times. */
async function oldestIgnored(
  events: Events,
  period: { since: number; until: number },
  gaps: StoreGaps,
): Promise<Map<string, number>> {
  const oldest = new Map<string, number>();
  for await (const records of pagesOfIgnored(events, period))
    for (const { id, eventUuid, body } of records) {
      // The record of a merge that PostHog refused has no body; its event is stored.
      if (eventUuid === null || body === "") continue;
      if (isObject(parseJson(body))) oldest.set(eventUuid, id);
      else gaps.cut += 1;
    }
  return oldest;
}

/** The newest come first. */
async function* pagesOfIgnored(
  events: Events,
  { since, until }: { since: number; until: number },
): AsyncGenerator<IgnoredRecord[]> {
  for (let before: number | undefined; ; ) {
    const page: IgnoredRecord[] = await events.listIgnored({ limit: MOST_IGNORED_IN_PAGE, before });
    yield page.filter(({ receivedAt }) => Date.parse(receivedAt) >= since && Date.parse(receivedAt) < until);
    const last = page.at(-1);
    if (last === undefined || page.length < MOST_IGNORED_IN_PAGE || Date.parse(last.receivedAt) < since) return;
    before = last.id;
  }
}

function arrivalOfIgnored(
  { source, receivedAt, eventUuid, body }: IgnoredRecord,
  orders: Map<string, number>,
  names: SegmentNames,
): Arrival[] {
  const line = { at: new Date(receivedAt).toISOString(), source, body: JSON.parse(body) as Record<string, unknown> };
  const parsed = eventIn(line, names);
  const order = orders.get(eventUuid ?? "") ?? Date.parse(line.at) * 1000;
  return "misfit" in parsed ? [] : [{ order, line, event: parsed.event }];
}

function orderOf({ arrival, receivedAt }: ArrivedEvent): number {
  return arrival ?? receivedAt * 1000;
}

function arrivalOfStored(record: ArrivedEvent, names: SegmentNames, gaps: StoreGaps): Arrival[] {
  const { receivedAt, arrival: _, ...event } = record;
  const body = bodyOf({ ...event, personProperties: personOf(record) }, names);
  if (body === null) return [];
  gaps.stored += 1;
  const line = { at: new Date(receivedAt).toISOString(), source: event.source, body };
  const parsed = eventIn(line, names);
  if ("misfit" in parsed) return [];
  if (parsed.event.personProperties === null) gaps.withoutPerson += 1;
  return [{ order: orderOf(record), line, event: parsed.event }];
}

/**
 * The stored person properties. A property that the event empties or unsets may have had a value in another spelling,
 * which counted then; so it has another spelling here too.
 */
function personOf({ properties, personProperties }: ArrivedEvent): Record<string, unknown> | null {
  if (personProperties === undefined) return null;
  const { $set, $unset } = properties;
  const changed = new Set([...(isObject($set) ? Object.keys($set) : []), ...(Array.isArray($unset) ? $unset : [])]);
  const entries = Object.entries(personProperties);
  return Object.fromEntries(entries.map(([name, value]) => [changed.has(name) ? name.toUpperCase() : name, value]));
}

function reply(at: number, body: Extract<HistoryLine, { source: "reply" }>["body"]): Arrival {
  return { order: at * 1000, line: { at: new Date(at).toISOString(), source: "reply", body }, event: null };
}

/** The gaps as sentences. */
export function limitsOfStore({ stored, cut, withoutPerson }: StoreGaps): string[] {
  return [
    "The store has only the newest 1,000 ignored events, and a visitor's events for an hour.",
    "Messages that were seen or read are known only where Novu's webhooks report them.",
    ...(withoutPerson > 0
      ? [
          `${withoutPerson} of ${stored} stored events have no person properties; an earlier version did not store them.`,
        ]
      : []),
    ...(cut > 0
      ? [`${cut} ignored events are left out, because the store has only the beginning of their bodies.`]
      : []),
  ];
}
