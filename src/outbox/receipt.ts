import type { Decision } from "../contracts/decision.ts";
import type { NovuJobRecord, NovuMessageRecord } from "../contracts/novu-activity.ts";
import { redactReason } from "../lib/redact-reason.ts";

/** The outcome of a message by Novu's word; null while Novu has no final one. */
export type Word = Pick<Decision, "outcome" | "reason" | "detail">;

type Facts = Pick<Decision, "step" | "channel" | "jobId">;

const SENT: Word = { outcome: "sent", reason: null, detail: null };

/** Jobs of which more is to come. */
const OPEN = new Set(["pending", "queued", "running", "delayed", "merged"]);

// Novu's words are `DetailEnum` in its public source; they change a little from version to version.
const OPTED_OUT = /filtered by .*preferences/i;
/** In the code, or by a colleague in the dashboard, whom Novu calls the user. */
const OF_THE_WORKFLOW = /filtered by (?:workflow|user) preferences/i;
const OUTSIDE_THE_SCHEDULE = /outside.*schedule/i;
const UNREACHABLE =
  /missing recipient|missing an? (?:email|phone)|missing the tokens|no(?:t have a)? configured channel|webhook url.*missing|does not have an? (?:email|phone)|missing_(?:email|phone|push|webhook|chat)/i;
const NO_INTEGRATION = /active[ _]integration|integration\b.{0,80}\bnot found/i;
const PROVIDER =
  /provider|channels failed|unexpected (?:email|sms|push|chat)|_unexpected_error|\bE(?:TIMEDOUT|CONN\w+)/i;
/** Words on what comes before the end. */
const ON_THE_WAY =
  /^(?:step (?:created|queued|delayed)|start sending|message created|.*successful bridge|integration instance|.*provider was selected)/i;

/** A message that its provider did not take, for that reason. */
export function wordOfProvider(why: string | undefined): Word {
  return wordOf(why) ?? { outcome: "failed", reason: "provider failed", detail: clean(why) };
}

/** The decision as Novu's word leaves it. */
export function settled(decision: Decision, word: Word): Decision {
  if (word.outcome === "sent") return { ...decision, receipt: "confirmed" };
  // Nobody was reached, and nobody is exposed to anything by it.
  return { ...decision, ...word, receipt: "corrected", address: null, exposures: [] };
}

/** By the messages that name the step; null where they do not say it. Of several one that was sent is enough. */
export function wordOfMessages({ step, channel }: Facts, messages: NovuMessageRecord[]): Word | null {
  return wordOfAll(messages.filter((message) => message.channel === channel && message.stepId === step));
}

/** By the messages of an older Novu that name no step, where the run's own word is not to be had; null where they do not say it. */
export function wordOfUnnamed({ channel }: Facts, messages: NovuMessageRecord[]): Word | null {
  return wordOfAll(messages.filter((message) => message.channel === channel && message.stepId === undefined));
}

function wordOfAll(mine: NovuMessageRecord[]): Word | null {
  if (mine.some(({ status }) => status === "sent")) return SENT;
  const [error] = mine.filter(({ status, errorText }) => status === "error" || errorText !== undefined);
  if (error === undefined) return null;
  return wordOfProvider(error.errorText);
}

/** By the jobs of the run; null while the message's own has not come to an end, or is not among them. */
export function wordOfJobs(facts: Facts, jobs: NovuJobRecord[]): Word | null {
  const job = jobOf(facts, jobs);
  if (job === null || OPEN.has(job.status)) return null;
  return wordOfJob(job);
}

/** The outcome of a step whose job has come to an end. */
export function wordOfJob(job: Pick<NovuJobRecord, "status" | "details">): Word {
  if (job.status === "completed") return SENT;
  for (const { detail, raw } of job.details.toReversed()) {
    if (ON_THE_WAY.test(detail)) continue;
    const word = wordOf(detail);
    if (word !== null) return word;
    if (NO_INTEGRATION.test(detail)) return { outcome: "failed", reason: "provider failed", detail: clean(detail) };
    if (PROVIDER.test(detail))
      return { outcome: "failed", reason: "provider failed", detail: clean(messageIn(raw) ?? detail) };
  }
  const last = job.details.findLast(({ detail }) => !ON_THE_WAY.test(detail));
  const said =
    last === undefined ? null : [last.detail, messageIn(last.raw)].filter((part) => part !== null).join(": ");
  return { outcome: "failed", reason: "lost at Novu", detail: clean(said ?? `the step is ${job.status}`) };
}

/** Whether a run may still go on by itself. */
export function isOpen(job: Pick<NovuJobRecord, "status">): boolean {
  return OPEN.has(job.status);
}

/** The job that asked for the message; of several runs with one transaction id the one that got furthest. */
export function jobOf({ step, channel, jobId }: Facts, jobs: NovuJobRecord[]): NovuJobRecord | null {
  const mine = jobs.filter((job) => job.type === channel && job.step === step);
  return (
    jobs.find(({ id }) => id === jobId) ??
    mine.find(({ status }) => status === "completed") ??
    mine.find((job) => OPEN.has(job.status)) ??
    mine[0] ??
    null
  );
}

/** Outcomes that have nothing to do with the provider. */
function wordOf(detail: string | undefined): Word | null {
  if (detail === undefined) return null;
  if (OPTED_OUT.test(detail)) {
    const by = OF_THE_WORKFLOW.test(detail) ? "by the workflow" : "by the subscriber";
    return { outcome: "skipped", reason: "opted out at Novu", detail: by };
  }
  if (OUTSIDE_THE_SCHEDULE.test(detail)) return { outcome: "skipped", reason: "outside the schedule", detail: null };
  if (NO_INTEGRATION.test(detail)) return null;
  return UNREACHABLE.test(detail) ? { outcome: "skipped", reason: "unreachable", detail: clean(detail) } : null;
}

/** The message of an error that Novu keeps as JSON; null where there is none. */
function messageIn(raw: string | null | undefined): string | null {
  if (raw == null) return null;
  try {
    const { message } = JSON.parse(raw) as { message?: unknown };
    return typeof message === "string" && message !== "" ? message : null;
  } catch {
    return null;
  }
}

function clean(said: string | undefined): string {
  return said ? redactReason(said) : "the provider gave no reason";
}
