import type { Request } from "express";
import { type Decision, isFinal, NOTHING_COMPOSED } from "../contracts/decision.ts";
import { isOfOneJob } from "../contracts/run.ts";
import { lostWith, sendingStepsOf } from "../contracts/shape.ts";
import type { Continuation } from "./continue-run.ts";
import { type Answer, type Call, codeOf, type ExecuteBody } from "./execute-call.ts";
import { lostSteps } from "./lost-steps.ts";

/** Why a message was not sent that was ready. */
const GONE = "Novu waited no longer";

/**
 * Answers the decision that holds; with `ifOpen` this one does only where nothing final was decided, with
 * `insteadOf` only where that was. `isLast` says whether the run ends with this step.
 */
export type RecordDecision = (
  decision: Decision,
  options: { ifOpen?: boolean; insteadOf?: Decision; isLast: boolean },
) => Promise<Decision>;

/**
 * Records the decisions of a call when its message is handed over, and else that it could not be made; answers what
 * Novu is to be told then. The record has the last word: a person who is out by then is sent nothing, and neither is
 * one to whom another job of Novu's has sent this message.
 */
export function createSettle({
  record,
  decisionsOf,
  now,
}: {
  record: RecordDecision;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  now: () => number;
}) {
  return async (
    answer: Answer,
    {
      call,
      request: { socket, body },
      continuation: { run, shape, notices, gathered },
      noted,
      isLate,
    }: { call: Call; request: Request; continuation: Continuation; noted: Decision[]; isLate(): boolean },
  ): Promise<Answer> => {
    const isGone = () => socket.destroyed || isLate();
    const isLast = (step: string) => shape !== null && sendingStepsOf(shape).at(-1)?.step === step;

    if (answer.status < 400 && !isGone()) {
      const missed = await lost();
      for (const notice of [...notices, ...missed]) await record(notice, { ifOpen: true, isLast: false });
      await recordGathered(missed);
      let isLeftOut = false;
      for (const one of noted.filter((one) => !isDigested(one))) isLeftOut = !(await handOver(one)) || isLeftOut;
      return isLeftOut ? leftOut(answer) : answer;
    }
    if (answer.status === 401) return answer;
    await recordGathered([]);
    await recordFailure();
    return answer;

    /** Of the runs in this one, whatever becomes of its own message; its earlier ones that are lost are lost to them. */
    async function recordGathered(missed: Decision[]): Promise<void> {
      const theirs = [...gathered, ...noted.filter(isDigested)];
      for (const { step, channel } of missed)
        for (const decision of theirs) await record({ ...decision, step, channel }, { ifOpen: true, isLast: false });
      for (const decision of theirs) await record(decision, { ifOpen: true, isLast: isLast(decision.step) });
    }

    /** Messages of earlier steps that Novu has lost, or left out without a call. */
    async function lost(): Promise<Decision[]> {
      const { workflow } = call;
      if (run === null || shape === null || workflow === null || isOfOneJob(run)) return [];
      const over = lostSteps((body as ExecuteBody).state, sendingStepsOf(shape));
      if (over.length === 0) return [];
      const { transactionId, distinctId } = run;
      const decided = await decisionsOf([transactionId]);
      const decidedAt = new Date(now()).toISOString();
      return over.flatMap((one): Decision[] => {
        const before = decided.find(({ step }) => step === one.step);
        if (before === undefined)
          return [{ transactionId, distinctId, workflow, ...one, ...NOTHING_COMPOSED, decidedAt }];
        // Novu asks for it no more, so the failure that was noted stands.
        return one.outcome === "failed" && !isFinal(before) ? [{ ...before, receipt: "corrected" }] : [];
      });
    }

    /** Whether the answer may stay as it is. */
    async function handOver(noted: Decision): Promise<boolean> {
      const { step, outcome } = noted;
      const decision = call.jobId === null ? noted : { ...noted, jobId: call.jobId };
      const holds = await record(decision, { isLast: isLast(step) });
      if (outcome !== "sent") return true;
      if (holds.outcome !== "sent" || isOfAnotherJob(holds, call)) return false;
      // Novu hung up while that was written; it may ask again, or not. After an answer that was late it does, and the
      // next call may have sent the message by now.
      if (socket.destroyed)
        await record(
          { ...holds, outcome: "failed", reason: "error", detail: GONE },
          { insteadOf: holds, isLast: isLast(step) },
        );
      return true;
    }

    async function recordFailure(): Promise<void> {
      if (run === null || shape === null || call.workflow === null || call.step === null) return;
      const { transactionId, distinctId } = run;
      const isAnswered = answer.status < 400;
      for (const { step, channel } of lostWith(shape, call.step)) {
        const failed = {
          ...{ transactionId, distinctId, workflow: call.workflow, step, channel },
          ...({ outcome: "failed", reason: "error", ...NOTHING_COMPOSED } as const),
          detail: isAnswered ? GONE : (codeOf(answer.body) ?? `status ${answer.status}`),
          ...(call.jobId !== null && { jobId: call.jobId }),
          decidedAt: new Date(now()).toISOString(),
        };
        // Another call may have come to an end by then, and a run whose wait failed may go on after all.
        await record(failed, { ifOpen: isAnswered || step !== call.step, isLast: isLast(step) });
      }
    }
  };
}

/** As the framework says that a message is left out. */
function leftOut(answer: Answer): Answer {
  const body = { ...(JSON.parse(answer.body) as object), outputs: {}, options: { skip: true } };
  return { ...answer, body: JSON.stringify(body) };
}

function isOfAnotherJob({ jobId }: Decision, call: Call): boolean {
  return jobId !== undefined && call.jobId !== null && jobId !== call.jobId;
}

function isDigested({ reason }: Decision): boolean {
  return reason === "digested";
}
