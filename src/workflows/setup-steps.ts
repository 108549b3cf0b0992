import { brand } from "../../emails/_components/brand.ts";
import type { Locale, Texts } from "../contracts/locale.ts";
import type { PersonProperties } from "../contracts/person.ts";

export interface SetupStep {
  /** The value of `onboarding_step` at PostHog and of `step` in events. */
  key: string;
  url: string;
  helpUrl: string;
  texts: Texts<StepTexts>;
}

interface StepTexts {
  /** The task as a phrase that follows "Next:". */
  phrase: string;
  why: string;
}

export const setupUrl = `${brand.appUrl}/setup`;

/** The steps of the set-up, in this order. Yours to change. */
export const SETUP_STEPS: readonly [SetupStep, ...SetupStep[]] = [
  {
    key: "connect_data",
    url: `${setupUrl}/connect-data`,
    helpUrl: `${brand.appUrl}/help/connect-data`,
    texts: {
      en: {
        phrase: "connect your data",
        why: "Everything else builds on it, and it takes about three minutes.",
      },
      de: {
        phrase: "deine Daten verbinden",
        why: "Alles andere baut darauf auf, und es dauert etwa drei Minuten.",
      },
    },
  },
  {
    key: "invite_team",
    url: `${setupUrl}/invite-team`,
    helpUrl: `${brand.appUrl}/help/invite-team`,
    texts: {
      en: {
        phrase: "invite your team",
        why: "Teams of two or more find twice as much in their numbers.",
      },
      de: {
        phrase: "dein Team einladen",
        why: "Zu zweit oder zu mehreren findet ihr doppelt so viel in euren Zahlen.",
      },
    },
  },
  {
    key: "first_report",
    url: `${setupUrl}/first-report`,
    helpUrl: `${brand.appUrl}/help/first-report`,
    texts: {
      en: {
        phrase: "build your first report",
        why: "Your data is in. One report, and you see what it was for.",
      },
      de: {
        phrase: "deinen ersten Bericht erstellen",
        why: "Deine Daten sind da. Ein Bericht, und du siehst, wofür.",
      },
    },
  },
];

/** A set-up step as a message shows it. */
export function stepIn(
  locale: Locale,
  { url, helpUrl, texts }: SetupStep,
): StepTexts & Pick<SetupStep, "url" | "helpUrl"> {
  return { ...texts[locale], url, helpUrl };
}

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
