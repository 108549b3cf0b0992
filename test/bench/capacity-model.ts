import { TOGETHER_MS } from "../../src/app/step-dependencies.ts";
import { NOVU_PLANS, NovuPlan } from "../../src/contracts/novu.ts";
import { POSTHOG_FREE, POSTHOG_LIMITS } from "../../src/contracts/posthog.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/lib/durations.ts";
import { MOST_RUNS_PER_CALL } from "../../src/outbox/jobs/receipt.ts";
import { SHARE_OF_RATE } from "../../src/outbox/rate-limiter.ts";
import { READS_EVERY_MS } from "../../src/outbox/run-job.ts";
import { MOST_TOGETHER } from "../../src/sources/posthog/reports.ts";
import type { REFERENCE, Work } from "./work.ts";

const MONTH_MS = 30 * DAY_MS;
const MONTH_S = MONTH_MS / SECOND_MS;
const PROCESSES = [1, 4, 16];

/** The load of a month. */
export interface Usage {
  /** People with at least one event that reaches the webhook. */
  people: number;
  /** Events for each of them that reach the webhook. */
  events: number;
  /** Runs for each of them. */
  runs: number;
  /** Messages of a run, sent or not. */
  messages: number;
  /** Novu's bridge calls of a run, for messages and waits. */
  calls: number;
  /** The busiest hour, as a multiple of the month's mean. */
  peak: number;
  /** The share of a core that a process may use in the busiest hour. */
  busy: number;
}

/** CPU in microseconds for each kind of work, and for a plain Express route on the same machine. */
export type Costs = Record<Work | typeof REFERENCE, { appMicros: number; postgresMicros: number }>;

export interface Requests {
  at: "this app" | "Novu" | "PostHog";
  request: string;
  /** With as much sharing as the app does, and without any. */
  least: number;
  most: number;
  /** Where PostHog bills them: the amount of a month that is free. */
  free?: number;
}

export interface Limit {
  limit: string;
  /** The people at which the busiest hour, or the month, reaches it. */
  people: number;
}

export interface ProcessRow {
  processes: number;
  people: number;
  /** In the busiest hour. */
  eventsPerSecond: number;
  runsPerSecond: number;
  messagesPerSecond: number;
  postgresCores: number;
}

/** The requests of a month. */
export function requestsOf({ people, events, runs, messages, calls }: Usage): Requests[] {
  const allRuns = people * runs;
  const sent = allRuns * messages;
  /** One for the trigger, and one for each message. */
  const reports = allRuns + sent;
  return [
    {
      ...{ at: "this app", request: "webhook deliveries of PostHog", ...exactly(people * events) },
      free: POSTHOG_FREE.destinationEvents,
    },
    { at: "this app", request: "bridge calls of Novu", ...exactly(allRuns * calls) },
    { at: "Novu", request: "triggers", ...exactly(allRuns) },
    { at: "Novu", request: "reads of messages, for receipts", least: sent / MOST_RUNS_PER_CALL, most: sent },
    {
      ...{ at: "PostHog", request: "reads of persons" },
      least: sent / POSTHOG_LIMITS.personsPerRead,
      most: readsOfPersons({ messages, calls }, allRuns, MONTH_MS),
    },
    { at: "PostHog", request: "batches of reports", least: reports / MOST_TOGETHER, most: reports },
    {
      ...{ at: "PostHog", request: "events in these batches", ...exactly(reports) },
      free: POSTHOG_FREE.capturedEvents,
    },
    {
      ...{ at: "PostHog", request: "reads of flags, with a holdout or an experiment", least: 0, most: sent },
      free: POSTHOG_FREE.flagReads,
    },
  ];
}

/**
 * The most reads of persons for so many runs in a time: one for each message, and fewer for the triggers, and for the
 * addresses before the messages after a wait.
 */
function readsOfPersons({ messages, calls }: Pick<Usage, "messages" | "calls">, runs: number, ms: number): number {
  const waits = Math.max(0, calls - messages);
  return runs * messages + Math.min(runs, ms / READS_EVERY_MS) + Math.min(runs * waits, ms / TOGETHER_MS);
}

/** The price of a month at Novu in US dollars; null where the plan has no such runs, or no public price. */
export function priceAtNovu(plan: NovuPlan, runs: number): number | null {
  const { runsPerMonth, pricePerMonth, pricePerThousandRuns } = NOVU_PLANS[plan];
  if (runsPerMonth === null) return null;
  const more = Math.max(0, runs - runsPerMonth);
  if (more === 0) return pricePerMonth;
  return pricePerThousandRuns === null ? null : pricePerMonth + (more / 1_000) * pricePerThousandRuns;
}

/** The work of one person in a month. Each message counts as an email, which needs the most CPU. */
export function workOf({ events, runs, messages, calls }: Usage): Record<Work, number> {
  const others = Math.max(0, events - runs);
  return {
    "start event": runs,
    "other event": others,
    trigger: runs,
    exit: others,
    email: runs * messages,
    note: 0,
    delay: runs * Math.max(0, calls - messages),
    receipt: runs * messages,
  };
}

/** The CPU of one person in a month, in microseconds. */
export function cpuOf(usage: Usage, costs: Costs): { app: number; postgres: number } {
  let [app, postgres] = [0, 0];
  for (const [work, times] of Object.entries(workOf(usage)) as Array<[Work, number]>) {
    app += times * costs[work].appMicros;
    postgres += times * costs[work].postgresMicros;
  }
  return { app, postgres };
}

/** Numbers of processes on one PostgreSQL, one core each, and the load of their busiest hour. */
export function processesOf(usage: Usage, costs: Costs): ProcessRow[] {
  const cpu = cpuOf(usage, costs);
  return PROCESSES.map((processes) => {
    const people = (processes * usage.busy * 1e6 * MONTH_S) / (usage.peak * cpu.app);
    const perSecond = (perPerson: number) => (people * perPerson * usage.peak) / MONTH_S;
    return {
      ...{ processes, people, eventsPerSecond: perSecond(usage.events), runsPerSecond: perSecond(usage.runs) },
      messagesPerSecond: perSecond(usage.runs * usage.messages),
      postgresCores: perSecond(cpu.postgres) / 1e6,
    };
  });
}

/** The limits of the services, and of one process of the app. The lowest is first. */
export function limitsOf(usage: Usage, costs: Costs): Limit[] {
  const { runs, messages, peak } = usage;
  /** The people whose busiest hour has this many a second. */
  const peopleAt = (perSecond: number, perPerson: number) => (perSecond * MONTH_S) / (perPerson * peak);
  const readBy = (people: number, ms: number) => readsOfPersons(usage, (people * runs * peak * ms) / MONTH_MS, ms);
  const { personReadsPerMinute, personReadsPerHour } = POSTHOG_LIMITS;
  const ofPlans = NovuPlan.options.flatMap((plan) => {
    const { triggersPerSecond, readsPerSecond, runsPerMonth, pricePerThousandRuns } = NOVU_PLANS[plan];
    const triggers = peopleAt(SHARE_OF_RATE * triggersPerSecond, runs);
    const reads = peopleAt(SHARE_OF_RATE * readsPerSecond * MOST_RUNS_PER_CALL, runs * messages);
    const isHard = runsPerMonth !== null && pricePerThousandRuns === null;
    return [
      ...(isHard
        ? [{ limit: `Novu ${plan}: ${grouped(runsPerMonth)} runs a month`, people: runsPerMonth / runs }]
        : []),
      triggers < reads
        ? { limit: `Novu ${plan}: ${grouped(triggersPerSecond)} triggers a second`, people: triggers }
        : { limit: `Novu ${plan}: ${grouped(readsPerSecond)} reads a second`, people: reads },
    ];
  });
  const limits = [
    {
      limit: `PostHog: ${grouped(personReadsPerMinute)} reads of persons a minute`,
      people: mostFor((people) => readBy(people, MINUTE_MS) <= personReadsPerMinute),
    },
    {
      limit: `PostHog: ${grouped(personReadsPerHour)} reads of persons an hour, in its documentation`,
      people: mostFor((people) => readBy(people, HOUR_MS) <= personReadsPerHour),
    },
    ...ofPlans,
    { limit: "one process of this app", people: processesOf(usage, costs)[0]?.people ?? 0 },
  ];
  return limits.sort((one, other) => one.people - other.people);
}

/** The largest number for which it holds, if it holds for all smaller ones. */
function mostFor(holds: (figure: number) => boolean): number {
  let [low, high] = [0, 1e12];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

export function grouped(figure: number): string {
  return figure.toLocaleString("en-US");
}

function exactly(count: number): { least: number; most: number } {
  return { least: count, most: count };
}
