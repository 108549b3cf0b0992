import type { Config } from "../../config.ts";
import type { JobRecord } from "../../contracts/history.ts";
import type { ReadStore } from "../../store/store.ts";
import { withStoreToRead } from "../command-store.ts";
import { type Check, type Finding, trouble } from "./check.ts";

/** One failed attempt is normal: the next one is a second later. */
const FAILING_ATTEMPTS = 3;
const MOST_JOBS = 1_000;
const MOST_ERRORS = 3;

/** Reports the jobs that fail again and again, before they are dead; no finding if there are none. */
export function jobsCheck(config: Config): Check {
  // No finding if the store cannot be opened, because another check reports that.
  return { what: "jobs", look: () => withStoreToRead(config, failing, () => []) };
}

async function failing(store: ReadStore): Promise<Finding[]> {
  const queues = await store.jobs.countByQueue();
  const waiting = await Promise.all(queues.map(({ queue }) => store.jobs.listWaiting(queue, MOST_JOBS)));
  const byError = new Map<string, JobRecord[]>();
  for (const job of waiting.flat())
    if (job.error !== null && job.attempts >= FAILING_ATTEMPTS)
      byError.set(job.error, [...(byError.get(job.error) ?? []), job]);
  return [...byError]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, MOST_ERRORS)
    .map(([error, jobs]) => trouble(sentenceOf(error, jobs)));
}

function sentenceOf(error: string, jobs: JobRecord[]): string {
  const [{ queue }] = jobs as [JobRecord];
  const most = Math.max(...jobs.map(({ attempts }) => attempts));
  const fail = jobs.length === 1 ? "job fails" : "jobs fail";
  return `${jobs.length} ${fail} again and again at ${queue}, so far up to ${most} times: ${error}`;
}
