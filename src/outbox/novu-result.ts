import type { Decision } from "../contracts/decision.ts";
import type { NovuJobRecord, NovuMessageRecord } from "../contracts/novu-activity.ts";
import { redactReason } from "../lib/redact-reason.ts";

/** The result of a message, as Novu has it. */
export type NovuResult = Pick<Decision, "outcome" | "reason" | "detail">;

type Facts = Pick<Decision, "step" | "channel" | "jobId">;

const SENT: NovuResult = { outcome: "sent", reason: null, detail: null };

const DIGESTED: NovuResult = { outcome: "skipped", reason: "digested", detail: null };
const LOST_WITH_CARRIER: NovuResult = {
  outcome: "failed",
  reason: "lost at Novu",
  detail: "the run that a digest took this one into was lost",
};

/** States of a job at Novu that are not final. */
const OPEN = new Set(["pending", "queued", "running", "delayed", "merged"]);

// The texts are `DetailEnum` in Novu's public source; they change a little from version to version.
const OPTED_OUT = /filtered by .*preferences/i;
/** Set in the code, or in the dashboard: Novu calls the colleague the user. */
const OF_THE_WORKFLOW = /filtered by (?:workflow|user) preferences/i;
const OUTSIDE_THE_SCHEDULE = /outside.*schedule/i;
const UNREACHABLE =
  /missing recipient|missing an? (?:email|phone)|missing the tokens|no(?:t have a)? configured channel|webhook url.*missing|does not have an? (?:email|phone)|missing_(?:email|phone|push|webhook|chat)/i;
const NO_INTEGRATION = /active[ _]integration|integration\b.{0,80}\bnot found/i;
const PROVIDER =
  /provider|channels failed|unexpected (?:email|sms|push|chat)|_unexpected_error|\bE(?:TIMEDOUT|CONN\w+)/i;
/** Texts about what comes before the end. */
const INTERMEDIATE =
  /^(?:step (?:created|queued|delayed)|start sending|message created|.*successful bridge|integration instance|.*provider was selected)/i;

/** The provider did not accept the message, for that reason. */
export function resultOfProvider(why: string | undefined): NovuResult {
  return resultOf(why) ?? { outcome: "failed", reason: "provider failed", detail: clean(why) };
}

/** The decision, confirmed or corrected. */
export function withReceipt(decision: Decision, result: NovuResult): Decision {
  if (result.outcome === "sent") return { ...decision, receipt: "confirmed" };
  // The message reached no address, and exposed the person to no experiment.
  return { ...decision, ...result, receipt: "corrected", address: null, exposures: [] };
}

/** From the messages that name the step; null where there are none with a result. Of several, one that was sent is enough. */
export function resultOfMessages({ step, channel }: Facts, messages: NovuMessageRecord[]): NovuResult | null {
  return resultOfAll(messages.filter((message) => message.channel === channel && message.stepId === step));
}

/** From the messages of an older Novu, which name no step; for a run that Novu does not list any more. */
export function resultOfUnnamed({ channel }: Facts, messages: NovuMessageRecord[]): NovuResult | null {
  return resultOfAll(messages.filter((message) => message.channel === channel && message.stepId === undefined));
}

function resultOfAll(mine: NovuMessageRecord[]): NovuResult | null {
  if (mine.some(({ status }) => status === "sent")) return SENT;
  const [error] = mine.filter(({ status, errorText }) => status === "error" || errorText !== undefined);
  if (error === undefined) return null;
  return resultOfProvider(error.errorText);
}

/** From the jobs of the run; null while the message's own job is not final, or is not among them. */
export function resultOfJobs(facts: Facts, jobs: NovuJobRecord[]): NovuResult | null {
  const job = jobOf(facts, jobs);
  if (job === null || OPEN.has(job.status)) return null;
  return resultOfJob(job);
}

/** Of a step without a decision, in a run that is over; `isCarrierLost`: so is the run that a digest may have put it into. */
export function resultOfStep(
  step: Pick<Facts, "step" | "channel">,
  jobs: NovuJobRecord[],
  { isCarrierLost }: { isCarrierLost: boolean },
): NovuResult {
  if (jobs.length === 0)
    return { outcome: "failed", reason: "lost at Novu", detail: "Novu took the trigger and has no such run" };
  const job = jobOf(step, jobs);
  // The steps of a run are fixed at its trigger.
  if (job === null) return { outcome: "skipped", reason: "added later", detail: null };
  if (job.status === "merged") return isCarrierLost ? LOST_WITH_CARRIER : DIGESTED;
  if (job.details.length > 0 || job.status === "completed") return resultOfJob(job);
  const before = jobs.slice(0, jobs.indexOf(job));
  const cause = before.findLast(({ status, details }) => status === "failed" && details.length > 0);
  const result = resultOfJob(cause ?? job);
  return cause === undefined ? result : { ...result, detail: `${cause.step ?? cause.type}: ${result.detail}` };
}

/** From a job that is final. */
function resultOfJob(job: Pick<NovuJobRecord, "status" | "details">): NovuResult {
  if (job.status === "completed") return SENT;
  for (const { detail, raw } of job.details.toReversed()) {
    if (INTERMEDIATE.test(detail)) continue;
    const result = resultOf(detail);
    if (result !== null) return result;
    if (NO_INTEGRATION.test(detail)) return { outcome: "failed", reason: "provider failed", detail: clean(detail) };
    if (PROVIDER.test(detail))
      return { outcome: "failed", reason: "provider failed", detail: clean(messageIn(raw) ?? detail) };
  }
  const last = job.details.findLast(({ detail }) => !INTERMEDIATE.test(detail));
  const text =
    last === undefined ? null : [last.detail, messageIn(last.raw)].filter((part) => part !== null).join(": ");
  return { outcome: "failed", reason: "lost at Novu", detail: clean(text ?? `the step is ${job.status}`) };
}

/** Whether a digest has put the run into another run, which sends its messages, so that this one does not go on. */
export function isMerged(jobs: NovuJobRecord[]): boolean {
  const open = jobs.filter(isOpen);
  return open.length > 0 && open.every(({ status }) => status === "merged");
}

/** Whether the job is not final yet. */
export function isOpen(job: Pick<NovuJobRecord, "status">): boolean {
  return OPEN.has(job.status);
}

/** The job that called for the message; of several runs with one transaction id, the one that got furthest. */
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

/** The results that do not depend on the provider. */
function resultOf(detail: string | undefined): NovuResult | null {
  if (detail === undefined) return null;
  if (OPTED_OUT.test(detail)) {
    const by = OF_THE_WORKFLOW.test(detail) ? "by the workflow" : "by the subscriber";
    return { outcome: "skipped", reason: "opted out at Novu", detail: by };
  }
  if (OUTSIDE_THE_SCHEDULE.test(detail)) return { outcome: "skipped", reason: "outside the schedule", detail: null };
  if (NO_INTEGRATION.test(detail)) return null;
  return UNREACHABLE.test(detail) ? { outcome: "skipped", reason: "unreachable", detail: clean(detail) } : null;
}

/** The message of an error that Novu saves as JSON; null where there is none. */
function messageIn(raw: string | null | undefined): string | null {
  if (raw == null) return null;
  try {
    const { message } = JSON.parse(raw) as { message?: unknown };
    return typeof message === "string" && message !== "" ? message : null;
  } catch {
    return null;
  }
}

function clean(text: string | undefined): string {
  return text ? redactReason(text) : "the provider gave no reason";
}
