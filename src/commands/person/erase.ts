import { z } from "zod";
import { describeError } from "../../lib/errors.ts";
import type { NovuApi } from "../../novu/api.ts";
import type { People, PersonRecords } from "../../store/people.ts";
import type { PostHogApi } from "../posthog-api.ts";
import type { InRehearsals } from "./rehearsals.ts";

/** The result of one step. `not done`: an earlier step failed. `by hand`: you have to do the step yourself. */
export interface Part {
  where: "Novu" | "PostHog" | "Segment" | "here";
  outcome: "done" | "nothing there" | "to be done" | "failed" | "not done" | "not configured" | "by hand";
  what: string;
  /** Counts of our own records by kind. */
  records?: Record<string, number>;
}

const IN_PROGRESS = ["pending", "in progress", "exiting"];
/** PostHog takes at most this many distinct ids in one lookup. */
const MOST_IDS = 200;

const Persons = z.object({
  results: z.record(z.string(), z.object({ uuid: z.string(), distinct_ids: z.array(z.string()) })),
});
const Deleted = z.object({
  persons_found: z.number(),
  events_queued_for_deletion: z.boolean().nullish(),
  deletion_errors: z.array(z.unknown()).default([]),
});

/**
 * Deletes a person with all merged ids, in this order: cancels the runs at Novu, deletes the person at PostHog, the
 * subscriber at Novu, and the records and files here. PostHog comes before the subscriber, so that a step that is due meanwhile
 * finds no person. The records stay if another step fails, because they list what to delete elsewhere. Calls `onPart`
 * with each result. Safe to repeat at any time. With `dryRun` it changes nothing.
 * Sources: https://posthog.com/docs/api/persons, scope person:write,
 * https://docs.novu.co/api-reference/subscribers/delete-a-subscriber
 */
export async function erase(
  distinctId: string,
  {
    store,
    novu,
    posthog,
    keepEvents,
    dryRun,
    deleteFromRehearsals,
    onPart,
  }: {
    store: { people: Pick<People, "listRecords" | "delete"> };
    novu: Pick<NovuApi, "cancel" | "hasSubscriber" | "deleteSubscriber">;
    /** Null if PostHog is not configured. */
    posthog: PostHogApi | null;
    /** Keeps the person's events and recordings at PostHog. */
    keepEvents: boolean;
    dryRun: boolean;
    /** Deletes these ids from the files of rehearsals, or counts them; null if there is no rehearsal. */
    deleteFromRehearsals(ids: string[], options: { dryRun: boolean }): Promise<InRehearsals | null>;
    onPart(part: Part): void;
  },
): Promise<void> {
  let isComplete = true;
  const ours = idsIn(distinctId, await store.people.listRecords(distinctId));
  const known = await attempt("PostHog", () => lookUp(ours.slice(0, MOST_IDS)));
  const ids = [...new Set([...ours, ...(known?.distinctIds ?? [])])];
  if (known !== null && known.others.length > 0) return reportOthers(known.others);
  const records = await recordsOf(ids);

  await attempt("Novu", () => oneByOne(runsInProgress(), endRun));
  if (known !== null) await attempt("PostHog", () => deletePerson(known.persons));
  await attempt("Novu", () => oneByOne(ids, deleteSubscriber));
  await attempt("here", forget);
  await attempt("here", forgetRehearsals);

  async function attempt<Result>(where: Part["where"], step: () => Promise<Result>): Promise<Result | null> {
    try {
      return await step();
    } catch (error) {
      isComplete = false;
      onPart({ where, outcome: "failed", what: describeError(error) });
      return null;
    }
  }

  /** The records of all these ids, each record once. Ids of one person at PostHog may be several persons here. */
  async function recordsOf(ids: string[]): Promise<PersonRecords[]> {
    const found: PersonRecords[] = [];
    const seen = new Set<string>();
    for (const id of ids) {
      if (seen.has(id)) continue;
      const records = await store.people.listRecords(id);
      found.push(records);
      for (const one of idsIn(id, records)) seen.add(one);
    }
    return found;
  }

  async function lookUp(distinct_ids: string[]) {
    if (posthog === null) return { persons: 0, distinctIds: [], others: [] };
    const { results } = await posthog({
      method: "POST",
      path: "persons/batch_by_distinct_ids/",
      body: { distinct_ids },
      answer: Persons,
      scope: "person:read",
    });
    const persons = Object.values(results);
    const uuidOfPerson = results[distinctId]?.uuid;
    const others = Object.entries(results).flatMap(([id, { uuid }]) =>
      uuidOfPerson !== undefined && uuid !== uuidOfPerson ? [id] : [],
    );
    return {
      others,
      persons: new Set(persons.map(({ uuid }) => uuid)).size,
      distinctIds: persons.flatMap((person) => person.distinct_ids),
    };
  }

  /** Reports ids that are merged with this person here, but belong to other persons at PostHog. */
  function reportOthers(others: string[]): void {
    const what = `PostHog has ${others.join(", ")} as another person than ${distinctId}, so nothing is deleted: undo the merge first with npm run person -- split`;
    onPart({ where: "PostHog", outcome: "failed", what });
  }

  function runsInProgress(): string[] {
    const runs = records.flatMap((one) => one.runs);
    const open = runs.filter(({ state, ended_at }) => IN_PROGRESS.includes(String(state)) && ended_at === null);
    return [...new Set(open.map(({ transaction_id }) => String(transaction_id)))];
  }

  async function endRun(transactionId: string): Promise<void> {
    if (!dryRun) await novu.cancel(transactionId);
    onPart({ where: "Novu", outcome: dryRun ? "to be done" : "done", what: `the run ${transactionId} is cancelled` });
  }

  async function deletePerson(persons: number): Promise<void> {
    if (posthog === null)
      return onPart({ where: "PostHog", outcome: "not configured", what: "no person is deleted there" });
    const rest = keepEvents ? "events are kept" : "with events and recordings, which PostHog deletes later";
    const what = `${persons === 1 ? "the person" : `${persons} persons`}, ${rest}`;
    if (persons === 0) return onPart({ where: "PostHog", outcome: "nothing there", what: "no person" });
    if (dryRun) return onPart({ where: "PostHog", outcome: "to be done", what });
    const { deletion_errors } = await posthog({
      method: "POST",
      path: "persons/bulk_delete/",
      body: { distinct_ids: ids, delete_events: !keepEvents, delete_recordings: !keepEvents },
      answer: Deleted,
      scope: "person:write",
    });
    if (deletion_errors.length > 0) throw new Error("PostHog could not delete the person; try again");
    onPart({ where: "PostHog", outcome: "done", what });
  }

  async function deleteSubscriber(id: string): Promise<void> {
    const what = `the subscriber ${id}`;
    const isThere = await (dryRun ? novu.hasSubscriber(id) : novu.deleteSubscriber(id));
    if (!isThere) return onPart({ where: "Novu", outcome: "nothing there", what });
    onPart({ where: "Novu", outcome: dryRun ? "to be done" : "done", what });
  }

  async function forget(): Promise<void> {
    const there = records.flatMap((one) => Object.entries(one)).filter(([, rows]) => rows.length > 0);
    if (there.length === 0) return onPart({ where: "here", outcome: "nothing there", what: "no record" });
    const found: Array<[string, number]> = there.map(([kind, rows]) => [kind, rows.length]);
    if (dryRun) return onPart({ where: "here", outcome: "to be done", ...counted(found) });
    if (!isComplete) {
      const what = "the records stay until the other steps succeed, because they list what to delete: run it again";
      return onPart({ where: "here", outcome: "not done", what });
    }
    const deleted: Array<[string, number]> = [];
    // PostHog may have ids of this person that are not merged here, so each id is deleted.
    for (const id of ids) deleted.push(...Object.entries(await store.people.delete(id)));
    onPart({ where: "here", outcome: "done", ...counted(deleted) });
  }

  /** The files name no person that is left to delete elsewhere, so they need not wait for the other steps. */
  async function forgetRehearsals(): Promise<void> {
    const found = await deleteFromRehearsals(ids, { dryRun });
    if (found === null) return;
    const outcome = found.lines + found.results === 0 ? "nothing there" : dryRun ? "to be done" : "done";
    const what = `rehearsals: ${found.lines} lines of histories, ${found.results} results`;
    onPart({ where: "here", outcome, what });
  }
}

/** This id and all ids that are merged with it here. */
function idsIn(distinctId: string, { aliases }: PersonRecords): string[] {
  const merged = aliases.flatMap(({ previous_id, current_id }) => [String(previous_id), String(current_id)]);
  return [...new Set([distinctId, ...merged])];
}

/** Stops at the first error, so that a service that is down costs only one timeout. */
async function oneByOne<Item>(items: Item[], run: (item: Item) => Promise<void>): Promise<void> {
  for (const item of items) await run(item);
}

function counted(kinds: Array<[string, number]>): Pick<Part, "what" | "records"> {
  const records: Record<string, number> = {};
  for (const [kind, count] of kinds) if (count > 0) records[kind] = (records[kind] ?? 0) + count;
  const what = Object.entries(records).map(([kind, count]) => `${kind} ${count}`);
  return { what: what.join(", "), records };
}
