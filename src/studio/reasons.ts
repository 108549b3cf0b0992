import type { Decision } from "../contracts/decision.ts";

type Reason = NonNullable<Decision["reason"]>;

/** Why a message was not sent, as the second half of a sentence; a reason that is not here speaks for itself. */
const BECAUSE: Partial<Record<Reason, (detail: string | null) => string>> = {
  left: (detail) => `they had left by ${detail ?? "an exit event"}`,
  "too late": (detail) => `the event reached Novu too long after it happened${inBrackets(detail)}`,
  "entered before": () => "they had entered this workflow before, and it does not let them in again, or not so soon",
  "not needed": (detail) => `the workflow's own condition said so${detail === null ? "" : `, “${detail}”`}`,
  "person not found": () => "PostHog has no such person",
  "person unavailable": () => "PostHog could not be asked, and the workflow does not send without it",
  "opted out": (detail) => `they turned off ${detail ?? "such messages"}`,
  error: (detail) => `the step could not be made${inBrackets(detail)}`,
  unreachable: (detail) => `there is nothing to reach them by${inBrackets(detail)}`,
  "held out": (detail) => `they are in the group that gets nothing${inBrackets(detail)}`,
  "over the cap": (detail) => `they had been sent as many messages as one gets in that time${inBrackets(detail)}`,
  digested: (detail) => `another run of theirs says it, together with its own${inBrackets(detail)}`,
  throttled: () => "Novu ended the run at a throttle",
};

export function notSentBecause({ reason, detail }: Pick<Decision, "reason" | "detail">): string {
  if (reason === null) return "no reason was noted";
  return BECAUSE[reason]?.(detail) ?? `${reason}${inBrackets(detail)}`;
}

function inBrackets(detail: string | null): string {
  return detail === null ? "" : ` (${detail})`;
}
