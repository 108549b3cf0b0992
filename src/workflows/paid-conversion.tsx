import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import PaidOffer from "../../emails/paid-offer.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { subjectControl } from "../engine/controls.ts";
import { dayOf } from "../engine/dates.ts";
import { toMs } from "../engine/duration.ts";
import { event } from "../engine/event.ts";
import { experiment } from "../engine/experiment.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { isPaid } from "./plans.ts";

/**
 * The offer of each variant. It is in the code and not a control in Novu's dashboard, because both messages have to
 * promise the same offer and your billing has to grant it.
 */
const OFFERS = {
  control: { words: "20% off the first year", upgradeUrl: `${brand.appUrl}/upgrade?offer=first-year` },
  "two-months": { words: "two months free", upgradeUrl: `${brand.appUrl}/upgrade?offer=two-months` },
} as const;
const OFFER_ENDS_AFTER = { days: 7 };
const Offer = z.object({
  /** ISO 8601 */
  endsAt: z.string(),
  /** The last day, as messages show it. Stored with the run, so that both messages name the same day. */
  endsOn: z.string(),
});

/**
 * For a person who considers paying: an offer that ends in a week, and an in-app note two days before the offer ends. A
 * run ends with the upgrade.
 */
export const paidConversion = lifecycle({
  id: "paid-conversion",
  name: "Paid conversion",
  description: "An offer with a last day, for people who return to the prices or whose trial ends soon.",
  category: "marketing",
  topic: "offers",
  on: [event("pricing_page_viewed", { occurrence: { nth: 3, within: { days: 30 } } }), event("trial_day_12")],
  exitOn: [event("subscription_upgraded")],
  entry: { oncePer: { days: 30 } },
  experiments: { offer: experiment("paid-offer", { variants: ["control", "two-months"], otherwise: "control" }) },
  payload: z.object({ reason: z.enum(["pricing", "trial"]) }),
  from: ({ name }) => ({ reason: name === "trial_day_12" ? "trial" : "pricing" }),

  async workflow({ step, payload }) {
    await step.wait("an-hour", { hours: 1 });
    const offer = await step.custom("offer", Offer, ({ person, now }) => {
      const endsAt = new Date(now.getTime() + toMs(OFFER_ENDS_AFTER));
      return { endsAt: endsAt.toISOString(), endsOn: dayOf(endsAt, person) };
    });
    const skip = ({ person, now }: { person: PersonProperties; now: Date }) => {
      if (isPaid(person.plan)) return `is on the ${person.plan} plan`;
      return now.getTime() >= Date.parse(offer.endsAt) && "the offer is over";
    };

    await step.email(
      "offer-email",
      ({ person, controls, variants, link }) => ({
        subject: `${controls.subject} ${offer.endsOn}: ${OFFERS[variants.offer].words}`,
        body: (
          <PaidOffer
            firstName={greetingName(person)}
            proof={controls.proof}
            offer={OFFERS[variants.offer].words}
            endsOn={offer.endsOn}
            upgradeUrl={link(OFFERS[variants.offer].upgradeUrl)}
            reason={payload.reason}
          />
        ),
      }),
      { controlSchema: offerControls, skip },
    );

    await step.wait("until-two-days-before", { days: 5 });
    await step.inApp(
      "offer-reminder",
      ({ controls, variants, link }) => ({
        subject: `${controls.subject} ${offer.endsOn}`,
        body: `If you upgrade by then, you get ${OFFERS[variants.offer].words}.`,
        primaryAction: {
          label: "See the plans",
          redirect: { url: link(OFFERS[variants.offer].upgradeUrl), target: "_self" },
        },
      }),
      { controlSchema: subjectControl("Your offer ends on"), skip },
    );
  },
});

const offerControls = subjectControl("Until").extend({
  proof: z
    .string()
    .default("The support team at Northwind answers twice as many questions since it sees which ones come back.")
    .meta({ title: "What a customer got out of it, in one true sentence" }),
});
