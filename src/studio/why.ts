import { type Arrived, endsRun } from "../contracts/arrival.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { EventRecord, History, RunRecord, SetAsideRecord, WorkRecord } from "../contracts/history.ts";
import type { Exit } from "../contracts/notification.ts";
import { duration } from "./duration.ts";
import { notSentBecause } from "./reasons.ts";

/** One thing that had a part in it, as a sentence to read out. */
export interface Link {
  /** ISO 8601 */
  at: string;
  /** The same time may hold several; this is their order then. */
  kind: "event" | "set aside" | "run" | "exit" | "step done" | "decision" | "step" | "work";
  tone: "good" | "bad" | "warn" | "info" | "quiet";
  /** In two or three words. */
  label: string;
  sentence: string;
  /** What decided it: a name, a value, a condition; of an event its uuid. Null where there was nothing to decide. */
  value: string | null;
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

const ORDER: Link["kind"][] = ["event", "set aside", "exit", "run", "step done", "decision", "step", "work"];

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
  const setAside = history.setAside.filter(
    ({ eventName, reason }) =>
      workflow === null ||
      eventName === null ||
      startedBy.includes(eventName) ||
      reason.startsWith(`does not fit ${workflow}:`),
  );
  const links = [
    ...history.events.map((event) => eventLink(event, history)),
    ...setAside.map(setAsideLink),
    ...history.runs.flatMap((run) => runLinks(run, history)),
    ...history.exits.flatMap((exit) => exitLink(exit, history)),
    ...history.decisions.map(decisionLink),
    ...history.work.map((work) => workLink(work, history)),
  ].sort(inOrder);
  const isKnown = history.runs.length + history.exits.length + history.setAside.length > 0;
  return {
    person,
    personRef: person,
    workflow,
    isKnown,
    answer: isKnown ? answerOf({ ...history, setAside }, { person, workflow, startedBy }) : unknown(person),
    links,
  };
}

/** What happened at one time is told in the order of causes. */
export function inOrder(a: Link, b: Link): number {
  return a.at.localeCompare(b.at) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind);
}

function unknown(person: string): string {
  return `Nothing is known of ${person}: no event of theirs has come in, or it is older than what is kept. Distinct ids are written as PostHog has them, or as Segment has its userIds.`;
}

function answerOf(
  { runs, decisions, work, setAside }: History,
  { person, workflow, startedBy }: { person: string; workflow: string | null; startedBy: string[] },
): string {
  const name = workflow ?? "any workflow";
  const last = setAside.at(-1);
  if (runs.length === 0)
    return last === undefined
      ? `${person} never entered ${name}: no event of theirs asked for it${startedBy.length > 0 ? `. It listens to ${startedBy.join(", ")}` : ""}.`
      : `${person} never entered ${name}. The last thing that was set aside: ${last.reason}.`;
  const dead = work.find(({ state, key }) => state === "dead" && key.startsWith("start:"));
  if (dead !== undefined)
    return `${person} is stuck: the start at Novu is dead (${dead.error ?? "no error is known"}).`;
  const [sent, skipped] = ["sent", "skipped"].map((outcome) => decisions.filter((one) => one.outcome === outcome));
  const parts = [
    `${person} started ${name} ${times(runs.length)}`,
    sent?.length ? `was sent ${count(sent.length, "message")}` : "was sent nothing",
  ];
  const latest = skipped?.at(-1);
  const because = latest === undefined ? "" : ` The last one left out, ${latest.step}: ${notSentBecause(latest)}.`;
  const isWaiting = runs.some(({ status }) => status === "under way" || status === "starting");
  return `${parts.join(" and ")}.${because}${isWaiting ? " A run is still under way." : ""}`;
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

function setAsideLink({ receivedAt, reason, eventName }: SetAsideRecord): Link {
  return {
    ...link("set aside", receivedAt, "warn", "set aside"),
    sentence: `${eventName ?? "A delivery"} came in and caused nothing.`,
    value: reason,
  };
}

function runLinks(run: RunRecord, { decisions }: History): Link[] {
  const { transactionId, workflow, distinctId, eventName, status, enteredAt, occurredAt, receivedAt } = run;
  const facts = { workflow, runRef: transactionId };
  if (enteredAt !== null)
    return [
      {
        ...link("run", iso(enteredAt), "info", "entered"),
        ...facts,
        sentence: `${distinctId} entered ${workflow}: Novu took the run on.`,
        value: eventName,
      },
    ];
  // The decisions say why a run did not begin; where there are none, it was too few events.
  if (status === "refused" && !decisions.some((one) => one.transactionId === transactionId))
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

function exitLink(exit: Exit & Arrived, { runs }: History): Link[] {
  const { workflow, distinctId, eventName, occurredAt } = exit;
  const ended = runs.filter((run) => run.workflow === workflow && run.status === "left" && endsRun(exit, run));
  return [
    {
      ...link("exit", occurredAt, "good", ended.length > 0 ? "left" : "nothing to leave"),
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
  own: "What had been told of the person by then counted, because there is nobody to ask for them.",
  snapshot: "The person could not be asked for, so what was known from their events counted.",
};

function decisionLink(decision: Decision): Link {
  const { outcome, step, channel, decidedAt, workflow, transactionId, personSource, reason, detail } = decision;
  const facts = { workflow, step, runRef: transactionId };
  const restedOn = personSource === null ? "" : ` ${RESTED_ON[personSource]}`;
  if (outcome === "sent")
    return {
      ...link("decision", decidedAt, "good", "sent"),
      ...facts,
      sentence: `${step} was sent by ${channelName(channel)}.${restedOn}`,
      value: detail,
    };
  return {
    ...link("decision", decidedAt, outcome === "failed" ? "bad" : "warn", outcome === "failed" ? "failed" : "not sent"),
    ...facts,
    sentence: `${step} (${channelName(channel)}) was not sent: ${notSentBecause(decision)}.${restedOn}`,
    value: [reason, detail].filter((part) => part !== null).join(": ") || null,
  };
}

function workLink({ key, state, dueAt, attempts, error }: WorkRecord, { runs }: History): Link {
  const what = WORK[key.split(":", 1)[0] ?? ""] ?? "A piece of work";
  const run = runs.find(({ transactionId }) => key.includes(transactionId));
  const tried = attempts === 0 ? "" : ` after ${count(attempts, "attempt")}`;
  return {
    ...link("work", iso(dueAt), state === "dead" ? "bad" : "info", state === "dead" ? "dead" : "still to do"),
    workflow: run?.workflow ?? null,
    runRef: run?.transactionId ?? null,
    sentence:
      state === "dead" ? `${what} is dead${tried}; nothing tries it again by itself.` : `${what} is due then${tried}.`,
    value: error,
  };
}

const WORK: Record<string, string> = {
  start: "The start at Novu",
  exit: "The cancel at Novu",
  unheard: "A look whether Novu ended the run at a throttle",
  report: "The report to PostHog",
};

function link(kind: Link["kind"], at: string, tone: Link["tone"], label: string) {
  return { at, kind, tone, label, value: null, workflow: null, step: null, runRef: null };
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
