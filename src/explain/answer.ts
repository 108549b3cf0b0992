import type { Decision } from "../contracts/decision.ts";
import type { History } from "../contracts/history.ts";
import { type About, nameOf } from "./explanation.ts";
import { notSentBecause, sourceOfRun } from "./reasons.ts";
import { count, JOB_NAMES, runFailure } from "./words.ts";

/** The answer in a few sentences: the run or why there is none, then what is dead. */
export function answerTo(about: About, history: History): string {
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
    about.workflow === null
      ? `${about.person} has ${count(runs.length, "run")}.`
      : `${about.person} entered ${nameOf(about.workflow, about.workflows)} ${times(runs.length)}.`,
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

function lastNotSent(decision: Decision, history: History): string {
  return `Last message not sent: ${decision.step}, because ${notSentBecause(decision, sourceOfRun(decision, history))}.`;
}

function notEntered({ person, workflow, workflows }: About, { exits, ignored, subscriberAsOf }: History): string[] {
  const hasNot = `${person} has not entered ${workflow === null ? "any workflow" : nameOf(workflow, workflows)}`;
  const last = ignored.at(-1);
  if (last !== undefined) return [`${hasNot}. Last ignored event: ${last.reason}.`];
  const events = workflows.find(({ id }) => id === workflow)?.events ?? [];
  return [
    `${hasNot}: no event of this person started a run${exits.length > 0 ? "" : ", or it is older than the retention time"}.`,
    ...(events.length === 0 ? [] : [`The workflow listens to ${[...new Set(events)].join(", ")}.`]),
    ...(subscriberAsOf === null ? [] : [`Novu has the data of this person as of ${subscriberAsOf}.`]),
  ];
}

function times(number: number): string {
  return number === 1 ? "once" : `${number} times`;
}
