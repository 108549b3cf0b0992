import type { Decision } from "../../contracts/decision.ts";
import type { BodyOf } from "../../contracts/job.ts";
import type { NovuActivity } from "../../contracts/novu.ts";
import type { Report } from "../../contracts/report.ts";
import { isTriggeredHere, partId } from "../../contracts/run.ts";
import type { Log } from "../../lib/log.ts";
import { allMessages } from "../novu-messages.ts";
import type { JobAttempt } from "../worker.ts";

type WithdrawJob = BodyOf<"withdraw">;

/**
 * Archives the unread notes of a run after its exit. Novu may make a note after the exit is handled, because the cancel
 * of a run does not stop its running step. So the job is scheduled by the exit, for the notes that Novu has by then, and
 * by the receipt of each later note.
 */
export function createWithdrawals({
  withdrawnNotes,
  decisionsOf,
  findState,
  schedule,
  messages,
  archive,
  pace,
  report,
  now,
  log,
}: {
  /** The notes of a workflow in the present code that an exit withdraws; empty for an unknown workflow. */
  withdrawnNotes(workflow: string): string[];
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  findState(transactionId: string): Promise<string | null>;
  /** Replaces the same job, so that a running attempt is followed by another. */
  schedule(job: WithdrawJob): Promise<void>;
  messages: NovuActivity["messages"];
  /** False if Novu does not have the note any more. */
  archive(subscriberId: string, messageId: string, contextKeys?: string[]): Promise<boolean>;
  pace: { read(): Promise<void>; archive(): Promise<void> };
  /** False if the report is not new. */
  report(report: Report): Promise<boolean>;
  now: () => number;
  log: Log;
}) {
  return { afterExit, afterReceipt, withdraw };

  /** Schedules the job of a run that an exit ends. */
  async function afterExit({ transactionId, distinctId, workflow }: WithdrawJob): Promise<void> {
    const decisions = await decisionsOf([transactionId]);
    if (decisions.some(mayBeWithdrawn)) await schedule({ transactionId, distinctId, workflow });
  }

  /** Schedules the job of a run that has ended before the receipt of this message. */
  async function afterReceipt(decision: Decision): Promise<void> {
    if (!mayBeWithdrawn(decision)) return;
    const { transactionId, distinctId, workflow } = decision;
    const state = await findState(transactionId);
    if (state === "exiting" || state === "exited") await schedule({ transactionId, distinctId, workflow });
  }

  /** A trigger of another system may have several subscribers, and Novu's messages name no subscriber. */
  function mayBeWithdrawn({ outcome, ...decision }: Decision): boolean {
    return outcome !== "skipped" && isTriggeredHere(decision) && isWithdrawn(decision);
  }

  function isWithdrawn({ workflow, step }: { workflow: string; step: string | undefined }): boolean {
    return step !== undefined && withdrawnNotes(workflow).includes(step);
  }

  async function withdraw(job: WithdrawJob, { isTried }: Pick<JobAttempt, "isTried">): Promise<void> {
    const { transactionId, distinctId, workflow } = job;
    const parts = (await decisionsOf([transactionId])).map(({ part = 0 }) => part);
    const ids = Array.from({ length: Math.max(0, ...parts) + 1 }, (_, part) => partId(transactionId, part));
    const found = await allMessages(ids, async (some, page) => {
      await pace.read();
      return messages(some, page);
    });
    for (const { id, stepId, channel, isRead, isArchived, contextKeys } of found) {
      if (id === undefined || channel !== "in_app" || !isWithdrawn({ workflow, step: stepId })) continue;
      // The answer to an earlier attempt may have been lost.
      let isGone = isTried && isArchived === true;
      if (isRead === false) {
        await pace.archive();
        isGone = await archive(distinctId, id, contextKeys);
      }
      if (isGone) await record(job, String(stepId));
    }
  }

  async function record({ transactionId, distinctId, workflow }: WithdrawJob, step: string): Promise<void> {
    const decision = (await decisionsOf([transactionId])).find((one) => one.step === step);
    // The person was deleted meanwhile.
    if (decision === undefined) return;
    const { channel, template, variants } = decision;
    const at = new Date(now()).toISOString();
    const facts = {
      status: "withdrawn",
      distinctId,
      workflow,
      transactionId,
      step,
      channel,
      template,
      variants,
    } as const;
    if (await report({ ...facts, properties: {}, at }))
      log.info({ component: "outbox", outcome: "withdrawn", workflow, step, transactionId });
  }
}
