import type { LeftWork } from "./data.ts";
import { isAccepted, type Sent } from "./sender.ts";

/** What was sent, and what became of it, as seen from outside. */
export interface Facts {
  events: Sent[];
  /** Every trigger that reached Novu. */
  asked: Array<{ transactionId: string; hash: string }>;
  /** The runs that Novu started. */
  runs: Array<{ transactionId: string }>;
  left: LeftWork;
}

/** Something that must never be, and the run it happened to. */
export interface Violation {
  what: string;
  transactionId?: string;
  answers?: Sent["answers"];
}

/** Nothing lost, nothing twice: everything that is against it. */
export function check({ events, asked, runs, left }: Facts): Violation[] {
  const sent = new Map(events.map((event) => [event.transactionId, event]));
  const started = countBy(runs.map(({ transactionId }) => transactionId));
  const bodies = new Map<string, Set<string>>();
  for (const { transactionId, hash } of asked)
    bodies.set(transactionId, (bodies.get(transactionId) ?? new Set()).add(hash));

  return [
    ...events
      .filter((event) => isAccepted(event) && !started.has(event.transactionId))
      .map(({ transactionId, answers }) => ({ what: "lost: got a 202 and started nothing", transactionId, answers })),
    ...events
      .filter(({ answers }) => answers.some((status) => status !== null && status !== 202 && status !== 503))
      .map(({ transactionId, answers }) => ({ what: "answered neither 202 nor 503", transactionId, answers })),
    ...[...started]
      .filter(([, count]) => count > 1)
      .map(([transactionId, count]) => ({ what: `doubled: started ${count} times`, transactionId })),
    ...[...bodies]
      .filter(([, hashes]) => hashes.size > 1)
      .map(([transactionId, { size }]) => ({ what: `sent with ${size} different bodies`, transactionId })),
    ...[...bodies.keys()]
      .filter((transactionId) => !sent.has(transactionId))
      .map((transactionId) => ({ what: "triggered, but never sent", transactionId })),
    ...left.dead.map(({ key, error }) => ({ what: `dead: ${key}: ${error}` })),
    ...(left.waiting > 0 ? [{ what: `${left.waiting} pieces of work are left over` }] : []),
  ];
}

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
