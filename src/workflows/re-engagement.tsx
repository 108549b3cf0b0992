import { z } from "zod";
import ComeBack from "../../emails/come-back.tsx";
import type { PersonProperties } from "../contracts/person.ts";
import { firstName } from "../lib/names.ts";
import { subjectControl } from "./controls.ts";
import { event } from "./event.ts";
import { hasTriedAll, nextFeature } from "./features.ts";
import { inactivity } from "./inactivity.ts";
import { isAfter } from "./is-after.ts";
import { lifecycle } from "./lifecycle.ts";

/** Somebody went quiet: a note about a feature they have not tried, and two days later an email; ends when they are back. */
export const reEngagement = lifecycle({
  id: "re-engagement",
  name: "Re-engagement",
  description: "A feature that a quiet person has not tried, in the app and then by email.",
  category: "marketing",
  topic: "product_tips",
  on: [inactivity({ days: 30 })],
  exitOn: [event("session_started")],
  entry: { oncePer: { days: 30 } },
  payload: z.object({ days_inactive: z.number().nullish() }),
  from: ({ properties }) => ({ days_inactive: properties.days_inactive }),

  async workflow({ step, payload, startedAt }) {
    await step.inApp(
      "feature-note",
      ({ person }) => {
        const feature = nextFeature(person.features_used);
        return {
          subject: `New to you: ${feature.name}`,
          body: feature.benefit,
          redirect: { url: feature.url, target: "_self" },
        };
      },
      { skip: ({ person }) => objection(person, startedAt) },
    );

    await step.wait("two-days", { days: 2 });
    await step.email(
      "feature-email",
      ({ person, controls }) => {
        const feature = nextFeature(person.features_used);
        return {
          subject: `${controls.subject}: ${feature.name}`,
          body: (
            <ComeBack
              firstName={firstName(person.name)}
              daysAway={payload.days_inactive ?? undefined}
              feature={feature}
            />
          ),
        };
      },
      {
        controlSchema: subjectControl("One thing you have not tried"),
        skip: ({ person }) => objection(person, startedAt),
      },
    );
  },
});

function objection(person: PersonProperties, startedAt: Date): string | false {
  if (isAfter(person.last_active_at, startedAt)) return "is back";
  return hasTriedAll(person.features_used) && "has tried every feature";
}
