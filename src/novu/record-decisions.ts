import { type Decision, isFinal, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import { isOfOneJob, partOf } from "../contracts/run.ts";
import { type SendingStep, type Shape, sendingStepsOf } from "../contracts/workflow.ts";
import { redactReason } from "../lib/redact.ts";
import {
  type Answer,
  type BridgeRequest,
  type Call,
  codeOf,
  type ExecuteBody,
  type StepAnswer,
  type StepState,
} from "./bridge-call.ts";
import type { Continuation } from "./continue-run.ts";

/** The detail of a message that was ready when Novu did not wait for the answer any more. */
const GONE = "Novu waited no longer";

/** The decisions in the store. */
export interface RecordedDecisions {
  /**
   * Records a decision, and returns the decision that is valid then. `ifOpen`: records it only if the message has no
   * final decision. `insteadOf`: records it only if that decision is still valid. `isLast`: the run ends with this
   * step.
   */
  recordDecision(
    decision: Decision,
    options: { ifOpen?: boolean; insteadOf?: Decision; isLast: boolean },
  ): Promise<Decision>;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  now(): number;
}

/**
 * Records the decisions of a step just before Novu gets the step's answer. The step's code makes a decision
 * (src/engine/decide-message.ts), and the bridge gets it with the answer. If Novu gets no answer, the message is
 * recorded as failed. If the person exited meanwhile, or another job of Novu has sent the message, the answer becomes a
 * skip.
 */
export function createRecordDecisions({ recordDecision, decisionsOf, now }: RecordedDecisions) {
  return async (
    { answer, decisions, failure }: StepAnswer,
    {
      call,
      request: { socket, body },
      continuation: { run, shape, notices, digested, isOfPart },
      isLate,
    }: { call: Call; request: BridgeRequest; continuation: Continuation; isLate(): boolean },
  ): Promise<Answer> => {
    const isGone = () => socket.destroyed || isLate();
    const isOfOther = ({ reason, transactionId }: Decision) =>
      reason === "digested" || (run !== null && transactionId !== run.transactionId);
    const isLast = (step: string) => shape !== null && sendingStepsOf(shape).at(-1)?.step === step;

    if (answer.status < 400 && !isGone()) {
      const lost = await lostBefore();
      for (const notice of [...notices, ...lost]) await recordDecision(notice, { ifOpen: true, isLast: false });
      await recordDigested(lost);
      let mayStay = true;
      for (const decision of decisions.filter((one) => !isOfOther(one)))
        mayStay = (await recordAnswered(decision)) && mayStay;
      return mayStay ? answer : asSkip(answer);
    }
    if (answer.status === 401) return answer;
    await recordDigested([]);
    await recordFailure();
    return answer;

    /** Decisions for messages of earlier steps that Novu has lost, or skipped without a call. */
    async function lostBefore(): Promise<Decision[]> {
      const { workflow } = call;
      if (run === null || shape === null || workflow === null || isOfOneJob(run)) return [];
      const steps = sendingStepsOf(shape).filter(({ step }) => isOfPart(step));
      const lost = lostSteps((body as ExecuteBody).state, steps);
      if (lost.length === 0) return [];
      const { transactionId, distinctId } = run;
      const decided = await decisionsOf([transactionId]);
      const decidedAt = new Date(now()).toISOString();
      return lost.flatMap((one): Decision[] => {
        const before = decided.find(({ step }) => step === one.step);
        if (before === undefined)
          return [{ transactionId, distinctId, workflow, ...one, ...NOTHING_COMPOSED, decidedAt }];
        // Novu does not call for this step again, so the recorded failure becomes final.
        return one.outcome === "failed" && !isFinal(before) ? [{ ...before, receipt: "corrected" }] : [];
      });
    }

    /**
     * Records the decisions of the runs that a digest put into this run, also if this run's own message fails. A lost
     * step is lost for those runs too.
     */
    async function recordDigested(lost: Decision[]): Promise<void> {
      const theirs = [...digested, ...decisions.filter(isOfOther)];
      for (const { step, channel } of lost)
        for (const decision of theirs)
          await recordDecision({ ...decision, step, channel }, { ifOpen: true, isLast: false });
      for (const decision of theirs) await recordDecision(decision, { ifOpen: true, isLast: isLast(decision.step) });
    }

    /** Records a decision. False if the message must not be sent, so that the answer has to become a skip. */
    async function recordAnswered(made: Decision): Promise<boolean> {
      const { step, outcome } = made;
      const part = run === null ? 0 : partOf(run);
      const decision = {
        ...made,
        ...(call.jobId !== null && { jobId: call.jobId }),
        ...(part > 0 && { part }),
      };
      const holds = await recordDecision(decision, { isLast: isLast(step) });
      if (outcome !== "sent") return true;
      if (holds.outcome !== "sent" || isOfAnotherJob(holds, call)) return false;
      // Novu closed the connection during the write, and may not retry. After a late answer (503) Novu does retry, so
      // the decision stays: the retry may have sent the message by now.
      if (socket.destroyed)
        await recordDecision(
          { ...holds, outcome: "failed", reason: "error", detail: GONE },
          { insteadOf: holds, isLast: isLast(step) },
        );
      return true;
    }

    async function recordFailure(): Promise<void> {
      if (run === null || shape === null || call.workflow === null || call.step === null) return;
      if (!isOfPart(call.step)) return;
      const { transactionId, distinctId } = run;
      const isAnswered = answer.status < 400;
      for (const { step, channel } of lostWith(shape, call.step)) {
        const failed = {
          ...{ transactionId, distinctId, workflow: call.workflow, step, channel },
          ...({ outcome: "failed", reason: "error", ...NOTHING_COMPOSED } as const),
          detail: isAnswered ? GONE : (failure ?? codeOf(answer.body) ?? `status ${answer.status}`),
          ...(call.jobId !== null && { jobId: call.jobId }),
          decidedAt: new Date(now()).toISOString(),
        };
        // `ifOpen`: another call may have decided by now, and a run may continue although a call for its wait failed.
        await recordDecision(failed, { ifOpen: isAnswered || step !== call.step, isLast: isLast(step) });
      }
    }
  };
}

/** An answer in which the message is skipped. */
function asSkip(answer: Answer): Answer {
  const body = { ...(JSON.parse(answer.body) as object), outputs: {}, options: { skip: true } };
  return { ...answer, body: JSON.stringify(body) };
}

function isOfAnotherJob({ jobId }: Decision, call: Call): boolean {
  return jobId !== undefined && call.jobId !== null && jobId !== call.jobId;
}

type LostStep = Pick<SendingStep, "step" | "channel"> & Pick<Decision, "outcome"> & Objection;

/**
 * The messages of a run that Novu has given up, from the state in a later call. They are used only if the message has
 * no final decision: Novu did not get our answer for a failed step, and did not call for a canceled step.
 */
export function lostSteps(state: StepState[], sendingSteps: Array<Pick<SendingStep, "step" | "channel">>): LostStep[] {
  return sendingSteps.flatMap(({ step, channel }): LostStep[] => {
    const { status, error } = state.find(({ stepId }) => stepId === step)?.state ?? {};
    if (status === "failed")
      return [{ step, channel, outcome: "failed", reason: "lost at Novu", detail: wordsOf(error) }];
    if (status !== "canceled") return [];
    const detail = "Novu left it out without a call";
    return [{ step, channel, outcome: "skipped", reason: "outside the schedule", detail }];
  });
}

/** The error is a text, or an object whose `stack` has the message in its first line. */
function wordsOf(error: unknown): string {
  const { stack, message } = (error ?? {}) as { stack?: unknown; message?: unknown };
  const [said] = [error, message, stack].filter((one): one is string => typeof one === "string" && one !== "");
  return redactReason(said?.split("\n")[0] ?? "Novu gives no reason");
}

/**
 * The messages that are lost when Novu gives up a step. A failed wait ends the run, so all later messages are lost. A
 * failed message is the only message that is lost.
 */
function lostWith({ steps }: Shape, step: string): SendingStep[] {
  const index = steps.findIndex((one) => one.step === step);
  const isWait = ["delay", "digest"].includes(String(steps[index]?.type));
  return sendingStepsOf({ steps: steps.slice(index, isWait ? undefined : index + 1) });
}
