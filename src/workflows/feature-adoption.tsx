import { z } from "zod";
import FeatureGuide from "../../emails/feature-guide.tsx";
import { subjectControl } from "../engine/controls.ts";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";
import { greetingName } from "../lib/names.ts";
import { featureIn, GuidedFeature, guideTo } from "./features.ts";

/**
 * For a person who has used a feature for the first time: a guide to the feature. A person gets at most one such email
 * an hour. A feature without a guide starts no run, so it does not use up the email of that hour.
 */
export const featureAdoption = lifecycle({
  id: "feature-adoption",
  name: "Feature adoption",
  description: "A guide to the feature that somebody has just used for the first time.",
  category: "marketing",
  topic: "product_tips",
  on: [
    event("feature_first_used", { properties: z.object({ feature_name: GuidedFeature }) }),
    event("dashboard_first_viewed"),
  ],
  payload: z.object({ feature: GuidedFeature }),
  from: ({ name, properties }) => ({
    feature: name === "dashboard_first_viewed" ? "dashboards" : properties.feature_name,
  }),

  async workflow({ step, payload }) {
    await step.throttle("one-an-hour", { most: 1, within: { hours: 1 } });
    await step.email(
      "feature-guide",
      ({ person, locale, controls, link }) => {
        const { tips, url, ...feature } = featureIn(locale, guideTo(payload.feature));
        return {
          subject: `${controls.subject} ${feature.name}`,
          body: <FeatureGuide firstName={greetingName(person)} feature={{ ...feature, url: link(url) }} tips={tips} />,
        };
      },
      { controlSchema: subjectControl({ en: "Get more out of", de: "So holst du mehr heraus:" }), atAnyHour: true },
    );
  },
});
