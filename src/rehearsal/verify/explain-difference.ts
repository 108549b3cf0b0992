import { CHANNELS } from "../../contracts/channel.ts";
import type { Decision } from "../../contracts/decision.ts";
import type { RunRecord } from "../../contracts/history.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";

/** A run with its decisions, as a store has them. */
export interface RunWithDecisions {
  run: RunRecord;
  decisions: Decision[];
}

/** One side lacks a run or a decision, or both sides decided differently. */
export interface Difference {
  distinctId: string;
  transactionId: string;
  workflow: string;
  /** Null for the whole run. */
  step: string | null;
  /** The result on each side in words, such as "not sent: exited: checkout_completed". */
  recorded: string;
  rehearsed: string;
  /** Why the sides differ; null for a difference that is not explained. */
  why: string | null;
}

/** Decisions of one moment differ by less: Novu and the app need some time for each step. */
const SAME_TIME_MS = 2 * MINUTE_MS;
/** A start that Novu accepted this long after its event was delayed by an outage. */
const LATE_START_MS = 2 * MINUTE_MS;
/** Reasons that only Novu's own data explains. */
const BY_NOVU = new Set<Decision["reason"]>([
  "opted out at Novu",
  "outside the schedule",
  "provider failed",
  "lost at Novu",
]);

/** Whether the two decisions are the same: result, reason and detail. */
export function isSame(recorded: Decision, rehearsed: Decision): boolean {
  return resultOf(recorded) === resultOf(rehearsed) && Math.abs(timeBetween(recorded, rehearsed)) < SAME_TIME_MS;
}

/** A decision in words, with its time only where that is all that differs. */
export function wordsOf(decision: Decision, other: Decision): string {
  const result = resultOf(decision);
  return result === resultOf(other) ? `${result} at ${decision.decidedAt.slice(0, 16)}` : result;
}

export function resultOf({ outcome, reason, detail }: Pick<Decision, "outcome" | "reason" | "detail">): string {
  const why = [reason, detail].filter((part) => part !== null).join(": ");
  return { sent: "sent", skipped: `not sent: ${why}`, failed: `failed: ${why}` }[outcome];
}

export interface Period {
  /** Milliseconds since 1970. */
  from: number;
  until: number;
  /** The time in which the frequency cap counts messages. */
  capMs: number;
}

/** Why the recorded decision differs from the rehearsed one; null if nothing explains it. */
export function whyDecision(
  recorded: Decision,
  rehearsed: Decision,
  { runs, period }: { runs: { recorded: RunWithDecisions; rehearsed: RunWithDecisions }; period: Period },
): string | null {
  const { reason, personSource } = recorded;
  if (reason !== null && BY_NOVU.has(reason)) return "Novu decided this, and the history has no data of Novu's own";
  if (rehearsed.reason === "unreachable" && !hasAddressField(recorded))
    return "the history has no devices and no chats of people";
  if (reason === "unreachable" && recorded.address === null && rehearsed.outcome === "sent")
    return "the address was refused before, and the history has no bounces";
  if (reason === "person not found") return "the person was deleted at the source, and the history has no deletions";
  if (personSource === "snapshot" || reason === "person unavailable")
    return "the source did not answer then, so the person was as of the event";
  const edited = editedProperties(recorded, rehearsed);
  if (edited.length > 0) return `${listOf(edited)} had another value at the source than the events say`;
  if (reason === "held out" || Object.keys(recorded.variants).length > 0) {
    if (JSON.stringify(recorded.variants) !== JSON.stringify(rehearsed.variants))
      return "a flag at PostHog had another value, and the history has no flags";
  }
  if (recorded.address?.hash !== rehearsed.address?.hash && reason === "address changed")
    return "Novu had another address then";
  if (reason === "over the cap" && Date.parse(recorded.decidedAt) - period.capMs < period.from)
    return "messages before the history began count for the frequency cap";
  if (reason === "entered before" && rehearsed.reason !== reason) return "the person entered before the history began";
  return whyRun(runs.recorded, runs.rehearsed);
}

/** Reasons that depend on the other runs of the person. */
const BY_OTHER_RUNS = /over the cap|entered before|digested|throttled/;

/** Whether the difference may follow from another difference of the same person. */
export function dependsOnOthers({ recorded, rehearsed }: Difference): boolean {
  return BY_OTHER_RUNS.test(recorded) || BY_OTHER_RUNS.test(rehearsed);
}

function hasAddressField({ channel }: Decision): boolean {
  return CHANNELS[channel].addressField !== null;
}

/** Why a whole run differs; null if nothing explains it. */
export function whyRun(recorded: RunWithDecisions, rehearsed: RunWithDecisions | null): string | null {
  if (recorded.run.status === "pending") return "Novu had not accepted the start when the record ended";
  if (recorded.run.status === "stuck") return "Novu refused the start until its last attempt";
  const lateMs = startDelay(recorded) - (rehearsed === null ? 0 : startDelay(rehearsed));
  return lateMs >= LATE_START_MS ? `the app or Novu was late by ${durationOf(lateMs)} at the start` : null;
}

/** The properties that the person had on one side only, or with another value. */
function editedProperties(recorded: Decision, rehearsed: Decision): string[] {
  const [then, now] = [recorded.propertyHashes, rehearsed.propertyHashes];
  if (then === undefined || now === undefined) return [];
  const names = new Set([...Object.keys(then), ...Object.keys(now)]);
  return [...names].filter((name) => then[name] !== now[name]).sort();
}

/** From the arrival of the event to the trigger, or to the decision not to start; 0 if one of them is not known. */
function startDelay({ run: { enteredAt, receivedAt }, decisions }: RunWithDecisions): number {
  const decidedAt = decisions.map((decision) => Date.parse(decision.decidedAt));
  const startedAt = enteredAt ?? (decidedAt.length === 0 ? null : Math.min(...decidedAt));
  return startedAt === null || receivedAt === null ? 0 : startedAt - receivedAt;
}

function timeBetween(recorded: Decision, rehearsed: Decision): number {
  return Date.parse(recorded.decidedAt) - Date.parse(rehearsed.decidedAt);
}

function durationOf(ms: number): string {
  return ms >= HOUR_MS ? `${(ms / HOUR_MS).toFixed(1)} hours` : `${Math.round(ms / MINUTE_MS)} minutes`;
}

function listOf(names: string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
