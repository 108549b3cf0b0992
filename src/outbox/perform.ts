import { type Capture, captureOf } from "../contracts/capture.ts";
import { type Decision, NOTHING_COMPOSED } from "../contracts/decision.ts";
import type { Chosen } from "../contracts/job.ts";
import type { EntryLimit, Exit, Start } from "../contracts/notification.ts";
import { isOfOneJob, isTriggeredHere, type Run } from "../contracts/run.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { SECOND_MS } from "../lib/durations.ts";
import { RetryLaterError, StoppingError, UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createBursts } from "./bursts.ts";
import { createJoin, type Joining } from "./join-persons.ts";
import type { createOverdue } from "./overdue.ts";
import type { createReceipts } from "./receipts.ts";
import { type Acquaintances, type Address, createRecipientFinder } from "./recipient.ts";
import { createRefresh } from "./refresh-subscriber.ts";
import { createUpsertSubscriber, type Profiled, type Profiles, type Subscribers } from "./upsert-subscriber.ts";
import type { JobAttempt } from "./worker.ts";

const LOOK_AGAIN_MS = SECOND_MS;
/** PostHog takes 1,200 reads an hour, of which the steps need the most. Source: https://posthog.com/docs/api#rate-limiting */
const READS_EVERY_MS = 5_000;

type Why = Pick<Decision, "reason" | "detail">;

/** Where the runs' facts are kept. */
interface Runs {
  exitSince(query: {
    workflow: string;
    distinctId: string;
    transactionId: string;
    since: string;
  }): Promise<string | null>;
  endRuns(exit: Exit): Promise<string[]>;
  runState(transactionId: string): Promise<string | null>;
  markExited(transactionId: string): Promise<void>;
  markStarted(transactionId: string, workflow: string): Promise<"started" | "exited">;
  decidedSteps(transactionId: string, options?: { failed: boolean }): Promise<string[]>;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<unknown>;
  occurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;
  enter(run: Run & { workflow: string }, limit: EntryLimit): Promise<boolean>;
  refuse(transactionId: string): Promise<void>;
  isJoining(distinctId: string): Promise<boolean>;
  /** Keeps the recipient of a trigger to which Novu has said nothing. */
  keepRecipient(trigger: { transactionId: string; refusals: number; recipient: Profiled }): Promise<void>;
}

/**
 * Does one job at Novu or PostHog; throws when it is to be tried again. Starts and exits
 * of one person may come in any order and side by side: each looks at the facts before and after
 * its call, so that a person who has left ends up with no run.
 */
export function createPerform({
  novu,
  runs,
  report,
  sendPreferences,
  receipts,
  overdue,
  sendingSteps,
  stepsOfRun,
  pace,
  paceProfiles,
  onTriggered = () => {},
  now,
  log,
}: {
  novu: Subscribers & {
    trigger(start: Start, idempotencyKey: string): Promise<void>;
    cancel(transactionId: string): Promise<void>;
  };
  runs: Runs & Profiles & Acquaintances & Joining;
  /** Tells PostHog what became of a message. */
  report: (capture: Capture) => Promise<void>;
  sendPreferences: { novu(chosen: Chosen): Promise<void>; postHog(chosen: Chosen): Promise<void> };
  receipts: ReturnType<typeof createReceipts>;
  overdue: ReturnType<typeof createOverdue>;
  /** Of the code of now. */
  sendingSteps: (workflow: string) => SendingStep[];
  /** Of the code that the run began with. */
  stepsOfRun: (transactionId: string, workflow: string) => Promise<SendingStep[]>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel, which it counts together. */
  pace: () => Promise<void>;
  /** Resolves when it has room for one more change of a subscriber. */
  paceProfiles: () => Promise<void>;
  onTriggered?: (workflow: string) => void;
  now: () => number;
  log: Log;
}): (job: JobAttempt) => Promise<void> {
  const tell = createUpsertSubscriber({ novu, profiles: runs, pace: paceProfiles, log });
  const reads = createBursts({ everyMs: READS_EVERY_MS, now });
  const introduce = createRecipientFinder({ acquaintances: runs, tell: tell.profile, reads, now, log });
  const join = createJoin(runs, reads);
  const refresh = createRefresh({ ...runs, tell: tell.profile, now });

  return async (attempt) => {
    const { kind, body } = attempt.job;
    if (kind === "start") await start(body, attempt);
    else if (kind === "exit") await exit(body);
    else if (kind === "unheard") await unheard(body);
    else if (kind === "receipt") await receipts(body);
    else if (kind === "overdue") await overdue(body);
    else if (kind === "profile") await tell.profile(await introduce.wholeOf(body));
    else if (kind === "refresh") await refresh(body);
    else if (kind === "join") await join(body);
    else if (kind === "preferences") await sendPreferences.novu(body);
    else if (kind === "unwanted") await sendPreferences.postHog(body);
    else if (kind === "report") await report(captureOf(body));
    else await report(body);
  };

  async function start(start: Start, { refusals, isTried }: JobAttempt): Promise<void> {
    const { run, workflow } = start;
    const [told, state, isOften, objection] = await Promise.all([
      runs.profileTold(run.distinctId),
      runs.runState(run.transactionId),
      hasHappenedOften(start),
      objectionTo(start),
    ]);
    // The person was forgotten while this work was in hand.
    if (state === null) return;
    // Killed between Novu's yes, or our own no, and the end of this work.
    if (state === "started" || state === "not started") return tell.again(told);
    if (!isOften) return refuseUnlessJoining(run);
    if (objection !== null) {
      // An earlier try may have reached Novu although its answer never reached us.
      await cancel(run.transactionId, workflow);
      return noteUnsent(run, workflow, objection);
    }
    if (!(await runs.enter({ ...run, workflow }, start.entry))) {
      await noteUnsent(run, workflow, { reason: "entered before", detail: null });
      return runs.refuse(run.transactionId);
    }

    const recipient = await introduce.recipientOf(start, { refusals, isTried, needs: addressesOf(workflow) });
    // They were read just now, which takes time in which somebody may have them forgotten.
    if (recipient.subscriber !== start.to && (await runs.runState(run.transactionId)) === null) return;
    // Novu remembers an answer by this key, errors too. After a no the key must differ; after silence it must not.
    const idempotencyKey = refusals === 0 ? run.transactionId : `${run.transactionId}:${refusals}`;
    await pace();
    try {
      await novu.trigger({ ...start, to: recipient.subscriber }, idempotencyKey);
    } catch (error) {
      if (mayHaveArrived(error)) await runs.keepRecipient({ transactionId: run.transactionId, refusals, recipient });
      throw error;
    }
    onTriggered(workflow);
    log.info({
      component: "outbox",
      outcome: "triggered",
      workflow,
      transactionId: run.transactionId,
      eventUuid: run.eventUuid,
    });

    const [outcome] = await Promise.all([runs.markStarted(run.transactionId, workflow), tell.settle(recipient, told)]);
    if (outcome === "exited") await cancel(run.transactionId, workflow);
  }

  /** The events that make it often enough may be those of another id, which PostHog is just being asked about. */
  async function refuseUnlessJoining({ transactionId, distinctId }: Run): Promise<void> {
    if (await runs.isJoining(distinctId))
      throw new RetryLaterError("an id may turn out to be this person's", {
        retryAfterMs: LOOK_AGAIN_MS,
        answered: false,
      });
    await runs.refuse(transactionId);
  }

  function addressesOf(workflow: string): Address[] {
    const channels = sendingSteps(workflow).map(({ channel }) => channel);
    return [
      ...(channels.includes("email") ? (["email"] as const) : []),
      ...(channels.includes("sms") ? (["phone"] as const) : []),
    ];
  }

  /** Why a run is not to begin any more; null when it is. */
  async function objectionTo({ run, workflow, startBy }: Start): Promise<Why | null> {
    const { distinctId, transactionId, occurredAt: since } = run;
    const exitEvent = await runs.exitSince({ workflow, distinctId, transactionId, since });
    if (exitEvent !== null) return { reason: "exited", detail: exitEvent };
    const isLate = startBy !== null && now() > Date.parse(startBy);
    return isLate ? { reason: "too late", detail: `${run.eventName} happened at ${run.occurredAt}` } : null;
  }

  /** Whether the event is one of enough in some stretch of the time; in whatever order they came, the last to come sees them all. */
  async function hasHappenedOften({ run, workflow, occurrence }: Start): Promise<boolean> {
    if (occurrence === null) return true;
    const { nth, withinMs } = occurrence;
    const at = Date.parse(run.occurredAt);
    const times = await runs.occurrences({
      distinctId: run.distinctId,
      workflow,
      eventName: run.eventName,
      from: new Date(at - withinMs).toISOString(),
      to: new Date(at + withinMs).toISOString(),
    });
    return isOftenWithin(times, nth, withinMs);
  }

  async function exit({ workflow, ...exit }: Exit): Promise<void> {
    for (const transactionId of await runs.endRuns({ workflow, ...exit })) {
      // Novu cancels it for everybody whom the trigger has, which are several where it did not come from here.
      const isCanceled = isTriggeredHere({ transactionId, workflow });
      if (isCanceled && (await openSteps(transactionId, workflow)).length > 0) await cancel(transactionId, workflow);
      await noteUnsent({ ...exit, transactionId }, workflow, { reason: "exited", detail: exit.eventName });
      await runs.markExited(transactionId);
    }
  }

  async function unheard(run: Pick<Run, "transactionId" | "distinctId"> & { workflow: string }): Promise<void> {
    if (isOfOneJob(run)) return;
    const heardOf = await runs.decidedSteps(run.transactionId, { failed: true });
    const steps = await stepsOfRun(run.transactionId, run.workflow);
    const throttled = steps.filter(({ isThrottled }) => isThrottled);
    if (throttled.some(({ step }) => heardOf.includes(step))) return;
    await noteUnsent(run, run.workflow, { reason: "throttled", detail: null });
  }

  async function cancel(transactionId: string, workflow: string): Promise<void> {
    await pace();
    await novu.cancel(transactionId);
    log.info({ component: "outbox", outcome: "cancelled", workflow, transactionId });
  }

  /** Notes why the rest of a run's messages are not sent. */
  async function noteUnsent(
    { transactionId, distinctId }: Pick<Run, "transactionId" | "distinctId">,
    workflow: string,
    why: Why,
  ): Promise<void> {
    const facts = { transactionId, distinctId, workflow, outcome: "skipped", ...why, ...NOTHING_COMPOSED } as const;
    for (const { step, channel } of await openSteps(transactionId, workflow)) {
      await runs.decide({ ...facts, step, channel, decidedAt: new Date(now()).toISOString() }, { ifOpen: true });
    }
  }

  /** The sending steps of a run at which nothing was decided yet. */
  async function openSteps(transactionId: string, workflow: string): Promise<SendingStep[]> {
    const decided = await runs.decidedSteps(transactionId);
    const steps = await stepsOfRun(transactionId, workflow);
    return steps.filter(({ step }) => !decided.includes(step));
  }
}

/** Whether any `nth` of the times, earliest first, lie within so long. */
function isOftenWithin(times: string[], nth: number, withinMs: number): boolean {
  return times.some((time, index) => {
    const last = times[index + nth - 1];
    return last !== undefined && Date.parse(last) - Date.parse(time) <= withinMs;
  });
}

/** Whether Novu may have the trigger, so that the next attempt has the same key, and so the same recipient. */
function mayHaveArrived(error: unknown): boolean {
  if (error instanceof StoppingError) return false;
  return (error instanceof UnavailableError || error instanceof RetryLaterError) && !error.answered;
}
