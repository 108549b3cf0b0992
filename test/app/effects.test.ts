import fc from "fast-check";
import { expect, it } from "vitest";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { permutations } from "../support/permutations.ts";
import { oneEmail } from "../support/product/one-email.tsx";
import { testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const checkout = { checkout_url: "https://app.acme.example/checkout" };

/** The events of one person, an hour apart. Only the second checkout is still open at the end. */
const STORY = [
  { name: "left before", event: "checkout_completed", timestamp: "2026-03-02T05:00:00.000Z" },
  { name: "start", event: "checkout_started", timestamp: "2026-03-02T06:00:00.000Z" },
  { name: "exited", event: "checkout_completed", timestamp: "2026-03-02T07:00:00.000Z" },
  { name: "start again", event: "checkout_started", timestamp: "2026-03-02T08:00:00.000Z" },
];

it("the events of a person have the same effect in any order, however often they arrive", {
  tags: ["long"],
}, async () => {
  await using sandbox = await testSandbox({ plan: "team", workflows: [oneEmail] });
  const again = fc
    .subarray(STORY, { minLength: 1 })
    .chain((twice) => fc.shuffledSubarray([...STORY, ...twice], { minLength: STORY.length + twice.length }));
  const orders = [...permutations(STORY), ...fc.sample(again, 100)];
  // The events below carry the properties; PostHog only has to have these persons.
  sandbox.posthog.connect({
    url: sandbox.app.url,
    signingSecret: sandbox.config.posthog.webhookSecrets[0]!,
    events: [],
  });
  await Promise.all(orders.map((_, index) => meet(sandbox, `person-${index}`)));
  for (let turn = 0; turn < 2 * STORY.length; turn += 1) {
    await Promise.all(orders.map((order, index) => tell(sandbox, `person-${index}`, order[turn])));
    await sandbox.settled();
  }
  const { messages, runs } = sandbox.novu.state;
  const waiting = runs.filter(({ jobs }) => jobs.some(({ status }) => status === "delayed"));
  expect(waiting.map(({ transactionId }) => transactionId).sort()).toEqual(
    orders.map((_, index) => `person-${index} start again:drop-off`).sort(),
  );
  await sandbox.travel({ days: 3 });

  const decisions = await sandbox.app.store.decisions.list({ limit: 10_000 });
  for (const [index, order] of orders.entries()) {
    const person = `person-${index}`;
    const told = order.map(({ name }) => name).join(", ");
    expect({
      told,
      messages: messages.filter((one) => one.subscriberId === person).map(({ stepId }) => stepId),
      decisions: decisions
        .filter(({ distinctId }) => distinctId === person)
        .map(({ transactionId, outcome, reason, detail }) => [transactionId, outcome, reason, detail])
        .sort(),
    }).toEqual({
      told,
      messages: ["recovery"],
      decisions: [
        [`${person} start again:drop-off`, "sent", null, null],
        [`${person} start:drop-off`, "skipped", "exited", "checkout_completed"],
      ],
    });
  }
  expect(await sandbox.app.store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
});

async function meet(sandbox: Sandbox, distinctId: string): Promise<void> {
  sandbox.posthog.capture({ event: "$set", distinctId, properties: { $set: { email: `${distinctId}@example.com` } } });
}

async function tell(sandbox: Sandbox, distinctId: string, what?: (typeof STORY)[number]): Promise<void> {
  if (what === undefined) return;
  const { name, ...rest } = what;
  const body = delivery({ ...rest, distinctId, uuid: `${distinctId} ${name}`, properties: checkout });
  expect((await post(sandbox.app.url, body)).status).toBe(202);
}
