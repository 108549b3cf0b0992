import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import pg from "pg";
import { QUEUES, type Queue } from "../contracts/job.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Tables } from "./tables.ts";

const CHANNELS: Record<Queue, string> = {
  novu: "posthog_novu_bridge_novu",
  subscribers: "posthog_novu_bridge_subscribers",
  receipts: "posthog_novu_bridge_receipts",
  persons: "posthog_novu_bridge_persons",
  posthog: "posthog_novu_bridge_posthog",
};
const CONNECT_WITHIN_MS = 1_500;
/** A busy process notifies at most once in this time, because each notification needs a separate commit. */
const NOTIFY_EVERY_MS = 50;
/** The poll finds jobs that become due without a notification: a retry of another process, a lease that ended. */
const POLL_MS = 2_000;

/** LISTEN and NOTIFY between the processes on one PostgreSQL. `url` connects without a pooler. */
export function notifications({ url, db, log }: { url: string; db: Kysely<Tables>; log: Log }): {
  announce(queue: Queue): void;
  watch(wake: (queue: Queue) => void): () => Promise<void>;
} {
  /** The id of this process, which ignores notifications with this id. */
  const sender = randomUUID();
  const pending = new Set<Queue>();
  let isNotifying = false;

  return {
    announce(queue) {
      pending.add(queue);
      if (!isNotifying) void notify();
    },

    watch(wake) {
      let client: pg.Client | null = null;
      let stopped = false;
      const timer = setInterval(() => {
        QUEUES.forEach(wake);
        if (client === null) void listen();
      }, POLL_MS);
      const listening = listen();
      return async () => {
        stopped = true;
        clearInterval(timer);
        await listening;
        await client?.end();
      };

      async function listen(): Promise<void> {
        const attempt = new pg.Client({
          connectionString: url,
          connectionTimeoutMillis: CONNECT_WITHIN_MS,
          keepAlive: true,
        });
        client = attempt;
        const lost = () => {
          if (client === attempt) client = null;
        };
        attempt.on("notification", ({ channel, payload }) => {
          const queue = QUEUES.find((one) => CHANNELS[one] === channel);
          if (queue !== undefined && payload !== sender) wake(queue);
        });
        attempt.on("error", lost);
        attempt.on("end", lost);
        try {
          await attempt.connect();
          await attempt.query(QUEUES.map((queue) => `listen ${CHANNELS[queue]}`).join("; "));
          if (stopped) await attempt.end();
        } catch (error) {
          lost();
          await attempt.end().catch(() => {});
          log.warn({ component: "store", outcome: "not listening, polling only", error: describeError(error) });
        }
      }
    },
  };

  /**
   * Notifies once for several jobs, and outside of their transaction, because a transaction that notifies blocks the
   * commits of all other transactions until it is on disk.
   */
  async function notify(): Promise<void> {
    isNotifying = true;
    while (pending.size > 0) {
      const channels = [...pending].map((queue) => sql`pg_notify(${CHANNELS[queue]}, ${sender})`);
      pending.clear();
      // If the notification fails, the poll finds the job.
      await sql`select ${sql.join(channels)}`.execute(db).catch(() => {});
      await setTimeout(NOTIFY_EVERY_MS, undefined, { ref: false });
    }
    isNotifying = false;
  }
}
