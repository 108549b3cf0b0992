import type { LeftWork } from "./data.ts";
import { isAccepted, type Sent } from "./sender.ts";

/** The events and their results, as seen from outside. */
export interface Facts {
  events: Sent[];
  asked: Array<{ transactionId: string; hash: string; atMs: number }>;
  runs: Array<{ transactionId: string }>;
  left: LeftWork;
  /** The times at which the app began to listen, by performance.now(). */
  startedAtMs: number[];
  /** The longest time that an event may wait for its trigger while the app runs; null for no limit. */
  mostWaitMs: number | null;
}

/** A broken promise, and its run. */
export interface Violation {
  what: string;
  transactionId?: string;
  answers?: Sent["answers"];
}

/** All violations: lost events, and events that were processed twice. */
export function check({ events, asked, runs, left, startedAtMs, mostWaitMs }: Facts): Violation[] {
  const sent = new Map(events.map((event) => [event.transactionId, event]));
  const started = countBy(runs.map(({ transactionId }) => transactionId));
  const bodies = new Map<string, Set<string>>();
  for (const { transactionId, hash } of asked)
    bodies.set(transactionId, (bodies.get(transactionId) ?? new Set()).add(hash));
  const isLeft = ({ transactionId }: Sent) => left.waiting.includes(`start:${transactionId}`);
  const inTrouble = events.filter(({ leadsTo }) => leadsTo === "trouble");
  const expected = new Set(inTrouble.filter(isLeft).map(({ transactionId }) => `start:${transactionId}`));
  const others = left.waiting.filter((key) => !expected.has(key));

  return [
    ...events
      .filter((event) => event.leadsTo === "a run" && isAccepted(event) && !started.has(event.transactionId))
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
    ...events
      .filter(({ leadsTo, transactionId }) => leadsTo !== "a run" && started.has(transactionId))
      .map(({ leadsTo, transactionId }) => ({ what: `led to a run, and not to ${leadsTo}`, transactionId })),
    ...inTrouble
      .filter((event) => isAccepted(event) && !isLeft(event))
      .map(({ transactionId, answers }) => ({
        what: "lost: Novu refuses it, and it does not wait",
        transactionId,
        answers,
      })),
    ...waitsOf(events, asked, startedAtMs)
      .filter(({ waitMs }) => mostWaitMs !== null && waitMs > mostWaitMs)
      .map(({ transactionId, waitMs }) => ({ what: `waited for ${Math.round(waitMs)} ms`, transactionId })),
    ...left.dead.map(({ key, error }) => ({ what: `dead: ${key}: ${error}` })),
    ...(others.length > 0
      ? [{ what: `${others.length} jobs are left over, such as ${others.slice(0, 3).join(", ")}` }]
      : []),
  ];
}

/** The time from the 202 of each event, or from the next start of the app, to its first trigger. */
export function waitsOf(
  events: Sent[],
  asked: Facts["asked"],
  startedAtMs: number[],
): Array<{ transactionId: string; waitMs: number }> {
  const first = new Map<string, number>();
  for (const { transactionId, atMs } of asked) if (!first.has(transactionId)) first.set(transactionId, atMs);
  return events.flatMap(({ transactionId, acceptedAtMs, leadsTo }) => {
    const atMs = first.get(transactionId);
    if (leadsTo !== "a run" || atMs === undefined || acceptedAtMs === null) return [];
    const from = Math.max(acceptedAtMs, ...startedAtMs.filter((startedAt) => startedAt <= atMs));
    return [{ transactionId, waitMs: Math.max(0, atMs - from) }];
  });
}

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
