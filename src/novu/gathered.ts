import type { z } from "zod";
import { Run } from "../contracts/run.ts";
import type { Shape } from "../contracts/shape.ts";
import { completePayload } from "./complete-payload.ts";
import type { StepState } from "./execute-call.ts";

interface DigestEvent {
  payload?: Record<string, unknown>;
}

/** A run that a digest has put into another one; `misfit` names the fields for which it is left out there. */
export interface GatheredRun {
  run: Run;
  payload: Record<string, unknown>;
  misfit: string | null;
}

/**
 * The state in which a digest has each run once, with a payload for the schema of now, and the other runs that are
 * in it. Novu may run one event twice, and the runs may have begun with other versions than the one they are in.
 */
export function gather(
  state: StepState[],
  { run, payloadSchema, digest }: { run: Run; payloadSchema: z.ZodObject | undefined; digest: string | undefined },
): { state: StepState[]; gathered: GatheredRun[] } {
  const gathered: GatheredRun[] = [];
  const completed = state.map((entry) => {
    if (entry.stepId !== digest) return entry;
    const events = eventsIn(entry);
    const seen = new Set<string>();
    const kept = events.flatMap((event): DigestEvent[] => {
      const theirs = Run.safeParse(event.payload?.run).data;
      if (theirs !== undefined && seen.has(theirs.transactionId)) return [];
      if (theirs !== undefined) seen.add(theirs.transactionId);
      const { payload: said = {} } = event;
      const { payload = said, misfit = null } = payloadSchema ? asFit(completePayload(said, payloadSchema)) : {};
      if (theirs !== undefined && theirs.transactionId !== run.transactionId)
        gathered.push({ run: theirs, payload, misfit });
      return misfit === null ? [{ ...event, payload }] : [];
    });
    return { ...entry, outputs: { ...entry.outputs, events: kept, eventCount: kept.length } };
  });
  return { state: completed, gathered };
}

/** The digest that a run has passed, of which a workflow has one at most; a step that no shape has may be one. */
export function digestIn(state: StepState[], shapes: Array<Shape | null>): string | undefined {
  return state.find(({ stepId, outputs: { events } }) => {
    const types = shapes.flatMap((shape) => shape?.steps.find(({ step }) => step === stepId)?.type ?? []);
    return Array.isArray(events) && (types[0] ?? "digest") === "digest";
  })?.stepId;
}

function asFit(fit: ReturnType<typeof completePayload>): { payload?: Record<string, unknown>; misfit?: string } {
  return fit;
}

function eventsIn({ outputs: { events } }: StepState): DigestEvent[] {
  return Array.isArray(events) ? events : [];
}
