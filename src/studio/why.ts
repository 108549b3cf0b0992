import { type Arrived, endsRun } from "../contracts/arrival.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { EventRecord, History, IgnoredRecord, OptOutRecord, PersonJob, RunRecord } from "../contracts/history.ts";
import type { Exit } from "../contracts/notification.ts";
import { duration } from "./duration.ts";
import { noteOf, notSentBecause } from "./reasons.ts";

/** Links of one time are told in the order of causes. */
const ORDER = ["event", "ignored", "choice", "exit", "run", "step done", "decision", "step", "jobs"] as const;

/** One thing that had a part in it, as a sentence to read out. */
export interface Link {
  /** ISO 8601 */
  at: string;
  /** The same time may hold several; this is their order then. */
  kind: (typeof ORDER)[number];
  tone: "good" | "bad" | "warn" | "info" | "quiet";
  /** In two or three words. */
  label: string;
  sentence: string;
  /** What decided it: a name, a value, a condition; of an event its uuid. Null where there was nothing to decide. */
  value: string | null;
  /** Of a decision: which way the address went, and the properties that could not be read. */
  note: string | null;
  workflow: string | null;
  step: string | null;
  runRef: string | null;
}

export interface Chain {
  person: string;
  personRef: string;
  workflow: string | null;
  /** Whether anything is known of this person at all. */
  isKnown: boolean;
  /** The answer in a sentence. */
  answer: string;
  links: Link[];
}

/**
 * Why a person did, or did not, get what a workflow sends: everything that decided it, in the order it
 * happened. Pure; for the page, the API and the command line alike.
 */
export function explain(
  history: History,
  {
    person,
    workflow = null,
    startedBy = [],
  }: { person: string; workflow?: string | null | undefined; startedBy?: string[] },
): Chain {
  const ignored = history.ignored.filter(
    ({ eventName, reason }) =>
      workflow === null ||
      eventName === null ||
      startedBy.includes(eventName) ||
      reason.startsWith(`does not fit ${workflow}:`) ||
      reason.startsWith(`replaced for ${workflow}:`),
  );
  const jobs = history.jobs.filter((one) => workflow === null || one.workflow === null || one.workflow === workflow);
  const links = [
    ...history.events.map((event) => eventLink(event, history)),
    ...ignored.map((record) => setAsideLink(record, history)),
    ...history.choices.map((choice) => choiceLink(choice, person)),
    ...history.runs.flatMap((run) => runLinks(run, history)),
    ...history.exits.flatMap((exit) => exitLink(exit, history)),
    ...history.decisions.map((decision) => decisionLink(decision, history)),
    ...jobs.filter(isWorthTelling).map((one) => jobLink(one, history)),
  ].sort(inOrder);
  const { runs, exits, choices, toldAsOf, hasOtherRuns } = history;
  const lists = [runs, exits, choices, history.ignored, history.jobs];
  const isKnown = hasOtherRuns || toldAsOf !== null || lists.some(({ length }) => length > 0);
  return {
    person,
    personRef: person,
    workflow,
    isKnown,
    answer: isKnown ? answerOf({ ...history, ignored, jobs }, { person, workflow, startedBy }) : unknown(person),
    links,
  };
}

export function inOrder(a: Link, b: Link): number {
  return a.at.localeCompare(b.at) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);
}

function unknown(person: string): string {
  return `Nothing is known of ${person}: no event of theirs has come in, or it is older than what is kept. Distinct ids are written as PostHog has them, or as Segment has its userIds.`;
}

interface About {
  person: string;
  workflow: string | null;
  startedBy: string[];
}

function answerOf(history: History, about: About): string {
  const dead = history.jobs.filter(({ state }) => state === "dead");
  const start = dead.find(({ kind }) => kind === "start");
  if (start !== undefined)
    return `${about.person} is stuck: the start at Novu is dead (${start.error ?? "no error is known"}).`;
  const kinds = [...new Set(dead.map(({ kind }) => kind))];
  return [entryOf(history, about), ...kinds.map((kind) => `${WORK[kind]} is dead.`)].join(" ");
}

function entryOf(history: History, about: About): string {
  const { runs, decisions } = history;
  if (runs.length === 0) return notEntered(history, about);
  const [sent, skipped] = ["sent", "skipped"].map((outcome) => decisions.filter((one) => one.outcome === outcome));
  const parts = [
    `${about.person} started ${about.workflow ?? "any workflow"} ${times(runs.length)}`,
    sent?.length ? `was sent ${count(sent.length, "message")}` : "was sent nothing",
  ];
  const latest = skipped?.at(-1);
  const because =
    latest === undefined
      ? ""
      : ` The last one left out, ${latest.step}: ${notSentBecause(latest, toldBy(latest, history))}.`;
  const isWaiting = runs.some(({ status }) => status === "in progress" || status === "pending");
  const lost = runs.findLast(({ status }) => status === "failed");
  const end = lost === undefined ? "" : ` A run ended at Novu: ${endOf(lost, decisions) ?? "no reason was noted"}.`;
  return `${parts.join(" and ")}.${because}${end}${isWaiting ? " A run is still in progress." : ""}`;
}

function notEntered({ exits, ignored, toldAsOf }: History, { person, workflow, startedBy }: About): string {
  const name = workflow ?? "any workflow";
  const last = ignored.at(-1);
  if (last !== undefined) return `${person} never entered ${name}. The last thing that was ignored: ${last.reason}.`;
  return [
    exits.length > 0
      ? `${person} never entered ${name}: no event of theirs asked for it.`
      : `${person} has no run of ${name} here: no event of theirs asked for one, or it is older than what is kept.`,
    ...(startedBy.length > 0 ? [`${name} listens to ${startedBy.join(", ")}.`] : []),
    ...(toldAsOf === null ? [] : [`Novu was told who they are, as of ${toldAsOf}.`]),
  ].join(" ");
}

const TOLD_BY: Record<Source, string> = {
  posthog: "PostHog told of it",
  segment: "Segment told of it",
  sweep: "our own sweep found it",
};

function eventLink(event: EventRecord, { runs, exits }: History): Link {
  const run = runs.find(({ eventUuid }) => eventUuid === event.uuid);
  const exit = exits.find(({ eventUuid }) => eventUuid === event.uuid);
  const lateMs = event.receivedAt - Date.parse(event.occurredAt);
  return {
    ...link("event", event.occurredAt, "quiet", event.name),
    sentence: `${event.distinctId} did ${event.name}; ${TOLD_BY[event.source]} ${lateMs < 1_000 ? "at once" : `${duration(lateMs)} later`}.`,
    value: event.uuid,
    workflow: run?.workflow ?? exit?.workflow ?? null,
    runRef: run?.transactionId ?? null,
  };
}

/** The source of the event that began a decision's run; null when the event is not kept any more. */
function toldBy({ transactionId }: Decision, { runs, events }: History): Source | null {
  const run = runs.find((one) => one.transactionId === transactionId);
  return events.find(({ uuid }) => uuid === run?.eventUuid)?.source ?? null;
}

function setAsideLink({ receivedAt, reason, eventUuid, eventName }: IgnoredRecord, { events }: History): Link {
  const counts = events.some(({ uuid }) => uuid === eventUuid);
  return {
    ...link("ignored", receivedAt, "warn", "ignored"),
    sentence: `${eventName ?? "A delivery"} came in and ${counts ? "caused not all that it says" : "caused nothing"}.`,
    value: reason,
  };
}

function choiceLink({ at, topic, isOut, cause }: OptOutRecord, person: string): Link {
  const what = topic === "all" ? "all messages" : topic;
  return {
    ...link("choice", at, isOut ? "warn" : "info", isOut ? "opted out" : "opted in"),
    sentence: isOut ? `${person} turned off ${what}.` : `${person} turned on ${what}.`,
    value: cause,
  };
}

function runLinks(run: RunRecord, { decisions }: History): Link[] {
  const { transactionId, workflow, distinctId, eventName, status, enteredAt, endedAt, occurredAt, receivedAt } = run;
  const facts = { workflow, runRef: transactionId };
  if (enteredAt !== null)
    return [
      {
        ...link("run", iso(enteredAt), "info", "entered"),
        ...facts,
        sentence: `${distinctId} entered ${workflow}: Novu took the run on.`,
        value: eventName,
      },
      ...(status === "failed" && endedAt !== null
        ? [
            {
              ...link("run", iso(endedAt), "bad", "lost"),
              ...facts,
              sentence: `The run ended at Novu before its last message, so ${distinctId} may enter ${workflow} again.`,
              value: endOf(run, decisions),
            },
          ]
        : []),
    ];
  // The decisions say why a run did not begin; where there are none, it was too few events.
  if (status === "not started" && !decisions.some((one) => one.transactionId === transactionId))
    return [
      {
        ...link("run", receivedAt === null ? occurredAt : iso(receivedAt), "warn", "not entered"),
        ...facts,
        sentence: `${distinctId} did not enter ${workflow}: it had not happened often enough yet.`,
        value: eventName,
      },
    ];
  return [];
}

/** Novu's word on a run that ended there. */
function endOf({ transactionId }: RunRecord, decisions: Decision[]): string | null {
  const mine = decisions.filter((one) => one.transactionId === transactionId && one.outcome === "failed");
  return (mine.find(({ reason }) => reason === "lost at Novu") ?? mine.at(-1))?.detail ?? null;
}

function exitLink(exit: Exit & Arrived, { runs }: History): Link[] {
  const { workflow, distinctId, eventName, occurredAt } = exit;
  const ended = runs.filter((run) => run.workflow === workflow && run.status === "exited" && endsRun(exit, run));
  return [
    {
      ...link("exit", occurredAt, "good", ended.length > 0 ? "exited" : "nothing to leave"),
      workflow,
      runRef: ended.at(-1)?.transactionId ?? null,
      sentence:
        ended.length > 0
          ? `${distinctId} left ${workflow} by ${eventName}.`
          : `${eventName} ends ${workflow}, but ${distinctId} was in no run of it then.`,
      value: eventName,
    },
  ];
}

const RESTED_ON: Record<NonNullable<Decision["personSource"]>, string> = {
  posthog: "PostHog was asked for the person at that moment.",
  segment: "Segment was asked for the person at that moment.",
  own: "What had been told of the person by then counted, because nobody else knows them.",
  snapshot: "The person could not be asked for, so what was known from their events counted.",
};

function decisionLink(decision: Decision, history: History): Link {
  const { outcome, step, channel, decidedAt, workflow, transactionId, personSource, reason, detail } = decision;
  const facts = { workflow, step, runRef: transactionId, note: noteOf(decision) };
  const isOfNobody = personSource === null || reason === "person not found" || reason === "person unavailable";
  const restedOn = isOfNobody ? "" : ` ${RESTED_ON[personSource]}`;
  if (outcome === "sent") {
    const isKnown = decision.receipt !== "no answer";
    const [tone, label, done] = isKnown
      ? (["good", "sent", "sent"] as const)
      : (["warn", "handed to Novu", "handed to Novu"] as const);
    return {
      ...link("decision", decidedAt, tone, label),
      ...facts,
      sentence: `${step} was ${done} by ${channelName(channel)}.${restedOn}`,
      value: detail,
    };
  }
  return {
    ...link("decision", decidedAt, outcome === "failed" ? "bad" : "warn", outcome === "failed" ? "failed" : "not sent"),
    ...facts,
    sentence: `${step} (${channelName(channel)}) was not sent: ${notSentBecause(decision, toldBy(decision, history))}.${restedOn}`,
    value: [reason, detail].filter((part) => part !== null).join(": ") || null,
  };
}

function jobLink({ kind, transactionId, workflow, state, dueAt, attempts, error }: PersonJob, { runs }: History): Link {
  const tried = attempts === 0 ? "" : ` after ${count(attempts, "attempt")}`;
  return {
    ...link("jobs", iso(dueAt), state === "dead" ? "bad" : "info", state === "dead" ? "dead" : "still to do"),
    workflow,
    runRef: runs.find((run) => run.transactionId === transactionId)?.transactionId ?? null,
    sentence:
      state === "dead"
        ? `${WORK[kind]} is dead${tried}; nothing tries it again by itself.`
        : `${WORK[kind]} is due then${tried}.`,
    value: error,
  };
}

/** Each run that waits has a person to be read before its next message, and a look when it is overdue; only trouble with these explains anything. */
function isWorthTelling({ kind, state, error }: PersonJob): boolean {
  return (kind !== "refresh" && kind !== "overdue") || state === "dead" || error !== null;
}

const WORK: Record<PersonJob["kind"], string> = {
  start: "The start at Novu",
  exit: "The cancel at Novu",
  refresh: "The update of the person's address at Novu",
  receipt: "The question to Novu what became of a message",
  overdue: "A look what became of the run at Novu",
  unheard: "A look whether Novu ended the run at a throttle",
  join: "The question to PostHog whether two ids are one person",
  profile: "The profile for Novu",
  preferences: "The choice of topics for Novu",
  unwanted: "The list of unwanted topics for PostHog",
  report: "The report of a decision to PostHog",
  capture: "The report to PostHog of what became of a message",
};

function link(kind: Link["kind"], at: string, tone: Link["tone"], label: string) {
  return { at, kind, tone, label, value: null, note: null, workflow: null, step: null, runRef: null };
}

function channelName(channel: Decision["channel"]): string {
  return { email: "email", in_app: "the in-app inbox", push: "push", sms: "SMS", chat: "chat" }[channel];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function times(number: number): string {
  return number === 1 ? "once" : `${number} times`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
