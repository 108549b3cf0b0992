import type { Decision } from "../../src/contracts/decision.ts";
import type { LifecycleEvent } from "../../src/contracts/event.ts";

/** When the things that the tests make up happened. */
export const OCCURRED_AT = "2026-03-02T09:00:00.000Z";

/** Ada starts a checkout, unless told otherwise. */
export function event(changes: Partial<LifecycleEvent> = {}): LifecycleEvent {
  const facts = { uuid: "u", name: "checkout_started", distinctId: "ada", occurredAt: OCCURRED_AT };
  return { ...facts, properties: {}, personProperties: null, ...changes };
}

/** Ada's welcome was sent, unless told otherwise. */
export function decision(changes: Partial<Decision> = {}): Decision {
  const run = { transactionId: "u:w", workflow: "w", distinctId: "ada" };
  const outcome = {
    outcome: "sent",
    reason: null,
    detail: null,
    personSource: "posthog",
    decidedAt: OCCURRED_AT,
  } as const;
  return { ...run, step: "welcome", channel: "email", ...outcome, ...changes };
}
