import type { Decision } from "../contracts/decision.ts";
import type { RunContext } from "./run-context.ts";

/** A message of an earlier step, as the functions of a later step see it. */
export interface MessageResult {
  /** Whether Novu handed the message to its provider. */
  sent: boolean;
  /** Why the message was not sent; null if it was, or if Novu has not said why yet. */
  reason: Decision["reason"];
}

/** Novu's states of a step whose message did not go out. The step before the called one may still be "running". */
const NOT_SENT = ["canceled", "failed", "skipped"];

/** The result of a message, from its decision and from Novu's state of its step. */
export async function messageResult(
  { run, facts, earlier }: Pick<RunContext, "run" | "facts" | "earlier">,
  id: string,
): Promise<MessageResult> {
  const status = facts.statuses.get(id);
  if (status === undefined) return { sent: false, reason: null };
  const went = !NOT_SENT.includes(status);
  if (run.isTest) return { sent: went, reason: null };
  const decision = (await earlier()).find(({ step }) => step === id);
  if (decision?.outcome !== "sent") return { sent: false, reason: decision?.reason ?? null };
  return { sent: went, reason: status === "failed" ? "provider failed" : null };
}
