import { setTimeout as sleep } from "node:timers/promises";
import { metric } from "../support/metrics.ts";
import type { AbusedApp } from "./app.ts";
import { METRICS_TOKEN } from "./planted.ts";

const TRIGGERS = 'queue="novu"';
const LOOK_EVERY_MS = 500;
const DRAINED_WITHIN_MS = 120_000;
/** A trigger is overdue after this time. */
const OVERDUE_SECONDS = 1;

/** Waits until no trigger is overdue. Returns the number at first and the duration, or null after two minutes. */
export async function drained({ url }: AbusedApp): Promise<{ waiting: number; ms: number } | null> {
  const startedAt = performance.now();
  const waiting = await ofTriggers("bridge_jobs_waiting");
  for (;;) {
    const ms = Math.round(performance.now() - startedAt);
    if ((await ofTriggers("bridge_jobs_oldest_seconds")) < OVERDUE_SECONDS) return { waiting, ms };
    if (ms > DRAINED_WITHIN_MS) return null;
    await sleep(LOOK_EVERY_MS);
  }

  async function ofTriggers(name: string): Promise<number> {
    return (await metric(url, name, { authorization: `Bearer ${METRICS_TOKEN}` }))[TRIGGERS] ?? Number.NaN;
  }
}
