import { type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import type { Run } from "../contracts/run.ts";

/** The decision not to send a message, made without the code of its step. */
export function skippedDecision(
  {
    run,
    workflow,
    step,
    channel,
    reason,
    detail,
  }: { run: Run } & Pick<Decision, "workflow" | "step" | "channel"> & Objection,
  now: () => number,
): Decision {
  const { transactionId, distinctId } = run;
  const decidedAt = new Date(now()).toISOString();
  const facts = { transactionId, distinctId, workflow, step, channel, reason, detail, decidedAt };
  return { ...facts, outcome: "skipped", ...NOTHING_COMPOSED };
}
