import { start } from "./contestants.ts";
import { delivery } from "./load.ts";
import type { Stub } from "./stub.ts";

export interface Drain {
  triggersPerSecond: number;
  /** In any second. */
  mostInASecond: number;
  allowedPerSecond: number;
  cpuMicrosPerTrigger: number;
}

/** More than it can send. */
const UNPACED = 100_000;
const PACED = 200;
const PACED_SECONDS = 5;
const SENDERS = 16;

/** The speed at which waiting triggers are sent, and whether a configured rate holds. */
export async function drain(stub: Stub, env: Record<string, string>, events: number): Promise<Drain> {
  stub.takeTimes();
  // Collected by a process that sends few of them.
  const piling = await start("piling", "ours", stub.url, { ...env, NOVU_TRIGGERS_PER_SECOND: "20" });
  let sent = 0;
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      while (sent < events) {
        sent += 1;
        const { body, headers } = delivery(sent);
        await fetch(`${piling.url}/webhooks/posthog`, { method: "POST", body, headers });
      }
    }),
  );
  await piling.stop();

  const leftEarly = stub.takeTimes().length;
  const paced = await start("paced", "ours", stub.url, { ...env, NOVU_TRIGGERS_PER_SECOND: String(PACED) });
  await new Promise((resolve) => setTimeout(resolve, PACED_SECONDS * 1000));
  await paced.stop();
  const kept = stub.takeTimes();

  const draining = await start("draining", "ours", stub.url, {
    ...env,
    NOVU_TRIGGERS_PER_SECOND: String(UNPACED),
    DELIVERY_CONCURRENCY: "256",
  });
  const times: number[] = [];
  const before = await draining.cost();
  // The jobs of a stopped process return with the end of their lease; the others are enough for a measurement.
  const enough = 0.9 * (events - leftEarly - kept.length);
  while (times.length < enough) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    times.push(...stub.takeTimes());
  }
  const after = await draining.cost();
  await draining.stop();
  const [first = 0, last = 1] = [times[0], times.at(-1)];
  return {
    triggersPerSecond: Math.round((1000 * times.length) / (last - first)),
    mostInASecond: mostInASecond(kept),
    allowedPerSecond: PACED,
    cpuMicrosPerTrigger: Math.round((after.cpuMicros - before.cpuMicros) / times.length),
  };
}

function mostInASecond(times: number[]): number {
  let [most, from] = [0, 0];
  for (const [index, time] of times.entries()) {
    while (time - (times[from] ?? time) >= 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
