import { z } from "zod";
import { subjectControl, textControls } from "../../../src/engine/controls.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { greetingName, shownName } from "../../../src/lib/names.ts";
import { APP_URL, BRAND } from "./brand.ts";
import { Letter } from "./letter.tsx";
import { topicOf } from "./topics.ts";

const STEPS: Record<string, string> = { connect_data: "connect your data", invite_team: "invite your team" };

/** Ten days of emails and a note, ended by one event. */
export const onboarding = lifecycle({
  id: "onboarding",
  name: "Onboarding",
  description: "From sign-up to a workspace that is set up.",
  category: "marketing",
  topic: topicOf("getting_started"),
  on: [event("user_signed_up")],
  exitOn: [event("onboarding_completed")],
  payload: z.object({ invited_by: z.string().nullish() }),
  from: ({ properties }) => ({ invited_by: shownName(properties.invited_by) }),

  async workflow({ step, payload }) {
    await step.email(
      "welcome",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title={`Welcome to ${BRAND.name}`}
            firstName={greetingName(person)}
            says={payload.invited_by == null ? "Good to have you here." : `${payload.invited_by} has invited you.`}
            button="Set up"
            url={link(`${APP_URL}/setup`)}
          />
        ),
      }),
      { controlSchema: subjectControl(`Welcome to ${BRAND.name}`), atAnyHour: true },
    );
    await step.inApp(
      "welcome-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        primaryAction: { label: controls.button, redirect: { url: link(`${APP_URL}/setup`), target: "_self" } },
      }),
      { controlSchema: textControls({ subject: "Welcome", body: "Three short steps.", button: "Set up" }) },
    );

    await step.wait("until-day-2", { days: 2 });
    await step.email(
      "setup-nudge",
      ({ person, controls, link }) => {
        const next = STEPS[person.onboarding_step ?? ""] ?? "connect your data";
        return {
          subject: `${controls.subject}: ${next}`,
          body: (
            <Letter
              title={`Next: ${next}`}
              firstName={greetingName(person)}
              says="Everything else builds on it."
              button="Go on"
              url={link(`${APP_URL}/setup/next`)}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl("Next"),
        skip: ({ person }) => person.onboarding_completed === true && "onboarding is completed",
      },
    );

    await step.wait("until-day-5", { days: 3 });
    await step.email(
      "feature-spotlight",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title="Have you tried alerts?"
            firstName={greetingName(person)}
            says="Hear about a change before anybody asks."
            button="Try alerts"
            url={link(`${APP_URL}/alerts`)}
          />
        ),
      }),
      {
        controlSchema: subjectControl("Have you tried alerts?"),
        skip: ({ person }) => person.onboarding_completed === true && "onboarding is completed",
      },
    );

    await step.wait("until-day-10", { days: 5 });
    await step.email(
      "check-in",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title="What is in the way?"
            firstName={greetingName(person)}
            says="Answer this email; a person reads it."
            button="Set up"
            url={link(`${APP_URL}/setup`)}
          />
        ),
      }),
      {
        controlSchema: subjectControl("What is in the way?"),
        skip: ({ person }) => person.onboarding_completed === true && "onboarding is completed",
      },
    );
  },
});
