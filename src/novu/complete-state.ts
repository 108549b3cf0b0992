import type { Run } from "../contracts/run.ts";
import type { Shape } from "../contracts/shape.ts";
import type { StepState } from "./bridge-call.ts";

type Outputs = Record<string, unknown>;

/**
 * The state of a run for the present code, when the run began with another shape. The framework refuses a call whose
 * state lacks a step that the code has before the target, so such a step is added as a skipped one; `missing` names
 * them. `then` is the shape at the trigger, null where it is not known.
 */
export function completeState(
  state: StepState[],
  {
    code,
    then,
    target,
    digest,
    run,
    payload,
  }: {
    code: Shape;
    then: Shape | null;
    target: string;
    /** The digest that the run has passed. */
    digest: string | undefined;
    run: Run;
    payload: Outputs;
  },
): { state: StepState[]; missing: string[] } {
  const there = new Map(state.map((entry) => [entry.stepId, entry]));
  const missing: string[] = [];
  const before = code.steps.slice(
    0,
    code.steps.findIndex(({ step }) => step === target),
  );
  const completed = before.map(({ step, type }): StepState => {
    const entry = there.get(step);
    const passed = type === "digest" && digest !== undefined ? there.get(digest)?.outputs : undefined;
    const untouched = passed ?? untouchedOutputs(type, { run, payload });
    if (entry === undefined) {
      missing.push(step);
      return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    }
    const typeThen = then?.steps.find((one) => one.step === step)?.type ?? type;
    if (typeThen !== type) return { stepId: step, outputs: untouched, state: { status: "skipped" } };
    return { ...entry, outputs: { ...untouched, ...entry.outputs } };
  });
  const known = new Set(before.map(({ step }) => step));
  return { state: [...completed, ...state.filter(({ stepId }) => !known.has(stepId))], missing };
}

/** The outputs of a step that did nothing, for later steps. */
function untouchedOutputs(type: string, { run, payload }: { run: Run; payload: Outputs }): Outputs {
  switch (type) {
    case "in_app":
      return { seen: false, read: false, lastSeenDate: null, lastReadDate: null };
    case "delay":
      return { duration: 0 };
    case "throttle":
      return { throttled: false };
    case "digest":
      // Without a digest the run has only its own event.
      return { events: [{ id: run.transactionId, time: run.occurredAt, payload }], eventCount: 1 };
    default:
      return {};
  }
}
