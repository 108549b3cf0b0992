import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";

/**
 * The limits of each plan of Novu Cloud, as of November 2026. A longer delay or digest makes the step
 * fail; the window of a throttle is not limited. Novu answers 429 above the rate of triggers (its category "events"),
 * changes of a subscriber ("configuration") or reads ("global"). Novu lists a run for `feedMs` after its
 * trigger. Sources: https://docs.novu.co/platform/account/billing,
 * https://docs.novu.co/api-reference/rate-limiting
 */
export const NOVU_PLANS = {
  free: {
    longestDelayMs: DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 60,
    profilesPerSecond: 20,
    readsPerSecond: 30,
    feedMs: DAY_MS,
  },
  pro: {
    longestDelayMs: 7 * DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 240,
    profilesPerSecond: 80,
    readsPerSecond: 120,
    feedMs: 7 * DAY_MS,
  },
  team: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 600,
    profilesPerSecond: 200,
    readsPerSecond: 300,
    feedMs: 90 * DAY_MS,
  },
  enterprise: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 6_000,
    profilesPerSecond: 2_000,
    readsPerSecond: 3_000,
    feedMs: 90 * DAY_MS,
  },
} as const;

export const NovuPlan = z.enum(["free", "pro", "team", "enterprise"]);
export type NovuPlan = z.infer<typeof NovuPlan>;
