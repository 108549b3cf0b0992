import { z } from "zod";
import CheckoutRecovery from "../../emails/checkout-recovery.tsx";
import { firstName } from "../../src/lib/names.ts";
import { event } from "../../src/workflows/event.ts";
import { isAfter } from "../../src/workflows/is-after.ts";
import { lifecycle } from "../../src/workflows/lifecycle.ts";

/** A drop-off that stays one email after a day, whatever becomes of the app's own: for tests of the road. */
export const oneEmail = lifecycle({
  id: "drop-off",
  name: "Drop-off",
  description: "One email a day after a checkout that was not completed.",
  category: "marketing",
  topic: "reminders",
  on: [event("checkout_started")],
  exitOn: [event("checkout_completed")],
  payload: z.object({ checkout_url: z.url() }),
  from: ({ properties }) => ({ checkout_url: properties.checkout_url }),
  async workflow({ step, payload, startedAt }) {
    await step.wait("a-day", { days: 1 });
    await step.email(
      "recovery",
      ({ person }) => ({
        subject: "Your checkout is still open",
        body: (
          <CheckoutRecovery
            firstName={firstName(person.name)}
            checkoutUrl={payload.checkout_url}
            cartValue={undefined}
          />
        ),
      }),
      { skip: ({ person }) => isAfter(person.last_purchase_at, startedAt) && "has bought since" },
    );
  },
});
