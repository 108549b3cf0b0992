import { z } from "zod";
import { noteControls, subjectControl } from "../../../src/engine/controls.ts";
import { event } from "../../../src/engine/event.ts";
import { experiment } from "../../../src/engine/experiment.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { webUrl } from "../../../src/engine/web-url.ts";
import { greetingName } from "../../../src/lib/names.ts";
import { APP_URL, LINK_HOSTS } from "./brand.ts";
import { Letter } from "./letter.tsx";
import { topicOf } from "./topics.ts";

/** A note after an hour and an email after a day, with an experiment on its subject. */
export const dropOff = lifecycle({
  id: "drop-off",
  name: "Checkout drop-off",
  description: "The way back to a checkout that was not completed.",
  category: "marketing",
  topic: topicOf("reminders"),
  on: [event("checkout_started")],
  exitOn: [event("checkout_completed")],
  entry: { oncePer: { days: 1 } },
  experiments: { subject: experiment("recovery-subject", { variants: ["control", "benefit"], otherwise: "control" }) },
  payload: z.object({
    checkout_url: webUrl(`${APP_URL}/checkout`, { hosts: LINK_HOSTS }),
    cart_value: z.number().nullish(),
    currency: z.string().default("USD"),
  }),
  from: ({ properties }) => ({
    checkout_url: properties.checkout_url,
    cart_value: properties.cart_value,
    currency: properties.currency,
  }),

  async workflow({ step, payload }) {
    await step.wait("an-hour", { hours: 1 });
    await step.inApp(
      "checkout-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        redirect: { url: link(payload.checkout_url), target: "_self" },
      }),
      { controlSchema: noteControls("Your checkout is still open", "Everything is where you left it.") },
    );
    await step.wait("until-a-day", { hours: 23 });
    await step.email(
      "recovery",
      ({ person, controls, variants, link }) => ({
        subject: { control: controls.subject, benefit: "Two minutes to go" }[variants.subject],
        body: (
          <Letter
            title="Your checkout is still open"
            firstName={greetingName(person)}
            says={payload.cart_value == null ? "You stopped before the end." : `The total was ${payload.cart_value}.`}
            button="Back to your checkout"
            url={link(payload.checkout_url)}
          />
        ),
      }),
      { controlSchema: subjectControl("Your checkout is still open") },
    );
  },
});
