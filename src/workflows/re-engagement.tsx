import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import ComeBack from "../../emails/come-back.tsx";
import LastCall from "../../emails/last-call.tsx";
import type { Locale, Texts } from "../contracts/locale.ts";
import type { PersonProperties } from "../contracts/person.ts";
import { firstReadable, number } from "../contracts/property-types.ts";
import { subjectControl, textControl } from "../engine/controls.ts";
import { isAfter } from "../engine/dates.ts";
import { toMs } from "../engine/duration.ts";
import { event, inactivity } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { featureIn, featureOf, hasTriedAll, nextFeature } from "./features.ts";

/**
 * For an inactive person: three messages about one feature that the person has not tried. The last message uses the
 * person's preferred channel. A run ends when the person is back.
 */
export const reEngagement = lifecycle({
  id: "re-engagement",
  name: "Re-engagement",
  description:
    "A feature that an inactive person has not tried: in the app, by email, and last on the channel they prefer.",
  category: "marketing",
  topic: "product_tips",
  on: [inactivity({ days: 30 })],
  exitOn: [event("session_started")],
  entry: { oncePer: { days: 30 } },
  payload: z.object({ days_inactive: z.number().nullish() }),
  from: ({ properties }) => ({ days_inactive: firstReadable(number, properties.days_inactive) }),

  async workflow({ step, payload, startedAt }) {
    const { key } = await step.custom("feature", z.object({ key: z.string() }), ({ person }) => ({
      key: nextFeature(person.features_used).key,
    }));
    const shown = (locale: Locale) => featureIn(locale, featureOf(key));
    const skip = ({ person }: { person: PersonProperties }) => {
      if (isAfter(person.last_active_at, startedAt)) return "is back";
      if (hasTriedAll(person.features_used)) return "has tried every feature";
      return person.features_used?.includes(key) === true && `has tried ${key}`;
    };
    const daysAway = (now: Date) =>
      payload.days_inactive == null
        ? undefined
        : payload.days_inactive + Math.floor((now.getTime() - startedAt.getTime()) / toMs({ days: 1 }));

    await step.inApp(
      "feature-note",
      ({ locale, controls, link }) => {
        const { name, benefit, url } = shown(locale);
        return {
          subject: `${controls.subject}: ${name}`,
          body: benefit,
          redirect: { url: link(url), target: "_self" },
        };
      },
      {
        controlSchema: subjectControl({ en: "New to you", de: "Neu für dich" }),
        skip,
        // The note is for the session that ends this run.
        keepAfterExit: true,
      },
    );

    await step.wait("two-days", { days: 2 });
    await step.email(
      "feature-email",
      ({ person, locale, controls, now, link }) => {
        const feature = shown(locale);
        return {
          subject: `${controls.subject}: ${feature.name}`,
          body: (
            <ComeBack
              firstName={greetingName(person)}
              daysAway={daysAway(now)}
              feature={{ ...feature, url: link(feature.url) }}
            />
          ),
        };
      },
      { controlSchema: subjectControl({ en: "One thing you have not tried", de: "Noch nicht ausprobiert" }), skip },
    );

    await step.wait("five-days", { days: 5 });
    await step.email(
      "last-email",
      ({ person, locale, controls, now, link }) => {
        const feature = shown(locale);
        return {
          subject: `${controls.subject}: ${feature.name}`,
          body: (
            <LastCall
              firstName={greetingName(person)}
              feature={{ ...feature, url: link(feature.url) }}
              daysAway={daysAway(now)}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl({ en: "Our last reminder", de: "Unsere letzte Erinnerung" }),
        skip: (moment) => skip(moment) || (chosen(moment.person) !== null && `prefers ${chosen(moment.person)}`),
      },
    );
    const lastWords = (opening: string, locale: Locale, link: (url: string) => string) => {
      const { name, benefit, url } = shown(locale);
      return `${opening} ${worthALook[locale]} ${name}. ${benefit} ${link(url)}`;
    };
    await step.sms("last-sms", ({ locale, controls, link }) => ({ body: lastWords(controls.opening, locale, link) }), {
      controlSchema: lastWordsControl,
      skip: (moment) => skip(moment) || (chosen(moment.person) !== "sms" && "has not chosen sms"),
    });
    await step.chat(
      "last-chat",
      ({ locale, controls, link }) => ({ body: lastWords(controls.opening, locale, link) }),
      {
        controlSchema: lastWordsControl,
        skip: (moment) => skip(moment) || (chosen(moment.person) !== "chat" && "has not chosen chat"),
      },
    );
  },
});

const lastWordsControl = z.object({
  opening: textControl("First sentence", {
    en: `${brand.name}: our last reminder, no other comes after this one.`,
    de: `${brand.name}: unsere letzte Erinnerung, danach kommt keine mehr.`,
  }),
});

const worthALook: Texts = { en: "Worth a look:", de: "Einen Blick wert:" };

/** The person's preferred channel for the last message; null if that is email. */
function chosen({ preferred_channel }: PersonProperties): "sms" | "chat" | null {
  return preferred_channel === "sms" || preferred_channel === "chat" ? preferred_channel : null;
}
