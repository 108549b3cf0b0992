import { z } from "zod";
import CheckoutRecovery from "../../emails/checkout-recovery.tsx";
import { firstName } from "../lib/names.ts";
import { subjectControl } from "./controls.ts";
import { event } from "./event.ts";
import { isAfter } from "./is-after.ts";
import { lifecycle } from "./lifecycle.ts";

/** A day after a checkout that nobody finished: one email with the way back. */
export const dropOff = lifecycle({
  id: "drop-off",
  name: "Checkout drop-off",
  description: "One recovery email a day after a checkout that was not completed.",
  category: "marketing",
  topic: "reminders",
  on: [event("checkout_started")],
  exitOn: [event("checkout_completed")],
  payload: z.object({
    checkout_url: z.url({ protocol: /^https?$/ }),
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
    await step.wait("a-day", { hours: 24 });
    await step.email(
      "recovery",
      ({ person, controls }) => ({
        subject: controls.subject,
        body: (
          <CheckoutRecovery
            firstName={firstName(person.name)}
            checkoutUrl={payload.checkout_url}
            cartValue={money(payload)}
          />
        ),
      }),
      {
        controlSchema: subjectControl("Your checkout is still open"),
        skip: ({ person }) => isAfter(person.last_purchase_at, startedAt) && "has bought since",
      },
    );
  },
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
