import type { Decision } from "../contracts/decision.ts";
import type { NovuJobRecord, NovuMessageRecord } from "../contracts/novu.ts";
import { parseJson } from "../lib/json.ts";
import { redactReason } from "../lib/redact.ts";

/** The result of a message, as Novu has it. */
export type NovuResult = Pick<Decision, "outcome" | "reason" | "detail">;

type Facts = Pick<Decision, "step" | "channel" | "jobId">;

const SENT: NovuResult = { outcome: "sent", reason: null, detail: null };

const DIGESTED: NovuResult = { outcome: "skipped", reason: "digested", detail: null };
const LOST_WITH_CARRIER: NovuResult = {
  outcome: "failed",
  reason: "lost at Novu",
  detail: "a digest put this run into another run, which was lost",
};

/** States of a job at Novu that are not final. */
const OPEN = new Set(["pending", "queued", "running", "delayed", "merged"]);

// The texts are `DetailEnum` in Novu's public source; they change a little from version to version.
const OPTED_OUT = /filtered by .*preferences/i;
/** Preferences that are set in the code or in the dashboard; Novu's text calls the colleague who set them "user". */
const OF_THE_WORKFLOW = /filtered by (?:workflow|user) preferences/i;
const OUTSIDE_THE_SCHEDULE = /outside.*schedule/i;
const UNREACHABLE =
  /missing recipient|missing an? (?:email|phone)|missing the tokens|no(?:t have a)? configured channel|webhook url.*missing|does not have an? (?:email|phone)|missing_(?:email|phone|push|webhook|chat)/i;
const NO_INTEGRATION = /active[ _]integration|integration\b.{0,80}\bnot found/i;
const PROVIDER =
  /provider|channels failed|unexpected (?:email|sms|push|chat)|_unexpected_error|\bE(?:TIMEDOUT|CONN\w+)/i;
/** Texts about a step before its final result. */
const INTERMEDIATE =
  /^(?:step (?:created|queued|delayed)|start sending|message created|.*successful bridge|integration instance|.*provider was selected)/i;

/** The result when the provider did not accept the message. */
export function resultOfProvider(why: string | undefined): NovuResult {
  return resultOf(why) ?? { outcome: "failed", reason: "provider failed", detail: clean(why) };
}

/** The decision "sent" of a step, confirmed or corrected by Novu's result. */
export function withReceipt(decision: Decision, result: NovuResult): Decision {
  if (result.outcome === "sent") return { ...decision, receipt: "confirmed" };
  // The message reached no address, and exposed the person to no experiment.
  return { ...decision, ...result, receipt: "corrected", address: null, exposures: [] };
}

/**
 * The result from the messages that name the step; null when no message has a result. The step counts as sent when one
 * of its messages was sent.
 */
export function resultOfMessages({ step, channel }: Facts, messages: NovuMessageRecord[]): NovuResult | null {
  return resultOfAll(messages.filter((message) => message.channel === channel && message.stepId === step));
}

/** The result when Novu no longer lists the run: from messages of an older Novu, which do not name their step. */
export function resultOfUnnamed({ channel }: Facts, messages: NovuMessageRecord[]): NovuResult | null {
  return resultOfAll(messages.filter((message) => message.channel === channel && message.stepId === undefined));
}

function resultOfAll(mine: NovuMessageRecord[]): NovuResult | null {
  if (mine.some(({ status }) => status === "sent")) return SENT;
  const [error] = mine.filter(({ status, errorText }) => status === "error" || errorText !== undefined);
  if (error === undefined) return null;
  return resultOfProvider(error.errorText);
}

/** The result from Novu's jobs of the run; null when the job of the message is not final, or is missing. */
export function resultOfJobs(facts: Facts, jobs: NovuJobRecord[]): NovuResult | null {
  const job = jobOf(facts, jobs);
  if (job === null || OPEN.has(job.status)) return null;
  return resultOfJob(job);
}

/**
 * The result of a step without a decision, in a run that is over. `isCarrierLost`: another run of the person was lost,
 * into which a digest may have put this run.
 */
export function resultOfStep(
  step: Pick<Facts, "step" | "channel">,
  jobs: NovuJobRecord[],
  { isCarrierLost }: { isCarrierLost: boolean },
): NovuResult {
  if (jobs.length === 0)
    return { outcome: "failed", reason: "lost at Novu", detail: "Novu accepted the trigger but has no such run" };
  const job = jobOf(step, jobs);
  // Novu fixes the steps of a run at its trigger, so this step came later.
  if (job === null) return { outcome: "skipped", reason: "added later", detail: null };
  if (job.status === "merged") return isCarrierLost ? LOST_WITH_CARRIER : DIGESTED;
  if (job.details.length > 0 || job.status === "completed") return resultOfJob(job);
  const before = jobs.slice(0, jobs.indexOf(job));
  const cause = before.findLast(({ status, details }) => status === "failed" && details.length > 0);
  const result = resultOfJob(cause ?? job);
  return cause === undefined ? result : { ...result, detail: `${cause.step ?? cause.type}: ${result.detail}` };
}

/** The result from a job that is final. */
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

/** Whether a digest has put the run into another run, which sends its messages. Then this run does not continue. */
export function isMerged(jobs: NovuJobRecord[]): boolean {
  const open = jobs.filter(isOpen);
  return open.length > 0 && open.every(({ status }) => status === "merged");
}

/** Whether the job is not final yet. */
export function isOpen(job: Pick<NovuJobRecord, "status">): boolean {
  return OPEN.has(job.status);
}

/** Novu's job of a message. When several runs have the transaction id, the job that got furthest. */
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
  const { message } = (parseJson(raw ?? "") ?? {}) as { message?: unknown };
  return typeof message === "string" && message !== "" ? message : null;
}

function clean(text: string | undefined): string {
  return text ? redactReason(text) : "the provider gave no reason";
}
