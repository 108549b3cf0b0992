import { setTimeout as sleep } from "node:timers/promises";
import type { AbusedApp } from "./app.ts";
import { METRICS_TOKEN } from "./planted.ts";

const LANE = "novu";
const LOOK_EVERY_MS = 500;
const DRAINED_WITHIN_MS = 120_000;
/** Jobs that are due for less are on their way. */
const OVERDUE_SECONDS = 1;

export async function metricsOf({ url }: AbusedApp): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  return response.text();
}

/** Waits until no trigger is overdue. Returns how many waited at first, and how long it took; null if it took too long. */
export async function drained(app: AbusedApp): Promise<{ waiting: number; ms: number } | null> {
  const startedAt = performance.now();
  const waiting = gaugeOf(await metricsOf(app), "work_waiting");
  for (;;) {
    const ms = Math.round(performance.now() - startedAt);
    if (gaugeOf(await metricsOf(app), "work_oldest_seconds") < OVERDUE_SECONDS) return { waiting, ms };
    if (ms > DRAINED_WITHIN_MS) return null;
    await sleep(LOOK_EVERY_MS);
  }
}

function gaugeOf(metrics: string, name: string): number {
  const [, value] = new RegExp(`^bridge_${name}\\{lane="${LANE}"\\} (\\S+)$`, "m").exec(metrics) ?? [];
  if (value === undefined) throw new Error(`/metrics has no bridge_${name} of the lane ${LANE}`);
  return Number(value);
}
