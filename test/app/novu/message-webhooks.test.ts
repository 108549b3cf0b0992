import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, happen, mail } from "../../support/campaign.ts";
import { metric } from "../../support/metrics.ts";
import { testSandbox } from "../../support/sandbox.ts";
import { storedEvents } from "../../support/stored-events.ts";

const workflows = [
  campaign({
    async workflow({ step }) {
      await step.inApp("note", () => ({ body: "Have a look" }));
      await step.email("call", mail, { atAnyHour: true });
      await step.wait("a-day", { days: 1 });
      await step.email("again", mail, { atAnyHour: true });
    },
  }),
];

const told = ({ posthog }: Sandbox) =>
  storedEvents(posthog)
    .filter(({ event }) => /^notification (delivered|seen|read|bounced|complained|failed)$/.test(event))
    .map(({ event, distinctId, timestamp, properties }) => [event.slice(13), properties.step, distinctId, timestamp]);

describe("the result of a message at Novu", () => {
  it("reaches PostHog, each once, at its time", async () => {
    await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
    happen(sandbox, "called");
    await sandbox.settled();
    await sandbox.travel({ hours: 2 });
    const [note, email] = sandbox.novu.state.messages;
    sandbox.novu.mark(note!.id, "read");
    sandbox.novu.report(email!.id, "delivered");
    await sandbox.travel({ days: 2 });
    const again = sandbox.novu.state.messages[2];
    sandbox.novu.mark(note!.id, "read");
    sandbox.novu.report(again!.id, "failed", "550 bounced");
    for (const delivery of sandbox.novu.webhooks.deliveries) sandbox.novu.webhooks.resend(delivery);
    await sandbox.settled();

    expect(told(sandbox)).toEqual([
      ["delivered", "note", "ada", "2026-03-02T09:00:00.000Z"],
      ["read", "note", "ada", "2026-03-02T11:00:00.000Z"],
      ["delivered", "call", "ada", "2026-03-02T11:00:00.000Z"],
      ["bounced", "again", "ada", "2026-03-04T11:00:00.000Z"],
    ]);
    expect(await metric(sandbox.app.url, "bridge_novu_events_total")).toMatchObject({
      'outcome="delivered"': 2,
      'outcome="read"': 1,
      'outcome="bounced"': 1,
    });
  });

  it("gets no report of a test from Novu's dashboard", async () => {
    await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
    happen(sandbox, "$set");
    await byHand(sandbox, "campaign");
    expect(sandbox.novu.webhooks.deliveries.length).toBeGreaterThan(0);
    expect(told(sandbox)).toEqual([]);
    expect(await metric(sandbox.app.url, "bridge_novu_events_total")).toMatchObject({ 'outcome="not ours"': 1 });
  });

  it("waits at Novu while the app is away", async () => {
    await using sandbox = await testSandbox({ workflows, plan: "team", novuWebhooks: true });
    happen(sandbox, "called");
    await sandbox.settled();
    await sandbox.app.stop();
    sandbox.novu.mark(sandbox.novu.state.messages[0]!.id, "seen");
    await sandbox.novu.idle();
    const delivery = sandbox.novu.webhooks.deliveries.at(-1)!;
    expect(delivery.attempts).toMatchObject([{ status: null }]);
    await sandbox.restartApp();
    sandbox.novu.webhooks.resend(delivery);
    await sandbox.settled();
    expect(told(sandbox)).toContainEqual(["seen", "note", "ada", "2026-03-02T09:00:00.000Z"]);
  });

  it("gets no report on the smaller plans, and there is no endpoint without a secret", async () => {
    await using sandbox = await testSandbox({ workflows });
    expect(() => sandbox.novu.sendWebhooks({ url: sandbox.app.url, signingSecret: "" })).toThrow("free plan");
    sandbox.config.novu.webhookSecrets = undefined;
    await sandbox.restartApp();
    expect((await fetch(`${sandbox.app.url}/webhooks/novu`, { method: "POST", body: "{}" })).status).toBe(404);
  });
});
