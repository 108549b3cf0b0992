import type { PersonSources } from "../contracts/person.ts";
import { startDaily } from "../lib/daily.ts";
import { createReadCohort } from "../sources/posthog/cohorts.ts";
import { createPostHogQueries } from "../sources/posthog/queries.ts";
import { createCohortSweep } from "../sources/sweeps/cohorts.ts";
import { createInactivitySweep } from "../sources/sweeps/inactivity.ts";
import type { ExitCursor } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import type { Ingestion } from "./ingest.ts";

/** A larger page would delay the other queries of the store. */
const EXITS_AT_ONCE = 1_000;

interface Parts {
  ingestion: Pick<Ingestion, "ingest">;
  /** The sources at which persons are read. */
  personSources: PersonSources;
}

export type Sweeps = ReturnType<typeof startDaily>;

/** Throws if a workflow starts by a cohort that nobody can read. */
export function assertCohortsReadable({ config, product }: Pick<Context, "config" | "product">): void {
  const [first] = product.workflows.filter(({ cohorts }) => cohorts.length > 0);
  if (first !== undefined && config.posthog === null)
    throw new Error(
      `"${first.id}" starts on cohort ${first.cohorts[0]?.id}, which only PostHog has: set POSTHOG_PROJECT_ID, POSTHOG_PERSONAL_API_KEY and the other required settings POSTHOG_…`,
    );
}

/** Starts the daily sweeps for people of whom no source sends an event. Each runs in one of all processes. */
export function startSweeps(context: Context, parts: Parts): Sweeps {
  const sweeps = [...inactivitySweeps(context, parts), ...cohortSweeps(context, parts)];
  return {
    async idle() {
      for (const sweep of sweeps) await sweep.idle();
    },
    async stop() {
      await Promise.all(sweeps.map((sweep) => sweep.stop()));
    },
  };
}

function inactivitySweeps(context: Context, parts: Parts): Sweeps[] {
  const { config, product, store, metrics, clock, log } = context;
  const watched = product.workflows.filter(({ absences }) => absences.length > 0);
  if (watched.length === 0) return [];
  const run = createInactivitySweep({
    ...sweepParts(context, parts),
    workflows: watched,
    readAbsent: config.posthog && createPostHogQueries(config.posthog).absences,
    own: {
      lastSeen: (workflow, distinctIds) => store.runs.findLastExits({ workflow, distinctIds }),
      absent: (workflow, period) => pagesOfAbsent(store, workflow, period),
    },
    count: metrics.inactive,
  });
  const daily = { component: "sources", name: "inactivity", leases: store.limits, count: metrics.swept };
  return [startDaily({ ...daily, run, clock, log })];
}

/** Each cohort of a workflow has its own daily run, so that one which cannot be read holds up no other. */
function cohortSweeps(context: Context, parts: Parts): Sweeps[] {
  const { config, product, store, metrics, clock, log, isRehearsal } = context;
  // A rehearsal plays the recorded events of cohorts, and its PostHog has no cohorts.
  if (config.posthog === null || isRehearsal) return [];
  const sweepOf = createCohortSweep({
    ...sweepParts(context, parts),
    readCohort: createReadCohort(config.posthog),
    posthog: createPostHogQueries(config.posthog),
    members: store.people,
    count: metrics.cohortPeople,
  });
  return product.workflows.flatMap(({ id, cohorts }) =>
    cohorts.map((cohort) => {
      const daily = { component: "sources", name: `cohort ${cohort.id} of ${id}`, count: metrics.cohortSwept };
      return startDaily({ ...daily, run: sweepOf(id, cohort), leases: store.limits, clock, log });
    }),
  );
}

function sweepParts({ store, clock, log }: Context, { ingestion, personSources }: Parts) {
  return {
    readPersons: (personSources.posthog ?? personSources.segment)?.read ?? null,
    knownEvents: store.events.findKnown,
    ingest: ingestion.ingest,
    now: clock.now,
    log,
  };
}

/** Reads all pages, one after the other. */
async function* pagesOfAbsent(store: Store, workflow: string, { since, until }: { since: number; until: number }) {
  const period = { from: new Date(since).toISOString(), until: new Date(until).toISOString() };
  let after: ExitCursor | null = null;
  do {
    const query = { workflow, ...period, after, limit: EXITS_AT_ONCE };
    const page: Awaited<ReturnType<Store["runs"]["listAbsent"]>> = await store.runs.listAbsent(query);
    yield page.people;
    after = page.next;
  } while (after !== null);
}
