import { describe, expect, it } from "vitest";
import { testSandbox } from "../support/sandbox.ts";

const ada = { email: "ada@example.com", name: "Ada Lovelace" };
const everyFeature = ["alerts", "scheduled_reports", "segments"];

describe("re-engagement", () => {
  it("is for whoever is still away", async () => {
    expect(await play("user_inactive", { days_inactive: 30 }, 1, { last_active_at: "2026-03-02T20:00:00Z" })).toEqual([
      ["feature-note", "sent", null, null],
      ["feature-email", "skipped", "not needed", "is back"],
    ]);
  });

  it("names the best feature that the person has not used", async () => {
    await play("user_inactive", { days_inactive: 30 }, 0, {}, { features_used: ["alerts", "scheduled_reports"] });
    expect(subjects).toEqual(["New to you: segments", "One thing you have not tried: segments"]);
  });

  it("has nothing to say to whoever has used every one", async () => {
    expect(await play("user_inactive", {}, 0, {}, { features_used: everyFeature })).toEqual([
      ["feature-note", "skipped", "not needed", "has tried every feature"],
      ["feature-email", "skipped", "not needed", "has tried every feature"],
    ]);
  });
});

let subjects: unknown[] = [];

/** Ada's fortnight: the event, `days` later a change of what PostHog knows of her, then the rest. Answers what was decided. */
async function play(event: string, properties: object, days: number, change: Record<string, unknown>, at: object = {}) {
  await using sandbox = await testSandbox({ plan: "team" });
  sandbox.posthog.capture({ event, distinctId: "ada", properties: { ...properties, $set: { ...ada, ...at } } });
  await sandbox.travel({ days });
  sandbox.posthog.setPerson("ada", change);
  await sandbox.travel({ days: 14 - days });
  subjects = sandbox.novu.state.messages.map(({ content }) => content.subject);
  const decisions = await sandbox.app.store.listDecisions();
  return decisions.map(({ step, outcome, reason, detail }) => [step, outcome, reason, detail]);
}
