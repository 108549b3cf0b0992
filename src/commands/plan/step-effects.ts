import { isMessage } from "./manifest.ts";

/** One change of a sync, and its effect on the people in progress. */
export interface Difference {
  does: "add" | "change" | "remove";
  /** Null for the workflow as a whole. */
  step: string | null;
  /** A description for people. */
  what: string;
  /** The effect on the people in progress. The text calls them "they". */
  effect: string;
  /** The messages that people in progress may lose; null for none. */
  loses: "this message" | "messages that its payload does not fit" | null;
}

interface Step {
  stepId: string;
  type: string;
}

const KEEPS_ITS_LENGTH = "their wait keeps its length";
/** Novu shows a `step.wait` and the other waits alike as delays, so the text names both. */
const IS_GONE = "their wait keeps its length, but a step.delay or step.until is skipped";

/** The effect of a new step on the people in progress, by its type. */
const NEW: Record<string, string> = {
  delay: "they do not wait here",
  custom: "it runs for them when a later step needs its result",
};

/** A run has the steps that Novu had when the run was triggered, so people in progress skip a new step. */
export function addedStep(step: Step, before: Step[]): Difference {
  const { stepId, type } = step;
  const effect = isPartOfOneIn(step, before) ? KEEPS_ITS_LENGTH : (NEW[type] ?? "they skip it");
  return { does: "add", step: stepId, what: type, effect, loses: null };
}

/** Runs in progress still have the removed step, and skip it. */
export function removedStep(step: Step, before: Step[], after: Step[]): Difference {
  const { stepId, type } = step;
  const removed = (effect: string, loses: Difference["loses"] = null) =>
    ({ does: "remove", step: stepId, what: type, effect, loses }) as const;
  if (isMessage(type)) return removed(`they lose this message${renamedTo(step, before, after)}`, "this message");
  if (type !== "delay") return removed("they skip it");
  return removed(isPartOfOneIn(step, after) ? KEEPS_ITS_LENGTH : IS_GONE);
}

export function changedType(before: Step, { stepId, type }: Step): Difference {
  const changed = { does: "change", step: stepId, what: `${before.type} → ${type}` } as const;
  if (isMessage(before.type)) return { ...changed, effect: "they lose this message", loses: "this message" };
  return { ...changed, effect: before.type === "delay" ? IS_GONE : "they skip it", loses: null };
}

/** Whether the step is a part of a long wait, which is split into the steps `id`, `id-2`, `id-3` and so on. */
function isPartOfOneIn({ stepId, type }: Step, steps: Step[]): boolean {
  const first = /^(.+)-\d+$/.exec(stepId)?.[1];
  return type === "delay" && steps.some((step) => step.type === "delay" && step.stepId === first);
}

/** A hint about a new message of the same type at the same position, which may be the removed message. */
function renamedTo(step: Step, before: Step[], after: Step[]): string {
  const positionIn = (all: Step[], others: Step[], one: Step) =>
    all.slice(0, all.indexOf(one)).findLast(({ stepId }) => others.some((other) => other.stepId === stepId))?.stepId;
  const position = positionIn(before, after, step);
  const successor = after.find(
    (one) =>
      one.type === step.type &&
      !before.some(({ stepId }) => stepId === one.stepId) &&
      positionIn(after, before, one) === position,
  );
  return successor === undefined ? "" : `; if "${successor.stepId}" is the same message, keep the id "${step.stepId}"`;
}
