import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import CheckIn from "../../emails/check-in.tsx";
import FeatureSpotlight from "../../emails/feature-spotlight.tsx";
import SetupNudge from "../../emails/setup-nudge.tsx";
import Welcome from "../../emails/welcome.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { firstName } from "../lib/names.ts";
import { subjectControl } from "./controls.ts";
import { event } from "./event.ts";
import { hasTriedAll, nextFeature } from "./features.ts";
import { lifecycle } from "./lifecycle.ts";

const setupUrl = `${brand.appUrl}/setup`;

/** Day 0 welcome, day 2 the step they are stuck at, day 5 a feature, day 10 a check-in; ends when they are set up. */
export const onboarding = lifecycle({
  id: "onboarding",
  name: "Onboarding",
  description: "From sign-up to a workspace that is set up.",
  category: "marketing",
  topic: "getting_started",
  on: [event("user_signed_up")],
  exitOn: [event("onboarding_completed")],
  payload: z.object({ invited_by: z.string().nullish() }),
  from: ({ properties }) => ({ invited_by: properties.invited_by }),

  async workflow({ step, payload }) {
    await step.email(
      "welcome",
      ({ person, controls }) => ({
        subject: controls.subject,
        body: (
          <Welcome firstName={firstName(person.name)} invitedBy={payload.invited_by ?? undefined} setupUrl={setupUrl} />
        ),
      }),
      { controlSchema: subjectControl(`Welcome to ${brand.name}`), atAnyHour: true },
    );
    await step.inApp("welcome-note", () => ({
      subject: `Welcome to ${brand.name}`,
      body: "Three short steps and your first report is there.",
      primaryAction: { label: "Set up", redirect: { url: setupUrl, target: "_self" } },
    }));

    await step.wait("until-day-2", { days: 2 });
    await step.email(
      "setup-nudge",
      ({ person, controls }) => {
        const { slug, phrase, why } = setupStepOf(person);
        return {
          subject: `${controls.subject}: ${phrase}`,
          body: (
            <SetupNudge
              firstName={firstName(person.name)}
              nextStep={phrase}
              why={why}
              setupUrl={`${setupUrl}/${slug}`}
            />
          ),
        };
      },
      { controlSchema: subjectControl("Next"), skip: ({ person }) => isSetUp(person) },
    );

    await step.wait("until-day-5", { days: 3 });
    await step.email(
      "feature-spotlight",
      ({ person, controls }) => {
        const feature = nextFeature(person.features_used);
        return {
          subject: `${controls.subject} ${feature.name}?`,
          body: <FeatureSpotlight firstName={firstName(person.name)} feature={feature} />,
        };
      },
      {
        controlSchema: subjectControl("Have you tried"),
        skip: ({ person }) => isSetUp(person) || (hasTriedAll(person.features_used) && "has tried every feature"),
      },
    );

    await step.wait("until-day-10", { days: 5 });
    await step.email(
      "check-in",
      ({ person, controls }) => ({
        subject: controls.subject,
        body: <CheckIn firstName={firstName(person.name)} setupUrl={setupUrl} />,
      }),
      { controlSchema: subjectControl("What is in the way?"), skip: ({ person }) => isSetUp(person) },
    );
  },
});

function isSetUp(person: PersonProperties): string | false {
  return person.onboarding_completed === true && "onboarding is completed";
}

const FIRST_STEP = {
  slug: "connect-data",
  phrase: "connect your data",
  why: "Everything else builds on it, and it takes about three minutes.",
};
const LATER_STEPS = new Map([
  [
    "invite_team",
    {
      slug: "invite-team",
      phrase: "invite your team",
      why: "Teams of two or more find twice as much in their numbers.",
    },
  ],
  [
    "first_report",
    {
      slug: "first-report",
      phrase: "build your first report",
      why: "Your data is in. One report, and you see what it was for.",
    },
  ],
]);

/** The set-up step this person is at; the first one unless PostHog says otherwise. */
function setupStepOf(person: PersonProperties) {
  return LATER_STEPS.get(person.onboarding_step ?? "") ?? FIRST_STEP;
}
