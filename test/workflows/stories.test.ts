import { describe, expect, it } from "vitest";
import { testSandbox } from "../support/sandbox.ts";

const ada = { email: "ada@example.com", name: "Ada Lovelace" };
const everyFeature = ["alerts", "scheduled_reports", "segments"];

describe("onboarding", () => {
  it.each([
    ["setup-nudge", 1],
    ["feature-spotlight", 4],
    ["check-in", 9],
  ])("leaves out %s for whom PostHog knows to be set up by then", async (step, days) => {
    const decisions = await play("user_signed_up", {}, days, { onboarding_completed: true });
    expect(decisions).toContainEqual([step, "skipped", "not needed", "onboarding is completed"]);
  });

  it("shows a feature that the person has not used, and none when there is none left", async () => {
    const some = await play("user_signed_up", {}, 4, { features_used: ["alerts"] });
    expect(some).toContainEqual(["feature-spotlight", "sent", null, null]);
    expect(subjects.at(-2)).toBe("Have you tried scheduled reports?");
    const all = await play("user_signed_up", {}, 4, { features_used: everyFeature });
    expect(all).toContainEqual(["feature-spotlight", "skipped", "not needed", "has tried every feature"]);
  });

  it.each([
    [undefined, "Next: connect your data"],
    ["invite_team", "Next: invite your team"],
    ["first_report", "Next: build your first report"],
    ["a step that is none", "Next: connect your data"],
  ])("nudges to the step the person is at: %s", async (step, subject) => {
    await play("user_signed_up", {}, 1, { onboarding_step: step });
    expect(subjects).toContain(subject);
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
