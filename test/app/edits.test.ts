import { expect, it } from "vitest";
import type { Decision } from "../../src/contracts/decision.ts";
import type { NovuPlan } from "../../src/contracts/novu.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { type EditCase, editCases, type StepSpec, workflowOf } from "../support/edits.tsx";
import { freePort } from "../support/free-port.ts";
import { testSandbox } from "../support/sandbox.ts";

/** Novu takes as many workflows on the plan. */
const AT_ONCE = 20;
const HOUR_MS = 60 * 60 * 1000;
/** NOVU_PLAN before and after the edit: it cuts waits into steps. */
const PLANS: Array<[NovuPlan, NovuPlan]> = [
  ["free", "pro"],
  ["pro", "free"],
  ["free", "free"],
  ["pro", "pro"],
];
const LONGEST_RUN = { days: 30 };

it("people finish what they began, whichever edits happen meanwhile", () => check(50), 120_000);

it("in many edits as well", { tags: ["long"], timeout: 240_000 }, () => check(360));

async function check(count: number): Promise<void> {
  const seed = Number(process.env.EDITS_SEED ?? Date.now() % 2 ** 31);
  process.stdout.write(`${count} edits of workflows that people are in: EDITS_SEED=${seed}\n`);
  const cases = editCases(count, seed).map((one, index) =>
    // A step that is of another type now must not run in between, while Novu still has the old one.
    isSyncedAtOnce(Math.floor(index / AT_ONCE)) || !isRetyped(one)
      ? one
      : { ...one, beganHours: Math.abs(one.beganHours) },
  );
  const faults: string[] = [];
  for (let batch = 0; batch * AT_ONCE < count; batch += 1) {
    const [before = "free", after = "free"] = PLANS[batch % PLANS.length] ?? [];
    const some = cases.slice(batch * AT_ONCE, (batch + 1) * AT_ONCE);
    faults.push(...(await faultsOf(some, { before, after, isSyncedAtOnce: isSyncedAtOnce(batch) })));
  }
  expect(faults, `EDITS_SEED=${seed}`).toEqual([]);
}

/** In some batches people begin before Novu knows of the new version. */
function isSyncedAtOnce(batch: number): boolean {
  return batch % 3 !== 2;
}

function isRetyped({ before, after }: EditCase): boolean {
  return before.steps.some(({ id, kind }) => after.steps.some((one) => one.id === id && one.kind !== kind));
}

async function faultsOf(
  cases: EditCase[],
  { before, after, isSyncedAtOnce }: { before: NovuPlan; after: NovuPlan; isSyncedAtOnce: boolean },
): Promise<string[]> {
  const versions = (version: "before" | "after") =>
    cases.map((one, index) => workflowOf(`w${index}`, one[version], one.category));
  await using sandbox = await testSandbox({
    workflows: versions("before"),
    // Novu's own plan, which stays.
    plan: "pro",
    marketing: {
      cap: { most: 1_000, withinMs: 24 * HOUR_MS },
      hours: { from: "09:00", to: "20:00" },
      timeZone: "UTC",
    },
    ports: { app: await freePort(), posthog: 0, novu: 0, segment: 0 },
  });
  sandbox.config.novu.plan = before;
  await sandbox.restartApp();

  const hours = Math.max(...cases.map(({ beganHours }) => beganHours));
  for (let hour = hours; hour >= 0; hour -= 1) {
    for (const [index, { beganHours }] of cases.entries()) if (beganHours === hour) begin(sandbox, index);
    if (hour > 0) await sandbox.travel({ hours: 1 });
  }
  await sandbox.settled();
  const decidedBefore = await sandbox.app.store.decisions.list({ limit: 10_000 });

  sandbox.config.novu.plan = after;
  await sandbox.restartApp({ workflows: versions("after"), isSynced: isSyncedAtOnce });
  for (const [index, { beganHours }] of cases.entries()) if (beganHours < 0) begin(sandbox, index);
  // PostHog may have to deliver again, because its connection was to the app before.
  await sandbox.travel({ minutes: 10 });
  if (!isSyncedAtOnce) await sandbox.sync();
  await sandbox.travel(LONGEST_RUN);

  const decisions = await sandbox.app.store.decisions.list({ limit: 10_000 });
  const refused = sandbox.novu.bridgeCalls.filter(({ status }) => status !== 200);
  return [
    ...refused.map(({ url, status }) => `${url} was answered ${status}`),
    ...cases.flatMap((one, index) =>
      faultsOfCase(one, {
        sandbox,
        workflow: `w${index}`,
        decisions,
        decidedBefore,
        isOfAfter: one.beganHours < 0 && isSyncedAtOnce,
      }).map((fault) => `w${index}, ${before} to ${after}: ${fault}\n${JSON.stringify(one)}`),
    ),
  ];
}

function begin(sandbox: Sandbox, index: number): void {
  sandbox.posthog.capture({
    event: `go-w${index}`,
    distinctId: `p${index}`,
    properties: { $set: { email: `p${index}@example.com` } },
  });
}

function faultsOfCase(
  { category, before, after, beganHours }: EditCase,
  {
    sandbox,
    workflow,
    decisions,
    decidedBefore,
    isOfAfter,
  }: {
    sandbox: Sandbox;
    workflow: string;
    decisions: Decision[];
    decidedBefore: Decision[];
    /** Whether Novu had the new version when the run began. */
    isOfAfter: boolean;
  },
): string[] {
  const mine = (all: Decision[]) => all.filter((one) => one.workflow === workflow);
  const decided = mine(decisions);
  const messages = sandbox.novu.state.messages.filter(({ workflowId }) => workflowId === workflow);
  const then = (isOfAfter ? after : before).steps.filter(isMessage);
  const now = after.steps.filter(isMessage);
  const sent = (step: string) => messages.filter(({ stepId }) => stepId === step).length;
  // A run that the new version has begun has the new payload.
  const fits = ["as it was", "optional"].includes(after.payload) || beganHours < 0;
  const wasOver = then.every(({ id }) => mine(decidedBefore).some(({ step }) => step === id));
  const stays = (one: StepSpec) => now.some(({ id, kind }) => id === one.id && kind === one.kind);
  const { jobs = [], startedAt = 0 } = sandbox.novu.state.runs.find(({ workflowId }) => workflowId === workflow) ?? {};
  const isOver = jobs.length > 0 && jobs.every(({ status }) => ["completed", "canceled", "skipped"].includes(status));

  return [
    ...(isOver
      ? []
      : [`the run did not come to its end: ${jobs.map(({ stepId, status }) => `${stepId} ${status}`).join(", ")}`]),
    ...messages.filter(({ stepId }) => sent(stepId) > 1).map(({ stepId }) => `${stepId} was sent twice`),
    ...messages
      .filter(({ content }) => !/^found( 7)*$/.test(String(content.subject)))
      .map(({ stepId, content }) => `${stepId} says "${content.subject}"`),
    ...(category === "transactional" && beganHours >= 0
      ? messages.flatMap(({ stepId, sentAt }) => {
          const hours = Math.round((sentAt - startedAt) / HOUR_MS);
          const expected = hoursUntil(stepId);
          return hours === expected ? [] : [`${stepId} was sent after ${hours} hours instead of ${expected}`];
        })
      : []),
    ...decided.filter(({ outcome }) => outcome === "failed").map(({ step, detail }) => `${step} failed: ${detail}`),
    ...then
      .filter((one) => stays(one) && fits && sent(one.id) === 0)
      .map(({ id }) => `${id} is in both versions and was not sent: ${reasonOf(id)}`),
    ...[...then, ...(wasOver ? [] : now)]
      .filter(({ id }) => sent(id) === 0 && reasonOf(id) === undefined)
      .map(({ id }) => `${id} was not sent, and nothing says why`),
  ];

  /** Waits take as long as they did at the start; a digest that is gone by its time takes none. */
  function hoursUntil(step: string): number {
    let hours = 0;
    for (const one of before.steps) {
      if (one.id === step) break;
      if (one.kind === "wait") hours += one.days * 24;
      if (one.kind === "digest" && (hours <= beganHours || (stillDigests(one.id) && fits))) hours += one.days * 24;
    }
    return hours;
  }

  function stillDigests(step: string): boolean {
    return after.steps.some(({ id, kind }) => id === step && kind === "digest");
  }

  function reasonOf(step: string): string | null | undefined {
    return decided.find((one) => one.step === step && one.outcome === "skipped")?.reason;
  }
}

function isMessage({ kind }: StepSpec): boolean {
  return kind === "email" || kind === "in_app";
}
