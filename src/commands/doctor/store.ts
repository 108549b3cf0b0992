import type { Config } from "../../config.ts";
import { DAY_MS, MINUTE_MS } from "../../lib/durations.ts";
import { createLog } from "../../lib/log.ts";
import { openStoreToRead } from "../../store/open-store.ts";
import { type Check, ok, trouble, warning } from "./check.ts";

/** Work that has been due for so long says that nobody does it. */
const LATE_MS = 5 * MINUTE_MS;

const LOST_WITHIN_MS = 7 * DAY_MS;

/** Whether the store is there and as this version has it, and what waits in it. */
export function storeCheck(config: Config): Check {
  return {
    what: "store",
    async look() {
      const log = createLog({ level: "silent" });
      const store = await openStoreToRead(config, { now: Date.now, log }).catch((error: Error) => {
        throw new Error("look at DATABASE_URL or DATA_DIR, and start the app on it once if it is new", {
          cause: error,
        });
      });
      try {
        const queues = await store.jobs.countByQueue();
        const [waiting, dead] = [sum(queues.map((queue) => queue.waiting)), sum(queues.map((queue) => queue.dead))];
        const where = config.databaseUrl === undefined ? `SQLite in ${config.dataDir}` : "PostgreSQL";
        const findings = [ok(`${where}, migrated; ${waiting} waiting`)];
        const lost = await store.runs.countLost(Date.now() - LOST_WITHIN_MS);
        if (lost > 0)
          findings.push(
            trouble(
              `${lost} ${lost === 1 ? "run was" : "runs were"} lost at Novu in the last 7 days; bridge_runs_lost_total says of which workflow, and npm run why -- --person <distinct id> says how`,
            ),
          );
        if (dead > 0) findings.push(warning(`${dead} dead: npm run redrive says of what, and gives them another try`));
        for (const { queue, oldestDueAt } of queues)
          if (oldestDueAt !== null && Date.now() - oldestDueAt > LATE_MS)
            findings.push(
              trouble(
                `"${queue}" has been due for ${Math.round((Date.now() - oldestDueAt) / MINUTE_MS)} minutes; does a process with the role worker run on this store?`,
              ),
            );
        return findings;
      } finally {
        await store.close();
      }
    },
  };
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
