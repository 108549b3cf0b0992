import type { NOVU_PLANS } from "../../contracts/novu-plan.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Activity } from "../activity.ts";
import type { BridgeAnswer, BridgeClient } from "./bridge-call.ts";
import type { Job, JobStatus, NovuRun, NovuState } from "./state.ts";

type Plan = (typeof NOVU_PLANS)[keyof typeof NOVU_PLANS];

export interface NovuWorker {
  begin(run: NovuRun): void;
  /** Ends what waits, and says whether anything did. What runs already goes on. */
  cancel(transactionId: string): boolean;
  /** Takes up again what a restart interrupted. */
  resume(): void;
}

const UNIT_MS: Record<string, number> = {
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
  months: 2_592_000_000,
};
const CHANNELS: Record<string, string> = { email: "email", in_app: "in_app", sms: "sms", push: "push", chat: "chat" };
const ADDRESS: Record<string, "email" | "phone"> = { email: "email", sms: "phone" };
const OVER: JobStatus[] = ["completed", "failed", "canceled", "skipped"];

/**
 * Novu's worker as far as a bridge can tell: the steps of a run strictly in order, one signed call
 * each, delays on the sandbox's clock, and what a skip or a failure does to the rest.
 */
export function createNovuWorker({
  state,
  bridge,
  plan,
  clock,
  activity,
}: {
  state: NovuState;
  bridge: BridgeClient;
  plan: Plan;
  clock: Clock;
  activity: Activity;
}): NovuWorker {
  return {
    begin: advance,

    cancel(transactionId) {
      let any = false;
      for (const run of state.runs.filter((candidate) => candidate.transactionId === transactionId)) {
        const waits = run.jobs.findIndex(({ status }) => status === "delayed");
        if (waits === -1) continue;
        any = true;
        for (const job of run.jobs.slice(waits)) end(job, "canceled");
      }
      return any;
    },

    resume() {
      for (const run of state.runs) {
        for (const job of run.jobs) {
          if (job.status === "running") job.status = "pending";
          if (job.status === "delayed") setAlarm(run, job);
        }
        if (!run.jobs.some(({ status }) => status === "delayed")) advance(run);
      }
    },
  };

  function advance(run: NovuRun): void {
    void activity.during(() => runSteps(run));
  }

  async function runSteps(run: NovuRun): Promise<void> {
    for (const job of run.jobs) {
      if (OVER.includes(job.status)) continue;
      job.status = "running";
      job.changedAt = clock.now();
      await perform(run, job);
      if (isDelayed(job)) return;
    }
  }

  async function perform(run: NovuRun, job: Job): Promise<void> {
    const isAction = !(job.type in CHANNELS) && job.type !== "custom";
    const answer = await ask(run, job);
    const { options, outputs = {} } = answer.body as {
      options?: { skip?: boolean };
      outputs?: Record<string, unknown>;
    };

    if (answer.status !== 200)
      return fail(
        run,
        job,
        `the bridge answered ${answer.status || "nothing"}: ${String(answer.body.message)}`,
        isAction,
      );
    if (options?.skip === true) return end(job, isAction ? "skipped" : "canceled");
    if (job.type === "delay") return delay(run, job, outputs);
    if (job.type === "custom") return end(job, "completed", outputs);
    if (isAction) return fail(run, job, `the local Novu does not know steps of type "${job.type}"`, true);
    deliver(run, job, outputs);
  }

  function ask(run: NovuRun, job: Job): Promise<BridgeAnswer> {
    const earlier = run.jobs.slice(0, run.jobs.indexOf(job)).reverse();
    const stepState = earlier.map(({ stepId, outputs, status, error }) => ({
      stepId,
      outputs,
      state: { status, ...(error !== null && { error }) },
    }));
    const query = {
      action: "execute",
      workflowId: run.workflowId,
      stepId: job.stepId,
      environmentType: "dev",
      jobId: job.id,
    };
    return bridge.post(state.bridgeUrl ?? "http://no-bridge.invalid", query, {
      payload: run.payload,
      controls: {},
      // Nearest first, and the trigger itself at the end.
      state: [...stepState, { stepId: "", outputs: {}, state: { status: "completed" } }],
      subscriber: state.subscribers[run.subscriberId] ?? { subscriberId: run.subscriberId },
      context: {},
      env: { name: "Local", type: "dev" },
    });
  }

  function delay(run: NovuRun, job: Job, { amount, unit }: Record<string, unknown>): void {
    const durationMs = Number(amount) * (UNIT_MS[String(unit)] ?? Number.NaN);
    if (Number.isNaN(durationMs))
      return fail(run, job, `the local Novu knows regular delays only, not ${String(amount)} ${String(unit)}`, true);
    if (durationMs > plan.longestDelayMs) return fail(run, job, "Defer duration limit exceeded", true);
    job.status = "delayed";
    job.outputs = { duration: durationMs };
    job.wakesAt = clock.now() + durationMs;
    setAlarm(run, job);
  }

  function setAlarm(run: NovuRun, job: Job): void {
    clock.at(job.wakesAt ?? clock.now(), () => {
      if (job.status !== "delayed") return;
      end(job, "completed", job.outputs);
      advance(run);
    });
  }

  function deliver(run: NovuRun, job: Job, content: Record<string, unknown>): void {
    const subscriber = state.subscribers[run.subscriberId];
    const preferences = state.preferences[run.subscriberId] ?? {};
    const wanted = preferences[run.workflowId]?.[job.type] ?? preferences[""]?.[job.type] ?? true;
    if (!wanted) return end(job, "canceled");

    const field = ADDRESS[job.type];
    const to = field === undefined ? null : (subscriber?.[field] ?? null);
    if (field !== undefined && to === null) return fail(run, job, `the subscriber has no ${field}`, false);

    const { transactionId, workflowId, subscriberId } = run;
    state.messages.push({
      id: job.id,
      transactionId,
      workflowId,
      subscriberId,
      stepId: job.stepId,
      channel: job.type,
      to,
      content,
      sentAt: clock.now(),
      seen: false,
      read: false,
    });
    end(
      job,
      "completed",
      job.type === "in_app" ? { seen: false, read: false, lastSeenDate: null, lastReadDate: null } : {},
    );
  }

  /** A failed action ends the run; after a failed message the next step follows. */
  function fail(run: NovuRun, job: Job, error: string, endsRun: boolean): void {
    end(job, "failed");
    job.error = error;
    if (endsRun) for (const later of run.jobs.slice(run.jobs.indexOf(job) + 1)) end(later, "canceled");
  }

  function end(job: Job, status: JobStatus, outputs?: Record<string, unknown>): void {
    job.status = status;
    job.changedAt = clock.now();
    // A skipped note reads as one that nobody has seen.
    job.outputs =
      outputs ?? (job.type === "in_app" ? { seen: false, read: false, lastSeenDate: null, lastReadDate: null } : {});
  }
}

function isDelayed({ status }: Job): boolean {
  return status === "delayed";
}
