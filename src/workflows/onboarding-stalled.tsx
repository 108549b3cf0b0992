import { z } from "zod";
import OnboardingHelp from "../../emails/onboarding-help.tsx";
import { firstReadable, text } from "../contracts/property-types.ts";
import { subjectControl, textControls } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { isSetUp, setupStepOf, stepIn } from "./setup-steps.ts";

/**
 * For a person who is stuck in the set-up: "Need help?" in the app and by push, and six hours later by email if the
 * in-app note was not seen. A run ends when the person completes a step.
 */
export const onboardingStalled = lifecycle({
  id: "onboarding-stalled",
  name: "Onboarding stalled",
  description: "Help with the set-up step at which a person is stuck.",
  category: "marketing",
  topic: "getting_started",
  on: [event("onboarding_stalled")],
  exitOn: [event("onboarding_step_completed"), event("onboarding_completed")],
  // A person who is still stuck the next day may have a second event, which then starts a second run.
  entry: "one at a time",
  payload: z.object({ step: z.string().nullish() }),
  from: ({ properties }) => ({ step: firstReadable(text, properties.step) }),

  async workflow({ step, payload }) {
    const note = await step.inApp(
      "help-note",
      ({ person, locale, controls, link }) => {
        const { phrase, helpUrl } = stepIn(locale, setupStepOf(person.onboarding_step, payload.step));
        return {
          subject: controls.subject,
          body: `${controls.body} ${phrase}.`,
          primaryAction: { label: controls.button, redirect: { url: link(helpUrl), target: "_self" } },
        };
      },
      {
        controlSchema: textControls({
          ...needHelp,
          button: { en: "Get help", de: "Hilfe holen" },
        }),
        skip: ({ person }) => isSetUp(person),
      },
    );
    await step.push(
      "help-push",
      ({ person, locale, controls }) => ({
        subject: controls.subject,
        body: `${controls.body} ${stepIn(locale, setupStepOf(person.onboarding_step, payload.step)).phrase}.`,
      }),
      {
        controlSchema: textControls(needHelp),
        skip: ({ person }) => isSetUp(person),
      },
    );

    await step.wait("six-hours", { hours: 6 });
    await step.email(
      "help-email",
      ({ person, locale, controls, link }) => {
        const { phrase, url, helpUrl } = stepIn(locale, setupStepOf(person.onboarding_step, payload.step));
        return {
          subject: `${controls.subject} ${phrase}`,
          body: (
            <OnboardingHelp
              firstName={greetingName(person)}
              stuckAt={phrase}
              helpUrl={link(helpUrl)}
              setupUrl={link(url)}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl({ en: "Help to", de: "Hilfe:" }),
        skip: ({ person }) => isSetUp(person) || (note.seen && "has seen the note"),
      },
    );
  },
});

const needHelp = {
  subject: { en: "Need help?", de: "Brauchst du Hilfe?" },
  body: { en: "Still open:", de: "Noch offen:" },
};
