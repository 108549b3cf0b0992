import { z } from "zod";
import { isAfter } from "../../../src/engine/dates.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { greetingName } from "../../../src/lib/names.ts";
import { Letter } from "./letter.tsx";
import { topicOf } from "./topics.ts";

/** A drop-off that is one email after a day, for tests of the road. */
export const oneEmail = lifecycle({
  id: "drop-off",
  name: "Drop-off",
  description: "One email a day after a checkout that was not completed.",
  category: "marketing",
  topic: topicOf("reminders"),
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
          <Letter
            title="Your checkout is still open"
            firstName={greetingName(person)}
            says="You stopped just before the end."
            button="Back to your checkout"
            url={payload.checkout_url}
          />
        ),
      }),
      { skip: ({ person }) => isAfter(person.last_purchase_at, startedAt) && "has bought since" },
    );
  },
});
