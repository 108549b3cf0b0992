import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import PaidOffer from "../../emails/paid-offer.tsx";
import type { Locale, Texts } from "../contracts/locale.ts";
import type { PersonProperties } from "../contracts/person.ts";
import { subjectControl, textControl } from "../engine/controls.ts";
import { dayOf, timeZoneOf } from "../engine/dates.ts";
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
  control: {
    words: { en: "20% off the first year", de: "20 % Rabatt im ersten Jahr" },
    upgradeUrl: `${brand.appUrl}/upgrade?offer=first-year`,
  },
  "two-months": {
    words: { en: "two months free", de: "zwei Monate gratis" },
    upgradeUrl: `${brand.appUrl}/upgrade?offer=two-months`,
  },
} as const;
const OFFER_ENDS_AFTER = { days: 7 };
const Offer = z.object({
  /** ISO 8601 */
  endsAt: z.string(),
  /** Stored with the run, so that both messages name the same day. */
  timeZone: z.string(),
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
      return { endsAt: endsAt.toISOString(), timeZone: timeZoneOf(person) };
    });
    // A preview has no offer.
    const endsOn = ({ locale, now }: { locale: Locale; now: Date }) =>
      dayOf(new Date(offer.endsAt ?? now), { $timezone: offer.timeZone }, locale);
    const skip = ({ person, now }: { person: PersonProperties; now: Date }) => {
      if (isPaid(person.plan)) return `is on the ${person.plan} plan`;
      return now.getTime() >= Date.parse(offer.endsAt) && "the offer is over";
    };

    await step.email(
      "offer-email",
      ({ person, locale, now, controls, variants, link }) => ({
        subject: `${controls.subject} ${endsOn({ locale, now })}: ${OFFERS[variants.offer].words[locale]}`,
        body: (
          <PaidOffer
            firstName={greetingName(person)}
            proof={controls.proof}
            offer={OFFERS[variants.offer].words[locale]}
            endsOn={endsOn({ locale, now })}
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
      ({ locale, now, controls, variants, link }) => ({
        subject: `${controls.subject} ${endsOn({ locale, now })}`,
        body: reminder[locale](OFFERS[variants.offer].words[locale]),
        primaryAction: {
          label: seeThePlans[locale],
          redirect: { url: link(OFFERS[variants.offer].upgradeUrl), target: "_self" },
        },
      }),
      { controlSchema: subjectControl({ en: "Your offer ends on", de: "Dein Angebot endet am" }), skip },
    );
  },
});

const offerControls = subjectControl({ en: "Until", de: "Bis zum" }).extend({
  proof: textControl("What a customer got out of it, in one true sentence", {
    en: "The support team at Northwind answers twice as many questions since it sees which ones come back.",
    de: "Das Support-Team von Northwind beantwortet doppelt so viele Fragen, seit es sieht, welche wiederkommen.",
  }),
});

const reminder: Texts<(offer: string) => string> = {
  en: (offer) => `If you upgrade by then, you get ${offer}.`,
  de: (offer) => `Wenn du bis dahin wechselst, bekommst du ${offer}.`,
};
const seeThePlans: Texts = { en: "See the plans", de: "Tarife ansehen" };
