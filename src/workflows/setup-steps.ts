import { brand } from "../../emails/_components/brand.ts";
import type { PersonProperties } from "../contracts/person.ts";

export interface SetupStep {
  /** The value of `onboarding_step` at PostHog and of `step` in events. */
  key: string;
  /** The task as a phrase that follows "Next:". */
  phrase: string;
  why: string;
  url: string;
  helpUrl: string;
}

export const setupUrl = `${brand.appUrl}/setup`;

/** The steps of the set-up, in this order. Yours to change. */
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

/**
 * The set-up step of the first of these keys that names a step; the first set-up step if no key does. Pass the person's
 * `onboarding_step` before the event's `step`, because the person was read later.
 */
export function setupStepOf(...keys: Array<string | null | undefined>): SetupStep {
  const known = keys.flatMap((key) => SETUP_STEPS.find((step) => step.key === key) ?? []);
  return known[0] ?? SETUP_STEPS[0];
}

/** The reason to skip a message about the set-up; false while the set-up is not finished. */
export function isSetUp(person: PersonProperties): string | false {
  return person.onboarding_completed === true && "onboarding is completed";
}
