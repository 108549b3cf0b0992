import { z } from "zod";
import { subjectControl, textControls } from "../../../src/engine/controls.ts";
import { event, inactivity } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { greetingName } from "../../../src/lib/names.ts";
import { APP_URL } from "./brand.ts";
import { Letter } from "./letter.tsx";
import { topicOf } from "./topics.ts";

/** A week of messages to a person who is away, the last of them on the channel that they chose. */
export const reEngagement = lifecycle({
  id: "re-engagement",
  name: "Re-engagement",
  description: "One feature to a quiet person: in the app, by email, and a last time where they chose.",
  category: "marketing",
  topic: topicOf("product_tips"),
  on: [inactivity({ days: 30 })],
  exitOn: [event("session_started"), event("pricing_page_viewed")],
  entry: { oncePer: { days: 30 } },
  payload: z.object({ days_inactive: z.number().nullish() }),
  from: ({ properties }) => ({ days_inactive: properties.days_inactive }),

  async workflow({ step, payload }) {
    await step.inApp(
      "feature-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: "Hear about a change before anybody asks.",
        redirect: { url: link(`${APP_URL}/alerts`), target: "_self" },
      }),
      { controlSchema: subjectControl("New to you: alerts") },
    );
    await step.wait("two-days", { days: 2 });
    await step.email(
      "feature-email",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title="One thing you have not tried"
            firstName={greetingName(person)}
            says={`You have been away for ${payload.days_inactive ?? "some"} days.`}
            button="Try alerts"
            url={link(`${APP_URL}/alerts`)}
          />
        ),
      }),
      { controlSchema: subjectControl("One thing you have not tried") },
    );
    await step.wait("five-days", { days: 5 });
    await step.email(
      "last-email",
      ({ person, controls, link }) => ({
        subject: controls.subject,
        body: (
          <Letter
            title="Our last reminder"
            firstName={greetingName(person)}
            says="No other comes after this one."
            button="Come back"
            url={link(APP_URL)}
          />
        ),
      }),
      {
        controlSchema: subjectControl("Our last reminder"),
        skip: ({ person: { preferred_channel: channel } }) =>
          (channel === "sms" || channel === "chat") && `prefers ${channel}`,
      },
    );
    const lastWords = textControls({ body: "Our last reminder." });
    await step.sms("last-sms", ({ controls, link }) => ({ body: `${controls.body} ${link(APP_URL)}` }), {
      controlSchema: lastWords,
      skip: ({ person }) => person.preferred_channel !== "sms" && "has not chosen sms",
    });
    await step.chat("last-chat", ({ controls, link }) => ({ body: `${controls.body} ${link(APP_URL)}` }), {
      controlSchema: lastWords,
      skip: ({ person }) => person.preferred_channel !== "chat" && "has not chosen chat",
    });
  },
});
