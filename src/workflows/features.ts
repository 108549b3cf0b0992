import { z } from "zod";
import { brand } from "../../emails/_components/brand.ts";

interface Feature {
  key: string;
  name: string;
  benefit: string;
  url: string;
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
    name: "alerts",
    benefit: "Hear about a change in your numbers before anybody asks.",
    url: `${brand.appUrl}/alerts`,
    tips: [
      "Start with one number that you look at every day.",
      "Set the limit a little wider than feels right; you can narrow it later.",
      "Send it to the channel where your team already talks.",
    ],
  },
  {
    key: "scheduled_reports",
    name: "scheduled reports",
    benefit: "Your Monday numbers in your inbox, without anybody opening a dashboard.",
    url: `${brand.appUrl}/reports/schedule`,
    tips: [
      "Pick the report that you open most often, and let it come before your first meeting.",
      "Add the people who ask you for it.",
    ],
  },
  {
    key: "segments",
    name: "segments",
    benefit: "Compare two groups of customers side by side, in two clicks.",
    url: `${brand.appUrl}/segments`,
    tips: [
      "Begin with two groups that should differ, such as new and old customers.",
      "Save a segment once, and use it in every report.",
    ],
  },
];

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
  name: "dashboards",
  benefit: "The numbers that matter to you on one page.",
  url: `${brand.appUrl}/dashboards`,
  tips: [
    "Keep to five numbers; what nobody looks at hides what matters.",
    "Put the number that you are asked for most at the top left.",
    "Share it with your team, so that all look at the same page.",
  ],
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
