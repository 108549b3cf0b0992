import type { Decision } from "../contracts/decision.ts";
import { COHORT_ENTERED, SweptProperties } from "../contracts/event.ts";
import type {
  EventRecord,
  ExitRecord,
  History,
  IgnoredRecord,
  OptOutRecord,
  PersonJob,
  RunRecord,
  WithdrawalRecord,
} from "../contracts/history.ts";
import { durationInWords } from "../lib/durations.ts";
import { type About, type ChainLink, nameOf } from "./explanation.ts";
import {
  CHANNEL_NAMES,
  cohortName,
  count,
  JOB_NAMES,
  noteOf,
  notSentBecause,
  READ_FROM,
  runFailure,
  sentBy,
  sourceOfRun,
} from "./words.ts";

// One link for each record of a history.

export function eventLink(event: EventRecord, { runs, exits }: History): ChainLink {
  const run = runs.find(({ eventUuid }) => eventUuid === event.uuid);
  const exit = exits.find(({ eventUuid }) => eventUuid === event.uuid);
  const cohort = event.name === COHORT_ENTERED ? SweptProperties.parse(event.properties).cohort_id : null;
  const did = cohort == null ? `did ${event.name}` : `entered ${cohortName({ id: cohort })}`;
  const lateMs = event.receivedAt - Date.parse(event.occurredAt);
  return {
    ...link("event", event.occurredAt, "quiet", event.name),
    sentence: `${event.distinctId} ${did}. ${sentBy(event.source)} ${lateMs < 1_000 ? "at once" : `${durationInWords(lateMs)} later`}.`,
    value: event.uuid,
    workflow: run?.workflow ?? exit?.workflow ?? null,
    runRef: run?.transactionId ?? null,
  };
}

export function ignoredLink(
  { receivedAt, reason, eventUuid, eventName }: IgnoredRecord,
  { events }: History,
): ChainLink {
  const isInPart = events.some(({ uuid }) => uuid === eventUuid);
  return {
    ...link("ignored", receivedAt, "warn", "ignored"),
    sentence: `${eventName ?? "A webhook"} arrived and was ignored${isInPart ? " in part" : ""}.`,
    value: reason,
  };
}

export function optOutLink({ at, topic, isOut, cause }: OptOutRecord, { person, workflows }: About): ChainLink {
  const topicName = topic === "all" ? "all messages" : nameOf(topic, workflows);
  return {
    ...link("opt-out", at, isOut ? "warn" : "info", isOut ? "opted out" : "opted in"),
    sentence: isOut ? `${person} opted out of ${topicName}.` : `${person} opted in to ${topicName}.`,
    value: cause,
  };
}

export function runLinks(run: RunRecord, { decisions }: History, { workflows }: About): ChainLink[] {
  const { transactionId, workflow, distinctId, eventName, status, enteredAt, endedAt, occurredAt, receivedAt } = run;
  const name = nameOf(workflow, workflows);
  const facts = { workflow, runRef: transactionId };
  if (enteredAt !== null) {
    const entered = {
      ...link("run", iso(enteredAt), "info", "entered"),
      ...facts,
      sentence: `${distinctId} entered ${name}. Novu started the run.`,
      value: eventName,
    };
    if (status !== "failed" || endedAt === null) return [entered];
    const failed = {
      ...link("run", iso(endedAt), "bad", "failed"),
      ...facts,
      sentence: `The run ended at Novu before its last message. ${distinctId} can enter ${name} again.`,
      value: runFailure(run, decisions),
    };
    return [entered, failed];
  }
  // If decisions exist, they explain why the run did not start; otherwise there were too few events.
  if (status !== "not started" || decisions.some((one) => one.transactionId === transactionId)) return [];
  return [
    {
      ...link("run", receivedAt === null ? occurredAt : iso(receivedAt), "warn", "not started"),
      ...facts,
      sentence: `${distinctId} did not enter ${name}: the event has not happened often enough yet.`,
      value: eventName,
    },
  ];
}

export function exitLink(exit: ExitRecord, { runs }: History, { workflows }: About): ChainLink {
  const { workflow, distinctId, eventName, occurredAt, wait, ends } = exit;
  const name = nameOf(workflow, workflows);
  const matching = runs.filter(({ transactionId }) => ends.includes(transactionId));
  if (wait !== null)
    return {
      ...link("exit", occurredAt, "info", "ends a wait"),
      workflow,
      step: wait,
      runRef: matching.at(-1)?.transactionId ?? null,
      sentence: `${eventName} ends the wait ${wait} of ${name}.`,
      value: eventName,
    };
  const ended = matching.findLast(({ status }) => status === "exited");
  return {
    ...link("exit", occurredAt, "good", ended === undefined ? "no run to end" : "exited"),
    workflow,
    runRef: ended?.transactionId ?? null,
    sentence:
      ended === undefined
        ? `${eventName} ends ${name}, but it ended no run of ${distinctId ?? matching[0]?.distinctId}.`
        : `${ended.distinctId} exited ${name} by ${eventName}${distinctId === null ? " of another person" : ""}.`,
    value: eventName,
  };
}

export function decisionLink(decision: Decision, history: History): ChainLink {
  const { outcome, step, channel, decidedAt, workflow, transactionId, personSource, reason, detail } = decision;
  const facts = { workflow, step, runRef: transactionId, note: noteOf(decision) };
  const isWithoutPerson = personSource === null || reason === "person not found" || reason === "person unavailable";
  const readFrom = isWithoutPerson ? "" : ` ${READ_FROM[personSource]}`;
  if (outcome !== "sent") {
    const [tone, label] = outcome === "failed" ? (["bad", "failed"] as const) : (["warn", "not sent"] as const);
    return {
      ...link("decision", decidedAt, tone, label),
      ...facts,
      sentence: `${step} (${CHANNEL_NAMES[channel]}) was not sent: ${notSentBecause(decision, sourceOfRun(decision, history))}.${readFrom}`,
      value: [reason, detail].filter((part) => part !== null).join(": ") || null,
    };
  }
  const [tone, label] =
    decision.receipt === "no answer" ? (["warn", "sent to Novu"] as const) : (["good", "sent"] as const);
  return {
    ...link("decision", decidedAt, tone, label),
    ...facts,
    sentence: `${step} (${CHANNEL_NAMES[channel]}) was ${label}.${readFrom}`,
    value: detail,
  };
}

export function withdrawalLink({ transactionId, step, at }: WithdrawalRecord, { runs }: History): ChainLink {
  return {
    ...link("withdrawal", iso(at), "info", "withdrawn"),
    workflow: runs.find((run) => run.transactionId === transactionId)?.workflow ?? null,
    step,
    runRef: transactionId,
    sentence: `${step} was unread when the run exited, so it was withdrawn: Novu's Inbox has it under Archived.`,
  };
}

/** Whether a job explains anything. Each waiting run has two jobs that explain nothing before their first error. */
export function isWorthShowing({ kind, state, error }: PersonJob): boolean {
  return (kind !== "refresh subscriber" && kind !== "overdue") || state === "dead" || error !== null;
}

export function jobLink(job: PersonJob, { runs }: History): ChainLink {
  const { kind, transactionId, workflow, state, dueAt, attempts, error } = job;
  const tried = attempts === 0 ? "" : ` after ${count(attempts, "attempt")}`;
  return {
    ...link("job", iso(dueAt), state === "dead" ? "bad" : "info", state),
    workflow,
    runRef: runs.find((run) => run.transactionId === transactionId)?.transactionId ?? null,
    sentence:
      state === "dead"
        ? `${JOB_NAMES[kind]} is dead${tried}. It does not run again until you redrive it.`
        : `${JOB_NAMES[kind]} is due at this time${tried}.`,
    value: error,
  };
}

function link(kind: ChainLink["kind"], at: string, tone: ChainLink["tone"], label: string) {
  return { at, kind, tone, label, value: null, note: null, workflow: null, step: null, runRef: null };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
