import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import CheckIn from "../../emails/check-in.tsx";
import FeatureSpotlight from "../../emails/feature-spotlight.tsx";
import SetupNudge from "../../emails/setup-nudge.tsx";
import Welcome from "../../emails/welcome.tsx";
import { subjectControl, textControls } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName, shownName } from "../lib/names.ts";
import { featureIn, hasTriedAll, nextFeature } from "./features.ts";
import { isSetUp, setupStepOf, setupUrl, stepIn } from "./setup-steps.ts";

/**
 * Once for each person: the welcome on day 0, the next set-up step on day 2, a feature on day 5, a check-in on day 10.
 * A run ends when the set-up is finished.
 */
export const onboarding = lifecycle({
  id: "onboarding",
  name: "Onboarding",
  description: "From sign-up to a workspace that is set up.",
  category: "marketing",
  topic: "getting_started",
  on: [event("user_signed_up")],
  exitOn: [event("onboarding_completed")],
  // The browser and the back end may both send one sign-up.
  entry: "once",
  payload: z.object({ invited_by: z.string().nullish() }),
  from: ({ properties }) => ({ invited_by: shownName(properties.invited_by) }),

  async workflow({ step, payload }) {
    await step.email(
      "welcome",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Welcome
            firstName={greetingName(person)}
            invitedBy={payload.invited_by ?? undefined}
            setupUrl={link(setupUrl)}
          />
        ),
      }),
      { controlSchema: subjectControl(welcome), atAnyHour: true },
    );
    await step.inApp(
      "welcome-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        primaryAction: { label: controls.button, redirect: { url: link(setupUrl), target: "_self" } },
      }),
      {
        controlSchema: textControls({
          subject: welcome,
          body: {
            en: "Three short steps and your first report is there.",
            de: "Drei kurze Schritte, und dein erster Bericht ist da.",
          },
          button: { en: "Set up", de: "Einrichten" },
        }),
      },
    );

    await step.wait("until-day-2", { days: 2 });
    await step.email(
      "setup-nudge",
      ({ person, locale, controls, link }) => {
        const { phrase, why, url } = stepIn(locale, setupStepOf(person.onboarding_step));
        return {
          subject: `${controls.subject}: ${phrase}`,
          body: <SetupNudge firstName={greetingName(person)} nextStep={phrase} why={why} setupUrl={link(url)} />,
        };
      },
      { controlSchema: subjectControl({ en: "Next", de: "Als Nächstes" }), skip: ({ person }) => isSetUp(person) },
    );

    await step.wait("until-day-5", { days: 3 });
    await step.email(
      "feature-spotlight",
      ({ person, locale, controls, link }) => {
        const feature = featureIn(locale, nextFeature(person.features_used));
        return {
          subject: `${controls.subject} ${feature.name}?`,
          body: <FeatureSpotlight firstName={greetingName(person)} feature={{ ...feature, url: link(feature.url) }} />,
        };
      },
      {
        controlSchema: subjectControl({ en: "Have you tried", de: "Kennst du schon" }),
        skip: ({ person }) => isSetUp(person) || (hasTriedAll(person.features_used) && "has tried every feature"),
      },
    );

    await step.wait("until-day-10", { days: 5 });
    await step.email(
      "check-in",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: <CheckIn firstName={greetingName(person)} setupUrl={link(setupUrl)} />,
      }),
      {
        controlSchema: subjectControl({ en: "What is in the way?", de: "Woran liegt es?" }),
        skip: ({ person }) => isSetUp(person),
      },
    );
  },
});

const welcome = { en: `Welcome to ${brand.name}`, de: `Willkommen bei ${brand.name}` };
