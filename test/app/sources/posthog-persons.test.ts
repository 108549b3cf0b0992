import { describe } from "vitest";
import { openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { postHogPersons } from "../../../src/sources/posthog/persons.ts";
import { keepsToThePromises, type OpenPlace } from "./person-promises.ts";

const KEYS = { projectToken: "phc_token", personalApiKey: "phx_personal", projectId: "7" };

describe("persons from PostHog", () => {
  keepsToThePromises({
    open: openPlace,
    known: {
      there: { plan: "pro", first_name: "Ada", $timezone: "Europe/London", onboarding_completed: true },
      here: { plan: "pro", first_name: "Ada", $timezone: "Europe/London", onboarding_completed: true },
    },
    hints: {
      key: "is POSTHOG_PERSONAL_API_KEY a personal key",
      scope: "person:read",
      project: "POSTHOG_PROJECT_ID",
      host: "POSTHOG_API_HOST",
    },
  });
});

async function openPlace(): Promise<OpenPlace> {
  const clock = createVirtualClock({ startAt: 0, flowing: false });
  const posthog = await openLocalPostHog({ ...KEYS, clock, port: 0 });
  const placeWith: OpenPlace["placeWith"] = ({ key = KEYS.personalApiKey, project = KEYS.projectId }) =>
    postHogPersons({ apiHost: posthog.url, projectId: project, personalApiKey: key });
  return {
    place: placeWith({}),
    placeWith,
    know: (distinctId, properties) =>
      void posthog.capture({ event: "$set", distinctId, properties: { $set: properties } }),
    injectFault: posthog.injectFault,
    secrets: Object.values(KEYS).filter((key) => key.length > 1),
    async [Symbol.asyncDispose]() {
      clock.stop();
      await posthog.close(0);
    },
  };
}
