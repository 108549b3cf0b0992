import { brand } from "../../emails/_components/brand.ts";
import type { PersonProperties } from "../contracts/person.ts";

export interface SetupStep {
  /** As PostHog has it, in `onboarding_step` and in events. */
  key: string;
  /** What there is to do, to follow "Next:". */
  phrase: string;
  why: string;
  url: string;
  helpUrl: string;
}

export const setupUrl = `${brand.appUrl}/setup`;

/** What there is to set up, in this order. Yours to change. */
export const SETUP_STEPS: readonly [SetupStep, ...SetupStep[]] = [
  {
    key: "connect_data",
    phrase: "connect your data",
    why: "Everything else builds on it, and it takes about three minutes.",
    url: `${setupUrl}/connect-data`,
    helpUrl: `${brand.appUrl}/help/connect-data`,
  },
  {
    key: "invite_team",
    phrase: "invite your team",
    why: "Teams of two or more find twice as much in their numbers.",
    url: `${setupUrl}/invite-team`,
    helpUrl: `${brand.appUrl}/help/invite-team`,
  },
  {
    key: "first_report",
    phrase: "build your first report",
    why: "Your data is in. One report, and you see what it was for.",
    url: `${setupUrl}/first-report`,
    helpUrl: `${brand.appUrl}/help/first-report`,
  },
];

/** The first of these keys that is a set-up step, such as what PostHog says now and what the event said; else the first step. */
export function setupStepOf(...keys: Array<string | null | undefined>): SetupStep {
  const known = keys.flatMap((key) => SETUP_STEPS.find((step) => step.key === key) ?? []);
  return known[0] ?? SETUP_STEPS[0];
}

/** Why there is no more to say about setting up; false while there is. */
export function isSetUp(person: PersonProperties): string | false {
  return person.onboarding_completed === true && "onboarding is completed";
}
