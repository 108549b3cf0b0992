import type { PersonOutcome, RunOutcome } from "../outcome.ts";
import { type Change, keyOf } from "./changes.ts";
import type { Difference } from "./differences.ts";
import type { Pair } from "./join.ts";
import { getOrMake } from "./tally.ts";

/** A person with differences that a reviewer can look at. */
export interface SamplePerson extends Pick<PersonOutcome, "person" | "timeZone"> {
  /** The runs with a difference, on both sides; null on a side that does not have the run. The earliest first. */
  runs: Array<{ against: RunOutcome | null; now: RunOutcome | null }>;
  /** The number of runs with a difference that are left out. */
  more: number;
  /** The differences of the person, without those of runs that are left out. */
  differences: Difference[];
}

export interface Sample {
  add(pair: Pair, differences: Difference[]): void;
  /** The people for these changes, one for each kind first, then one for each change, then a second one for each. */
  chosen(changes: Change[]): SamplePerson[];
}

interface Candidate {
  pair: Pair;
  differences: Difference[];
  /** The keys of the changes that the person shows. */
  shows: string;
  /** The fewer changes a person shows at once, and the fewer messages, the clearer is the difference. */
  changes: number;
  length: number;
}

const MOST_RUNS = 6;
const MOST_CHANGES = 200;
/** More people with the same changes show nothing new. */
const MOST_ALIKE = 2;

/** Keeps at most `size` people for each change. The people do not depend on chance. */
export function createSample(size: number): Sample {
  const candidates = new Map<string, Candidate[]>();
  return {
    add(pair, differences) {
      const keys = new Set(differences.map(keyOf));
      const shows = [...keys].sort().join();
      const candidate = { pair, differences, shows, changes: keys.size, length: lengthOf(pair) };
      for (const key of keys) {
        if (!candidates.has(key) && candidates.size >= MOST_CHANGES) continue;
        insert(
          getOrMake(candidates, key, () => []),
          candidate,
          size,
        );
      }
    },
    chosen(changes) {
      const firsts = changes.filter((one, index) => changes.findIndex(({ kind }) => kind === one.kind) === index);
      const keys = [...new Set([...firsts, ...changes])].map(keyOf);
      const chosen: Candidate[] = [];
      for (let alike = 1; alike <= MOST_ALIKE; alike++) {
        for (const key of keys) {
          const isNew = (one: Candidate) => !chosen.includes(one) && likeIn(chosen, one) < alike;
          const candidate = candidates.get(key)?.find(isNew);
          if (candidate !== undefined && chosen.length < size) chosen.push(candidate);
        }
      }
      return chosen.map(personOf);
    },
  };
}

function likeIn(list: Candidate[], { shows }: Candidate): number {
  return list.filter((one) => one.shows === shows).length;
}

/** A later person replaces an earlier one only if the difference is clearer. */
function insert(list: Candidate[], candidate: Candidate, size: number): void {
  const index = list.findIndex((one) => isClearer(candidate, one));
  list.splice(index === -1 ? list.length : index, 0, candidate);
  if (likeIn(list, candidate) > MOST_ALIKE)
    list.splice(
      list.findLastIndex(({ shows }) => shows === candidate.shows),
      1,
    );
  list.splice(size);
}

function isClearer(one: Candidate, other: Candidate): boolean {
  return one.changes === other.changes ? one.length < other.length : one.changes < other.changes;
}

function lengthOf({ against, now }: Pair): number {
  const messages = (side: PersonOutcome | null) =>
    (side?.runs ?? []).reduce((all, run) => all + run.messages.length, 0);
  return messages(against) + messages(now);
}

function idOf({ against, now }: Pair): string {
  return (now ?? against)?.person ?? "";
}

function personOf({ pair, differences }: Candidate): SamplePerson {
  const { against, now } = pair;
  const all = [...new Set(differences.map(({ transactionId }) => transactionId))].map((id) => ({
    against: against?.runs.find(({ transactionId }) => transactionId === id) ?? null,
    now: now?.runs.find(({ transactionId }) => transactionId === id) ?? null,
  }));
  all.sort((one, other) => startOf(one) - startOf(other));
  const runs = all.slice(0, MOST_RUNS);
  const kept = new Set(runs.map((run) => (run.now ?? run.against)?.transactionId));
  return {
    person: idOf(pair),
    timeZone: (now ?? against)?.timeZone ?? "UTC",
    runs,
    more: all.length - runs.length,
    differences: differences.filter(({ transactionId }) => kept.has(transactionId)),
  };
}

function startOf({ against, now }: SamplePerson["runs"][number]): number {
  return (now ?? against)?.at ?? 0;
}
