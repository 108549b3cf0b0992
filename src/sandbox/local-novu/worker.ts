import { isChannel } from "../../contracts/channel.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Activity } from "../activity.ts";
import type { BridgeAnswer, BridgeClient } from "./bridge-call.ts";
import { contextOf } from "./contexts.ts";
import {
  find,
  isOver,
  type Job,
  type JobDetail,
  type Message,
  type NovuRun,
  type NovuState,
  type NovuSubscriber,
} from "./state.ts";
import { delay, digest, digestedEvents, promoteFollower, throttle } from "./steps/actions.ts";
import { deliver } from "./steps/deliver.ts";
import type { AnsweredStep, Plan, ProviderRefusal, StepResult } from "./steps/step.ts";

/**
 * Novu's worker. It runs the steps of a run strictly in order, with a signed call to the bridge for each, and waits on
 * the sandbox's clock. A skipped or failed step may end the run.
 */
export function createNovuWorker({
  state,
  bridge,
  plan,
  refusal,
  environment,
  onMessage,
  clock,
  activity,
}: {
  state: NovuState;
  bridge: BridgeClient;
  plan: Plan;
  refusal: ProviderRefusal;
  environment(): "dev" | "prod";
  /** Called with each message, also one that its provider refused. */
  onMessage(message: Message): void;
  clock: Clock;
  activity: Activity;
}) {
  return {
    begin: advance,

    /**
     * Cancels the waiting or merged job of the transaction's runs, and the jobs after it. A running job continues.
     * Returns false if no job waits or was merged.
     */
    cancel(transactionId: string): boolean {
      let any = false;
      for (const run of find(state).runs(transactionId)) {
        const job = run.jobs.find(({ status }) => status === "delayed" || status === "merged");
        if (job === undefined) continue;
        any = true;
        const waited = job.status === "delayed";
        settle(run, job, { status: "canceled", rest: "canceled" });
        const next = waited && job.type === "digest" ? promoteFollower(state, { run, job }) : null;
        if (next !== null) setAlarm(next.run, next.job);
      }
      return any;
    },

    /** Continues the runs that a restart interrupted. */
    resume(): void {
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
      if (isOver(job)) continue;
      job.status = "running";
      job.changedAt = clock.now();
      while (isRunning(job)) settle(run, job, await runStep(run, job));
      if (isDelayed(job)) return;
    }
  }

  async function runStep(run: NovuRun, job: Job): Promise<StepResult> {
    if (!state.workflows.some(({ workflowId }) => workflowId === run.workflowId))
      return failed(job, `Workflow ${run.workflowId} is not found`);
    const known = state.subscribers[run.subscriberId];
    const subscriber = known && structuredClone({ channels: [], ...known });
    const { status, body } = await callBridge(run, job, subscriber);
    const {
      options,
      outputs = {},
      providers,
    } = body as {
      options?: { skip?: boolean };
      outputs?: Record<string, unknown>;
      providers?: unknown;
    };
    if (status !== 200) {
      const error = `the bridge answered ${status || "nothing"}: ${String(body.message)}`;
      const raw = JSON.stringify({ statusCode: status, message: body.message });
      return failed(job, error, { detail: "Bridge execution failed", status: "Failed", raw });
    }
    if (options?.skip === true) return { status: isAction(job) ? "skipped" : "canceled" };
    try {
      const sentBefore = state.messages.length;
      const answered = { state, plan, run, job, subscriber, outputs, providers, refusal, now: clock.now() };
      const result = resultOf(answered);
      state.messages.slice(sentBefore).forEach(onMessage);
      return result;
    } catch (error) {
      return failed(job, describeError(error));
    }
  }

  function callBridge(run: NovuRun, job: Job, subscriber: NovuSubscriber | undefined): Promise<BridgeAnswer> {
    const earlier = run.jobs.slice(0, run.jobs.indexOf(job)).reverse();
    const query = {
      action: "execute",
      workflowId: run.workflowId,
      stepId: job.stepId,
      environmentType: environment(),
      jobId: job.id,
    };
    return bridge.post(state.bridgeUrl ?? "http://no-bridge.invalid", query, {
      payload: run.payload,
      controls: state.controls[run.workflowId]?.[job.stepId] ?? {},
      // The nearest step first, and the trigger itself last.
      state: [
        ...earlier.map((one) => stepState(state, run, one, clock.now())),
        { stepId: "", outputs: {}, state: { status: "completed" } },
      ],
      subscriber: subscriber ?? { subscriberId: run.subscriberId },
      context: contextOf(state, run),
      env: { name: "Local", type: environment() },
    });
  }

  function settle(run: NovuRun, job: Job, { rest, ...changes }: StepResult): void {
    Object.assign(job, changes, { changedAt: clock.now() });
    if (isDelayed(job)) setAlarm(run, job);
    if (rest === undefined) return;
    for (const later of run.jobs.slice(run.jobs.indexOf(job) + 1)) settle(run, later, { status: rest });
  }

  function setAlarm(run: NovuRun, job: Job): void {
    clock.at(job.wakesAt ?? clock.now(), () => {
      if (!isDelayed(job)) return;
      settle(run, job, { status: "completed" });
      advance(run);
    });
  }
}

function resultOf(step: AnsweredStep): StepResult {
  const { type } = step.job;
  if (type === "delay") return delay(step);
  if (type === "digest") return digest(step);
  if (type === "throttle") return throttle(step);
  if (type === "custom") return { status: "completed", outputs: step.outputs };
  if (isChannel(type)) return deliver(step);
  throw new Error(`the local Novu has no steps of type "${type}"`);
}

/** A failed delay, digest or throttle ends the run. After a failed message or custom step the run continues. */
function failed(job: Job, error: string, detail: JobDetail = { detail: error, status: "Failed" }): StepResult {
  return { status: "failed", error, details: [detail], ...(isAction(job) && { rest: "canceled" as const }) };
}

function isAction({ type }: Job): boolean {
  return !isChannel(type) && type !== "custom";
}

function isRunning({ status }: Job): boolean {
  return status === "running";
}

function isDelayed({ status }: Job): boolean {
  return status === "delayed";
}

/** The state of an earlier step in a call to the bridge, as of now. */
function stepState(state: NovuState, run: NovuRun, job: Job, now: number): object {
  const { stepId, status, error } = job;
  return { stepId, outputs: outputsOf(state, run, job, now), state: { status, ...(error !== null && { error }) } };
}

function outputsOf(state: NovuState, run: NovuRun, job: Job, now: number): Record<string, unknown> {
  switch (job.type) {
    case "custom":
      return job.outputs;
    case "delay":
      // Novu counts the duration from the trigger, even for a skipped delay.
      return { duration: now - run.startedAt };
    case "digest":
      return digestedEvents(state, { run, job });
    case "throttle":
      return { throttled: false };
    case "in_app": {
      const message = find(state).message(job.id);
      return {
        seen: message?.seen ?? false,
        read: message?.read ?? false,
        lastSeenDate: message?.lastSeenDate ?? null,
        lastReadDate: message?.lastReadDate ?? null,
      };
    }
    default:
      return {};
  }
}
