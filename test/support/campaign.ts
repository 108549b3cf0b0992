import { createElement } from "react";
import { expect } from "vitest";
import { z } from "zod";
import { event } from "../../src/engine/event.ts";
import { type LifecycleDefinition, type LifecycleWorkflow, lifecycle } from "../../src/engine/lifecycle.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { type TestTopic, topicOf } from "./product/topics.ts";

export const mail = () => ({ subject: "An offer", body: createElement("p", null, "Have a look") });

/** Marketing settings with this many messages a week. */
export function upTo(most: number): Sandbox["config"]["marketing"] {
  const withinMs = 7 * 24 * 60 * 60_000;
  return { cap: { most, withinMs }, hours: { from: "09:00", to: "20:00" }, timeZone: "UTC" };
}

/**
 * A workflow with one marketing email, "call", for each event "called"; "answered" ends it. `changes` replaces its
 * fields.
 */
export function campaign({
  category = "marketing",
  topic = "offers",
  ...changes
}: Partial<Omit<LifecycleDefinition<z.ZodObject>, "category" | "topic">> & {
  category?: "marketing" | "transactional";
  topic?: TestTopic;
} = {}): LifecycleWorkflow {
  return lifecycle({
    id: "campaign",
    name: "Campaign",
    description: "One offer for each person who was called.",
    ...(category === "marketing" ? { category, topic: topicOf(topic) } : { category }),
    on: [event("called")],
    exitOn: [event("answered")],
    payload: z.object({}),
    from: () => ({}),
    async workflow({ step }) {
      await step.email("call", mail);
    },
    ...changes,
  });
}

/** Captures an event at PostHog, which then has the person, and returns the event's uuid. */
export function happen(
  sandbox: Sandbox,
  name: string,
  { distinctId = "ada", uuid, ...$set }: { distinctId?: string; uuid?: string; [property: string]: unknown } = {},
): string {
  return sandbox.posthog.capture({
    event: name,
    distinctId,
    properties: { $set: { email: `${distinctId}@example.com`, ...$set } },
    ...(uuid !== undefined && { uuid }),
  });
}

/** Triggers a workflow by hand, as Novu's dashboard does, for Ada or `to`. */
export async function byHand(
  sandbox: Sandbox,
  workflow: string,
  to: object = { subscriberId: "ada", email: "ada@example.com" },
): Promise<void> {
  const response = await fetch(`${sandbox.novu.url}/v1/events/trigger`, {
    method: "POST",
    headers: { authorization: `ApiKey ${sandbox.config.novu.secretKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: workflow, to, payload: {} }),
  });
  expect(response.status).toBe(201);
  await sandbox.settled();
}

/** The decisions: step, outcome, reason and detail. `ofRun` selects a run. */
export async function decisions(sandbox: Sandbox, { ofRun }: { ofRun?: string } = {}) {
  const all = await sandbox.app.store.decisions.list({ limit: 100_000 });
  return all
    .filter(({ transactionId }) => ofRun === undefined || transactionId === ofRun)
    .map(({ step, outcome, reason, detail }) => [step, outcome, reason, detail]);
}

/** The reports about our decisions in PostHog, each once, with the run and the step. */
export function reports(sandbox: Sandbox): string[] {
  const reported = sandbox.posthog.state.events.filter(({ event }) => /^notification (sent|skipped)$/.test(event));
  const once = new Map(reported.map((report) => [report.uuid, report]));
  return [...once.values()].map(({ event: name, properties }) =>
    [properties.transaction_id, properties.step, name.slice("notification ".length), properties.reason ?? ""].join(" "),
  );
}
