import type { Channel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { History, PersonJob, RunRecord, RunStatus } from "../contracts/history.ts";
import { isPersonSource, type PersonSourceName, SOURCES } from "../contracts/sources.ts";

/** The explanation of each run state, for the legend of a page. */
export const RUN_STATES: Record<RunStatus, string> = {
  pending: "The run is not at Novu yet.",
  stuck: "The run is not at Novu, and its start job is dead. Redrive it in the queue.",
  "in progress": "Novu runs the steps of the workflow.",
  finished: "The last message was decided.",
  exited: "An exit event ended the run.",
  failed: "The run ended at Novu before its last message.",
  "not started": "A limit of the workflow was reached, or all messages were decided before the start.",
};

/** The name of each kind of job, as the subject of a sentence. */
export const JOB_NAMES: Record<PersonJob["kind"], string> = {
  start: "The start of the run at Novu",
  exit: "The cancellation of the run at Novu",
  "awaited event": "The end of a wait for this event",
  "next part": "The next part of the run, after its wait for an event,",
  "refresh subscriber": "The update of the person's address at Novu",
  receipt: "The check whether Novu sent a message",
  withdraw: "The withdrawal of unread notes at Novu",
  overdue: "The check of an overdue run at Novu",
  throttle: "The check for a throttled run at Novu",
  merge: "The check at PostHog whether two ids are one person",
  "upsert subscriber": "The update of the subscriber at Novu",
  devices: "The update of the devices at Novu",
  preferences: "The update of the preferences at Novu",
  "opt-outs": "The update of the opt-outs at PostHog",
  report: "The report of a message to PostHog",
};

export const CHANNEL_NAMES: Record<Channel, string> = {
  email: "email",
  in_app: "in-app inbox",
  push: "push",
  sms: "SMS",
  chat: "chat",
  tool: "tool",
};

/** How an event arrived. */
export function sentBy(source: Source): string {
  const { hasWebhook, label } = SOURCES[source];
  return hasWebhook ? `${label} sent it` : `The ${label} found it`;
}

/** A cohort of PostHog, by its number there. */
export function cohortName({ id }: { id: number }): string {
  return `cohort ${id}`;
}

/** The origin of the person properties that a decision used, as a sentence. */
export const READ_FROM: Record<NonNullable<Decision["personSource"]>, string> = {
  posthog: "The person was read from PostHog at that moment.",
  segment: "The person was read from Segment at that moment.",
  own: "The person was read from the events that had arrived by then.",
  snapshot: "The person could not be read at that moment, so the properties known from the events were used.",
};

/** The reason that Novu gave for a run that failed there. */
export function runFailure({ transactionId }: RunRecord, decisions: Decision[]): string | null {
  const failed = decisions.filter((one) => one.transactionId === transactionId && one.outcome === "failed");
  return (failed.find(({ reason }) => reason === "lost at Novu") ?? failed.at(-1))?.detail ?? null;
}

/** "1 run", "2 runs" */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

type Reason = NonNullable<Decision["reason"]>;

/** The two failures to read a person, in words. */
interface PersonFailures {
  notFound: string;
  unavailable: string;
}

/** The reason why a message was not sent, as the second half of a sentence. */
const BECAUSE: Record<Reason, (detail: string | null, failures: PersonFailures) => string> = {
  exited: (detail) => `the person had exited by ${detail ?? "an exit event"}`,
  "too late": (detail) => `the event reached Novu too long after it happened${inBrackets(detail)}`,
  "entered before": (detail) =>
    detail === null
      ? "the person had entered this workflow before, and its entry rule allows no other run yet"
      : `the person had entered this workflow ${detail}`,
  "not needed": (detail) => `a condition of the workflow skips it${detail === null ? "" : `, “${detail}”`}`,
  "person not found": (_detail, { notFound }) => notFound,
  "person unavailable": (_detail, { unavailable }) => `${unavailable}, and the workflow skips the message then`,
  unreadable: (detail) =>
    `a condition of the workflow needs a property that cannot be read${detail === null ? "" : `, ${detail}`}`,
  "opted out": (detail) => `the person opted out of ${detail ?? "such messages"}`,
  error: (detail) => `the code of the step failed${inBrackets(detail)}`,
  unreachable: (detail) => `the person has no address for this channel${inBrackets(detail)}`,
  "address changed": () =>
    "the person has a new address, and this message could not be sent there; the next run has that address",
  "held out": (detail) => `the person is in the holdout group${inBrackets(detail)}`,
  "over the cap": (detail) => `the person had reached the frequency cap${inBrackets(detail)}`,
  digested: (detail) => `the message of another run includes this message${inBrackets(detail)}`,
  throttled: () => "Novu ended the run at a throttle",
  "opted out at Novu": (detail) =>
    detail === "by the workflow"
      ? "the preferences of the workflow at Novu turn this channel off"
      : "the person turned this channel off at Novu",
  "outside the schedule": () => "it was outside the hours that the person set at Novu",
  "provider failed": (detail) => `the provider did not accept it${inBrackets(detail)}`,
  "lost at Novu": (detail) => `the run ended at Novu${detail === null ? "" : `: ${detail}`}`,
  "added later": () => "the step was added to the workflow after this run had started",
  removed: (detail) => `the step was removed from the workflow${inBrackets(detail)}`,
  "payload does not fit": (detail) => `the payload of the run no longer fits the workflow${inBrackets(detail)}`,
};

/** `source` is the source of the run's event; null when it is not known. */
export function notSentBecause(
  { reason, detail, personSource }: Pick<Decision, "reason" | "detail" | "personSource">,
  source: Source | null,
): string {
  return reason === null ? "no reason was recorded" : BECAUSE[reason](detail, failuresOf(personSource, source));
}

/** The source of the event that started the decision's run; null when that event is deleted. */
export function sourceOfRun({ transactionId }: Decision, { runs, events }: History): Source | null {
  const run = runs.find((one) => one.transactionId === transactionId);
  return events.find(({ uuid }) => uuid === run?.eventUuid)?.source ?? null;
}

/** The words name the place where the person was read: the place in the decision, or else the source of the run. */
function failuresOf(personSource: Decision["personSource"], source: Source | null): PersonFailures {
  if (personSource === "own")
    return {
      notFound: "no event of such a person has arrived",
      unavailable: "the person could not be read from the store",
    };
  if (personSource !== null && personSource !== "snapshot") return failuresAt(personSource);
  const isKnown = source !== null && isPersonSource(source);
  if (isKnown && !SOURCES[source].storesPersons) return failuresAt(source);
  // A person whose properties we store may have been read at this source, at another source or in the store.
  const person = isKnown ? `the person of this ${SOURCES[source].label} event` : "the person";
  return { notFound: `${person} no longer exists`, unavailable: `${person} could not be read` };
}

function failuresAt(source: PersonSourceName): PersonFailures {
  const { label } = SOURCES[source];
  return { notFound: `${label} has no such person`, unavailable: `the person could not be read from ${label}` };
}

const RECEIPTS: Record<NonNullable<Decision["receipt"]>, string> = {
  confirmed: "Novu confirmed that it was sent.",
  corrected: "Novu reported this after the message was sent to it.",
  "no answer": "Novu did not report within an hour whether it was sent.",
};

const ADDRESSES: Record<NonNullable<Decision["address"]>["via"], string> = {
  subscriber: "The address was the one of the Novu subscriber.",
  provider: "The address was sent with the message, because the Novu subscriber did not have it.",
  event: "The address was the one in the event, because the person had no other.",
};

/** The receipt, how Novu got the address, unusable controls and unreadable properties; null if all are absent. */
export function noteOf({
  address,
  unreadable,
  receipt,
  unusableControls = [],
}: Pick<Decision, "address" | "unreadable" | "receipt" | "unusableControls">): string | null {
  const parts = [
    ...(receipt === undefined ? [] : [RECEIPTS[receipt]]),
    ...(address === null ? [] : [ADDRESSES[address.via]]),
    ...(unusableControls.length === 0
      ? []
      : [`These controls in Novu's dashboard cannot be used: ${unusableControls.join(", ")}. The default was used.`]),
    ...(unreadable.length === 0 ? [] : [`Could not be read: ${unreadable.join(", ")}.`]),
  ];
  return parts.length === 0 ? null : parts.join(" ");
}

function inBrackets(detail: string | null): string {
  return detail === null ? "" : ` (${detail})`;
}
