import { z } from "zod";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What each plan of Novu Cloud takes, as of November 2026. A longer delay, digest or throttle makes the
 * step fail, a faster trigger, or change of a subscriber, is answered 429. Source: https://docs.novu.co/platform/account/billing
 */
export const NOVU_PLANS = {
  free: {
    longestDelayMs: DAY_MS,
    longestThrottleMs: HOUR_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 60,
    profilesPerSecond: 20,
  },
  pro: {
    longestDelayMs: 7 * DAY_MS,
    longestThrottleMs: DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 240,
    profilesPerSecond: 80,
  },
  team: {
    longestDelayMs: 30 * DAY_MS,
    longestThrottleMs: 7 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 60,
    profilesPerSecond: 200,
  },
  enterprise: {
    longestDelayMs: 30 * DAY_MS,
    longestThrottleMs: 7 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 60,
    profilesPerSecond: 200,
  },
} as const;

export const NovuPlan = z.enum(["free", "pro", "team", "enterprise"]);
export type NovuPlan = z.infer<typeof NovuPlan>;
