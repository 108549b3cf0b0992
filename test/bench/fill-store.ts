import { type Decision, NOTHING_COMPOSED } from "../../src/contracts/decision.ts";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import { parseJob, type Queue } from "../../src/contracts/job.ts";
import { reportOf } from "../../src/contracts/report.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../src/lib/durations.ts";
import { createLog } from "../../src/lib/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { COPY_MARK, personId } from "./copy-rows.ts";

/** A person with many runs, and the newest run. */
export const PERSON = personId(1);
export const RUN = `${eventUuid(1)}:onboarding`;

const DAYS = 30;
const PEOPLE = 3_000;
const AT_A_TIME = 64;
const WORKFLOWS = ["onboarding", "drop-off", "re-engagement", "feature-adoption"];
const STEPS = ["welcome", "nudge", "reminder", "last"];
const CHANNELS = ["email", "in_app", "push"] as const;
const OTHER_REASONS = ["not needed", "opted out", "unreachable", "over the cap"] as const;

/**
 * The rows of a month, or of `days`, with this number of runs of at most as many `people`: a decision for each of the
 * `steps`, a waiting job for each run in progress, and for every hundred runs ten exits, five dead jobs and twenty
 * ignored events. No job is due.
 */
export async function fillStore(
  env: Record<string, string>,
  {
    runs,
    days = DAYS,
    people = PEOPLE,
    steps = STEPS,
  }: { runs: number; days?: number; people?: number; steps?: string[] },
): Promise<void> {
  const startedAt = Date.now();
  let now = startedAt;
  const options = { databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR ?? "" };
  const store = await openStore(options, { now: () => now, log: createLog({ level: "silent" }) });
  try {
    for (let day = 0; day < days; day += 1) {
      now = startedAt - (days - day) * DAY_MS;
      const first = Math.floor((runs * day) / days);
      const ofDay = Array.from({ length: Math.floor((runs * (day + 1)) / days) - first }, (_, index) => first + index);
      // Counts down, because the run with the number 1 is the newest.
      const runsOfDay = ofDay.map((number) => runOf(runs - number, { people, now }));
      await each(runsOfDay, (run) => begin(store, run, now));
      await takeOn(store);
      await each(runsOfDay, (run) => decide(store, run, { steps, now }));
      // The time at which everything is reported.
      now += MINUTE_MS;
      await completeDue(store, ["posthog", "receipts"]);
    }
    now = startedAt;
    await waitForCalls(store, { runs, people, now });
  } finally {
    await store.close();
  }
}

interface FilledRun {
  number: number;
  workflow: string;
  distinctId: string;
  transactionId: string;
  eventUuid: string;
  occurredAt: string;
}

/** Every hundredth run belongs to the same person. */
function runOf(number: number, { people, now }: { people: number; now: number }): FilledRun {
  const workflow = number === 1 ? "onboarding" : (WORKFLOWS[number % WORKFLOWS.length] ?? "onboarding");
  const uuid = eventUuid(number);
  return {
    ...{ number, workflow, eventUuid: uuid, transactionId: `${uuid}:${workflow}` },
    distinctId: number % 100 === 1 ? PERSON : personId(number % people),
    occurredAt: new Date(now - (number % 3_600) * SECOND_MS).toISOString(),
  };
}

/** Its order is that of time, as of the uuids that PostHog makes, and before all that are made now. */
function eventUuid(number: number, name = "began"): string {
  return `00-${1_000_000_000 - number}-${name}${COPY_MARK}`;
}

/** Every third run is in progress. */
function isOpen({ number }: FilledRun): boolean {
  return number % 3 === 0;
}

async function begin(store: Store, filled: FilledRun, now: number): Promise<void> {
  const { number, workflow, distinctId, transactionId, occurredAt } = filled;
  const event = (uuid: string, name: string): LifecycleEvent => ({
    source: "posthog",
    uuid,
    name,
    distinctId,
    occurredAt,
    properties: { checkout_url: `https://app.acme.example/checkout/c_${number}`, cart_value: number, $lib: "web" },
    personProperties: null,
  });
  const begun = event(filled.eventUuid, "began");
  const run = {
    ...{ transactionId, eventUuid: begun.uuid, eventName: begun.name, source: "posthog" as const },
    ...{ distinctId, occurredAt, snapshot: {} },
  };
  const start = {
    ...{ workflow, run, to: { subscriberId: distinctId }, payload: {}, entry: "once" as const },
    ...{ addressWait: null, startBy: null, occurrence: null },
    ...(number % 4 === 1 && { matchKeys: { cart: `cart of ${transactionId}` } }),
  };
  await store.events.insert(begun, { starts: [start], exits: [] });
  await store.runs.enter({ transactionId, workflow, distinctId, occurredAt }, "once");
  const profile = { subscriber: { subscriberId: distinctId, email: `${distinctId}@acme.example` }, occurredAt };
  await store.people.saveSentProfile({ profile, known: null });
  if (number % 10 === 0) {
    const ended = event(eventUuid(number, "ended"), "ended");
    const exit = { workflow, distinctId, eventUuid: ended.uuid, eventName: ended.name, occurredAt };
    await store.events.insert(ended, { starts: [], exits: [exit] });
    await store.runs.markExiting(exit);
  }
  if (number % 5 === 0)
    await store.events.insertIgnored({
      source: "posthog",
      receivedAt: new Date(now).toISOString(),
      reason: `does not fit ${workflow}: property ${number % 40} is missing`,
      eventUuid: eventUuid(number, "aside"),
      eventName: "began",
      distinctId,
      body: JSON.stringify(begun).repeat(4),
    });
}

/** The results at Novu. */
async function takeOn(store: Store): Promise<void> {
  for (;;) {
    const claimed = await store.jobs.claim("novu", 1_000, DAY_MS);
    if (claimed.length === 0) return;
    const done: number[] = [];
    await each(claimed, async ({ id, body }) => {
      const job = parseJob(body);
      if (job.kind === "start" && id % 20 === 0) return store.jobs.giveUp(id, `400: no such thing as ${id % 400}`);
      if (job.kind === "start") await store.runs.markStarted(job.body.run.transactionId);
      done.push(id);
    });
    await store.jobs.complete(done);
  }
}

async function decide(store: Store, run: FilledRun, { steps, now }: { steps: string[]; now: number }): Promise<void> {
  const { number, workflow, distinctId, transactionId } = run;
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if (isLast && isOpen(run)) return;
    const reason = (number + index) % 4 === 0 ? OTHER_REASONS[number % 4] : undefined;
    if (reason === undefined)
      await store.limits.reserveSend({ transactionId, step, distinctId }, { most: 1_000, withinMs: DAY_MS });
    const decision: Decision = {
      ...{ workflow, distinctId, transactionId, step },
      channel: CHANNELS[(number + index) % 3] ?? "email",
      outcome: reason === undefined ? "sent" : "skipped",
      reason: reason ?? null,
      detail: reason === undefined ? null : `as of ${number}`,
      ...NOTHING_COMPOSED,
      personSource: "posthog",
      decidedAt: new Date(now + index * SECOND_MS).toISOString(),
    };
    await store.decisions.record(decision, { endsRun: isLast });
    if (reason === undefined && (number + index) % 3 === 0)
      await store.decisions.insertReport({ ...reportOf(decision), status: "seen" });
  }
}

async function completeDue(store: Store, queues: Queue[]): Promise<void> {
  for (const queue of queues)
    for (;;) {
      const claimed = await store.jobs.claim(queue, 1_000, DAY_MS);
      if (claimed.length === 0) break;
      await store.jobs.complete(claimed.map(({ id }) => id));
    }
}

/** Each run in progress waits for its next bridge call, in a later week. */
async function waitForCalls(
  store: Store,
  { runs, people, now }: { runs: number; people: number; now: number },
): Promise<void> {
  await completeDue(store, ["receipts"]);
  const open = Array.from({ length: runs }, (_, index) => runOf(index + 1, { people, now })).filter(isOpen);
  await each(open, ({ number, transactionId, distinctId }) =>
    store.jobs.schedule({ kind: "overdue", body: { transactionId, distinctId } }, now + DAY_MS + number * SECOND_MS),
  );
}

async function each<Item>(items: Item[], job: (item: Item) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const one = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await job(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}
