import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import WelcomeToPaid from "../../emails/welcome-to-paid.tsx";
import type { Locale } from "../contracts/locale.ts";
import { noteControls, subjectControl } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { isPaid, PlanName, planIn } from "./plans.ts";

const billingUrl = `${brand.appUrl}/settings/billing`;

/**
 * For a person who has upgraded: the new features, by email at once and a day later in an in-app note. People cannot
 * opt out of this workflow, so the note helps to use the plan and sells nothing. An offer of a higher plan belongs in
 * another workflow, under the topic `offers`.
 */
export const welcomeToPaid = lifecycle({
  id: "welcome-to-paid",
  name: "Welcome to a paid plan",
  description: "Confirms an upgrade, and a day later shows where to find what it unlocked.",
  category: "transactional",
  on: [event("subscription_upgraded")],
  // The welcome is useful to a customer even days after the upgrade.
  startWithin: { days: 3 },
  // The browser and the back end may both send one upgrade.
  entry: { oncePer: { hours: 6 } },
  payload: z.object({ plan: PlanName }),
  from: ({ properties }) => ({ plan: properties.plan }),

  async workflow({ step, payload }) {
    await step.email(
      "welcome",
      ({ person, locale, controls, link }) => {
        const { name, unlocked } = planIn(locale, payload.plan);
        return {
          subject: `${controls.subject} ${name}`,
          body: (
            <WelcomeToPaid
              firstName={greetingName(person)}
              plan={name}
              unlocked={unlocked}
              billingUrl={link(billingUrl)}
              appUrl={link(brand.appUrl)}
            />
          ),
        };
      },
      { controlSchema: subjectControl({ en: "Welcome to", de: "Willkommen bei" }) },
    );

    await step.wait("a-day", { days: 1 });
    await step.inApp(
      "unlocked-note",
      ({ locale, controls, link }) => ({
        subject: controls.subject,
        body: `${controls.body} ${listOf(planIn(locale, payload.plan).unlocked, locale)}.`,
        redirect: { url: link(brand.appUrl), target: "_self" },
      }),
      {
        controlSchema: noteControls(
          { en: "What your plan unlocks", de: "Das bringt dir dein Tarif" },
          { en: "Ready to use in your workspace:", de: "In deinem Arbeitsbereich steht bereit:" },
        ),
        skip({ person, locale }) {
          if (person.plan !== undefined && !isPaid(person.plan)) return "is not on a paid plan any more";
          return planIn(locale, payload.plan).unlocked.length === 0 && "no features of this plan are listed";
        },
      },
    );
  },
});

/** "a, b, and c" */
function listOf(things: string[], locale: Locale): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(things);
}
