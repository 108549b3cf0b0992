import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import CheckoutRecovery from "../../emails/checkout-recovery.tsx";
import type { Locale } from "../contracts/locale.ts";
import type { PersonProperties } from "../contracts/person.ts";
import { firstReadable, number, text } from "../contracts/property-types.ts";
import { noteControls, subjectControl, textControl } from "../engine/controls.ts";
import { isAfter } from "../engine/dates.ts";
import { event } from "../engine/event.ts";
import { experiment } from "../engine/experiment.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { webUrl } from "../engine/web-url.ts";
import { greetingName } from "../lib/names.ts";

const checkoutUrl = `${brand.appUrl}/checkout`;

/** For an unfinished checkout: an in-app note after an hour, and an email with the link back after a day. */
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
    checkout_url: webUrl(checkoutUrl, { hosts: brand.linkHosts }),
    cart_value: z.number().nullish(),
    currency: z.string().default("USD"),
  }),
  from({ properties }) {
    const currency = currencyOf(properties.currency);
    // Segment's own checkout events have the amount under other names, and no `checkout_url`.
    const { cart_value, value, total, revenue } = properties;
    return {
      checkout_url: properties.checkout_url || checkoutUrl,
      cart_value: currency && firstReadable(number, cart_value, value, total, revenue),
      currency,
    };
  },

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
        controlSchema: noteControls(stillOpen, {
          en: "Everything is where you left it.",
          de: "Alles ist noch so, wie du es verlassen hast.",
        }),
        skip: hasBought,
      },
    );

    await step.wait("until-a-day", { hours: 23 });
    await step.email(
      "recovery",
      ({ person, locale, controls, variants, link }) => ({
        subject: { control: controls.subject, benefit: controls.benefit_subject }[variants.subject],
        body: (
          <CheckoutRecovery
            firstName={greetingName(person)}
            checkoutUrl={link(payload.checkout_url)}
            cartValue={money(payload, locale)}
          />
        ),
      }),
      { controlSchema: recoveryControls, skip: hasBought },
    );
  },
});

const stillOpen = { en: "Your checkout is still open", de: "Deine Bestellung ist noch offen" };

const recoveryControls = subjectControl(stillOpen).extend({
  benefit_subject: textControl("Subject for the variant “benefit”", {
    en: "Everything is where you left it: two minutes to go",
    de: "Alles ist noch da: nur noch zwei Minuten",
  }),
});

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

/** Undefined if the event has an unknown currency, because the amount must not be shown as dollars. */
function currencyOf(said: unknown): string | undefined {
  if (said === undefined) return "USD";
  const code = firstReadable(text, said)?.toUpperCase() ?? "";
  return CURRENCIES.has(code) ? code : undefined;
}

function money(
  { cart_value, currency }: { cart_value?: number | null | undefined; currency: string },
  locale: Locale,
): string | undefined {
  return cart_value == null
    ? undefined
    : new Intl.NumberFormat(locale, { style: "currency", currency }).format(cart_value);
}
