import { isChannel } from "../contracts/channel.ts";
import type { NextPart } from "../contracts/event-wait.ts";
import type { Run } from "../contracts/run.ts";
import { type Shape, type ShapeStep, stepsBefore } from "../contracts/workflow.ts";
import { answerOf, type ExecuteBody, type StepAnswer, type StepState } from "./bridge-call.ts";
import { skippedDecision } from "./changed-steps.ts";
import { withResults } from "./complete-call.ts";
import type { CodedCall, RunRecords, StepCall } from "./continue-run.ts";

// A run that waits for an event has several parts. Novu cannot end a delay early, so each part is a trigger at Novu with
// all steps of the workflow, and a part leaves out the steps of the other parts.

/** The part that a step belongs to: the present one, an earlier or a later one. */
export type Place = { part: "present" } | { part: "earlier" } | { part: "later"; wait: ShapeStep };

/** Whether a step belongs to the present part of its run. `then` is the shape at the trigger. */
export function placeOf(
  step: string,
  { run: { before }, shape, then, state }: { run: Run; shape: Shape | null; then: Shape | null; state: StepState[] },
): Place {
  const steps = shape?.steps ?? [];
  const passed = steps.findLastIndex((one) => one.atMostMs !== undefined && before?.waits[one.step] !== undefined);
  const index = steps.findIndex((one) => one.step === step);
  if (before?.steps.includes(step) || (index !== -1 && index <= passed)) return { part: "earlier" };
  const wait = steps.slice(passed + 1, index + 1).find((one) => one.atMostMs !== undefined && isInRun(one));
  return wait === undefined ? { part: "present" } : { part: "later", wait };

  /** False for a wait that was added to the code after the trigger; it does not hold the run up. */
  function isInRun(wait: ShapeStep): boolean {
    if (wait.step === step) return true;
    const before = then?.steps.find((one) => one.step === wait.step);
    return (then === null || before?.atMostMs !== undefined) && state.some(({ stepId }) => stepId === wait.step);
  }
}

/** The answer for a step of an earlier part, which ran there, or was added to that part since. */
export function answerOfEarlierPart({ run, workflow, step, target, now }: StepCall): StepAnswer {
  const skip: StepAnswer = { answer: answerOf("skip"), decisions: [] };
  if (run.before?.steps.includes(step) || target === undefined || !isChannel(target.type)) return skip;
  const why = { reason: "added later", detail: null } as const;
  return { ...skip, decisions: [skippedDecision({ run, workflow, step, channel: target.type, ...why, now })] };
}

/**
 * The answer for a wait for an event, or for a step after it. Begins the wait, also in the call for a later step,
 * because the call for the wait itself may have been lost.
 */
export async function answerOfWait(
  wait: ShapeStep,
  coded: CodedCall,
  { records, beginWait }: { records: RunRecords; beginWait(next: NextPart): Promise<void> },
): Promise<StepAnswer> {
  const { run, workflow, step, code, then, body, now } = coded;
  const isWait = wait.step === step;
  const hasBegun =
    !isWait && body.state.some(({ stepId, state }) => stepId === wait.step && state?.status === "completed");
  if (!hasBegun) {
    await saveResults();
    const { run: _, ...payload } = body.payload;
    const payloadSchema = run.before?.payloadSchema ?? then?.payload;
    const earlier = stepsBefore(code.shape, wait.step);
    await beginWait({
      ...{ workflow, run, wait: wait.step, payload, ...(payloadSchema !== undefined && { payloadSchema }) },
      ...contextIn(body),
      steps: [...earlier, wait].map((one) => one.step),
      notes: earlier.filter(({ type }) => type === "in_app").map((one) => one.step),
      endsAt: new Date(now() + (wait.atMostMs ?? 0)).toISOString(),
    });
  }
  return { answer: answerOf(isWait ? {} : "skip"), decisions: [] };

  /** Saves the results of custom steps, because Novu does not have them in the next part. */
  async function saveResults(): Promise<void> {
    const { transactionId, distinctId } = run;
    const complete = await withResults(records, { ...coded, step: wait.step });
    for (const { step: before } of stepsBefore(code.shape, wait.step)) {
      const outputs = code.results.has(before) && complete.state.find(({ stepId }) => stepId === before)?.outputs;
      if (outputs)
        await records.saveCustomValue({ transactionId, distinctId, step: before }, outputs, { replace: false });
    }
  }
}

/** The ids of the context for a trigger. Novu has the data of each context. */
function contextIn({ context = {} }: ExecuteBody): Pick<NextPart, "context"> {
  const ids = Object.entries(context).flatMap(([type, { id }]) => (typeof id === "string" ? [[type, id]] : []));
  return ids.length === 0 ? {} : { context: Object.fromEntries(ids) };
}

/** The state in which the messages of earlier parts are done. Novu has them as skipped in this part. */
export function withEarlierParts(body: ExecuteBody, { before }: Run, shape: Shape | null): ExecuteBody {
  if (before === undefined) return body;
  const { steps, notes } = before;
  const isEarlierMessage = (step: string) =>
    steps.includes(step) && isChannel(shape?.steps.find((one) => one.step === step)?.type ?? "");
  return {
    ...body,
    state: body.state.map((entry) =>
      isEarlierMessage(entry.stepId)
        ? { ...entry, outputs: { ...entry.outputs, ...notes[entry.stepId] }, state: { status: "completed" } }
        : entry,
    ),
  };
}
