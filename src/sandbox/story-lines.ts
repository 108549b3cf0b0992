import type { Decision } from "../contracts/decision.ts";
import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";
import type { NovuRun } from "./local-novu/state.ts";

/** The midnight before `at` in UTC, from which a story counts its days. */
export function midnightBefore(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

/** A text such as "day 2 09:00", in UTC. */
export function momentOf(at: number, midnight: number): string {
  return `day ${Math.floor((at - midnight) / DAY_MS)} ${new Date(at).toISOString().slice(11, 16)}`;
}

/**
 * A line such as "day 2 09:00  ada  onboarding  setup-nudge  sent" for each decision and each step that failed at Novu,
 * sorted by minute, and within a minute by person and workflow.
 */
export function storyLines(decisions: Decision[], runs: NovuRun[], midnight: number): string[] {
  const decided = decisions.map(({ decidedAt, distinctId, workflow, step, ...decision }) => ({
    at: Date.parse(decidedAt),
    facts: [distinctId, workflow, step, resultOf(decision)],
  }));
  return [...decided, ...failures(runs)]
    .sort(inOrder)
    .map(({ at, facts }) => [momentOf(at, midnight), ...facts].join("  "));
}

function failures(runs: NovuRun[]) {
  return runs.flatMap(({ subscriberId, workflowId, jobs }) =>
    jobs
      .filter(({ status }) => status === "failed")
      .map(({ stepId, error, changedAt }) => ({
        at: changedAt ?? 0,
        facts: [subscriberId, workflowId, stepId, `failed at Novu: ${error}`],
      })),
  );
}

function resultOf({ outcome, reason, detail }: Pick<Decision, "outcome" | "reason" | "detail">): string {
  const why = [reason, detail].filter((part) => part !== null).join(": ");
  return { sent: "sent", skipped: `not sent: ${why}`, failed: `failed: ${why}` }[outcome];
}

/**
 * Sorts by minute, then by person and workflow, and only then by exact time: several people may act at the same moment,
 * and Novu may repeat a call a second later.
 */
function inOrder(a: { at: number; facts: string[] }, b: { at: number; facts: string[] }): number {
  const [first, second] = [a, b].map(({ facts: [person, workflow] }) => `${person}  ${workflow}`) as [string, string];
  return minuteOf(a.at) - minuteOf(b.at) || first.localeCompare(second) || a.at - b.at;
}

function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS);
}
