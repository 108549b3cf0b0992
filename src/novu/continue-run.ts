import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { Channel, type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import { isOfOneJob, Run } from "../contracts/run.ts";
import { type FixedWait, type Shape, type ShapeStep, sendingStepsOf } from "../contracts/shape.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { NOVU_UNITS_MS } from "../lib/novu-units.ts";
import { completePayload } from "./complete-payload.ts";
import { completeState } from "./complete-state.ts";
import { type Answer, answerOf, type Call, type ExecuteBody, type StepState } from "./execute-call.ts";
import { digestIn, type GatheredRun, gather } from "./gathered.ts";

/** A workflow as the code has it now. */
export interface WorkflowCode {
  shape: Shape;
  shapeId: string;
  /** Undefined where the workflow is none of ours. */
  payloadSchema: z.ZodObject | undefined;
  /** The schemas of the results of custom steps. */
  results: Map<string, z.ZodObject>;
}

/** How to go on with a call for one step of a run. */
export interface Continuation {
  /** Null for a try by hand. */
  run: Run | null;
  /** The steps of the run; null where the workflow and its history are unknown. */
  shape: Shape | null;
  /** Decisions about messages that the run does not have; they count only where nothing was decided. */
  notices: Decision[];
  /** Decisions about the same message of other runs, which a digest has put into this one. */
  gathered: Decision[];
  /** The body to run the code with. */
  body?: ExecuteBody;
  /** The answer where the code cannot give one, with the decision that goes with it. */
  standIn?: { answer: Answer; decision: Decision | null };
}

type OfOneRun = Omit<Continuation, "gathered">;

/** Finds out the outputs of a custom step now. Throws where the step fails. */
type RunCustom = (step: string, body: ExecuteBody) => Promise<Record<string, unknown>>;

/** The shapes and values that were kept. */
export interface Keeper {
  shape(id: string): Promise<Shape | null>;
  shapesOf(workflow: string): Promise<Shape[]>;
  /** Of a run that does not carry the id itself, because its trigger did not come from here. */
  shapeOfRun(transactionId: string): Promise<Shape | null>;
  keptValues(transactionId: string): Promise<Record<string, unknown>>;
  keepValue(
    step: { transactionId: string; step: string; distinctId: string },
    value: unknown,
    options: { replace: boolean },
  ): Promise<unknown>;
}

/**
 * Lets a run finish the way it began, whatever became of its workflow since. The code of now is asked for the steps
 * that both versions have, with a state and a payload that are completed for it. A step that the code has no more is
 * left out, and a wait takes as long as it did when the run began.
 */
export function createContinuation({
  codeOf,
  keeper,
  onWait,
  now,
}: {
  codeOf(workflow: string): WorkflowCode | undefined;
  keeper: Keeper;
  /** A wait of a run begins that the code knows nothing of. */
  onWait(run: Run, waitMs: number): Promise<void>;
  now: () => number;
}) {
  const shapes = new Map<string, Shape>();

  return async (call: Call, came: ExecuteBody, runCustom: RunCustom): Promise<Continuation> => {
    const code = call.workflow === null ? undefined : codeOf(call.workflow);
    const run = runIn(came);
    if (run === null || call.workflow === null || call.step === null)
      return { run: null, shape: code?.shape ?? null, notices: [], gathered: [], body: came };
    const { workflow: id, step } = { workflow: call.workflow, step: call.step };
    const isOfNow = code !== undefined && run.shape === code.shapeId;
    const then = isOfNow ? code.shape : await shapeThen(run);
    const target = code?.shape.steps.find((one) => one.step === step);
    const targetThen = then?.steps.find((one) => one.step === step) ?? (target ? undefined : await elsewhere(id, step));
    const shape = then ?? code?.shape ?? null;
    const digest = digestIn(came.state, [then, code?.shape ?? null]);
    const { state, gathered } = gather(came.state, { run, payloadSchema: code?.payloadSchema, digest });
    const body = digest === undefined ? came : { ...came, state };
    const leftOut = async (one: ShapeStep | undefined, why: Objection): Promise<OfOneRun> => {
      const notices = code === undefined ? [] : addedLater({ run, code: code.shape, then, step, missing: [] });
      return { run, shape, notices, standIn: await leaveOut(one, why, { run, workflow: id, then }) };
    };

    const continuation = async (): Promise<OfOneRun> => {
      // None that this app has ever had: the framework says so.
      if (code === undefined && targetThen === undefined) return { run, shape, notices: [], body };
      if (code === undefined || target === undefined) return leftOut(targetThen, { reason: "removed", detail: null });
      if (targetThen !== undefined && targetThen.type !== target.type)
        return leftOut(targetThen, { reason: "removed", detail: `it is ${target.type} now` });
      if (targetThen?.fixed !== undefined && !isDeepStrictEqual(targetThen.fixed, target.fixed))
        return leftOut(targetThen, { reason: "removed", detail: null });
      const known = await knownValue(run, step, code);
      if (known !== undefined) return { run, shape, notices: [], standIn: { answer: answerOf(known), decision: null } };
      if (isOfNow && isWhole(body, step, code.shape))
        return { run, shape, notices: [], body: await withCustomResults(body, step, { code, run, runCustom }) };

      const payload = payloadOf(body, { run, code, gathered });
      if ("misfit" in payload) return leftOut(target, { reason: "payload does not fit", detail: payload.misfit });
      const { state, missing } = completeState(body.state, {
        code: code.shape,
        then,
        target: step,
        digest,
        run,
        ...payload,
      });
      const whole = { ...body, payload: payload.payload, state };
      return {
        run,
        shape,
        notices: addedLater({ run, code: code.shape, then, step, missing }),
        body: await withCustomResults(whole, step, { code, run, runCustom }),
      };
    };

    return withGathered(gathered, await continuation(), { run, workflow: id, step: target ?? targetThen, code });
  };

  /** The same with the decisions of the runs in it, where the code does not make them. */
  function withGathered(
    gathered: GatheredRun[],
    { notices, ...continuation }: OfOneRun,
    {
      run,
      workflow,
      step,
      code,
    }: { run: Run; workflow: string; step: ShapeStep | undefined; code: WorkflowCode | undefined },
  ): Continuation {
    const theirs = notices.flatMap((notice) => gathered.map((one) => ({ ...notice, ...about(one.run) })));
    const channel = Channel.safeParse(step?.type).data;
    if (channel === undefined || step === undefined)
      return { ...continuation, notices: [...notices, ...theirs], gathered: [] };
    const isSaidByCode = continuation.standIn === undefined && code !== undefined && hasDigestBefore(step, code.shape);
    const decided = gathered.flatMap(({ run: one, misfit }) => {
      const message = { run: one, workflow, step: step.step, channel };
      if (misfit !== null && continuation.standIn === undefined)
        return skipped({ ...message, reason: "payload does not fit", detail: misfit });
      return isSaidByCode ? [] : skipped({ ...message, reason: "digested", detail: run.transactionId });
    });
    return { ...continuation, notices: [...notices, ...theirs], gathered: decided };
  }

  async function shapeThen({ transactionId, shape: id }: Run): Promise<Shape | null> {
    if (isOfOneJob({ transactionId })) return null;
    if (id === undefined) return keeper.shapeOfRun(transactionId);
    const cached = shapes.get(id);
    if (cached !== undefined) return cached;
    const shape = await keeper.shape(id);
    if (shape !== null) shapes.set(id, shape);
    return shape;
  }

  /** The step in another version: Novu may have been synced with it when the run was triggered. */
  async function elsewhere(workflow: string, step: string): Promise<ShapeStep | undefined> {
    const all = await keeper.shapesOf(workflow);
    return all.flatMap(({ steps }) => steps).find((one) => one.step === step);
  }

  /** Answers for a step without its code. A wait is kept; a message is not sent; anything else is left out. */
  async function leaveOut(
    step: ShapeStep | undefined,
    why: Objection,
    { run, workflow, then }: { run: Run; workflow: string; then: Shape | null },
  ): Promise<NonNullable<Continuation["standIn"]>> {
    const channel = Channel.safeParse(step?.type);
    if (step === undefined) return { answer: answerOf("skip"), decision: null };
    if (channel.success)
      return {
        answer: answerOf("skip"),
        decision: skipped({ run, workflow, step: step.step, channel: channel.data, ...why }),
      };
    if (step.fixed === undefined || isCovered(step.fixed, step.step, then))
      return { answer: answerOf("skip"), decision: null };
    const { amount, unit } = step.fixed;
    await onWait(run, amount * (NOVU_UNITS_MS[unit] ?? 0));
    return { answer: answerOf({ type: "regular", amount, unit }), decision: null };
  }

  /** Of a custom step that messages before it have needed, because the code has it in front of them now. */
  async function knownValue(
    run: Run,
    step: string,
    { results }: WorkflowCode,
  ): Promise<Record<string, unknown> | undefined> {
    const schema = results.get(step);
    if (schema === undefined) return undefined;
    const { [step]: value } = await keeper.keptValues(run.transactionId);
    return schema.safeParse(value).success ? (value as Record<string, unknown>) : undefined;
  }

  async function withCustomResults(
    body: ExecuteBody,
    target: string,
    { code, run, runCustom }: { code: WorkflowCode; run: Run; runCustom: RunCustom },
  ): Promise<ExecuteBody> {
    let completed = body;
    let kept: Record<string, unknown> | undefined;
    for (const { step } of code.shape.steps) {
      if (step === target) break;
      const schema = code.results.get(step);
      if (schema === undefined) continue;
      const there = completed.state.find(({ stepId }) => stepId === step);
      if (there !== undefined && isMade(there) && schema.safeParse(there.outputs).success) continue;
      kept ??= await keeper.keptValues(run.transactionId);
      const isKept = kept[step] !== undefined;
      const value =
        isKept && schema.safeParse(kept[step]).success
          ? kept[step]
          : await keeper.keepValue({ ...about(run), step }, await runCustom(step, completed), { replace: isKept });
      completed = { ...completed, state: withOutputs(completed.state, step, value) };
    }
    return completed;
  }

  function addedLater({
    run,
    code,
    then,
    step,
    missing,
  }: {
    run: Run;
    code: Shape;
    then: Shape | null;
    step: string;
    missing: string[];
  }): Decision[] {
    if (isOfOneJob(run)) return [];
    const toRun = (one: Pick<SendingStep, "step" | "channel">) =>
      skipped({ run, workflow: code.workflow, ...one, reason: "added later", detail: null });
    if (then === null)
      return sendingStepsOf(code)
        .filter(({ step: one }) => missing.includes(one))
        .map(toRun);
    const isLast = sendingStepsOf(then).at(-1)?.step === step;
    const at = ({ steps }: Shape, one: string) => steps.findIndex((known) => known.step === one);
    const isBefore = (shape: Shape, one: string) => at(shape, one) < at(shape, step);
    return sendingStepsOf(code)
      .filter((one) => one.step !== step)
      .filter(({ step: one, channel }) =>
        then.steps.some((known) => known.step === one && known.type === channel)
          ? // Novu may have been synced with an older version than the one that triggered the run.
            missing.includes(one) && isBefore(then, one)
          : isLast || isBefore(code, one),
      )
      .map(toRun);
  }

  function skipped({
    run,
    ...message
  }: { run: Run; workflow: string; step: string; channel: Decision["channel"] } & Objection): Decision {
    const decidedAt = new Date(now()).toISOString();
    const { workflow, step, channel, reason, detail } = message;
    const facts = { ...about(run), workflow, step, channel, reason, detail, decidedAt };
    return { ...facts, outcome: "skipped", ...NOTHING_COMPOSED };
  }
}

/** For the schema of now; one that does not fit gives way to that of another run in the same digest. */
function payloadOf(
  { payload }: ExecuteBody,
  { run, code: { payloadSchema }, gathered }: { run: Run; code: WorkflowCode; gathered: GatheredRun[] },
): ReturnType<typeof completePayload> {
  if (payloadSchema === undefined) return { payload };
  const own = completePayload(payload, payloadSchema);
  const other = gathered.find(({ misfit }) => misfit === null);
  return "misfit" in own && other !== undefined ? { payload: { ...other.payload, run } } : own;
}

function about({ transactionId, distinctId }: Run) {
  return { transactionId, distinctId };
}

/** Facts that cannot be read are left to the code, which refuses to send without them. */
export function runIn({ payload }: ExecuteBody): Run | null {
  const run = Run.safeParse(payload.run);
  return run.success ? run.data : null;
}

/** Whether Novu's state has each step that the code has before this one. */
function isWhole({ state }: ExecuteBody, step: string, { steps }: Shape): boolean {
  const there = new Set(state.map(({ stepId }) => stepId));
  for (const one of steps) {
    if (one.step === step) return true;
    if (!there.has(one.step)) return false;
  }
  return true;
}

function hasDigestBefore({ step }: ShapeStep, { steps }: Shape): boolean {
  return steps.some(({ type }, index) => type === "digest" && index < steps.findIndex((one) => one.step === step));
}

/** Of a call that was lost, or of a step that the run does not have, the state is empty, which may fit the schema. */
function isMade({ state }: StepState): boolean {
  return !["failed", "canceled", "skipped"].includes(state?.status ?? "");
}

/** Whether the run's own shape has taken the whole wait in other parts, so that this part would be too long. */
function isCovered({ wait }: FixedWait, step: string, then: Shape | null): boolean {
  if (then === null || then.steps.some((one) => one.step === step)) return false;
  return then.steps.some(({ fixed }) => fixed?.wait === wait);
}

function withOutputs(state: ExecuteBody["state"], step: string, value: unknown): ExecuteBody["state"] {
  const outputs = value as Record<string, unknown>;
  if (!state.some(({ stepId }) => stepId === step))
    return [...state, { stepId: step, outputs, state: { status: "skipped" } }];
  return state.map((entry) => (entry.stepId === step ? { ...entry, outputs } : entry));
}
