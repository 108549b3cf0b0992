import { Gauge, type Registry } from "prom-client";
import type { Queue } from "../contracts/job.ts";
import { DAY_MS, SECOND_MS } from "../lib/durations.ts";

/** Numbers of the store, read for each request of `/metrics`. */
export interface Depths {
  queues(): Promise<Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>>;
  /** Since a time, in milliseconds since 1970. */
  workflows(
    since: number,
  ): Promise<Array<{ workflow: string; entered: number; sent: number; skipped: number; failed: number }>>;
  /** Workflows that people entered long enough ago for a first message, and that sent nothing. */
  silent(): Promise<string[]>;
}

/** Period of the counts per workflow. */
const RECENT_MS = 7 * DAY_MS;

/** `update` reads the store; if that fails, `bridge_store_up` is 0 and the other gauges keep their last values. */
export function createGauges(registry: Registry, depths: Depths, now: () => number): { update(): Promise<void> } {
  const storeUp = gauge("store_up", "1 if the store could be read just now, or else 0", []);
  const waiting = gauge("jobs_waiting", "Jobs that wait, by queue", ["queue"]);
  const dead = gauge("jobs_dead", "Dead jobs, which wait for a redrive, by queue", ["queue"]);
  const age = gauge("jobs_oldest_seconds", "How long the oldest due job has been due, by queue", ["queue"]);
  const recent = gauge("workflow_recent", "Runs and decisions of the last 7 days, by workflow", ["workflow", "what"]);
  const silent = gauge(
    "workflow_silent",
    "1 if people entered the workflow in the last 7 days, longer ago than its first wait, and no message was sent",
    ["workflow"],
  );

  return {
    async update() {
      const isUp = await readStore().then(
        () => true,
        () => false,
      );
      storeUp.set(isUp ? 1 : 0);
    },
  };

  async function readStore(): Promise<void> {
    for (const { queue, oldestDueAt, ...counts } of await depths.queues()) {
      waiting.set({ queue }, counts.waiting);
      dead.set({ queue }, counts.dead);
      age.set({ queue }, oldestDueAt === null ? 0 : Math.max(0, now() - oldestDueAt) / SECOND_MS);
    }
    const [workflows, nowSilent] = await Promise.all([depths.workflows(now() - RECENT_MS), depths.silent()]);
    // Reset first, or workflows without recent runs would keep last week's numbers.
    recent.reset();
    silent.reset();
    for (const { workflow, ...counts } of workflows) {
      for (const [what, count] of Object.entries(counts)) recent.set({ workflow, what }, count);
      silent.set({ workflow }, nowSilent.includes(workflow) ? 1 : 0);
    }
  }

  function gauge(name: string, help: string, labelNames: string[]) {
    return new Gauge({ name: `bridge_${name}`, help, labelNames, registers: [registry] });
  }
}
