import pg from "pg";
import { copyRows } from "./copy-rows.ts";
import { fillStore } from "./fill-store.ts";

/** The rows are as old as the retention period at most. */
export const RETENTION_DAYS = 90;
/** The events that the store itself writes; the others are copies. */
const WRITTEN = 2_000;
const EVENTS_OF_PERSON = 10;
/** A tenth of the runs have an exit event too. */
const EVENTS_OF_RUN = 1.1;
const STEPS = ["welcome", "last"];

/** Fills a store with about this number of events of a tenth as many people, and with all that follows from them. */
export async function fillLarge(env: Record<string, string>, events: number): Promise<void> {
  const copies = Math.ceil(events / WRITTEN);
  const written = events / copies;
  const people = Math.round(written / EVENTS_OF_PERSON);
  const runs = Math.round(written / EVENTS_OF_RUN);
  if (env.DATABASE_URL !== undefined) await alter(env.DATABASE_URL, "set synchronous_commit = off");
  await fillStore(env, { runs, days: RETENTION_DAYS, people, steps: STEPS });
  await copyRows(env, { copies, people });
  if (env.DATABASE_URL !== undefined) await alter(env.DATABASE_URL, "reset synchronous_commit");
}

/** Changes a setting of the database for later connections. */
async function alter(url: string, change: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`alter database ${client.database} ${change}`);
  } finally {
    await client.end();
  }
}
