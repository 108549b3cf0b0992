import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";

type Reason = NonNullable<Decision["reason"]>;

/** Where a person was asked for: as the decision says, or as far as it follows from who told of the run. */
type Asked = "posthog" | "segment" | "own" | "told by Segment" | "not noted";

const NOT_FOUND: Record<Asked, string> = {
  posthog: "PostHog has no such person",
  segment: "Segment has no such person",
  own: "the store's own records have no such person",
  "told by Segment": "the person of whom Segment told is no longer known",
  "not noted": "the person is no longer known",
};

const UNAVAILABLE: Record<Asked, string> = {
  posthog: "PostHog could not be asked",
  segment: "Segment could not be asked",
  own: "the store's own records could not be read",
  "told by Segment": "the person of whom Segment told could not be asked for",
  "not noted": "the person could not be asked for",
};

/** Why a message was not sent, as the second half of a sentence; a reason that is not here speaks for itself. */
const BECAUSE: Partial<Record<Reason, (detail: string | null, asked: Asked) => string>> = {
  exited: (detail) => `they had left by ${detail ?? "an exit event"}`,
  "too late": (detail) => `the event reached Novu too long after it happened${inBrackets(detail)}`,
  "entered before": () => "they had entered this workflow before, and it does not let them in again, or not so soon",
  "not needed": (detail) => `the workflow's own condition said so${detail === null ? "" : `, “${detail}”`}`,
  "person not found": (_detail, asked) => NOT_FOUND[asked],
  "person unavailable": (_detail, asked) => `${UNAVAILABLE[asked]}, and the workflow does not send without that`,
  unreadable: (detail) =>
    `the workflow's own condition asks for a property that cannot be read${detail === null ? "" : `, ${detail}`}`,
  "opted out": (detail) => `they turned off ${detail ?? "such messages"}`,
  error: (detail) => `the step could not be made${inBrackets(detail)}`,
  unreachable: (detail) => `there is nothing to reach them by${inBrackets(detail)}`,
  "address changed": () =>
    "they have another address now than Novu had loaded, and the message could not be sent to it; Novu was told for the next one",
  "held out": (detail) => `they are in the group that gets nothing${inBrackets(detail)}`,
  "over the cap": (detail) => `they had been sent as many messages as one gets in that time${inBrackets(detail)}`,
  digested: (detail) => `another run of theirs says it, together with its own${inBrackets(detail)}`,
  throttled: () => "Novu ended the run at a throttle",
  "opted out at Novu": (detail) =>
    detail === "by the workflow"
      ? "the workflow's own preferences have this channel off at Novu"
      : "they have turned this channel off at Novu",
  "outside the schedule": () => "it came outside the hours that they have set at Novu",
  "provider failed": (detail) => `the provider did not take it${inBrackets(detail)}`,
  "lost at Novu": (detail) => `the run ended at Novu${detail === null ? "" : `: ${detail}`}`,
  "added later": () => "the step came into the workflow after this run had begun",
  removed: (detail) => `the step was taken out of the workflow meanwhile${inBrackets(detail)}`,
  "payload does not fit": (detail) => `the run does not fit the workflow's payload any more${inBrackets(detail)}`,
};

/** `toldBy` is the source of the run's event; null when that is not known. */
export function notSentBecause(
  { reason, detail, personSource }: Pick<Decision, "reason" | "detail" | "personSource">,
  toldBy: Source | null,
): string {
  if (reason === null) return "no reason was noted";
  return BECAUSE[reason]?.(detail, askedAt(personSource, toldBy)) ?? `${reason}${inBrackets(detail)}`;
}

const RECEIPT: Record<NonNullable<Decision["receipt"]>, string> = {
  confirmed: "Novu confirms that it was sent.",
  corrected: "Novu said so after the message was handed over.",
  "no answer": "Handed to Novu, which did not say within an hour whether it was sent.",
};

const WAY: Record<NonNullable<Decision["address"]>["via"], string> = {
  subscriber: "Sent to the address that Novu's subscriber had.",
  provider: "Sent to an address that went with the message, because Novu's subscriber did not have it.",
};

/** The way of a message's address, its receipt, controls that were not used, and properties that could not be read; null when there is nothing. */
export function noteOf({
  address,
  unreadable,
  receipt,
  unusableControls = [],
}: Pick<Decision, "address" | "unreadable" | "receipt" | "unusableControls">): string | null {
  const parts = [
    ...(receipt === undefined ? [] : [RECEIPT[receipt]]),
    ...(address === null ? [] : [WAY[address.via]]),
    ...(unusableControls.length === 0
      ? []
      : [`Set in Novu's dashboard, and cannot be used: ${unusableControls.join(", ")}. The code's default stood in.`]),
    ...(unreadable.length === 0 ? [] : [`Could not be read: ${unreadable.join(", ")}.`]),
  ];
  return parts.length === 0 ? null : parts.join(" ");
}

/** The persons of Segment's events may be read at Segment, at PostHog or in the store. */
function askedAt(personSource: Decision["personSource"], toldBy: Source | null): Asked {
  if (personSource !== null && personSource !== "snapshot") return personSource;
  if (toldBy === "segment") return "told by Segment";
  return toldBy === "posthog" ? "posthog" : "not noted";
}

function inBrackets(detail: string | null): string {
  return detail === null ? "" : ` (${detail})`;
}
