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
  await fillStore(env, { runs: Math.round(written / EVENTS_OF_RUN), days: RETENTION_DAYS, people, steps: STEPS });
  await copyRows(env, { copies, people });
}
