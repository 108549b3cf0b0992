import { brand } from "../../emails/_components/brand.ts";

interface Feature {
  key: string;
  name: string;
  benefit: string;
  url: string;
}

/** What the product can do, the best first; `key` is what `features_used` lists in PostHog. Yours to change. */
const FEATURES: readonly [Feature, ...Feature[]] = [
  {
    key: "alerts",
    name: "alerts",
    benefit: "Hear about a change in your numbers before anybody asks.",
    url: `${brand.appUrl}/alerts`,
  },
  {
    key: "scheduled_reports",
    name: "scheduled reports",
    benefit: "Your Monday numbers in your inbox, without anybody opening a dashboard.",
    url: `${brand.appUrl}/reports/schedule`,
  },
  {
    key: "segments",
    name: "segments",
    benefit: "Compare two groups of customers side by side, in two clicks.",
    url: `${brand.appUrl}/segments`,
  },
];

/** The best feature that this person has not used, or the best of all when they have used every one. */
export function nextFeature(used: readonly string[] = []): Feature {
  return FEATURES.find(({ key }) => !used.includes(key)) ?? FEATURES[0];
}

/** The feature of that key, or the best of all when it is gone by now. */
export function featureOf(key: string): Feature {
  return FEATURES.find((feature) => feature.key === key) ?? FEATURES[0];
}

export function hasTriedAll(used: readonly string[] = []): boolean {
  return FEATURES.every(({ key }) => used.includes(key));
}
