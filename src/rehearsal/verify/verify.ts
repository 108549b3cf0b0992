import type { Decision } from "../../contracts/decision.ts";
import type { ReadStore } from "../../store/store.ts";
import {
  type Difference,
  dependsOnOthers,
  isSame,
  type Period,
  type RunWithDecisions,
  resultOf,
  whyDecision,
  whyRun,
  wordsOf,
} from "./explain-difference.ts";

type Runs = Pick<ReadStore["runs"], "listDistinctIds" | "findMergedIds" | "listOf">;
type Side = Map<string, RunWithDecisions>;

export interface Verification {
  /** The runs and decisions that are the same on both sides. */
  runs: number;
  decisions: number;
  differences: Difference[];
}

const IDS_AT_ONCE = 200;
const NO_RUN = "no run";
const NO_DECISION = "no decision";

/**
 * Compares the decisions that were recorded with those of a rehearsal of the same history, run by run: the runs whose
 * event arrived in the period, and their decisions before its end.
 */
export async function verify(recorded: Runs, rehearsed: Runs[], period: Period): Promise<Verification> {
  const result: Verification = { runs: 0, decisions: 0, differences: [] };
  for await (const ids of idsIn([recorded, ...rehearsed])) {
    const then = await runsOf(recorded, ids, period);
    const now: Side = new Map();
    for (const store of rehearsed) for (const [id, run] of await runsOf(store, ids, period)) now.set(id, run);
    const found = compareRuns({ then, now }, period);
    result.runs += found.runs;
    result.decisions += found.decisions;
    result.differences.push(...(await withOtherMerges(withConsequences(found.differences), [recorded, ...rehearsed])));
  }
  return result;
}

/** All distinct ids with a run in any store, in groups. */
async function* idsIn(stores: Runs[]): AsyncGenerator<string[]> {
  for (let after = ""; ; ) {
    const lists = await Promise.all(stores.map((store) => store.listDistinctIds({ after, limit: IDS_AT_ONCE })));
    const ids = [...new Set(lists.flat())].sort().slice(0, IDS_AT_ONCE);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}

async function runsOf(store: Runs, ids: string[], { from, until }: Period): Promise<Side> {
  const { runs, decisions } = await store.listOf(ids);
  const byRun = new Map<string, Decision[]>();
  for (const decision of decisions) {
    if (Date.parse(decision.decidedAt) >= until) continue;
    byRun.set(decision.transactionId, [...(byRun.get(decision.transactionId) ?? []), decision]);
  }
  return new Map(
    runs
      .filter(({ receivedAt, occurredAt }) => (receivedAt ?? Date.parse(occurredAt)) >= from)
      .map((run) => [run.transactionId, { run, decisions: byRun.get(run.transactionId) ?? [] }]),
  );
}

function compareRuns({ then, now }: Record<"then" | "now", Side>, period: Period): Verification {
  const result: Verification = { runs: 0, decisions: 0, differences: [] };
  for (const transactionId of new Set([...then.keys(), ...now.keys()])) {
    const [recorded, rehearsed] = [then.get(transactionId), now.get(transactionId)];
    if (recorded !== undefined && rehearsed !== undefined) compareDecisions(recorded, rehearsed, period, result);
    else
      result.differences.push({
        ...keyOf((recorded ?? rehearsed) as RunWithDecisions),
        step: null,
        recorded: recorded?.run.status ?? NO_RUN,
        rehearsed: rehearsed?.run.status ?? NO_RUN,
        why: recorded === undefined ? null : whyRun(recorded, null),
      });
  }
  return result;
}

function compareDecisions(
  recorded: RunWithDecisions,
  rehearsed: RunWithDecisions,
  period: Period,
  result: Verification,
): void {
  const before = result.differences.length;
  for (const step of new Set([...recorded.decisions, ...rehearsed.decisions].map((decision) => decision.step))) {
    const [then, now] = [recorded, rehearsed].map(({ decisions }) => decisions.find((one) => one.step === step));
    const about = { ...keyOf(recorded), step };
    if (then === undefined || now === undefined)
      result.differences.push({
        ...about,
        recorded: then ? resultOf(then) : NO_DECISION,
        rehearsed: now ? resultOf(now) : NO_DECISION,
        why: whyRun(recorded, rehearsed),
      });
    else if (isSame(then, now)) result.decisions += 1;
    else
      result.differences.push({
        ...about,
        recorded: wordsOf(then, now),
        rehearsed: wordsOf(now, then),
        why: whyDecision(then, now, { runs: { recorded, rehearsed }, period }),
      });
  }
  if (result.differences.length === before) result.runs += 1;
}

function keyOf({ run: { distinctId, transactionId, workflow } }: RunWithDecisions) {
  return { distinctId, transactionId, workflow };
}

/** Explains differences that follow from another explained difference of the same person. */
function withConsequences(differences: Difference[]): Difference[] {
  const explained = new Set(differences.filter(({ why }) => why !== null).map(({ distinctId }) => distinctId));
  return differences.map((difference) =>
    difference.why === null && explained.has(difference.distinctId) && dependsOnOthers(difference)
      ? { ...difference, why: "another run of this person differs, and this decision depends on it" }
      : difference,
  );
}

/** Explains the differences of people who have other ids in the record than in the rehearsal. */
async function withOtherMerges(differences: Difference[], [recorded, ...rehearsed]: Runs[]): Promise<Difference[]> {
  const ids = [...new Set(differences.filter(({ why }) => why === null).map(({ distinctId }) => distinctId))];
  const then = await recorded?.findMergedIds(ids);
  const now = await Promise.all(rehearsed.map((store) => store.findMergedIds(ids)));
  const isElsewhere = (id: string) => {
    const found = new Set(now.flatMap((merged) => merged.get(id) ?? []));
    return then?.get(id)?.length !== found.size || !then.get(id)?.every((one) => found.has(one));
  };
  const why = "the record has other ids for this person: a merge was refused at the source, or its job is dead";
  return differences.map((one) => (one.why === null && isElsewhere(one.distinctId) ? { ...one, why } : one));
}
