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
  profiles: "posthog_novu_bridge_profiles",
  receipts: "posthog_novu_bridge_receipts",
  persons: "posthog_novu_bridge_persons",
  posthog: "posthog_novu_bridge_posthog",
};
const CONNECT_WITHIN_MS = 1_500;
/** A busy process says once what comes within that time: each word is a commit of its own. */
const SAY_EVERY_MS = 50;
/** For work that became due without a word: a retry of another process, a lease that ran out. */
const POLL_MS = 2_000;

/** The word that passes between processes on one PostgreSQL; `url` leads there without a pooler. */
export function notices({ url, db, log }: { url: string; db: Kysely<Tables>; log: Log }): {
  announce(queue: Queue): void;
  watch(wake: (queue: Queue) => void): () => Promise<void>;
} {
  /** What one says oneself is no news. */
  const sender = randomUUID();
  const toSay = new Set<Queue>();
  let isSaying = false;

  return {
    announce(queue) {
      toSay.add(queue);
      if (!isSaying) void say();
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
   * Once for what comes meanwhile, and not in the transaction of the work: one that notifies keeps
   * all others from committing until it is on disk.
   */
  async function say(): Promise<void> {
    isSaying = true;
    while (toSay.size > 0) {
      const channels = [...toSay].map((queue) => sql`pg_notify(${CHANNELS[queue]}, ${sender})`);
      toSay.clear();
      // Who does not hear of it looks every two seconds.
      await sql`select ${sql.join(channels)}`.execute(db).catch(() => {});
      await setTimeout(SAY_EVERY_MS, undefined, { ref: false });
    }
    isSaying = false;
  }
}
