import type { z } from "zod";
import { isChannel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import { Run } from "../contracts/run.ts";
import { stepsBefore } from "../contracts/workflow.ts";
import type { StepState } from "./bridge-call.ts";
import { skippedDecision } from "./changed-steps.ts";
import { completePayload } from "./complete-call.ts";
import type { StepCall } from "./continue-run.ts";

interface DigestEvent {
  payload?: Record<string, unknown>;
}

/** A run that a digest has put into another run. `misfit` names the fields of its payload that do not fit. */
export interface DigestedRun {
  run: Run;
  payload: Record<string, unknown>;
  misfit: string | null;
}

/**
 * The other runs in a run's digest, and the state with a corrected digest: each run is in the digest once, because Novu
 * may run one event twice. The digest's payloads fit the present schema, because a run may have begun with another
 * version of the workflow. A payload that cannot fit is left out.
 */
export function digestedRuns(
  state: StepState[],
  { run, payloadSchema, digest }: { run: Run; payloadSchema: z.ZodObject | undefined; digest: string | undefined },
): { state: StepState[]; digested: DigestedRun[] } {
  const digested: DigestedRun[] = [];
  const completed = state.map((entry) => {
    if (entry.stepId !== digest) return entry;
    const seen = new Set<string>();
    const events = eventsIn(entry).flatMap((event): DigestEvent[] => {
      const theirs = Run.safeParse(event.payload?.run).data;
      if (theirs !== undefined && seen.has(theirs.transactionId)) return [];
      if (theirs !== undefined) seen.add(theirs.transactionId);
      const { payload, misfit } = fitting(event.payload ?? {}, payloadSchema);
      if (theirs !== undefined && theirs.transactionId !== run.transactionId)
        digested.push({ run: theirs, payload, misfit });
      return misfit === null ? [{ ...event, payload }] : [];
    });
    return { ...entry, outputs: { ...entry.outputs, events, eventCount: events.length } };
  });
  return { state: completed, digested };
}

/** Decisions about the step's message for the digested runs, if the code does not make these decisions. */
export function digestedDecisions(
  { run, workflow, target, targetThen, code, digested, now }: StepCall,
  /** Whether the step is answered without its code. */
  { hasAnswer }: { hasAnswer: boolean },
): Decision[] {
  const { step, type: channel } = target ?? targetThen ?? {};
  if (step === undefined || channel === undefined || !isChannel(channel)) return [];
  const isDecidedByCode =
    !hasAnswer && code !== undefined && stepsBefore(code.shape, step).some(({ type }) => type === "digest");
  return digested.flatMap(({ run: one, misfit }) => {
    const message = { run: one, workflow, step, channel, now };
    if (misfit !== null && !hasAnswer)
      return skippedDecision({ ...message, reason: "payload does not fit", detail: misfit });
    if (isDecidedByCode) return [];
    return skippedDecision({ ...message, reason: "digested", detail: run.transactionId });
  });
}

function eventsIn({ outputs: { events } }: StepState): DigestEvent[] {
  return Array.isArray(events) ? events : [];
}

function fitting(
  payload: Record<string, unknown>,
  schema: z.ZodObject | undefined,
): { payload: Record<string, unknown>; misfit: string | null } {
  if (schema === undefined) return { payload, misfit: null };
  const completed = completePayload(payload, schema);
  return "misfit" in completed ? { payload, misfit: completed.misfit } : { payload: completed.payload, misfit: null };
}
