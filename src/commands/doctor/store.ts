import type { Config } from "../../config.ts";
import { ALLOWED_CHARACTERS, refusedCharacters } from "../../contracts/novu.ts";
import { DAY_MS, MINUTE_MS } from "../../lib/durations.ts";
import type { ReadStore } from "../../store/store.ts";
import { withStoreToRead } from "../command-store.ts";
import { type Check, type Finding, ok, trouble, warning } from "./check.ts";

/** If a job has been due for longer than this, no worker seems to run. */
const LATE_MS = 5 * MINUTE_MS;

const LOST_WITHIN_MS = 7 * DAY_MS;

/** Checks that the store exists with the schema of this version, and reports waiting jobs, dead jobs and lost runs. */
export function storeCheck(config: Config, now: () => number = Date.now): Check {
  const where = config.databaseUrl === undefined ? `SQLite in ${config.dataDir}` : "PostgreSQL";
  return {
    what: "store",
    look: () =>
      withStoreToRead(
        { ...config, now },
        (store) => look(store, { where, now: now() }),
        (cause) => {
          throw new Error("check DATABASE_URL or DATA_DIR; if the store is new, start the app on it once", { cause });
        },
      ),
  };
}

async function look(store: ReadStore, { where, now }: { where: string; now: number }): Promise<Finding | Finding[]> {
  const queues = await store.jobs.countByQueue();
  const [waiting, dead] = [sum(queues.map((queue) => queue.waiting)), sum(queues.map((queue) => queue.dead))];
  const findings = [ok(`${where}, migrated; ${waiting} ${waiting === 1 ? "job waits" : "jobs wait"}`)];
  const lost = await store.runs.countLost(now - LOST_WITHIN_MS);
  if (lost > 0)
    findings.push(
      trouble(
        `${lost} ${lost === 1 ? "run was" : "runs were"} lost at Novu in the last 7 days; bridge_runs_lost_total has the workflow, and npm run why -- --person <distinct id> the reason`,
      ),
    );
  if (dead > 0)
    findings.push(
      warning(`${dead} dead ${dead === 1 ? "job" : "jobs"}: npm run redrive lists the errors, and retries them`),
    );
  for (const { queue, oldestDueAt } of queues)
    if (oldestDueAt !== null && now - oldestDueAt > LATE_MS)
      findings.push(
        trouble(
          `a job of "${queue}" has been due for ${Math.round((now - oldestDueAt) / MINUTE_MS)} minutes; is there a process with the role worker?`,
        ),
      );
  return findings;
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

const RECENT_RUNS = 500;

/** Checks that Novu would accept the distinct ids of the latest runs as subscriber ids. The finding names no id. */
export function subscriberIdsCheck(config: Config): Check {
  // No finding if the store cannot be opened, because another check reports that.
  return { what: "subscriber ids", look: () => withStoreToRead(config, refusedIds, () => []) };
}

async function refusedIds(store: ReadStore): Promise<Finding | Finding[]> {
  const runs = await store.runs.list({ limit: RECENT_RUNS });
  const refused = runs.map(({ distinctId }) => refusedCharacters(distinctId)).filter(({ length }) => length > 0);
  if (refused.length === 0) return [];
  const characters = [...new Set(refused.flat())].map((one) => JSON.stringify(one)).join(" ");
  return warning(
    `${refused.length} of the latest ${runs.length} runs have ${characters} in the distinct id; a Novu that checks ids accepts only ${ALLOWED_CHARACTERS}, and does not start such runs (invalid_recipients): use other ids for people, or have Novu turn the check off`,
  );
}
