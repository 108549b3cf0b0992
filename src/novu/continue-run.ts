import { isDeepStrictEqual } from "node:util";
import type { Decision, Objection } from "../contracts/decision.ts";
import type { NextPart } from "../contracts/event-wait.ts";
import { isOfOneJob, Run } from "../contracts/run.ts";
import { type Shape, type ShapeStep, stepsBefore } from "../contracts/workflow.ts";
import { answerOf, type Call, type ExecuteBody, type StepAnswer, type StepState } from "./bridge-call.ts";
import { addedStepDecisions, answerRemovedStep } from "./changed-steps.ts";
import { completePayload, completeState, knownResult, type RunCustom, withResults } from "./complete-call.ts";
import { type DigestedRun, digestedDecisions, digestedRuns } from "./digested-runs.ts";
import type { WorkflowCode } from "./framework.ts";
import { answerOfEarlierPart, answerOfWait, type Place, placeOf, withEarlierParts } from "./run-parts.ts";

/** How to answer a call for one step of a run. */
export interface Continuation {
  /** Null for a trigger from Novu's dashboard. */
  run: Run | null;
  /** The steps of the run; null where the workflow and its history are unknown. */
  shape: Shape | null;
  /** Decisions about messages that the run does not have. Each is recorded only if there is no final decision. */
  notices: Decision[];
  /** Decisions about the step's message for the runs that a digest has put into this run. */
  digested: Decision[];
  /** Whether a step belongs to the present part of the run. */
  isOfPart(step: string): boolean;
  /** The body to run the code with. */
  body?: ExecuteBody;
  /** The answer in place of running the code. */
  standIn?: StepAnswer;
}

/** The shapes of workflows and the values of custom steps in the store. */
export interface RunRecords {
  findShape(id: string): Promise<Shape | null>;
  listShapes(workflow: string): Promise<Shape[]>;
  /** For a run whose payload has no shape id, because this app did not trigger it. */
  findShapeOf(transactionId: string): Promise<Shape | null>;
  findCustomValues(transactionId: string): Promise<Record<string, unknown>>;
  saveCustomValue(
    step: { transactionId: string; step: string; distinctId: string },
    value: unknown,
    options: { replace: boolean },
  ): Promise<unknown>;
}

export interface ContinuedRuns {
  records: RunRecords;
  /** Called when a run begins a wait that the code no longer has. */
  onWait(run: Run, waitMs: number): Promise<void>;
  /** Begins the wait of a run for an event, unless it has begun or ended. */
  beginWait(next: NextPart): Promise<void>;
  now(): number;
}

/** One call, with the workflow as it is now and as it was when the run was triggered. */
export interface StepCall {
  run: Run;
  workflow: string;
  step: string;
  body: ExecuteBody;
  code: WorkflowCode | undefined;
  /** The shape at the trigger; null where it is not known. */
  then: Shape | null;
  isSameVersion: boolean;
  target: ShapeStep | undefined;
  targetThen: ShapeStep | undefined;
  /** The digest that the run has passed. */
  digest: string | undefined;
  digested: DigestedRun[];
  runCustom: RunCustom;
  now: () => number;
}

export type CodedCall = StepCall & { code: WorkflowCode };

/** The answer without the code, or the body for the code. */
type Prepared = Pick<Continuation, "notices"> & ({ standIn: StepAnswer } | { body: ExecuteBody });

/**
 * Lets a run finish although its workflow has changed since the trigger. The present code runs the steps that both
 * versions have, with a completed state and payload. A step that was removed is skipped. A wait takes as long as it did
 * at the trigger.
 */
export function createContinuation({
  codeOf,
  records,
  onWait,
  beginWait,
  now,
}: ContinuedRuns & { codeOf(workflow: string): WorkflowCode | undefined }) {
  const shapes = new Map<string, Shape>();

  return async (call: Call, received: ExecuteBody, runCustom: RunCustom): Promise<Continuation> => {
    const { workflow, step } = call;
    const code = workflow === null ? undefined : codeOf(workflow);
    const run = runIn(received);
    if (run === null || workflow === null || step === null)
      return { run: null, shape: code?.shape ?? null, ...NOTHING_MORE, body: received };

    const isSameVersion = code !== undefined && run.shape === code.shapeId;
    const then = isSameVersion ? code.shape : await shapeAtTrigger(run);
    const target = code?.shape.steps.find((one) => one.step === step);
    const targetThen =
      then?.steps.find((one) => one.step === step) ?? (target ? undefined : await inOtherVersion(workflow, step));
    const came = withEarlierParts(received, run, code?.shape ?? then);
    const digest = digestIn(came.state, [then, code?.shape ?? null]);
    const isUnchanged = isSameVersion && target !== undefined && isWhole(came, step, code.shape);
    const hasParts = run.before !== undefined || [code?.shape, then].some(hasEventWait);
    if (isUnchanged && digest === undefined && code.results.size === 0 && !hasParts)
      return { run, shape: code.shape, ...NOTHING_MORE, body: came };

    const { state, digested } = digestedRuns(came.state, { run, payloadSchema: code?.payloadSchema, digest });
    const body = digest === undefined ? came : { ...came, state };
    const versions = { code, then, isSameVersion, target, targetThen };
    const stepCall: StepCall = { run, workflow, step, body, ...versions, digest, digested, runCustom, now };
    const placed = (one: string) =>
      placeOf(one, { run, shape: target === undefined ? then : (code?.shape ?? then), then, state: body.state });
    const isOfPart = (one: string) => placed(one).part === "present";
    const elsewhere = await answerElsewhere(placed(step), stepCall);
    const shape = then ?? code?.shape ?? null;
    if (elsewhere !== null) return { run, shape, ...NOTHING_MORE, isOfPart, standIn: elsewhere };
    const prepared = await prepare(stepCall);

    const theirNotices = prepared.notices.flatMap((notice) =>
      digested.map(({ run: { transactionId, distinctId } }) => ({ ...notice, transactionId, distinctId })),
    );
    return {
      ...prepared,
      run,
      shape,
      isOfPart,
      notices: [...prepared.notices, ...theirNotices],
      digested: digestedDecisions(stepCall, { hasAnswer: "standIn" in prepared }),
    };
  };

  /** The answer for a step of another part of the run; null for a step of the present part. */
  async function answerElsewhere(place: Place, stepCall: StepCall): Promise<StepAnswer | null> {
    if (place.part === "present") return null;
    if (place.part === "earlier") return answerOfEarlierPart(stepCall);
    const { code } = stepCall;
    if (code === undefined) return { answer: answerOf("skip"), decisions: [] };
    return answerOfWait(place.wait, { ...stepCall, code }, { records, beginWait });
  }

  async function prepare(stepCall: StepCall): Promise<Prepared> {
    const { run, step, body, code, isSameVersion, target, targetThen } = stepCall;
    // The framework refuses a step that this app has never had.
    if (code === undefined && targetThen === undefined) return { notices: [], body };
    if (code === undefined || target === undefined)
      return withoutCode(targetThen, { reason: "removed", detail: null }, stepCall);
    if (targetThen !== undefined && targetThen.type !== target.type)
      return withoutCode(targetThen, { reason: "removed", detail: `it is ${target.type} now` }, stepCall);
    if (targetThen?.fixed !== undefined && !isDeepStrictEqual(targetThen.fixed, target.fixed))
      return withoutCode(targetThen, { reason: "removed", detail: null }, stepCall);
    const coded = { ...stepCall, code };
    const known = await knownResult(records, coded);
    if (known !== undefined) return { notices: [], standIn: { answer: answerOf(known), decisions: [] } };
    const { payloadSchema = code.shape.payload } = run.before ?? {};
    if (isSameVersion && isWhole(body, step, code.shape) && payloadSchema === code.shape.payload)
      return { notices: [], body: await withResults(records, coded) };
    return withCompletedBody(coded);
  }

  async function withoutCode(one: ShapeStep | undefined, why: Objection, stepCall: StepCall): Promise<Prepared> {
    const { code } = stepCall;
    return {
      notices: code === undefined ? [] : addedStepDecisions({ ...stepCall, code }, []),
      standIn: await answerRemovedStep(one, why, { ...stepCall, onWait }),
    };
  }

  async function withCompletedBody(coded: CodedCall): Promise<Prepared> {
    const completed = payloadOf(coded);
    if ("misfit" in completed)
      return withoutCode(coded.target, { reason: "payload does not fit", detail: completed.misfit }, coded);
    const { payload } = completed;
    const { state, missing } = completeState(coded, payload);
    return {
      notices: addedStepDecisions(coded, missing),
      body: await withResults(records, { ...coded, body: { ...coded.body, payload, state } }),
    };
  }

  async function shapeAtTrigger({ transactionId, shape: id }: Run): Promise<Shape | null> {
    if (isOfOneJob({ transactionId })) return null;
    if (id === undefined) return records.findShapeOf(transactionId);
    const cached = shapes.get(id);
    if (cached !== undefined) return cached;
    const shape = await records.findShape(id);
    if (shape !== null) shapes.set(id, shape);
    return shape;
  }

  /** The step in any stored version. Novu may have been synced with another version when the run was triggered. */
  async function inOtherVersion(workflow: string, step: string): Promise<ShapeStep | undefined> {
    const all = await records.listShapes(workflow);
    return all.flatMap(({ steps }) => steps).find((one) => one.step === step);
  }
}

/** A call without decisions of other steps or runs, in a run with one part. */
const NOTHING_MORE = { notices: [], digested: [], isOfPart: () => true };

function hasEventWait(shape: Shape | null | undefined): boolean {
  return shape?.steps.some(({ atMostMs }) => atMostMs !== undefined) ?? false;
}

/** Null if the run cannot be parsed; then the workflow's code refuses to send. */
export function runIn({ payload }: ExecuteBody): Run | null {
  return Run.safeParse(payload.run).data ?? null;
}

/** The run's payload for the present schema; if it does not fit, the payload of another run in the same digest. */
function payloadOf({ run, body: { payload }, code, digested }: CodedCall): ReturnType<typeof completePayload> {
  const { payloadSchema } = code;
  if (payloadSchema === undefined) return { payload };
  const own = completePayload(payload, payloadSchema);
  const other = digested.find(({ misfit }) => misfit === null);
  return "misfit" in own && other !== undefined ? { payload: { ...other.payload, run } } : own;
}

/** The digest that a run has passed; a workflow has one at most. An unknown step with events is a digest too. */
function digestIn(state: StepState[], shapes: Array<Shape | null>): string | undefined {
  return state.find(({ stepId, outputs: { events } }) => {
    const types = shapes.flatMap((shape) => shape?.steps.find(({ step }) => step === stepId)?.type ?? []);
    return Array.isArray(events) && (types[0] ?? "digest") === "digest";
  })?.stepId;
}

/** Whether Novu's state has each step that the code has before this one. */
function isWhole({ state }: ExecuteBody, step: string, code: Shape): boolean {
  return stepsBefore(code, step).every((one) => state.some(({ stepId }) => stepId === one.step));
}
