import { readPerson } from "../../src/contracts/person.ts";
import { properties } from "./load.ts";

/** The duration and the number of rounds. */
const ROUND_MS = 200;
const ROUNDS = 7;

/** The CPU for reading the properties of one person, in microseconds: the median of several rounds. */
export function readingMicros(): number {
  // In the format of imports.
  const odd = {
    ...properties,
    onboarding_completed: "true",
    features_used: "reports, alerts",
    last_active_at: 1772445660,
  };
  const rounds = Array.from({ length: ROUNDS }, () => microsPerRead([properties, odd]));
  return Number((rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN).toFixed(1));
}

function microsPerRead(people: Array<Record<string, unknown>>): number {
  const startedAt = performance.now();
  let reads = 0;
  while (performance.now() - startedAt < ROUND_MS) {
    for (const person of people) readPerson(person);
    reads += people.length;
  }
  return ((performance.now() - startedAt) * 1000) / reads;
}
