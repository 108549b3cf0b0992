import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";
import type { Locale, Texts } from "../contracts/locale.ts";

interface Feature {
  key: string;
  url: string;
  texts: Texts<FeatureTexts>;
}

interface FeatureTexts {
  name: string;
  benefit: string;
  /** Advice for the feature, in whole sentences, three at most. */
  tips: string[];
}

/**
 * The product's features, the best first. Yours to change. The person property `features_used` and the event property
 * `feature_name` name a feature by its `key`.
 */
const FEATURES: readonly [Feature, ...Feature[]] = [
  {
    key: "alerts",
    url: `${brand.appUrl}/alerts`,
    texts: {
      en: {
        name: "alerts",
        benefit: "Hear about a change in your numbers before anybody asks.",
        tips: [
          "Start with one number that you look at every day.",
          "Set the limit a little wider than feels right; you can narrow it later.",
          "Send it to the channel where your team already talks.",
        ],
      },
      de: {
        name: "Alarme",
        benefit: "Erfahre von einer Änderung in deinen Zahlen, bevor jemand fragt.",
        tips: [
          "Beginne mit einer Zahl, die du dir jeden Tag ansiehst.",
          "Setze die Grenze etwas weiter, als es sich richtig anfühlt; enger machen kannst du sie später.",
          "Schicke den Alarm in den Kanal, in dem dein Team sich schon austauscht.",
        ],
      },
    },
  },
  {
    key: "scheduled_reports",
    url: `${brand.appUrl}/reports/schedule`,
    texts: {
      en: {
        name: "scheduled reports",
        benefit: "Your Monday numbers in your inbox, without anybody opening a dashboard.",
        tips: [
          "Pick the report that you open most often, and let it come before your first meeting.",
          "Add the people who ask you for it.",
        ],
      },
      de: {
        name: "Geplante Berichte",
        benefit: "Deine Zahlen am Montag im Postfach, ohne dass jemand ein Dashboard öffnet.",
        tips: [
          "Wähle den Bericht, den du am häufigsten öffnest, und lass ihn vor deiner ersten Besprechung kommen.",
          "Füge die Leute hinzu, die dich danach fragen.",
        ],
      },
    },
  },
  {
    key: "segments",
    url: `${brand.appUrl}/segments`,
    texts: {
      en: {
        name: "segments",
        benefit: "Compare two groups of customers side by side, in two clicks.",
        tips: [
          "Begin with two groups that should differ, such as new and old customers.",
          "Save a segment once, and use it in every report.",
        ],
      },
      de: {
        name: "Segmente",
        benefit: "Vergleiche zwei Gruppen von Kunden nebeneinander, mit zwei Klicks.",
        tips: [
          "Beginne mit zwei Gruppen, die sich unterscheiden sollten, etwa neue und alte Kunden.",
          "Speichere ein Segment einmal, und nutze es in jedem Bericht.",
        ],
      },
    },
  },
];

/** A feature as a message shows it. */
export function featureIn(locale: Locale, { url, texts }: Feature): FeatureTexts & Pick<Feature, "url"> {
  return { ...texts[locale], url };
}

/** The first feature that the person has not used; the first of the list if the person has used every feature. */
export function nextFeature(used: readonly string[] = []): Feature {
  return FEATURES.find(({ key }) => !used.includes(key)) ?? FEATURES[0];
}

/** The feature with this key; the first feature if the list no longer has the key. */
export function featureOf(key: string): Feature {
  return FEATURES.find((feature) => feature.key === key) ?? FEATURES[0];
}

export function hasTriedAll(used: readonly string[] = []): boolean {
  return FEATURES.every(({ key }) => used.includes(key));
}

/** Dashboards have a guide, but no message suggests them, because everyone finds them without help. */
const DASHBOARDS: Feature = {
  key: "dashboards",
  url: `${brand.appUrl}/dashboards`,
  texts: {
    en: {
      name: "dashboards",
      benefit: "The numbers that matter to you on one page.",
      tips: [
        "Keep to five numbers; what nobody looks at hides what matters.",
        "Put the number that you are asked for most at the top left.",
        "Share it with your team, so that all look at the same page.",
      ],
    },
    de: {
      name: "Dashboards",
      benefit: "Die Zahlen, die für dich zählen, auf einer Seite.",
      tips: [
        "Bleib bei fünf Zahlen; was niemand ansieht, verdeckt, was zählt.",
        "Setze die Zahl, nach der man dich am häufigsten fragt, nach oben links.",
        "Teile es mit deinem Team, damit alle dieselbe Seite sehen.",
      ],
    },
  },
};
const GUIDES = new Map([...FEATURES, DASHBOARDS].map((feature) => [feature.key, feature]));

/** The keys of the features that have a guide. */
export const GuidedFeature = z.enum([...GUIDES.keys()]);

/** Throws for a feature without a guide. */
export function guideTo(key: z.infer<typeof GuidedFeature>): Feature {
  const guide = GUIDES.get(key);
  if (guide === undefined) throw new Error(`there is no guide to the feature "${key}"`);
  return guide;
}
