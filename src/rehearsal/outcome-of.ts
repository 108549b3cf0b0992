import type { Decision } from "../contracts/decision.ts";
import type { RunRecord } from "../contracts/history.ts";
import type { Arrived } from "../contracts/run.ts";
import type { Store } from "../store/store.ts";
import type { MessageOutcome, PersonOutcome, RunOutcome } from "./outcome.ts";

/** SQLite takes 32,766 values in one statement, and a person may have many runs. */
const PEOPLE_AT_ONCE = 200;
const IDS_AT_ONCE = 5_000;

type Found = Awaited<ReturnType<Store["runs"]["listOf"]>>;

/**
 * The outcome of each person with a run in the store, in the order of the persons' ids. The id of a person is the
 * smallest of their distinct ids.
 */
export async function* outcomesIn(
  { runs }: { runs: Pick<Store["runs"], "listDistinctIds" | "findMergedIds" | "listOf"> },
  {
    timeZoneOf,
    contentOf,
  }: {
    timeZoneOf(distinctIds: string[]): string;
    contentOf(transactionId: string, step: string): string | null;
  },
): AsyncGenerator<PersonOutcome[]> {
  const people = await peopleIn(runs);
  for (let at = 0; at < people.length; at += PEOPLE_AT_ONCE) {
    const group = people.slice(at, at + PEOPLE_AT_ONCE);
    const found = await runs.listOf(group.flat());
    yield group.map((ids) => outcomeOf(ids, found));
  }

  function outcomeOf(ids: string[], found: Found): PersonOutcome {
    const isTheirs = ({ distinctId }: { distinctId: string }) => ids.includes(distinctId);
    const exits = found.exits.filter((exit) => exit.distinctId === null || ids.includes(exit.distinctId));
    const theirs = found.runs.filter(isTheirs).sort((a, b) => a.occurredAt.localeCompare(b.occurredAt));
    return {
      person: ids[0] ?? "",
      timeZone: timeZoneOf(ids),
      runs: theirs.map((run) => runOutcome(run, { exits, decisions: found.decisions })),
    };
  }

  function runOutcome(run: RunRecord, { exits, decisions }: Pick<Found, "exits" | "decisions">): RunOutcome {
    const { transactionId, workflow, eventName: event, occurredAt, status, endedAt } = run;
    const ending = exits.filter(({ ends, wait }) => wait === null && ends.includes(transactionId));
    const messages = decisions
      .filter((decision) => decision.transactionId === transactionId)
      .map((decision) => messageOutcome(decision, ending))
      .sort((a, b) => a.at - b.at);
    const exit = status === "exited" ? (ending[0]?.eventName ?? null) : null;
    return { transactionId, workflow, event, at: Date.parse(occurredAt), status, endedAt, exit, messages };
  }

  function messageOutcome(decision: Decision, ending: Arrived[]): MessageOutcome {
    const { transactionId, step, channel, decidedAt, outcome, reason, detail } = decision;
    const at = Date.parse(decidedAt);
    const isSent = outcome === "sent";
    return {
      ...{ step, channel, at, outcome, reason, detail },
      isAfterExit: isSent && ending.some((exit) => arrivedAt(exit) < at),
      content: isSent ? contentOf(transactionId, step) : null,
    };
  }
}

/** The distinct ids of each person, in order. */
async function peopleIn(runs: Pick<Store["runs"], "listDistinctIds" | "findMergedIds">): Promise<string[][]> {
  const people = new Map<string, string[]>();
  for (let after = ""; ; ) {
    const ids = await runs.listDistinctIds({ after, limit: IDS_AT_ONCE });
    for (const merged of (await runs.findMergedIds(ids)).values()) {
      const sorted = [...merged].sort();
      people.set(sorted[0] ?? "", sorted);
    }
    const last = ids.at(-1);
    if (last === undefined || ids.length < IDS_AT_ONCE) break;
    after = last;
  }
  return [...people].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ids]) => ids);
}

/** When an exit was known here, in milliseconds since 1970. */
function arrivedAt({ arrival, occurredAt }: Arrived): number {
  return arrival == null ? Date.parse(occurredAt) : arrival / 1000;
}
