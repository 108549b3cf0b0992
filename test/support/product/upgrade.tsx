import { z } from "zod";
import { subjectControl } from "../../../src/engine/controls.ts";
import { event } from "../../../src/engine/event.ts";
import { lifecycle } from "../../../src/engine/lifecycle.ts";
import { greetingName, shownName } from "../../../src/lib/names.ts";
import { APP_URL } from "./brand.ts";
import { Letter } from "./letter.tsx";

/** A receipt, without an opt-out, and a note a day later. */
export const upgrade = lifecycle({
  id: "upgrade",
  name: "Upgrade",
  description: "Confirms an upgrade, and a day later says what it unlocked.",
  category: "transactional",
  on: [event("subscription_upgraded")],
  payload: z.object({ plan: z.string() }),
  from: ({ properties }) => ({ plan: shownName(properties.plan) }),

  async workflow({ step, payload }) {
    await step.email(
      "receipt",
      ({ person, controls, link }) => ({
        subject: `${controls.subject} ${payload.plan}`,
        body: (
          <Letter
            title={`You are on ${payload.plan}`}
            firstName={greetingName(person)}
            says="Thank you."
            button="Go to billing"
            url={link(`${APP_URL}/billing`)}
          />
        ),
      }),
      { controlSchema: subjectControl("You are on") },
    );
    await step.wait("a-day", { days: 1 });
    await step.inApp("unlocked-note", ({ controls }) => ({ subject: controls.subject, body: payload.plan }), {
      controlSchema: subjectControl("What your plan unlocks"),
    });
  },
});
