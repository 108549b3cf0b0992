import type { Decision } from "../../src/contracts/decision.ts";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import type { NextPart } from "../../src/contracts/event-wait.ts";
import type { Report } from "../../src/contracts/report.ts";
import type { Exit, Merge, MergeRequest, Profile, Start, Traits } from "../../src/contracts/routing.ts";
import type { Run } from "../../src/contracts/run.ts";

/** The time of the sample facts. */
export const OCCURRED_AT = "2026-03-02T09:00:00.000Z";
export const LATER = "2026-03-02T10:00:00.000Z";

/** Ada starts a checkout. */
export function event(changes: Partial<LifecycleEvent> = {}): LifecycleEvent {
  const facts = { uuid: "u", name: "checkout_started", distinctId: "ada", occurredAt: OCCURRED_AT };
  return { source: "posthog", ...facts, properties: {}, personProperties: null, ...changes };
}

/** The run of workflow `w` for Ada's event. */
export function run(changes: Partial<Run> = {}): Run {
  const facts = { eventUuid: "u", eventName: "checkout_started", distinctId: "ada", occurredAt: OCCURRED_AT };
  return {
    source: "posthog",
    transactionId: `${changes.eventUuid ?? "u"}:w`,
    ...facts,
    snapshot: {} as Run["snapshot"],
    ...changes,
  };
}

export function start(changes: Partial<Start> = {}): Start {
  const { workflow = "w", run: facts = run({ transactionId: `u:${workflow}` }) } = changes;
  const rules = { addressWait: null, startBy: null, entry: "always", occurrence: null } as const;
  return { workflow, run: facts, to: { subscriberId: facts.distinctId }, payload: {}, ...rules, ...changes };
}

/** Ada completes her checkout an hour later. */
export function exit(changes: Partial<Exit> = {}): Exit {
  const facts = { workflow: "w", distinctId: "ada", eventUuid: "e", eventName: "checkout_completed" };
  return { ...facts, occurredAt: LATER, ...changes };
}

/** Ada's run waits an hour for an event. */
export function nextPart(changes: Partial<NextPart> = {}): NextPart {
  const facts = { workflow: "w", run: run(), wait: "wait", steps: ["welcome", "wait"], notes: [], payload: {} };
  return { ...facts, endsAt: LATER, ...changes };
}

/** An identify of Ada. */
export function profile(changes: Partial<Profile> = {}): Profile {
  const subscriber = { subscriberId: "ada", email: "ada@example.com" };
  return { subscriber, occurredAt: OCCURRED_AT, eventUuid: "i", ...changes };
}

/** The profile of Ada from her source's events. */
export function traits(changes: Partial<Traits> = {}): Traits {
  const properties = { email: "ada@example.com" } as Traits["properties"];
  return { distinctId: "ada", occurredAt: OCCURRED_AT, properties, ...changes };
}

/** Ada merges with the visitor. */
export function merge(changes: Partial<Merge> = {}): Merge {
  return { previousId: "visitor", currentId: "ada", occurredAt: LATER, ...changes };
}

/** The merge in her source. */
export function mergeRequest(changes: Partial<MergeRequest> = {}): MergeRequest {
  const about = { receivedAt: LATER, eventUuid: "i", checkAt: "posthog" as const, merge: true };
  return { ...merge(), ...about, ...changes };
}

/** Ada's welcome was sent. */
export function decision(changes: Partial<Decision> = {}): Decision {
  const run = { transactionId: "u:w", workflow: "w", distinctId: "ada" };
  const outcome = {
    outcome: "sent",
    reason: null,
    detail: null,
    personSource: "posthog",
    unreadable: [],
    address: null,
    template: null,
    variants: {},
    defaults: [],
    exposures: [],
    decidedAt: OCCURRED_AT,
  } satisfies Partial<Decision>;
  return { ...run, step: "welcome", channel: "email", ...outcome, ...changes };
}

/** Ada clicked in it. */
export function clicked(changes: Partial<Report> = {}): Report {
  const message = {
    transactionId: "u:w",
    workflow: "w",
    distinctId: "ada",
    step: "welcome",
    channel: "email",
  } as const;
  return { status: "clicked", ...message, template: null, variants: {}, properties: {}, at: LATER, ...changes };
}

/** Ada unsubscribed with the link of that welcome. */
export function unsubscribed(changes: Partial<Report> = {}): Report {
  const message = { transactionId: "u:w", workflow: "w", step: "welcome", distinctId: "ada" };
  const about = { channel: "email", template: null, variants: {}, properties: {} } as const;
  return { status: "unsubscribed", ...message, ...about, at: OCCURRED_AT, ...changes };
}
