import { z } from "zod";
import NextStep from "../../emails/next-step.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { subjectControl } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { isSetUp, SETUP_STEPS, type SetupStep, setupStepOf } from "./setup-steps.ts";

/**
 * An hour after a set-up step: the finished steps and the next one, in one email however many steps the hour had; ends
 * when the set-up is finished.
 */
export const stepNudge = lifecycle({
  id: "step-nudge",
  name: "Set-up step nudge",
  description: "After a set-up step the next one, once for all steps of an hour.",
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
      ({ person, controls, link }) => {
        const done = inSetupOrder(completed);
        const { phrase, why, url } = nextStep(person, done) ?? setupStepOf(person.onboarding_step);
        return {
          subject: `${controls.subject}: ${phrase}`,
          body: (
            <NextStep
              firstName={greetingName(person)}
              completed={done.map((one) => one.phrase)}
              nextStep={phrase}
              why={why}
              setupUrl={link(url)}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl("Well done. Next"),
        skip: ({ person }) =>
          isSetUp(person) || (nextStep(person, inSetupOrder(completed)) === null && "no step is left"),
        // If two emails waited for the morning, they would arrive together, with the same content.
        atAnyHour: true,
      },
    );
  },
});

/** Each step once, in the order of the set-up, not of the events. */
function inSetupOrder(completed: Array<{ step: string }>): SetupStep[] {
  return SETUP_STEPS.filter(({ key }) => completed.some(({ step }) => step === key));
}

/** The first step that is not done, from the person's step at PostHog on, which may be out of date; null if none is left. */
function nextStep(person: PersonProperties, done: SetupStep[]): SetupStep | null {
  const fromHere = SETUP_STEPS.slice(SETUP_STEPS.indexOf(setupStepOf(person.onboarding_step)));
  return fromHere.find((one) => !done.includes(one)) ?? null;
}
