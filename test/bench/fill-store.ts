import { type Decision, NOTHING_COMPOSED } from "../../src/contracts/decision.ts";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import { parseJob } from "../../src/contracts/job.ts";
import { createLog } from "../../src/lib/log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";

/** A person with many runs, and the newest run. */
export const PERSON = "person-1";
export const RUN = "event-1:onboarding";

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 30;
const AT_A_TIME = 64;
const WORKFLOWS = ["onboarding", "drop-off", "re-engagement", "feature-adoption"];
const STEPS = ["welcome", "nudge", "reminder", "last"];
const CHANNELS = ["email", "in_app", "push"] as const;
const OTHER_REASONS = ["not needed", "opted out", "unreachable", "over the cap"] as const;

/**
 * The rows of a month with this number of runs: four decisions each, and for every hundred runs ten exits, five dead
 * jobs and twenty ignored events.
 */
export async function fillStore(env: Record<string, string>, runs: number): Promise<void> {
  const startedAt = Date.now();
  let now = startedAt;
  const options = { databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR ?? "" };
  const store = await openStore(options, { now: () => now, log: createLog({ level: "silent" }) });
  try {
    for (let day = 0; day < DAYS; day += 1) {
      now = startedAt - (DAYS - day) * DAY_MS + DAY_MS / 2;
      const first = Math.floor((runs * day) / DAYS);
      const ofDay = Array.from({ length: Math.floor((runs * (day + 1)) / DAYS) - first }, (_, index) => first + index);
      // Counts down, so that the order of names is not the order of time.
      await each(ofDay, (number) => begin(store, runs - number, now));
      await takeOn(store);
      await each(ofDay, (number) => decide(store, runs - number, now));
      // The time at which everything is reported.
      now += 60_000;
      await forgetReports(store);
    }
  } finally {
    await store.close();
  }
}

async function begin(store: Store, number: number, now: number): Promise<void> {
  const workflow = workflowOf(number);
  const distinctId = personOf(number);
  const occurredAt = new Date(now - (number % 3_600) * 1000).toISOString();
  const event = (uuid: string, name: string): LifecycleEvent => ({
    source: "posthog",
    uuid,
    name,
    distinctId,
    occurredAt,
    properties: { checkout_url: `https://app.acme.example/checkout/c_${number}`, cart_value: number, $lib: "web" },
    personProperties: null,
  });
  const begun = event(`event-${number}`, "began");
  const run = {
    transactionId: `${begun.uuid}:${workflow}`,
    eventUuid: begun.uuid,
    eventName: begun.name,
    source: "posthog" as const,
    distinctId,
    occurredAt,
    snapshot: {},
  };
  const start = {
    workflow,
    run,
    to: { subscriberId: distinctId },
    payload: {},
    addressWait: null,
    startBy: null,
    occurrence: null,
  };
  await store.events.insert(begun, { starts: [{ ...start, entry: "always" }], exits: [] });
  if (number % 10 === 0) {
    const ended = event(`exit-${number}`, "ended");
    const exit = { workflow, distinctId, eventUuid: ended.uuid, eventName: ended.name, occurredAt };
    await store.events.insert(ended, { starts: [], exits: [exit] });
    await store.runs.markExiting(exit);
  }
  if (number % 5 === 0)
    await store.events.insertIgnored({
      source: "posthog",
      receivedAt: new Date(now).toISOString(),
      reason: `does not fit ${workflow}: property ${number % 40} is missing`,
      eventUuid: `aside-${number}`,
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

async function decide(store: Store, number: number, now: number): Promise<void> {
  const workflow = workflowOf(number);
  const facts = { workflow, distinctId: personOf(number), transactionId: `event-${number}:${workflow}` };
  for (const [index, step] of STEPS.entries()) {
    const isLast = index === STEPS.length - 1;
    // Every third run is in progress.
    if (isLast && number % 3 === 0) return;
    const reason = (number + index) % 4 === 0 ? OTHER_REASONS[number % 4] : undefined;
    const decision: Decision = {
      ...facts,
      step,
      channel: CHANNELS[(number + index) % 3] ?? "email",
      outcome: reason === undefined ? "sent" : "skipped",
      reason: reason ?? null,
      detail: reason === undefined ? null : `as of ${number}`,
      ...NOTHING_COMPOSED,
      personSource: "posthog",
      decidedAt: new Date(now + index * 1000).toISOString(),
    };
    await store.decisions.record(decision, { endsRun: isLast });
  }
}

async function forgetReports(store: Store): Promise<void> {
  for (;;) {
    const claimed = await store.jobs.claim("posthog", 1_000, DAY_MS);
    if (claimed.length === 0) return;
    await store.jobs.complete(claimed.map(({ id }) => id));
  }
}

function workflowOf(number: number): string {
  return number === 1 ? "onboarding" : (WORKFLOWS[number % WORKFLOWS.length] ?? "onboarding");
}

/** Every hundredth run belongs to the same person. */
function personOf(number: number): string {
  return number % 100 === 1 ? PERSON : `person-${number % 3_000}`;
}

async function each<Item>(items: Item[], job: (item: Item) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const one = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await job(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
}
