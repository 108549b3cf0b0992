import type { History } from "../contracts/history.ts";
import { answerTo } from "./answer.ts";
import { type About, type Chain, type ExplainedWorkflow, inOrder } from "./explanation.ts";
import {
  decisionLink,
  eventLink,
  exitLink,
  ignoredLink,
  isWorthShowing,
  jobLink,
  optOutLink,
  runLinks,
} from "./links.ts";

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
    ...history.jobs.filter(isWorthShowing).map((job) => jobLink(job, history)),
  ];
}

/** An ignored event counts for a workflow that listens to it, or that its reason names. */
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
