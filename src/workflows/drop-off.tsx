import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import CheckoutRecovery from "../../emails/checkout-recovery.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { greetingName } from "../lib/names.ts";
import { noteControls, subjectControl } from "./controls.ts";
import { event } from "./event.ts";
import { experiment } from "./experiment.ts";
import { isAfter } from "./is-after.ts";
import { lifecycle } from "./lifecycle.ts";
import { webUrl } from "./web-url.ts";

/** A checkout that nobody finished: a note in the app after an hour, and after a day an email with the way back. */
export const dropOff = lifecycle({
  id: "drop-off",
  name: "Checkout drop-off",
  description: "The way back to a checkout that was not completed: in the app after an hour, by email after a day.",
  category: "marketing",
  topic: "reminders",
  on: [event("checkout_started")],
  exitOn: [event("checkout_completed")],
  entry: { oncePer: { days: 1 } },
  experiments: { subject: experiment("recovery-subject", { variants: ["control", "benefit"], otherwise: "control" }) },
  payload: z.object({
    checkout_url: webUrl(`${brand.appUrl}/checkout`),
    cart_value: z.number().nullish(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default("USD"),
  }),
  from: ({ properties }) => ({
    checkout_url: properties.checkout_url,
    cart_value: properties.cart_value,
    currency: properties.currency,
  }),

  async workflow({ step, payload, startedAt }) {
    const hasBought = ({ person }: { person: PersonProperties }) =>
      isAfter(person.last_purchase_at, startedAt) && "has bought since";

    await step.wait("an-hour", { hours: 1 });
    await step.inApp(
      "checkout-note",
      ({ controls, link }) => ({
        subject: controls.subject,
        body: controls.body,
        redirect: { url: link(payload.checkout_url), target: "_self" },
      }),
      {
        controlSchema: noteControls("Your checkout is still open", "Everything is where you left it."),
        skip: hasBought,
      },
    );

    await step.wait("until-a-day", { hours: 23 });
    await step.email(
      "recovery",
      ({ person, controls, variants, link }) => ({
        subject: { control: controls.subject, benefit: controls.benefit_subject }[variants.subject],
        body: (
          <CheckoutRecovery
            firstName={greetingName(person)}
            checkoutUrl={link(payload.checkout_url)}
            cartValue={money(payload)}
          />
        ),
      }),
      { controlSchema: recoveryControls, skip: hasBought },
    );
  },
});

const recoveryControls = subjectControl("Your checkout is still open").extend({
  benefit_subject: z
    .string()
    .default("Everything is where you left it: two minutes to go")
    .meta({ title: "Subject for the variant “benefit”" }),
});

function money({
  cart_value,
  currency,
}: {
  cart_value?: number | null | undefined;
  currency: string;
}): string | undefined {
  return cart_value == null
    ? undefined
    : new Intl.NumberFormat("en", { style: "currency", currency }).format(cart_value);
}
