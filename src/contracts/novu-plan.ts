import { z } from "zod";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What each plan of Novu Cloud takes, as of November 2026. A longer delay makes the step fail, a
 * faster trigger, or change of a
 * subscriber, is answered 429. Source: https://docs.novu.co/platform/account/billing
 */
export const NOVU_PLANS = {
  free: { longestDelayMs: DAY_MS, mostWorkflows: 20, mostSteps: 20, triggersPerSecond: 60, profilesPerSecond: 20 },
  pro: { longestDelayMs: 7 * DAY_MS, mostWorkflows: 20, mostSteps: 20, triggersPerSecond: 240, profilesPerSecond: 80 },
  team: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 600,
    profilesPerSecond: 200,
  },
  enterprise: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 600,
    profilesPerSecond: 200,
  },
} as const;

export const NovuPlan = z.enum(["free", "pro", "team", "enterprise"]);
export type NovuPlan = z.infer<typeof NovuPlan>;
