import { isDeepStrictEqual } from "node:util";
import type { Decision } from "../contracts/decision.ts";
import type { Job } from "../contracts/job.ts";
import { reportOf } from "../contracts/report.ts";
import type { Decisions } from "./decisions.ts";

/** A decision to record, with its options. */
export interface Wanted extends NonNullable<Parameters<Decisions["record"]>[1]> {
  decision: Decision;
}

/**
 * Novu calls a step four times when it gets no answer. The calls take up to 5 s each, with pauses of 1, 2 and 4 s: 27 s
 * in all. Until then a message that was recorded as sent may still fail.
 */
const RECEIPT_AFTER_MS = 30_000;

/** Whether the decision replaces the earlier decision of its step. */
export function mayReplace(before: Decision | undefined, { decision, insteadOf, ifOpen = false }: Wanted): boolean {
  if (before === undefined) return true;
  return insteadOf === undefined ? !staysValid(before, decision, ifOpen) : isDeepStrictEqual(before, insteadOf);
}

/**
 * Whether the earlier decision stays valid. A decision with the reason `exited` stays, because a bridge call that began
 * before the exit may end after it. A decision with a receipt stays too.
 */
function staysValid(before: Decision, wanted: Decision, ifOpen: boolean): boolean {
  if (before.receipt !== undefined || isOfAnotherJob(before, wanted)) return true;
  if (before.outcome === "failed") return false;
  return ifOpen || before.reason === "exited" || isSame(before, wanted);
}

/** Novu may run one event twice, after two triggers at the same time. The decision of the first job that sent stays. */
function isOfAnotherJob(before: Decision, wanted: Decision): boolean {
  if (before.outcome !== "sent") return false;
  return before.jobId !== undefined && wanted.jobId !== undefined && before.jobId !== wanted.jobId;
}

/** The decision, or a skip if an exit event has ended the run. */
export function unlessExited(decision: Decision, exit: string | undefined): Decision {
  if (exit === undefined) return decision;
  return {
    ...decision,
    outcome: "skipped",
    reason: "exited",
    detail: exit,
    personSource: null,
    exposures: [],
  };
}

/** A message that Novu is about to send. A decision with a receipt is about a message that was sent before. */
export function needsReceipt({ outcome, receipt }: Decision): boolean {
  return outcome === "sent" && receipt === undefined;
}

/** A sent message is reported to PostHog after its receipt, every other decision at once. */
export function nextJob(decision: Decision, now: number): [job: Job, dueAt: number] {
  if (needsReceipt(decision)) return [{ kind: "receipt", body: decision }, now + RECEIPT_AFTER_MS];
  return [{ kind: "report", body: reportOf(decision) }, now];
}

export function isSame(one: Decision, other: Decision): boolean {
  return (
    one.outcome === other.outcome &&
    one.reason === other.reason &&
    one.detail === other.detail &&
    one.receipt === other.receipt
  );
}
