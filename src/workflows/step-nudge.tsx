import { z } from "zod";
import NextStep from "../../emails/next-step.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { subjectControl } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { isSetUp, SETUP_STEPS, type SetupStep, setupStepOf, stepIn } from "./setup-steps.ts";

/**
 * One email an hour after a set-up step, with all steps that were finished in that hour and the next step. A run ends
 * when the set-up is finished.
 */
export const stepNudge = lifecycle({
  id: "step-nudge",
  name: "Set-up step nudge",
  description: "The next set-up step, an hour after a finished step, in one email for all steps of that hour.",
  category: "marketing",
  topic: "getting_started",
  on: [event("onboarding_step_completed")],
  exitOn: [event("onboarding_completed")],
  payload: z.object({ step: z.string() }),
  from: ({ properties }) => ({ step: properties.step }),

  async workflow({ step }) {
    const completed = await step.digest("an-hour", { hours: 1 });
    await step.email(
      "next-step",
      ({ person, locale, controls, link }) => {
        const done = inSetupOrder(completed);
        const { phrase, why, url } = stepIn(locale, nextStep(person, done) ?? setupStepOf(person.onboarding_step));
        return {
          subject: `${controls.subject}: ${phrase}`,
          body: (
            <NextStep
              firstName={greetingName(person)}
              completed={done.map((one) => stepIn(locale, one).phrase)}
              nextStep={phrase}
              why={why}
              setupUrl={link(url)}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl({ en: "Well done. Next", de: "Gut gemacht. Als Nächstes" }),
        skip: ({ person }) =>
          isSetUp(person) || (nextStep(person, inSetupOrder(completed)) === null && "no step is left"),
        // Two emails that wait for the morning would arrive together and name the same next step.
        atAnyHour: true,
      },
    );
  },
});

/** Each completed step once, in the order of the set-up and not of the events. */
function inSetupOrder(completed: Array<{ payload: { step: string } }>): SetupStep[] {
  return SETUP_STEPS.filter(({ key }) => completed.some(({ payload }) => payload.step === key));
}

/**
 * The first step that is not done; null if no step is left. The search begins at the person's `onboarding_step`, which
 * may be out of date, so `done` is checked too.
 */
function nextStep(person: PersonProperties, done: SetupStep[]): SetupStep | null {
  const fromHere = SETUP_STEPS.slice(SETUP_STEPS.indexOf(setupStepOf(person.onboarding_step)));
  return fromHere.find((one) => !done.includes(one)) ?? null;
}
