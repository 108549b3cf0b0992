import { Client } from "@novu/framework";
import { describe, expect, it } from "vitest";
import type { GuardedStep } from "../../../src/engine/guarded-step.ts";
import type { StepDependencies } from "../../../src/engine/run-context.ts";
import { firstMessageMs } from "../../../src/novu/framework.ts";
import { campaign, mail } from "../../support/campaign.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

describe("how long a run may take until its first message", () => {
  it.each<[string, number, (step: GuardedStep) => Promise<unknown>]>([
    ["no time for a note", 0, (step) => step.inApp("note", () => ({ body: "Hello" }))],
    ["a day at most for an email in the person's hours", DAY_MS, async () => {}],
    ["each part of a wait", 2.5 * DAY_MS + DAY_MS, (step) => step.wait("a-while", { days: 2, hours: 12 })],
    ["a digest", 6 * HOUR_MS + DAY_MS, (step) => step.digest("six-hours", { hours: 6 })],
    ["a day for a delay that cannot be told", 2 * DAY_MS, (step) => step.delay("until", () => Promise.reject())],
  ])("%s", async (_name, expectedMs, first) => {
    const workflow = campaign({
      async workflow({ step }) {
        await first(step);
        await step.email("call", mail);
        await step.wait("later", { days: 5 });
        await step.email("again", mail);
      },
    });
    const client = new Client({ secretKey: "test" });
    const limits = { longestDelayMs: DAY_MS, emailProviders: [] };
    const deps = { ...limits, now: Date.now } as Partial<StepDependencies> as StepDependencies;
    await client.addWorkflows([workflow.build(deps)]);
    const [discovered] = client.discover().workflows;
    expect(await firstMessageMs(discovered?.steps ?? [])).toBe(expectedMs);
  });
});
