import { COHORT_ENTERED } from "../../contracts/event.ts";
import type { Cohort } from "../../contracts/workflow.ts";
import type { DailyRun } from "../../lib/daily.ts";
import { DAY_MS } from "../../lib/durations.ts";
import type { Log } from "../../lib/log.ts";
import { uuidV5 } from "../event-fields.ts";
import type { ReadCohort } from "../posthog/cohorts.ts";
import type { Member, PostHogQueries } from "../posthog/queries.ts";
import { AT_ONCE, createIngestFound, type Found, type SweepParts, type SweptEvent } from "./ingest-found.ts";

/** People without an event for this long are not read, because PostHog stops a query after 10 s. */
const SEEN_WITHIN_MS = 90 * DAY_MS;
/** After a longer time without a complete read, nobody knows when the new members entered. The store keeps them longer. */
const CATCH_UP_MS = 7 * DAY_MS;
const REMAINING_AT_ONCE = 500;

interface CohortOfWorkflow {
  workflow: string;
  cohort: number;
}

interface DueMember {
  distinctId: string;
  enteredAt: number;
}

/** The members of each cohort as of its last read; src/store/cohort-members.ts states the promises. */
interface MemberStore {
  findCohortRead(of: CohortOfWorkflow): Promise<number | null>;
  saveCohortMembers(
    of: CohortOfWorkflow,
    members: Member[],
    read: { seenAt: number; isDue: boolean; isForAll: boolean },
  ): Promise<void>;
  listDueMembers(of: CohortOfWorkflow, limit: number): Promise<DueMember[]>;
  markMembersIngested(of: CohortOfWorkflow, members: DueMember[]): Promise<void>;
  listUnseenMembers(of: CohortOfWorkflow, seenAt: number, limit: number): Promise<string[]>;
  keepMembers(of: CohortOfWorkflow, distinctIds: string[], seenAt: number): Promise<void>;
  deleteUnseenMembers(of: CohortOfWorkflow, distinctIds: string[], seenAt: number): Promise<void>;
  saveCohortRead(of: CohortOfWorkflow, readAt: number): Promise<void>;
}

/**
 * Finds the people who entered a cohort of PostHog since its last read, and ingests an event for each. A member is
 * saved before the event, and marked after it; the same entry always makes the same event. So a sweep that ends in the
 * middle loses nobody, and a second one, also by another process, starts nothing twice. The first read of a cohort only
 * saves who is in it, unless the workflow starts for them too. Only a complete read takes members away.
 */
export function createCohortSweep({
  readCohort,
  posthog,
  members,
  now,
  log,
  ...parts
}: SweepParts & {
  readCohort: ReadCohort;
  posthog: Pick<PostHogQueries, "members" | "remaining">;
  members: MemberStore;
  now(): number;
  log: Log;
}): (workflow: string, cohort: Cohort) => (run: DailyRun) => Promise<void> {
  const ingestFound = createIngestFound(parts);
  return (workflow, { id, startsMembers }) => {
    const of = { workflow, cohort: id };
    return (run) => sweep(of, startsMembers, run);
  };

  async function sweep(of: CohortOfWorkflow, startsMembers: boolean, run: DailyRun): Promise<void> {
    const seenAt = now();
    const sum: Found = { found: 0, started: 0 };
    // Those whose entry was saved in a sweep that ended in the middle.
    await ingestDue(of, sum, run);
    const { count } = await readCohort(of.cohort, run.signal);
    const lastRead = await members.findCohortRead(of);
    const isDue = startsMembers || (lastRead !== null && seenAt - lastRead <= CATCH_UP_MS);

    let people = 0;
    const since = seenAt - SEEN_WITHIN_MS;
    for await (const page of posthog.members({ cohort: of.cohort, since }, run.signal)) {
      for (let at = 0; at < page.length; at += AT_ONCE) {
        await goOn(run);
        const some = page.slice(at, at + AT_ONCE);
        await members.saveCohortMembers(of, some, { seenAt, isDue, isForAll: startsMembers });
      }
      people += page.length;
      await ingestDue(of, sum, run);
    }
    // PostHog counts members and lists none: one of the two is wrong, so nobody has left.
    const left = people === 0 && count !== 0 ? 0 : await removeLeavers(of, seenAt, run);
    await members.saveCohortRead(of, seenAt);
    log.info({ component: "sources", outcome: "swept", ...of, people, left, onlySaved: !isDue, ...sum });
  }

  async function ingestDue(of: CohortOfWorkflow, sum: Found, run: DailyRun): Promise<void> {
    for (;;) {
      const due = await members.listDueMembers(of, AT_ONCE);
      if (due.length === 0) return;
      await goOn(run);
      const { found, started } = await ingestFound(
        due.map((member) => eventOf(of, member)),
        run.signal,
      );
      await members.markMembersIngested(of, due);
      sum.found += found;
      sum.started += started;
    }
  }

  /**
   * Deletes the members who were not read, and answers how many. Each is looked up again, because a member without an
   * event for long is not read, and a person may be read by another distinct id.
   */
  async function removeLeavers(of: CohortOfWorkflow, seenAt: number, run: DailyRun): Promise<number> {
    for (let left = 0; ; ) {
      const unseen = await members.listUnseenMembers(of, seenAt, REMAINING_AT_ONCE);
      if (unseen.length === 0) return left;
      await goOn(run);
      const remaining = await posthog.remaining({ cohort: of.cohort, ids: unseen }, run.signal);
      await members.keepMembers(of, [...remaining], seenAt);
      const leavers = unseen.filter((id) => !remaining.has(id));
      await members.deleteUnseenMembers(of, leavers, seenAt);
      left += leavers.length;
    }
  }
}

async function goOn({ signal, renew }: DailyRun): Promise<void> {
  signal.throwIfAborted();
  await renew();
}

/** The event of an entry, which occurs when the sweep finds it. */
function eventOf({ workflow, cohort }: CohortOfWorkflow, { distinctId, enteredAt }: DueMember): SweptEvent {
  return {
    uuid: uuidV5(JSON.stringify([COHORT_ENTERED, workflow, cohort, distinctId, enteredAt])),
    name: COHORT_ENTERED,
    distinctId,
    occurredAt: new Date(enteredAt).toISOString(),
    properties: { cohort_id: cohort, entered_at: new Date(enteredAt).toISOString(), swept_for: workflow },
  };
}
