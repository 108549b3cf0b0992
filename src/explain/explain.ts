import type { Decision } from "../contracts/decision.ts";
import { COHORT_ENTERED } from "../contracts/event.ts";
import type { History } from "../contracts/history.ts";
import { type About, type Chain, type ExplainedWorkflow, inOrder, nameOf } from "./explanation.ts";
import {
  decisionLink,
  eventLink,
  exitLink,
  ignoredLink,
  isWorthShowing,
  jobLink,
  optOutLink,
  runLinks,
  withdrawalLink,
} from "./links.ts";
import { cohortName, count, JOB_NAMES, notSentBecause, runFailure, sourceOfRun } from "./words.ts";

/**
 * Explains why a person got, or did not get, the messages of one workflow or of all. Pure, so that the page, the
 * API and the command give the same answer.
 */
export function explain(
  history: History,
  {
    person,
    workflow = null,
    workflows = [],
  }: { person: string; workflow?: string | null | undefined; workflows?: ExplainedWorkflow[] },
): Chain {
  const about: About = { person, workflow, workflows };
  const narrowed = { ...history, ignored: ignoredFor(history, about), jobs: jobsFor(history, about) };
  const isKnown = isAnythingKnown(history);
  return {
    person,
    personRef: person,
    workflow,
    isKnown,
    answer: isKnown ? answerTo(about, narrowed) : unknown(person),
    links: linksOf(narrowed, about).sort(inOrder),
  };
}

function linksOf(history: History, about: About) {
  return [
    ...history.events.map((event) => eventLink(event, history)),
    ...history.ignored.map((record) => ignoredLink(record, history)),
    ...history.optOuts.map((optOut) => optOutLink(optOut, about)),
    ...history.runs.flatMap((run) => runLinks(run, history, about)),
    ...history.exits.map((exit) => exitLink(exit, history, about)),
    ...history.decisions.map((decision) => decisionLink(decision, history)),
    ...history.withdrawals.map((withdrawal) => withdrawalLink(withdrawal, history)),
    ...history.jobs.filter(isWorthShowing).map((job) => jobLink(job, history)),
  ];
}

/** An ignored event belongs to a workflow that this event can start or end, or that the reason of the event names. */
function ignoredFor({ ignored }: History, { workflow, workflows }: About): History["ignored"] {
  if (workflow === null) return ignored;
  const events = workflows.find(({ id }) => id === workflow)?.events ?? [];
  return ignored.filter(
    ({ eventName, reason }) =>
      eventName === null ||
      events.includes(eventName) ||
      reason.startsWith(`does not fit ${workflow}:`) ||
      reason.startsWith(`replaced for ${workflow}:`),
  );
}

function jobsFor({ jobs }: History, { workflow }: About): History["jobs"] {
  return jobs.filter((job) => workflow === null || job.workflow === null || job.workflow === workflow);
}

function isAnythingKnown({ runs, exits, optOuts, ignored, jobs, subscriberAsOf, hasOtherRuns }: History): boolean {
  return (
    hasOtherRuns || subscriberAsOf !== null || [runs, exits, optOuts, ignored, jobs].some(({ length }) => length > 0)
  );
}

function unknown(person: string): string {
  return `Nothing is known about ${person}: no event of this person has arrived, or it is older than the retention time. Use the distinct id as PostHog has it, or the userId of Segment.`;
}

/** The answer in a few sentences: the run or why there is none, then what is dead. */
function answerTo(about: About, history: History): string {
  const dead = history.jobs.filter(({ state }) => state === "dead");
  const start = dead.find(({ kind }) => kind === "start");
  if (start !== undefined)
    return `A run of ${about.person} is stuck. ${JOB_NAMES.start} is dead: ${start.error ?? "no error is known"}.`;
  const kinds = [...new Set(dead.map(({ kind }) => kind))];
  const entry = history.runs.length === 0 ? notEntered(about, history) : entered(about, history);
  return [...entry, ...kinds.map((kind) => `${JOB_NAMES[kind]} is dead.`)].join(" ");
}

function entered(about: About, history: History): string[] {
  const { runs, decisions } = history;
  const sent = decisions.filter(({ outcome }) => outcome === "sent").length;
  const notSent = decisions.findLast(({ outcome }) => outcome === "skipped");
  const failed = runs.findLast(({ status }) => status === "failed");
  return [
    ...runCounts(about, runs),
    sent === 0 ? "No message was sent." : `${count(sent, "message")} ${sent === 1 ? "was" : "were"} sent.`,
    ...(notSent === undefined ? [] : [lastNotSent(notSent, history)]),
    ...(failed === undefined
      ? []
      : [`A run failed at Novu: ${runFailure(failed, decisions) ?? "no reason is known"}.`]),
    ...(runs.some(({ status }) => status === "in progress" || status === "pending")
      ? ["A run is still in progress."]
      : []),
  ];
}

/** A run that Novu has not started is no entry. */
function runCounts({ person, workflow, workflows }: About, runs: History["runs"]): string[] {
  const name = workflow === null ? null : nameOf(workflow, workflows);
  const notStarted = runs.filter(({ status }) => status === "not started").length;
  const pending = runs.filter(({ status, enteredAt }) => enteredAt === null && status !== "not started").length;
  const entries = runs.length - notStarted - pending;
  const of = name === null ? person : `${person} in ${name}`;
  const entered =
    name === null ? `${person} has ${count(entries, "run")}.` : `${person} entered ${name} ${times(entries)}.`;
  return [
    ...(entries === 0 ? [] : [entered]),
    ...(notStarted === 0 ? [] : [`${count(notStarted, "run")} of ${of} did not start.`]),
    ...(pending === 0 ? [] : [`${count(pending, "run")} of ${of} ${pending === 1 ? "is" : "are"} not at Novu yet.`]),
  ];
}

function lastNotSent(decision: Decision, history: History): string {
  return `Last message not sent: ${decision.step}, because ${notSentBecause(decision, sourceOfRun(decision, history))}.`;
}

function notEntered({ person, workflow, workflows }: About, { exits, ignored, subscriberAsOf }: History): string[] {
  const hasNot = `${person} has not entered ${workflow === null ? "any workflow" : nameOf(workflow, workflows)}`;
  const last = ignored.at(-1);
  if (last !== undefined) return [`${hasNot}. Last ignored event: ${last.reason}.`];
  const { events = [], cohorts = [] } = workflows.find(({ id }) => id === workflow) ?? {};
  const listensTo = events.flatMap((event) => (event === COHORT_ENTERED ? cohorts.map(cohortName) : event));
  return [
    `${hasNot}: no event of this person started a run${exits.length > 0 ? "" : ", or it is older than the retention time"}.`,
    ...(listensTo.length === 0 ? [] : [`The workflow listens to ${[...new Set(listensTo)].join(", ")}.`]),
    ...(subscriberAsOf === null ? [] : [`Novu has the data of this person as of ${subscriberAsOf}.`]),
  ];
}

function times(number: number): string {
  return number === 1 ? "once" : number === 2 ? "twice" : `${number} times`;
}
