import { expect, it } from "vitest";
import { NOVU_PLANS } from "../../../src/contracts/novu.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

// Copied from https://docs.novu.co/api-reference/rate-limiting, https://docs.novu.co/platform/account/billing and
// https://novu.co/pricing, 2026, so that a change of the table is seen.
it.each([
  [
    "free",
    { events: 60, configuration: 20, global: 30, days: 1, feed: 1, workflows: 20, runs: 10_000, month: 0, more: null },
  ],
  [
    "pro",
    {
      events: 240,
      configuration: 80,
      global: 120,
      days: 7,
      feed: 7,
      workflows: 20,
      runs: 30_000,
      month: 30,
      more: 1.2,
    },
  ],
  [
    "team",
    {
      events: 600,
      configuration: 200,
      global: 300,
      days: 30,
      feed: 90,
      workflows: 100,
      runs: 250_000,
      month: 250,
      more: 1.2,
    },
  ],
  [
    "enterprise",
    {
      events: 6_000,
      configuration: 2_000,
      global: 3_000,
      days: 30,
      feed: 90,
      workflows: 100,
      runs: null,
      month: null,
      more: null,
    },
  ],
] as const)("the plan %s has the figures of Novu's documentation", (plan, said) => {
  expect(NOVU_PLANS[plan]).toEqual({
    triggersPerSecond: said.events,
    profilesPerSecond: said.configuration,
    readsPerSecond: said.global,
    longestDelayMs: said.days * DAY_MS,
    mostWorkflows: said.workflows,
    mostSteps: 20,
    feedMs: said.feed * DAY_MS,
    runsPerMonth: said.runs,
    pricePerMonth: said.month,
    pricePerThousandRuns: said.more,
  });
});
